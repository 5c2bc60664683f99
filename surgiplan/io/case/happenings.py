"""What happens to a case beside being saved, as its audit log tells it."""

import errno
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from surgiplan.errors import CaseFileError

from .audit import AuditLog
from .manifests import generations
from .opening import Opened
from .place import CasePath, place_of

__all__ = ["AuditEvent", "audit_events", "audit_head", "log_event", "log_export", "log_opening"]

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


class AuditEvent(StrEnum):
    """What can happen; creation, import, saving and dropping the identity each save logs itself."""

    OPENED = "opened for writing"
    RECOVERED = "recovered"
    DISCARDED = "unsaved work discarded"
    EXPORTED = "exported"
    UNPACKED = "unpacked"
    IDENTITY_SHOWN = "identity shown"
    ENCRYPTED = "encrypted"
    DECRYPTED = "decrypted"
    PASSPHRASE_CHANGED = "passphrase changed"


def log_event(path: CasePath, event: AuditEvent, **details: str | int) -> None:
    """Log what has just happened to a case; ``details`` must name no person and no place.

    A case that may not be written, or was never saved, logs nothing.  Raises CaseFileError if it
    should have.
    """
    place = place_of(path)
    if not generations(place.manifests):
        return
    try:
        AuditLog(place).add({"event": str(event), **details})
    except OSError as error:
        if error.errno in _READ_ONLY:
            return
        done = "is done all the same"
        if event is AuditEvent.OPENED:
            done = "is all that was done, and nothing was changed"
        raise CaseFileError(
            f"The audit log of {place.name} could not be written ({error.strerror}); what it "
            f"should say ({event}) {done}. Free some space before you go on."
        ) from error


def log_opening(path: CasePath, found: Opened) -> None:
    """Log that a case was opened for writing, and whether an older state had to do.

    Raises CaseFileError as ``log_event`` does.
    """
    log_event(path, AuditEvent.OPENED, generation=found.generation)
    if found.remarks:
        log_event(path, AuditEvent.RECOVERED, generation=found.generation)


def log_export(path: CasePath, file: Path, *, with_identity: bool = False) -> None:
    """Log that ``file`` was made from a case: its format, size and hash, but not its name.

    ``with_identity`` says that the patient's name is in it.
    Raises CaseFileError as ``log_event`` does.
    """
    try:
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        size = file.stat().st_size
    except OSError as error:
        raise CaseFileError(
            f"{file.name} cannot be read back ({error.strerror}); export it again."
        ) from error
    kind = file.suffix.lower().removeprefix(".")
    who = {"identity": "in it"} if with_identity else {}
    log_event(path, AuditEvent.EXPORTED, format=kind, bytes=size, sha256=sha256, **who)


def audit_events(path: CasePath) -> list[Mapping[str, Any]]:
    """All that the audit log of a case tells, oldest first.  Raises CaseFileError."""
    place = place_of(path)
    if not generations(place.manifests):
        raise CaseFileError(f"{place} is no case of surgiplan; check the path.")
    return AuditLog(place).events()


def audit_head(path: CasePath) -> str:
    """The hash of the newest line of the audit log; empty if there is none.

    Raises CaseFileError if the log cannot be read.
    """
    head = AuditLog(place_of(path)).head()
    return head.sha256 if head.lines else ""
