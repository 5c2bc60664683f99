"""``python -m fuzz``: many mutants, with progress and a summary; 1 if any misled or crashed."""

import argparse
import os
import sys
from pathlib import Path

from .runner import FAILURES, run
from .worker import Answer, files_of

_UNJUDGED = 1e-3
"""Part of the mutants that the second decoder may leave without an opinion."""
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    default = os.environ.get("SURGIPLAN_TEST_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of real scans")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--only", type=int, help="try one mutant alone")
    parser.add_argument("--keep", type=Path, help="write the files of --only here")
    options = parser.parse_args()
    root = options.data / "dicom-edge"
    if not root.is_dir():
        parser.error(f"{root} is missing; name the folder of real scans with --data")
    numbers = (
        range(options.first, options.first + options.count)
        if options.only is None
        else [options.only]
    )
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        for n, content in enumerate(files_of(root, options.seed, numbers[0])[1]):
            (options.keep / f"image{n}").write_bytes(content)

    def told(answer: Answer, done: int) -> None:
        if answer.outcome in (*FAILURES, "unjudged"):
            sys.stderr.write(_line(answer))
        if done % 500 == 0:
            sys.stderr.write(f"{done} of {len(numbers)}\n")

    summary = run(root, numbers, seed=options.seed, workers=options.workers, told=told)
    sys.stdout.writelines(map(_line, [*summary.failures, *summary.unjudged]))
    print(f"seed {options.seed}, {len(numbers)} mutants, at most {summary.peak_mib:.0f} MiB")
    print(", ".join(f"{count} {outcome}" for outcome, count in summary.outcomes.most_common()))
    return 1 if summary.failures or len(summary.unjudged) > len(numbers) * _UNJUDGED else 0


def _line(answer: Answer) -> str:
    return f"{answer.number} {answer.outcome} [{answer.seed}] {answer.kinds}: {answer.detail}\n"


if __name__ == "__main__":
    raise SystemExit(main())
