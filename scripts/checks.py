"""Runs lint, types and tests one after the other and says how long each took."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINT = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true", help="the slow tests too")
    parser.add_argument("--no-tests", action="store_true", help="lint and types only")
    options = parser.parse_args()

    stages = dict(LINT)
    if not options.no_tests:
        stages["pytest"] = ["pytest", *(["-m", ""] if options.slow else [])]
    failed = [name for name, arguments in stages.items() if not passes(name, arguments)]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


def passes(name: str, arguments: list[str]) -> bool:
    """Runs one stage without a display; a failing one does not keep the next from running."""
    start = time.perf_counter()
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    code = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=environment).returncode
    verdict = "ok" if code == 0 else f"FAILED ({code})"
    print(f"{name}: {verdict}, {time.perf_counter() - start:.1f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    main()
