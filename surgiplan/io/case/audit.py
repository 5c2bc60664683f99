"""The audit log of a case: one line an event, each with the hash of the line before it.

It names no person, computer or place.  ``audit.head`` says how long the log was when the last
event was over, and each manifest how long it was with that save in it; so nothing can be taken
away, changed or moved unnoticed.  Whoever may write the folder can still rewrite all of it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from surgiplan import __version__
from surgiplan.edits import AddVolume, DropIdentity, Edit
from surgiplan.errors import CaseFileError

from ..plain import size_of
from .head import Head
from .manifests import generations
from .place import Place
from .strict_json import parsed

__all__ = ["AUDIT_FILES", "AuditLog", "SaveEntry", "broken_links", "head_of"]

_LOG, _HEAD = AUDIT_FILES = ("audit.jsonl", "audit.head")
"""Its lines, and where they ended."""
_LARGEST_BYTES = 64 << 20
"""Some two hundred thousand events."""
_LARGEST_HEAD_BYTES = 4096


class AuditLog:
    """The log of the case in a folder."""

    def __init__(self, place: Place) -> None:
        self._place, self._root = place, place.files
        self._log, self._head = place.files / _LOG, place.files / _HEAD

    @property
    def exists(self) -> bool:
        """Whether anything was ever logged."""
        return self._log.exists() or self._head.exists()

    def lines(self) -> list[bytes]:
        """The whole lines, oldest first; what a crash has cut off is left out.

        Raises CaseFileError if the log cannot be read.
        """
        try:
            if size_of(self._log) > _LARGEST_BYTES:
                raise CaseFileError("The audit log is far too large.")
            return [line[:-1] for line in self._place.lines(_LOG)]
        except OSError as error:
            raise CaseFileError(
                f"The audit log cannot be read: {error.strerror or error}."
            ) from error

    def events(self) -> list[Mapping[str, Any]]:
        """All that happened, oldest first.  Raises CaseFileError for a line that is no event."""
        return [_event(line, number) for number, line in enumerate(self.lines(), start=1)]

    def head(self) -> Head:
        """Where the log ends now."""
        return head_of(self.lines())

    def committed(self) -> Head | None:
        """Where the log ended after the last event that was over; None if nobody has said.

        Raises CaseFileError if that is unreadable.
        """
        try:
            return Head.from_json(parsed(self._place.read(_HEAD, _LARGEST_HEAD_BYTES)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise CaseFileError("The head of the audit log is damaged.") from error

    def add(self, *events: Mapping[str, Any]) -> None:
        """Log events that are over.  Raises OSError."""
        with _alone(self._root):
            self._commit(self._begin(events))

    def begin(self, events: Sequence[Mapping[str, Any]]) -> Head:
        """Write events durably, before what they tell of is done; ``commit`` follows it.

        Raises OSError and then leaves the log as it was.
        """
        with _alone(self._root):
            return self._begin(events)

    def commit(self, head: Head) -> None:
        """State that all up to ``head`` is over.  Raises OSError."""
        with _alone(self._root):
            self._commit(head)

    def withdraw(self, generation: int) -> None:
        """Take back what was begun for a save that failed; a log left empty goes."""
        with suppress(OSError, CaseFileError), _alone(self._root):
            lines, committed = self.lines(), self.committed() or Head()
            begun = [_event(line, 0) for line in lines[committed.lines :]]
            if not any(event.get("generation") == generation for event in begun):
                interrupted = {"event": "save interrupted", "generation": generation}
                self._commit(self._begin([interrupted]))
                return
            raw = self._log.read_bytes().split(b"\n")[: committed.lines]
            os.truncate(self._log, sum(len(line) + 1 for line in raw))
            if not committed.lines:
                self._log.unlink()

    def _begin(self, events: Sequence[Mapping[str, Any]]) -> Head:
        lines = self._written_so_far()
        known = len(lines)
        for event in (*self._remarks(lines), *events):
            lines.append(_line(event, head_of(lines)))
        self._place.append(_LOG, known, lines[known:])
        return head_of(lines)

    def _commit(self, head: Head) -> None:
        lines, committed = self._written_so_far(), self._committed_or_none()
        if head_of(lines[: head.lines]) != head or (committed and committed.lines > head.lines):
            return  # Another program has logged more meanwhile.
        self._place.write(_HEAD, (json.dumps(head.to_json()) + "\n").encode())

    def _written_so_far(self) -> list[bytes]:
        try:
            return self.lines()
        except CaseFileError as error:
            raise OSError(0, str(error)) from error

    def _committed_or_none(self) -> Head | None:
        try:
            return self.committed()
        except CaseFileError:
            return None

    def _remarks(self, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        """What must be said before anything else, for a crash or a hand has left it unsaid."""
        if any(b'"damage found"' in line for line in lines):
            return []
        if self._is_damaged(lines):
            return [{"event": "damage found"}]
        committed = self.committed() or Head()
        begun = [_event(line, 0) for line in lines[committed.lines :]]
        numbers = [event["generation"] for event in begun if event["event"] == "saved"]
        there = generations(self._place.manifests)
        return [{"event": "save interrupted", "generation": n} for n in numbers if n not in there]

    def _is_damaged(self, lines: Sequence[bytes]) -> bool:
        try:
            committed = self.committed() or Head()
            return bool(broken_links(lines)) or head_of(lines[: committed.lines]) != committed
        except CaseFileError:
            return True


class SaveEntry:
    """The lines of one save: begun before its manifest, ended when that is on disk."""

    def __init__(self, log: AuditLog, edits: Sequence[Edit | None]) -> None:
        self._log, self._edits = log, edits
        self._generation = 0
        self._head: Head | None = None

    def begin(self, generation: int, *, is_first: bool) -> Callable[[str], Head]:
        """What logs the hash of a manifest; that raises OSError and then nothing is logged."""
        self._generation = generation

        def log(manifest: str) -> Head:
            created = [{"event": "created"}] if is_first else []
            self._head = self._log.begin([*created, *self._events(), self._saved(manifest)])
            return self._head

        return log

    def end(self) -> None:
        """State that the save is over; if that fails, the manifest still holds the head."""
        with suppress(OSError):
            if self._head:
                self._log.commit(self._head)

    def withdraw(self) -> None:
        """Take the save back, for it failed."""
        if self._head:
            self._log.withdraw(self._generation)

    def _events(self) -> Iterator[dict[str, Any]]:
        for edit in self._edits:
            if isinstance(edit, AddVolume):
                accepted = list(edit.volume.source.accepted)
                yield {"event": "imported", "volume": edit.volume.sha256, "accepted": accepted}
            elif isinstance(edit, DropIdentity):
                yield {"event": "identity dropped"}

    def _saved(self, manifest: str) -> dict[str, Any]:
        labels = ["Undo" if edit is None else edit.label for edit in self._edits]
        return {
            "event": "saved",
            "generation": self._generation,
            "manifest": manifest,
            "edits": len(labels),
            "labels": labels,
        }


def head_of(lines: Sequence[bytes]) -> Head:
    """Where a log of these lines ends."""
    return Head(len(lines), _sha256(lines[-1])) if lines else Head()


def broken_links(lines: Sequence[bytes]) -> list[int]:
    """The numbers, from 1, of lines that are no event or do not follow the one before."""
    broken, before = [], Head().sha256
    for number, line in enumerate(lines, start=1):
        try:
            follows = _event(line, number)["previous"] == before
        except CaseFileError:
            follows = False
        if not follows:
            broken.append(number)
        before = _sha256(line)
    return broken


def _line(event: Mapping[str, Any], before: Head) -> bytes:
    content = {
        "n": before.lines + 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": f"surgiplan {__version__}",
        **event,
        "previous": before.sha256,
    }
    return json.dumps(content, allow_nan=False, ensure_ascii=False).encode()


def _event(line: bytes, number: int) -> Mapping[str, Any]:
    try:
        content = parsed(line)
    except ValueError as error:
        raise CaseFileError(f"Line {number} of the audit log is damaged.") from error
    named = isinstance(content, dict) and all(
        isinstance(content.get(name), str) for name in ("time", "event", "previous")
    )
    if not named or (content["event"] == "saved" and type(content.get("generation")) is not int):
        raise CaseFileError(f"Line {number} of the audit log is damaged.")
    event: Mapping[str, Any] = content
    return event


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one program at a time writes the log of a case, where the system can see to that."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives cannot
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
