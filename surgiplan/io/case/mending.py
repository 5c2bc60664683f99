"""Bringing a journal to where the saved state ends that the next save builds upon."""

from collections.abc import Mapping, Sequence
from typing import Any

from surgiplan.errors import CaseFileError

from . import journal as _journal
from .journal import JOURNAL, UNDO
from .manifests import Manifest
from .place import Place
from .strict_json import parsed

__all__ = ["mend_journal"]

Lines = Sequence[Mapping[str, Any]]


def mend_journal(place: Place, before: Manifest | None) -> None:
    """Add the lines of a saved state that a crash kept from the journal, cut off what it spoiled.

    Lines that follow, of a later state that can no longer be read, are taken back.  A journal that
    is damaged further up stays as it is, for ``verify`` to say so.  Raises OSError.
    """
    if before is None or before.journal is None:
        return
    lines, is_whole = _sound_lines(place)
    start = before.journal.lines
    if len(lines) < start:
        return
    steps = list(before.steps)
    common = _common(lines[start:], steps)
    end = start + common if common < len(steps) else len(lines)
    if end < len(lines) or not is_whole:
        place.cut(JOURNAL, end)
    known = lines[:start] + steps
    if missing := steps[common:] + _taking_back(lines[start + common : end], known):
        _journal.append(place, missing)


def _sound_lines(place: Place) -> tuple[list[Mapping[str, Any]], bool]:
    """The lines up to the first that cannot be read, and whether that is all of them."""
    lines: list[Mapping[str, Any]] = []
    try:
        for line in place.lines(JOURNAL):
            document = parsed(line)
            if not isinstance(document, dict):
                return lines, False
            lines.append(document)
    except (CaseFileError, ValueError):
        return lines, False
    return lines, True


def _taking_back(surplus: Lines, known: Lines) -> list[Mapping[str, Any]]:
    """Lines after which ``known`` and ``surplus`` come to the same as ``known`` alone."""
    before, after = _in_force(known), _in_force([*known, *surplus])
    common = _common(before, after)
    return [UNDO] * (len(after) - common) + before[common:]


def _in_force(lines: Lines) -> list[Mapping[str, Any]]:
    """The edits that no later line takes back."""
    edits: list[Mapping[str, Any]] = []
    for line in lines:
        if line != UNDO:
            edits.append(line)
        elif edits:
            edits.pop()
    return edits


def _common(one: Lines, other: Lines) -> int:
    """With how many equal lines both begin."""
    shortest = min(len(one), len(other))
    return next((n for n in range(shortest) if one[n] != other[n]), shortest)
