"""``python -m surgiplan``: a subcommand, or the window."""

from surgiplan.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
