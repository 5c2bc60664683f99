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

from .atomic import append_whole
from .codec import Arrays, Fetch, from_json, identity_object, to_json
from .manifests import JournalMark
from .objects import Objects
from .plain import open_plain
from .strict_json import parsed

__all__ = [
    "append", "arrays_named", "edit_of", "edits_in", "lines_of", "load_edits", "mark", "raw_lines",
]  # fmt: skip

_UNDO = {"type": "Undo"}
_ARRAY = re.compile(rb'"array": ?"([0-9a-f]{64})"')
_LONGEST_LINE = 16 << 20


def lines_of(edits: Sequence[Edit | None]) -> tuple[list[dict[str, Any]], Arrays]:
    """Edits as JSON values and the arrays that they need; None takes the edit before back."""
    lines, arrays = [], {}
    for edit in edits:
        document, needed = (dict(_UNDO), {}) if edit is None else to_json(edit)
        lines.append(document)
        arrays.update(needed)
    return lines, arrays


def edit_of(document: Any, fetch: Fetch) -> Edit | None:
    """The edit of a line; None for an undo.  Raises CaseFileError."""
    edit: Edit | None = None if document == _UNDO else from_json(document, fetch)
    return edit


def append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Add lines to a journal, durably.  Raises OSError and then leaves the journal as it was."""
    if not lines:
        return
    text = "".join(json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n" for line in lines)
    append_whole(path, text.encode())


def mark(path: Path) -> JournalMark:
    """How far a journal goes.  Raises OSError."""
    digest, lines = hashlib.sha256(), 0
    for line in raw_lines(path):
        digest.update(line)
        lines += 1
    return JournalMark(lines, digest.hexdigest())


def raw_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a journal, ends included; none if there is no journal.

    A last line that a crash has cut off is left out.  Raises OSError.
    """
    try:
        file = open_plain(path)
    except FileNotFoundError:
        return
    with file:
        while (line := file.readline(_LONGEST_LINE + 1)).endswith(b"\n"):
            yield line
        if len(line) > _LONGEST_LINE:
            raise OSError(f"a line of {path.name} is far too long")


def load_edits(path: Path | str) -> tuple[Edit | None, ...]:
    """The edits in a journal, oldest first; None stands for an undo.

    Arrays are looked for in the folder ``objects`` beside it.  A last line that a crash has cut
    off is left out.  Raises CaseFileError.
    """
    path = Path(path)
    if not path.is_file():
        raise CaseFileError(f"There is no journal {path}; check the path.")
    return tuple(edits_in(path, Objects(path.parent / "objects")))


def edits_in(path: Path, objects: Objects) -> Iterator[Edit | None]:
    """The edits in a journal one by one.  Raises CaseFileError."""
    try:
        for number, line in enumerate(raw_lines(path), start=1):
            try:
                yield edit_of(parsed(line), objects.fetch)
            except (CaseFileError, ValueError) as error:
                raise CaseFileError(f"Line {number} of {path.name} is damaged: {error}") from error
    except OSError as error:
        raise CaseFileError(
            f"The journal {path.name} cannot be read: {error.strerror or error}."
        ) from error


def arrays_named(path: Path) -> set[str]:
    """The hashes of all arrays that a journal refers to.  Raises OSError."""
    return {name.decode() for line in raw_lines(path) for name in _ARRAY.findall(line)}


def identities(path: Path) -> set[str]:
    """The hashes of the identities that a journal refers to.  Raises OSError."""
    found = set()
    for line in raw_lines(path):
        with suppress(ValueError):
            found.add(identity_object(parsed(line)))
    return found - {""}
