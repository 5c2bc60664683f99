"""What the window does with cases on disk, each a function that runs on a thread."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.jobs_report import Report, part
from surgiplan.model import Case
from surgiplan.session import Session

from .state import unsaved_folder

if TYPE_CHECKING:
    from surgiplan.io import CaseLock, Lost, Place

__all__ = [
    "Found", "decrypted", "discarded", "encrypted", "found_lost", "kept", "locked", "new_unsaved",
    "opened", "packed", "saved", "unlocked", "unpacked",
]  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A case from disk; without a lock it is read only."""

    case: Case
    """As last saved."""
    view: Mapping[str, Any]
    path: "Path | Place"
    lock: "CaseLock | None"
    remarks: tuple[str, ...]
    is_newer: bool = False
    lost: "Lost | None" = None
    resumed: Session | None = None
    """The lost work, done again on the saved case."""

    @property
    def is_unsaved(self) -> bool:
        """Whether it lies among those that were never saved."""
        return Path(self.path).parent == unsaved_folder()


def locked(path: "Path | Place") -> "CaseLock":
    """The lock of a case, taken.  Raises CaseFileError."""
    from surgiplan import io

    lock = io.CaseLock(path)
    lock.acquire()
    return lock


def new_unsaved() -> Path:
    """A place that nobody has used for a case that was never saved."""
    return unsaved_folder() / f"{secrets.token_hex(8)}.splan"


def opened(path: "Path | Place", held: "CaseLock | None", report: Report) -> Found:
    """Read a case; ``held`` is its lock if it is open here already.  Raises CaseFileError."""
    from surgiplan import io

    report(0.0, "reading")
    lock = held
    if lock is None and (io.is_encrypted(path) or (Path(path) / "manifests").is_dir()):
        with suppress(CaseFileError):
            lock = locked(path)
    try:
        found = io.opened(path)
        if lock and lock is not held:
            io.log_opening(path, found)
        _measure(found.case, report)
        # Whoever holds the lock still has that work; it is lost only if nobody does.
        lost = found.lost if lock else None
        resumed = None
        if lost:
            resumed = Session(found.case)
            resumed.resume(lost.steps, lost.case)
            _measure(lost.case, report)
    except BaseException:
        if lock and lock is not held:
            lock.release()
        raise
    return Found(
        found.case, found.view, path, lock, found.remarks, found.is_newer, lost, resumed
    )  # fmt: skip


def unlocked(path: Path, words: str, held: "CaseLock | None", report: Report) -> Found | None:
    """Read an encrypted case; None if those are not its words.  Raises CaseFileError."""
    from surgiplan import io

    report(0.0, "unlocking")
    try:
        place = io.unlock(path, words)
    except io.WrongPassphrase:
        return None
    return opened(place, held, report)


def encrypted(path: Path, words: str, report: Report) -> "Place":
    """Encrypt the open case.  Raises CaseFileError."""
    from surgiplan import io

    return io.encrypt(path, words, report=report)


def decrypted(place: "Place", report: Report) -> Path:
    """Remove the encryption of the open case.  Raises CaseFileError."""
    from surgiplan import io

    io.decrypt(place, report=report)
    return place.root


def _measure(case: Case, report: Report) -> None:
    """Count, hash and measure here what the window would wait for later."""
    from surgiplan.planning import sections

    for number, path in enumerate(paths := list(case.paths())):
        report(number / len(paths), "reading")
        noun = case.at(path)
        _ = noun.digest, getattr(noun, "voxels", None)
        for branch in getattr(noun, "branches", ()):
            sections(branch)


def saved(
    case: Case,
    path: "Path | Place",
    held: "CaseLock | None",
    steps: Sequence[Edit | None],
    view: Mapping[str, Any],
    kept_in: "Sequence[Path | Place]",
    like: "Place | None",
    report: Report,
) -> "tuple[Path | Place, CaseLock]":
    """Save a case and return its place and its lock, which is ``held`` if it was open here.

    A new case is encrypted as ``like``.  Autosaves in ``kept_in`` go: what they held is saved now.
    Raises CaseFileError.
    """
    from surgiplan import io

    report(0.0, "writing")
    if like:
        path = io.encrypted_like(like, Path(path))
    lock = held or locked(path)
    try:
        if lock is not held and io.holds_autosaves(path):
            raise CaseFileError(
                f"{path.name} holds work of its own that was never saved; open it first, or save "
                "under another name."
            )
        io.save(case, path, journal=steps, view=view)
    except BaseException:
        if like:
            # Nothing but its key lies there, and another try needs the name.
            with suppress(OSError):
                (Path(path) / "vault.json").unlink()
        if lock is not held:
            lock.release()
        raise
    for place in kept_in:
        if Path(place) != Path(path) and io.holds_autosaves(place):
            io.discard_autosaves(place)
    return path, lock


def kept(
    case: Case, lock: "CaseLock", path: "Path | Place", steps: Sequence[Edit | None], _: Report
) -> None:
    """Autosave a case at ``path``, taking ``lock`` if nobody has it.  Raises CaseFileError."""
    from surgiplan import io

    if not lock.is_held:
        Path(path).parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        lock.acquire()
    io.autosave(case, path, steps)


def discarded(places: "Sequence[Path | Place]", _: Report) -> None:
    """Forget what was autosaved in these folders."""
    from surgiplan import io

    for place in places:
        if io.holds_autosaves(place):
            io.discard_autosaves(place)
            io.log_event(place, io.AuditEvent.DISCARDED)


def found_lost(report: Report) -> Found | None:
    """The first case that was never saved and that no living program has open; None if none.

    Which of them a person sees first does not matter: the others are offered next.
    """
    for path in sorted(unsaved_folder().glob("*.splan")):
        with suppress(CaseFileError):
            lock = locked(path)
            try:
                found = opened(path, lock, report)
            except BaseException:
                lock.release()
                raise
            if found.lost:
                return found
            lock.release()
    return None


def packed(path: "Path | Place", file: Path, with_identity: bool, report: Report) -> Path:
    """Write a case to one file to send.  Raises CaseFileError."""
    from surgiplan import io

    io.pack(path, file, report)
    io.log_export(path, file, with_identity=io.load(path).identity is not None)
    return file


def unpacked(file: Path, path: Path, report: Report) -> Found:
    """Make a case of a file that was sent, and read it.  Raises CaseFileError."""
    from surgiplan import io

    io.unpack(file, path, part(report, 0.0, 0.7))
    io.log_event(path, io.AuditEvent.UNPACKED)
    return opened(path, None, part(report, 0.7, 1.0))
