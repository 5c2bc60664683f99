"""A case to send: one file ``name.splanz`` with the newest saved state and all that it needs.

It is a ZIP archive whose members are stored, not compressed, so nothing in it can grow.  Only the
names that a case has are read, and nothing is put under the name of a case before every byte has
been checked.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from surgiplan.errors import CaseFileError
from surgiplan.jobs_report import Report, part, silent

from ..atomic import TEMPORARY_SUFFIX, flush_folder, whole_file
from ..plain import open_plain, size_of
from . import journal as _journal
from . import manifests as _manifests
from .bundle_members import SINGLE_FILES, members_of, opened_archive
from .dropped import dropped_identities
from .objects import Objects
from .opening import opened
from .place import CasePath, Place, place_of
from .verify import verify

__all__ = ["pack", "unpack"]

_CHUNK_BYTES = 1 << 20


def pack(case: CasePath, file: Path | str, report: Report = silent) -> int:
    """Write the newest saved state of a case to one file and return its generation.

    Work that was autosaved and never saved is not in it.  The file is read again before it gets
    its name.  Raises CaseFileError if the case is damaged or the file cannot be written.
    """
    place, target = place_of(case), Path(file)
    if not place.vault.is_plain:
        raise CaseFileError(
            f"{place.name} is encrypted and a file to send is not; remove the encryption of a copy "
            "first, or send the folder as it is."
        )
    generation = opened(place).generation
    if not generation:
        raise CaseFileError(f"{place.name} was never saved; save it first.")
    names = _needed(place, generation)
    try:
        with whole_file(target, private=True) as out:
            written = _write(place.files, names, out, part(report, 0.0, 0.6))
            out.flush()
            _compare(out, written, target, part(report, 0.6, 1.0))
    except OSError as error:
        raise CaseFileError(
            f"{target.name} was not written: {error.strerror or error}. Choose another folder."
        ) from error
    return generation


def unpack(file: Path | str, case: Path | str, report: Report = silent) -> None:
    """Make a case of a file that ``pack`` wrote; it appears whole and checked or not at all.

    Raises CaseFileError.
    """
    source, root = Path(file), Path(case)
    if root.exists():
        raise CaseFileError(f"{root.name} exists already; choose another name.")
    if not source.is_file():
        raise CaseFileError(f"There is no file {source}; check the path.")
    made = root.with_name(f".{root.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        with opened_archive(source) as archive:
            members = members_of(archive, source)
            made.mkdir(mode=0o700)
            _extract(archive, members, made, part(report, 0.0, 0.6))
        report(0.6, "checking")
        _check(made, source)
        os.rename(made, root)
        flush_folder(root.parent)
    except OSError as error:
        raise CaseFileError(
            f"{source.name} was not unpacked: {error.strerror or error}. Choose another folder."
        ) from error
    finally:
        if made.exists():
            shutil.rmtree(made, ignore_errors=True)


def _needed(place: Place, generation: int) -> list[str]:
    """The files of a case that one of its states needs, the manifest first.

    Raises CaseFileError if what only the journal needs is damaged; the state itself was just
    opened.
    """
    manifest = _manifests.read(place, generation)
    for _ in _journal.edits_in(place, Objects(place)):
        pass
    try:
        objects = {*manifest.objects, *_journal.arrays_named(place)} - dropped_identities(place)
    except OSError as error:
        raise CaseFileError(f"The journal of {place.name} cannot be read.") from error
    name = _manifests.path_of(Path("manifests"), generation).as_posix()
    single = [one for one in SINGLE_FILES if size_of(place.files / one) >= 0]
    return [name, *single, *(f"objects/{sha256}" for sha256 in sorted(objects))]


def _write(root: Path, names: list[str], out: BinaryIO, report: Report) -> dict[str, bytes]:
    """Write the members and return the SHA-256 of what was written by name.  Raises OSError."""
    written = {}
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for number, name in enumerate(names):
            report(number / len(names), "packing")
            with open_plain(root / name) as file:
                size = os.fstat(file.fileno()).st_size
                with archive.open(ZipInfo(name), "w", force_zip64=size >= 1 << 31) as member:
                    digest = hashlib.sha256()
                    for chunk in _chunks(file):
                        member.write(chunk)
                        digest.update(chunk)
            written[name] = digest.digest()
    return written


def _compare(out: BinaryIO, written: dict[str, bytes], target: Path, report: Report) -> None:
    """Raise OSError if the archive does not hold what was written."""
    with ZipFile(out) as archive:
        members = members_of(archive, target)
        for number, info in enumerate(members):
            report(number / len(members), "reading it again")
            digest = hashlib.sha256()
            with archive.open(info) as member:
                for chunk in _chunks(member):
                    digest.update(chunk)
            if written.get(info.filename) != digest.digest():
                raise OSError(f"{info.filename} reads otherwise than it was written")
    if len(members) != len(written):
        raise OSError("it holds less than was written")


def _extract(archive: ZipFile, members: list[ZipInfo], made: Path, report: Report) -> None:
    free = shutil.disk_usage(made).free
    if sum(info.file_size for info in members) > free:
        raise OSError("the disk is full")
    folders = (made / "objects", made / "manifests")
    for folder in folders:
        folder.mkdir(mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for number, info in enumerate(members):
        report(number / len(members), "unpacking")
        handle = os.open(made / info.filename, flags, 0o600)
        with open(handle, "wb") as file, archive.open(info) as member:
            for chunk in _chunks(member):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if info.filename.startswith("manifests/"):
            # What is no case at all is found out before the scans are copied.
            _manifests.read(Place(made), int(Path(info.filename).stem))
    for folder in (*folders, made):
        flush_folder(folder)


def _check(made: Path, source: Path) -> None:
    """Raise CaseFileError if what was unpacked is no sound case; remove what nobody needs."""
    generation = _manifests.generations(made / "manifests")[0]
    opened(made)
    for wrong in verify(made):
        raise CaseFileError(f"{source.name} is damaged: {wrong} Ask for it again.")
    needed = {Path(name).name for name in _needed(Place(made), generation)}
    Objects(Place(made)).sweep(needed)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
