"""``python -m benchmarks``: runs every row and writes the table to ``docs/performance.md``."""

import platform
import sys
from pathlib import Path

from benchmarks.rows import ROWS, Row
from surgiplan import __version__

TABLE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main() -> int:
    """Measure, print, write; 0 if every row passes."""
    lines = [
        "# Performance",
        "",
        "The last table of `make bench`: processor time (all threads and child processes), best of",
        "three, ours and the peer one after the other in the same run. A row passes where the time",
        "or the ratio keeps its limit.",
        "",
        f"surgiplan {__version__}, Python {platform.python_version()}, {platform.machine()}.",
        "",
        "| what | ours [s] | peer | peer [s] | limit | result |",
        "|---|---|---|---|---|---|",
    ]
    results = [_measured(row) for row in ROWS]
    lines += [line for line, _ in results]
    missed = sum(not passed for _, passed in results)
    lines += ["", f"{len(results) - missed} of {len(results)} rows pass."]
    TABLE.write_text("\n".join(lines) + "\n")
    return 1 if missed else 0


def _measured(row: Row) -> tuple[str, bool]:
    sys.stderr.write(f"{row.name} ...\n")
    ours, peer = row.measure()
    passed = row.passes(ours, peer)
    theirs = "–" if peer is None else f"{peer:.2f}"
    result = "pass" if passed else "miss"
    line = f"| {row.name} | {ours:.2f} | {row.peer_name} | {theirs} | {row.limit} | {result} |"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return line, passed


if __name__ == "__main__":
    raise SystemExit(main())
