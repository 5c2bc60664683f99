"""The program under attack: scans, shows and loads one damaged series after another.

``python -m fuzz.worker ROOT SEED`` reads mutant numbers from its standard input and answers each
with one JSON object on a line.  It runs with the memory that a decoder may have.
"""

import json
import os
import resource
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from surgiplan import io
from surgiplan.errors import SurgiplanError

from .judge import Referee, complaint
from .mutations import mutant
from .seeds import Seed, seeds
from .watch import peak_mib, reset_peak

__all__ = ["Answer", "files_of", "tried"]

MEMORY_BYTES = 1536 << 20
PEAK_MIB = 1024.0


@dataclass(frozen=True)
class Answer:
    """What became of one mutant."""

    number: int
    seed: str
    kinds: str
    outcome: str
    """``accepted``, ``flagged``, ``refused`` (by the decoder), ``ignored``; else a failure."""
    detail: str = ""
    peak_mib: float = 0.0


def files_of(root: Path, seed: int, number: int) -> tuple[Seed, list[bytes], str]:
    """The files of a mutant: one slice is damaged, or all of them alike."""
    random = np.random.default_rng([seed, number])
    known = seeds(root)
    weights = np.array([one.weight for one in known])
    chosen = known[random.choice(len(known), p=weights / weights.sum())]
    files = list(chosen.files)
    victim = int(random.integers(len(files)))
    alike = random.random() < 0.25
    state = int(random.integers(1 << 31))
    kinds = ""
    for n in range(len(files)) if alike else [victim]:
        files[n], kinds = mutant(files[n], np.random.default_rng(state))
    return chosen, files, kinds + (" in all" if alike and len(files) > 1 else "")


def tried(folder: Path, referee: Referee) -> tuple[str, str]:
    """Outcome and detail of scanning, showing and loading whatever lies in a folder."""
    try:
        found = io.scan(folder)
        outcomes = [_series(series, referee) for series in found.series]
    except SurgiplanError as error:
        return "failed", f"a scan must not fail: {error}"
    except BaseException as error:
        return "failed", _described(error)
    if not outcomes:
        return "ignored", ""
    worst = ("failed", "different", "unjudged", "accepted", "refused", "flagged")
    return min(outcomes, key=lambda one: worst.index(one[0]))


def _series(series: io.SeriesFound, referee: Referee) -> tuple[str, str]:
    try:
        io.thumbnail(series, 32)
    except SurgiplanError:
        pass
    except BaseException as error:
        return "failed", "thumbnail: " + _described(error)
    kinds = {problem.kind for problem in series.problems}
    try:
        if all(problem.action for problem in series.problems):
            volume, _ = io.load_series(series, kinds)
        else:
            io.load_series(series)
            return "failed", f"loaded in spite of {kinds}"
    except SurgiplanError as error:
        if not str(error).endswith("."):
            return "failed", f"not a sentence: {error}"
        return ("flagged" if kinds else "refused"), str(error)[:200]
    except BaseException as error:
        return "failed", _described(error)
    if kinds:
        return "flagged", ""
    return _judged(series, volume, referee)


def _judged(series: io.SeriesFound, volume: object, referee: Referee) -> tuple[str, str]:
    frames = referee.frames(series.files)
    if isinstance(frames, str):
        return "unjudged", frames
    wrong = complaint(series, volume, frames)  # type: ignore[arg-type]
    return ("different", wrong) if wrong else ("accepted", "")


def _described(error: BaseException) -> str:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return f"{type(error).__name__} at {place}: {error}"[:300]


def main(arguments: Sequence[str]) -> None:
    """Serve until the input ends."""
    root, seed = Path(arguments[0]), int(arguments[1])
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "files")
        referee = Referee(Path(scratch))
        referee.frames([])  # started before the limit, which is not meant for it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        for line in sys.stdin:
            chosen, files, kinds = files_of(root, seed, int(line))
            folder.mkdir(exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
            for n, content in enumerate(files):
                (folder / f"image{n}").write_bytes(content)
            reset_peak()
            outcome, detail = tried(folder, referee)
            peak = peak_mib()
            if peak > PEAK_MIB:
                outcome, detail = "failed", f"{peak:.0f} MiB"
            answer = Answer(int(line), chosen.name, kinds, outcome, detail, peak)
            answers.write(json.dumps(asdict(answer)) + "\n")
        referee.close()


if __name__ == "__main__":
    main(sys.argv[1:])
