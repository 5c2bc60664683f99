"""``python -m benchmarks [SUBJECT]…``: measures and prints; all of them go to the document."""

import argparse
import os
import platform
import sys
from pathlib import Path

from benchmarks.row import Clock, Row, Spent
from benchmarks.rows import SUBJECTS
from surgiplan import __version__

TABLE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main() -> int:
    """Measure, print, write; 0 if every row passes."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], default=[])
    chosen = parser.parse_args().subjects
    before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    results = []
    for name in chosen or SUBJECTS:
        with SUBJECTS[name]() as rows:
            results += [_measured(row) for row in rows]
    missed = sum(not passed for _, passed in results)
    if not chosen:
        TABLE.write_text("\n".join(_document([line for line, _ in results], before, missed)))
    return 1 if missed else 0


def _document(rows: list[str], load_before: float, missed: int) -> list[str]:
    after = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    cores = os.cpu_count() or 1
    return [
        "# Performance",
        "",
        "The last table of `make bench`: ours and the peer in turns in the same run, best of",
        "three, of nine where it is short. Seconds are processor time (all threads and child",
        "processes), then wall time.",
        "A row passes where the time, the memory or the ratio keeps its limit; limits are on",
        "processor time unless they say wall.",
        "",
        f"surgiplan {__version__}, Python {platform.python_version()}, {platform.machine()},",
        f"{cores} cores. Load average {load_before:.1f} before and {after:.1f} after; above",
        f"{cores}, other programs were running, and wall times say little.",
        "",
        "| what | ours | peer | peer's | ratio | limit | result |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"{len(rows) - missed} of {len(rows)} rows pass.",
        "",
    ]


def _measured(row: Row) -> tuple[str, bool]:
    sys.stderr.write(f"{row.name} ...\n")
    ours, peer = row.measure()
    passed = row.passes(ours, peer)
    theirs = "–" if peer is None else _figures(row, peer)
    ratio = "–" if peer is None else f"{ours.by(row.clock) / max(peer.by(row.clock), 1e-9):.2f}"
    result = "pass" if passed else "miss"
    line = (
        f"| {row.name} | {_figures(row, ours)} | {row.peer_name} | {theirs} | {ratio} | "
        f"{row.limit} | {result} |"
    )
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return line, passed


def _figures(row: Row, spent: Spent) -> str:
    if row.clock is Clock.MEMORY:
        return f"{spent.mib:.0f} MiB"
    return f"{spent.processor:.2f} / {spent.wall:.2f} s"


if __name__ == "__main__":
    raise SystemExit(main())
