"""The journal of a case: one edit a line, oldest first, only ever appended to."""

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError

from .atomic import flush_folder
from .codec import Arrays, from_json, identity_object, to_json
from .manifests import parsed
from .objects import Objects

__all__ = ["append", "arrays_named", "identities", "lines_of", "load_edits"]

_UNDO = {"type": "Undo"}
_ARRAY = re.compile(rb'"array": ?"([0-9a-f]{64})"')


def lines_of(edits: Sequence[Edit | None]) -> tuple[list[dict[str, Any]], Arrays]:
    """Edits as JSON values and the arrays that they need; None takes the edit before back."""
    lines, arrays = [], {}
    for edit in edits:
        document, needed = (_UNDO, {}) if edit is None else to_json(edit)
        lines.append(document)
        arrays.update(needed)
    return lines, arrays


def append(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Add lines to a journal, durably.  Raises OSError and then leaves the journal as it was."""
    if not lines:
        return
    text = "".join(json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n" for line in lines)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "r+b") as file:
        end = _end_of_last_line(file)
        try:
            file.seek(end)
            file.truncate()
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, end)
            raise
    flush_folder(path.parent)


def load_edits(path: Path | str) -> tuple[Edit | None, ...]:
    """The edits in a journal, oldest first; None stands for an undo.

    Arrays are looked for in the folder ``objects`` beside it.  A last line that a crash has cut
    off is left out.  Raises CaseFileError.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CaseFileError(f"The journal {path.name} cannot be read: {error.strerror}.") from error
    objects = Objects(path.parent / "objects")
    edits = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            document = parsed(line)
            edits.append(None if document == _UNDO else from_json(document, objects.fetch))
        except (CaseFileError, ValueError) as error:
            raise CaseFileError(f"Line {number} of {path.name} is damaged: {error}") from error
    return tuple(edits)


def arrays_named(path: Path) -> set[str]:
    """The hashes of all arrays that a journal refers to."""
    if not path.is_file():
        return set()
    return {name.decode() for name in _ARRAY.findall(path.read_bytes())}


def identities(path: Path) -> set[str]:
    """The hashes of the identities that a journal refers to."""
    found = set()
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        with suppress(ValueError):
            found.add(identity_object(parsed(line)))
    return found - {""}


def _end_of_last_line(file: Any) -> int:
    """Where the last whole line ends; a crash may have left a part of one behind it."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(end - 65536, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        end = start
    return 0
