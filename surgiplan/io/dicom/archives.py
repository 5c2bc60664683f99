"""Looks into ZIP archives without unpacking them: nothing is written, and little is inflated."""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

__all__ = ["BadArchive", "Entry", "Member", "is_archive", "members"]

_MOST_MEMBERS = 20_000
_DIRECTORY_BYTES = _MOST_MEMBERS * 400
"""Room for the directory of so many members."""
_LARGEST_TOTAL = 16 << 30
_LARGEST_MEMBER = 2 << 30
_LARGEST_RATIO = 200
"""Scans shrink to a half or a third, the emptiest of phantoms to a fiftieth."""
_HARMLESS_BYTES = 256 << 20
"""Below this size nothing is a bomb, whatever its ratio."""
_CHUNK_BYTES = 64 << 10
_LOCAL = struct.Struct("<4s22xHH")
_END, _END64, _LOCATOR_BYTES = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), 20
_ENCRYPTED = 1


class BadArchive(Exception):
    """An archive that is damaged or hostile; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a member lies in its archive and how it is packed."""

    offset: int
    """Of its local header."""
    packed_bytes: int
    size: int
    """Of the member itself; nothing is inflated beyond it."""
    crc: int
    is_deflated: bool

    def open(self, path: Path, *, many: bool) -> BinaryIO:
        """The member, whole, after its checksum was compared.

        ``many`` keeps it for the next call, for a file that is read frame by frame.  Raises
        OSError.
        """
        if many and not self.is_deflated:
            return io.BufferedReader(Member(path.open("rb"), self, owns_file=True))
        about = path.stat()
        read = _kept if many else _whole
        return io.BytesIO(read(path, about.st_mtime_ns, self))


class Member(io.RawIOBase):
    """A member of an open archive, inflated only as far as it is read."""

    name = ""
    """No path: pydicom asks for one."""

    def __init__(self, file: BinaryIO, entry: Entry, *, owns_file: bool = False) -> None:
        self._file, self._entry, self._owns = file, entry, owns_file
        file.seek(entry.offset)
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            raise OSError("the archive is damaged")
        _, name, extra = _LOCAL.unpack(head)
        self._start = entry.offset + _LOCAL.size + name + extra
        self._at = self._taken = 0
        self._inflated = bytearray()
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._at, self._entry.size)[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        count = max(min(len(target), self._entry.size - self._at), 0)
        if self._entry.is_deflated:
            self._fill(self._at + count)
            found = bytes(self._inflated[self._at : self._at + count])
        else:
            self._file.seek(self._start + self._at)
            found = self._file.read(min(count, self._entry.packed_bytes - self._at))
        target[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        if self._owns and not self.closed:
            self._file.close()
        super().close()

    def _fill(self, end: int) -> None:
        """Inflate up to byte ``end``, which lies within the member.  Raises OSError."""
        while len(self._inflated) < end and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail
            if not packed:
                self._file.seek(self._start + self._taken)
                packed = self._file.read(min(_CHUNK_BYTES, self._entry.packed_bytes - self._taken))
                self._taken += len(packed)
            try:
                more = self._inflate.decompress(packed, end - len(self._inflated))
            except zlib.error as error:
                raise OSError("the archive is damaged") from error
            if not packed and not more:
                return
            self._inflated += more


def is_archive(path: Path) -> bool:
    """Whether a file begins as a ZIP archive does."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def members(file: BinaryIO) -> Iterator[tuple[str, Entry | str]]:
    """The name of each member of an archive, and where it lies or why it is left alone.

    Raises BadArchive before anything is inflated.
    """
    try:
        _check_end(file)
        with ZipFile(file) as archive:
            found = [info for info in archive.infolist() if not info.is_dir()]
    except (BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise BadArchive(f"a damaged ZIP archive ({error})") from None
    _refuse_bomb(found, file.seek(0, os.SEEK_END))
    for info in found:
        why = _why_left_alone(info)
        yield (
            info.filename,
            why
            or Entry(
                offset=info.header_offset,
                packed_bytes=info.compress_size,
                size=info.file_size,
                crc=info.CRC,
                is_deflated=info.compress_type == ZIP_DEFLATED,
            ),
        )


def _why_left_alone(info: ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted in its archive; unpack it with its password first"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "packed in an unusual way; unpack the archive first"
    if info.file_size > _LARGEST_MEMBER:
        return "larger than 2 GiB; unpack the archive first"
    if info.filename.lower().endswith((".zip", ".splanz")):
        return "an archive within an archive; unpack it first"
    return ""


def _refuse_bomb(found: list[ZipInfo], size: int) -> None:
    if len(found) > _MOST_MEMBERS:
        raise BadArchive(f"a ZIP archive of more than {_MOST_MEMBERS} files; unpack it first")
    total = sum(info.file_size for info in found)
    if total > _LARGEST_TOTAL:
        raise BadArchive("a ZIP archive of more than 16 GiB; unpack it first")
    if total > _LARGEST_RATIO * size and total > _HARMLESS_BYTES:
        raise BadArchive("a ZIP archive that would grow beyond all reason")
    ordered = sorted(found, key=lambda info: info.header_offset)
    for info, after in pairwise(ordered):
        if info.header_offset + _LOCAL.size + info.compress_size > after.header_offset:
            raise BadArchive("a ZIP archive whose members overlap")


def _check_end(file: BinaryIO) -> None:
    """Raise BadArchive before a directory of a million members is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - (1 << 16) - _END.size, 0))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        raise BadArchive("a damaged ZIP archive (its directory is missing)")
    *_, count, length, _, _ = _END.unpack_from(tail, at)
    large = at - _LOCATOR_BYTES - _END64.size
    if large >= 0 and tail[large : large + 4] == b"PK\x06\x06":
        *_, count, length, _ = _END64.unpack_from(tail, large)
    if count > _MOST_MEMBERS or length > _DIRECTORY_BYTES:
        raise BadArchive(f"a ZIP archive of more than {_MOST_MEMBERS} files; unpack it first")


def _whole(path: Path, _changed_ns: int, entry: Entry) -> bytes:
    with path.open("rb") as file, Member(file, entry) as member:
        content = member.read(entry.size)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise OSError("the archive is damaged")
    return content


_kept = lru_cache(maxsize=1)(_whole)
