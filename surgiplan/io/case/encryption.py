"""Encrypting a case on disk, and back: the whole case is readable at every moment between.

All files are written a second time in the other form and checked; then ``vault.json`` appears or
goes in one step, which is the change; then the files of the former form are removed.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from surgiplan.errors import CaseFileError
from surgiplan.jobs_report import Report, part, silent

from ..atomic import flush_folder, write_whole
from ..plain import size_of
from . import journal as _journal
from . import manifests as _manifests
from .audit import AUDIT_FILES, AuditLog
from .codec import ObjectMissing
from .happenings import AuditEvent
from .key_file import Cost
from .objects import Objects
from .place import VAULT, CasePath, Place, is_encrypted, place_of, read_vault
from .remains import has_remains, remove_files, remove_remains
from .vault import SealedVault
from .verify import damage_in

__all__ = ["change_passphrase", "decrypt", "encrypt", "encrypted_like", "new_encrypted", "unlock"]

_SPARE_BYTES = 1 << 24
_LARGEST_BYTES = 64 << 20


def unlock(path: CasePath, passphrase: str) -> Place:
    """The place of an encrypted case, for all functions that take a path.

    Takes about half a second and 128 MiB, as each guess at the passphrase does.  Raises
    WrongPassphrase, CaseFileError.
    """
    root = Path(path)
    if not is_encrypted(root):
        raise CaseFileError(f"{root.name} is not encrypted; open it without a passphrase.")
    return Place(root, SealedVault.opened(read_vault(root), passphrase))


def new_encrypted(path: Path | str, passphrase: str, *, cost: Cost | None = None) -> Place:
    """A place for a new case that is encrypted from its first byte.  Raises CaseFileError."""
    return _begun(Path(path), SealedVault.create(passphrase, cost))


def encrypted_like(place: Place, path: Path | str) -> Place:
    """A place for a copy of an encrypted case behind the same passphrase.  Raises CaseFileError."""
    assert isinstance(place.vault, SealedVault)
    return _begun(Path(path), place.vault.for_copy())


def encrypt(
    path: Path | str, passphrase: str, *, cost: Cost | None = None, report: Report = silent
) -> Place:
    """Encrypt a case and return its place.  Hold a ``CaseLock`` meanwhile.

    What was there before is removed, but a disk may keep its traces.  Raises CaseFileError and
    then leaves the case as it was.
    """
    root = Path(path)
    if is_encrypted(root):
        place = unlock(root, passphrase)
        if not has_remains(place):
            raise CaseFileError(f"{root.name} is encrypted already.")
        remove_remains(place)
        return place
    plain = place_of(root)
    vault = SealedVault.create(passphrase, cost)
    sealed = Place(root, vault)
    _convert(plain, sealed, AuditEvent.ENCRYPTED, report)
    _switched(lambda: write_whole(root / VAULT, [vault.to_bytes()], private=True), sealed)
    remove_files(plain)
    return sealed


def decrypt(place: Place, *, report: Report = silent) -> None:
    """Write a case as it would be without encryption.  Hold a ``CaseLock`` meanwhile.

    Raises CaseFileError and then leaves the case as it was.
    """
    sealed = place_of(place)
    if sealed.vault.is_plain:
        raise CaseFileError(f"{sealed.name} is not encrypted.")
    plain = Place(sealed.root)
    _convert(sealed, plain, AuditEvent.DECRYPTED, report)
    _switched((sealed.root / VAULT).unlink, plain)
    remove_files(sealed)


def change_passphrase(place: Place, passphrase: str, *, cost: Cost | None = None) -> Place:
    """Put an encrypted case behind another passphrase.  Hold a ``CaseLock`` meanwhile.

    Older copies of the case still open with the former one.  Raises CaseFileError.
    """
    before = place_of(place)
    if not isinstance(before.vault, SealedVault):
        raise CaseFileError(f"{before.name} is not encrypted; encrypt it first.")
    vault = before.vault.with_passphrase(passphrase, cost)
    after = Place(before.root, vault)
    try:
        write_whole(before.root / VAULT, [vault.to_bytes()], private=True)
        AuditLog(after).add({"event": str(AuditEvent.PASSPHRASE_CHANGED)})
    except OSError as error:
        raise CaseFileError(
            f"The passphrase of {before.name} may not have been changed: "
            f"{error.strerror or error}. Try both."
        ) from error
    return after


def _begun(root: Path, vault: SealedVault) -> Place:
    try:
        root.mkdir(mode=0o700)
        flush_folder(root.parent)
        write_whole(root / VAULT, [vault.to_bytes()], private=True)
    except OSError as error:
        raise CaseFileError(
            f"{root.name} cannot be created: {error.strerror or error}. Choose another name."
        ) from error
    return Place(root, vault)


def _convert(source: Place, target: Place, event: AuditEvent, report: Report) -> None:
    """Write all of a case a second time and check it; what fails leaves nothing behind."""
    report(0.0, "checking")
    for wrong in damage_in(source):
        raise CaseFileError(
            f"{source.name} is damaged ({wrong.rstrip('.')}), so it stays as it is; save it under "
            "another name first."
        )
    try:
        _copy(source, target, part(report, 0.1, 0.8))
        AuditLog(target).add({"event": str(event)})
        report(0.8, "checking what was written")
        for wrong in damage_in(target):
            raise OSError(f"it reads otherwise than it was written ({wrong})")
    except OSError as error:
        remove_files(target)
        raise CaseFileError(
            f"{source.name} stays as it is: {error.strerror or error}. Free some space, about as "
            "much as the case takes, and try again."
        ) from error
    except BaseException:
        remove_files(target)
        raise


def _copy(source: Place, target: Place, report: Report) -> None:
    """Raises OSError, CaseFileError."""
    remove_files(target)
    needed = sum(f.stat().st_size for f in source.files.rglob("*") if f.is_file()) + _SPARE_BYTES
    if shutil.disk_usage(source.root).free < needed:
        raise OSError(f"the disk is full, {needed / 1e6:.0f} MB are needed")
    for folder in (target.files, target.files / "objects", target.manifests):
        folder.mkdir(mode=0o700, exist_ok=True)
    manifests = [
        _manifests.path_of(Path("manifests"), generation, autosave=autosave).as_posix()
        for autosave in (False, True)
        for generation in _manifests.generations(source.manifests, autosave=autosave)
    ]
    for name in (*manifests, AUDIT_FILES[1], "view.json"):
        if size_of(source.files / name) >= 0:
            target.write(name, source.read(name, _LARGEST_BYTES))
    for name in (_journal.JOURNAL, AUDIT_FILES[0]):
        if lines := [line[:-1] for line in source.lines(name)]:
            target.append(name, 0, lines)
    _copy_objects(source, target, report)
    flush_folder(target.root)


def _copy_objects(source: Place, target: Place, report: Report) -> None:
    hashes = _journal.arrays_named(source)
    for autosave in (False, True):
        for generation in _manifests.generations(source.manifests, autosave=autosave):
            hashes |= set(_manifests.read(source, generation, autosave=autosave).objects)
    old, new = Objects(source), Objects(target)
    for number, sha256 in enumerate(sorted(hashes)):
        report(number / len(hashes), "writing")
        try:
            new.write(sha256, old.whole(sha256))
        except ObjectMissing:
            continue  # an identity that was dropped


def _switched(switch: Callable[[], object], after: Place) -> None:
    """Do the one step that decides; if it fails, what was prepared goes."""
    try:
        switch()
        flush_folder(after.root)
    except OSError as error:
        if is_encrypted(after.root) == after.vault.is_plain:
            remove_files(after)
        raise CaseFileError(
            f"{after.name} stays as it is: {error.strerror or error}. Try again."
        ) from error
