"""The journal of a case: one edit a line, oldest first, only ever appended to."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError

from .codec import Arrays, Fetch, from_json, identity_object, to_json
from .manifests import JournalMark
from .objects import Objects
from .place import CasePath, Place
from .strict_json import parsed

__all__ = [
    "JOURNAL", "UNDO", "append", "arrays_named", "edit_of", "edits_in", "identities", "lines_of",
    "load_edits", "mark",
]  # fmt: skip

JOURNAL = "journal.jsonl"

UNDO = {"type": "Undo"}
"""The line that takes the edit before it back."""
_ARRAY = re.compile(rb'"array": ?"([0-9a-f]{64})"')


def lines_of(edits: Sequence[Edit | None]) -> tuple[list[dict[str, Any]], Arrays]:
    """Edits as JSON values and the arrays that they need; None takes the edit before back."""
    lines, arrays = [], {}
    for edit in edits:
        document, needed = (dict(UNDO), {}) if edit is None else to_json(edit)
        lines.append(document)
        arrays.update(needed)
    return lines, arrays


def edit_of(document: Any, fetch: Fetch) -> Edit | None:
    """The edit of a line; None for an undo.  Raises CaseFileError."""
    edit: Edit | None = None if document == UNDO else from_json(document, fetch)
    return edit


def append(place: Place, lines: Sequence[Mapping[str, Any]]) -> None:
    """Add lines to a journal, durably.  Raises OSError and then leaves the journal as it was."""
    if not lines:
        return
    texts = [json.dumps(line, allow_nan=False, ensure_ascii=False).encode() for line in lines]
    place.append(JOURNAL, mark(place).lines, texts)


def mark(place: Place) -> JournalMark:
    """How far a journal goes.  Raises OSError."""
    digest, lines = hashlib.sha256(), 0
    for line in place.lines(JOURNAL):
        digest.update(line)
        lines += 1
    return JournalMark(lines, digest.hexdigest())


def load_edits(path: CasePath) -> tuple[Edit | None, ...]:
    """The edits in a journal, oldest first; None stands for an undo.

    ``path`` is that of the journal, or the place of a case.  Arrays are looked for in the folder
    ``objects`` beside it.  A last line that a crash has cut off is left out.  Raises CaseFileError.
    """
    if isinstance(path, Place):
        return tuple(edits_in(path, Objects(path)))
    path = Path(path)
    if not path.is_file():
        raise CaseFileError(f"There is no journal {path}; check the path.")
    place = Place(path.parent)
    return tuple(edits_in(place, Objects(place), path.name))


def edits_in(place: Place, objects: Objects, name: str = JOURNAL) -> Iterator[Edit | None]:
    """The edits in a journal one by one.  Raises CaseFileError."""
    try:
        for number, line in enumerate(place.lines(name), start=1):
            try:
                yield edit_of(parsed(line), objects.fetch)
            except (CaseFileError, ValueError) as error:
                raise CaseFileError(f"Line {number} of {name} is damaged: {error}") from error
    except OSError as error:
        raise CaseFileError(
            f"The journal {name} cannot be read: {error.strerror or error}."
        ) from error


def arrays_named(place: Place) -> set[str]:
    """The hashes of all arrays that a journal refers to.  Raises OSError."""
    return {name.decode() for line in place.lines(JOURNAL) for name in _ARRAY.findall(line)}


def identities(place: Place) -> set[str]:
    """The hashes of the identities that a journal refers to.  Raises OSError."""
    found = set()
    for line in place.lines(JOURNAL):
        with suppress(ValueError):
            found.add(identity_object(parsed(line)))
    return found - {""}
