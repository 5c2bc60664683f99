"""Opening, changing and saving a case from a command."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from surgiplan import io
from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.model import Case

from .output import Answer, remark

__all__ = ["changed", "loaded", "locked", "refuse_existing", "saved", "shown"]


def changed(
    path: Path | io.Place, build: Callable[[Case], Sequence[Edit]], *, dry_run: bool = False
) -> Case:
    """Apply the edits that ``build`` makes of a case, and save it with them in its journal.

    With ``dry_run`` nothing is written.  Raises CaseFileError if the case is open elsewhere or
    holds work that a program did not live to save.
    """
    with locked(path):
        found = io.opened(path)
        if found.lost and not dry_run:
            raise CaseFileError(
                f"{path.name} holds work that was never saved: {found.lost.summary}. First keep it "
                f"with: surgiplan recover {path} (or add --discard)."
            )
        case = _case_of(found, path)
        edits = build(case)
        for edit in edits:
            case = edit.apply(case)
        if not dry_run:
            # Not before: what is refused leaves no trace in the case.
            io.log_opening(path, found)
            io.save(case, path, journal=edits)
        return case


def loaded(path: Path | io.Place) -> Case:
    """The newest sound state of a case; what was damaged is told on standard error.

    Raises CaseFileError if there is none.
    """
    return _case_of(io.opened(path), path)


def _case_of(found: io.Opened, path: Path | io.Place) -> Case:
    for sentence in found.remarks:
        remark(sentence)
    return found.case if found.generation else io.load(path)


def locked(path: Path | io.Place) -> io.CaseLock:
    """The lock of a case that exists, to be taken.  Raises CaseFileError if there is none."""
    if not path.exists():
        raise CaseFileError(f"There is no case {path}; check the path.")
    return io.CaseLock(path)


def shown(answer: Answer, edits: Sequence[Edit], *, dry_run: bool) -> Answer:
    """The answer with the edits in it if nothing was to be changed."""
    if not dry_run:
        return answer
    listed = [io.to_json(edit)[0] for edit in edits]
    lines = (
        *answer.lines,
        "Nothing was changed. The edits would be:",
        *(json.dumps(one) for one in listed),
    )
    return Answer({**answer.json, "edits": listed}, lines)


def saved(case: Case, path: Path, edits: Sequence[Edit], *, passphrase: str = "") -> None:
    """Save a new case, encrypted if there is a passphrase.

    Raises CaseFileError if one is there already.
    """
    refuse_existing(path)
    io.save(case, io.new_encrypted(path, passphrase) if passphrase else path, journal=edits)


def refuse_existing(path: Path) -> None:
    """Raise CaseFileError if there is something where a new case should be."""
    if path.exists():
        raise CaseFileError(
            f"{path.name} exists already; choose another name, or --into to add to it."
        )
