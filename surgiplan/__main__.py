"""``python -m surgiplan``: a subcommand, or the window."""

from multiprocessing import freeze_support

from surgiplan.cli import main

if __name__ == "__main__":
    freeze_support()  # in the packaged program a worker process starts here too
    raise SystemExit(main())
