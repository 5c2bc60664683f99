"""The members of a ``.splanz`` file: few, stored, side by side, under the names that a case has."""

import os
import re
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from surgiplan.errors import CaseFileError

from ..plain import open_plain
from .manifests import LARGEST_BYTES

__all__ = ["SINGLE_FILES", "members_of", "opened_archive"]

_MOST = 20_000
_DIRECTORY_BYTES = _MOST * 160
"""Room for the directory of so many members with their longest names."""
_MANIFEST = re.compile(r"manifests/\d{8}\.json", re.ASCII)
SINGLE_FILES = ("journal.jsonl", "audit.jsonl", "audit.head", "view.json")
"""What a case may hold beside its manifest and its objects."""
_NAME = re.compile(
    "|".join([_MANIFEST.pattern, "objects/[0-9a-f]{64}", *map(re.escape, SINGLE_FILES)]), re.ASCII
)
_UTF8 = 0x800
_ZIP64 = 1
_HEADER_BYTES = 30
_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR_BYTES = 20


@contextmanager
def opened_archive(path: Path) -> Iterator[ZipFile]:
    """An archive to read.  Raises CaseFileError, also for whatever goes wrong while it is read."""
    try:
        with open_plain(path.resolve()) as file:
            _check_directory_size(file)
            with ZipFile(file) as archive:
                yield archive
    except (
        BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error, ValueError,
        OverflowError,
    ) as error:  # fmt: skip
        raise CaseFileError(
            f"{path.name} is no case of surgiplan, or is damaged ({error}); ask for it again."
        ) from error


def members_of(archive: ZipFile, path: Path) -> list[ZipInfo]:
    """The members in the order of the file, the manifest first.  Raises CaseFileError."""
    members = sorted(archive.infolist(), key=lambda info: info.header_offset)
    wrong = next(filter(None, map(_wrong, members)), "")
    names = [info.filename for info in members]
    if len(members) > _MOST:
        wrong = f"it holds {len(members)} files, {_MOST} at most are allowed"
    elif not wrong and len(set(names)) != len(names):
        wrong = "it holds a name twice"
    elif not wrong and [bool(_MANIFEST.fullmatch(name)) for name in names[:2]] not in (
        [True], [True, False],
    ):  # fmt: skip
        wrong = "it does not begin with a manifest"
    elif not wrong and sum(map(bool, map(_MANIFEST.fullmatch, names))) != 1:
        wrong = "it holds more than one manifest"
    elif not wrong and _overlap(members):
        wrong = "its parts overlap"
    if wrong:
        raise CaseFileError(f"{path.name} is no case of surgiplan: {wrong}; do not open it.")
    return members


def _wrong(info: ZipInfo) -> str:
    """Why a case never has such a member; empty if it may."""
    mode = info.external_attr >> 16
    if info.orig_filename != info.filename or not _NAME.fullmatch(info.filename):
        return f"it holds {info.orig_filename[:40]!r}"
    if info.compress_type != ZIP_STORED or info.compress_size != info.file_size:
        return "it is compressed"
    if info.flag_bits & ~_UTF8 or not _only_sizes(info.extra):
        return "it is encrypted or of another make"
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "it holds a link"
    if _MANIFEST.fullmatch(info.filename) and info.file_size > LARGEST_BYTES:
        return "its manifest is far too large"
    return ""


def _only_sizes(extra: bytes) -> bool:
    """Whether an extra field is empty or holds sizes beyond 4 GiB and nothing else."""
    if not extra:
        return True
    kind, length = struct.unpack_from("<2H", extra)
    return bool(kind == _ZIP64 and len(extra) == length + 4)


def _overlap(members: list[ZipInfo]) -> bool:
    ends = [m.header_offset + _HEADER_BYTES + len(m.filename) + m.file_size for m in members]
    return any(end > m.header_offset for end, m in zip(ends[:-1], members[1:], strict=True))


def _check_directory_size(file: BinaryIO) -> None:
    """Raise BadZipFile before a directory of a million members is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END.size - _LOCATOR_BYTES - _END64.size, 0))
    tail = file.read()
    if len(tail) < _END.size:
        raise BadZipFile("it is too short")
    signature, _, _, _, count, length, _, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\x05\x06" or comment:
        raise BadZipFile("it does not end as an archive")
    lengths = [length if length != 0xFFFFFFFF else 0]
    counts = [count if count != 0xFFFF else 0]
    if tail[:4] == b"PK\x06\x06" and len(tail) == _END.size + _LOCATOR_BYTES + _END64.size:
        large = _END64.unpack(tail[: _END64.size])
        counts.append(large[7])
        lengths.append(large[8])
    if max(counts) > _MOST or max(lengths) > _DIRECTORY_BYTES:
        raise BadZipFile(f"it holds more than {_MOST} files")
