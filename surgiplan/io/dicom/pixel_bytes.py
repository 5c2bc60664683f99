"""Where the pixels of a DICOM file lie, and whether they are all there."""

import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO, NamedTuple, Protocol

__all__ = ["PixelBytes", "fragments", "is_bomb", "is_native", "located", "native_bytes", "placed"]

_LARGEST_BYTES = 256 << 20
"""A deflated file that grows beyond this is taken for a bomb: pydicom inflates without a bound."""
_CHUNK_BYTES = 64 << 10
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_PIXEL_VRS = (b"OB", b"OW", b"UN")
_UNDEFINED = 0xFFFFFFFF
_NATIVE = frozenset(("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"))
_MOST_FRAGMENTS = 1 << 18
"""More fragments than this are taken for damage: following them would take seconds."""


class PixelBytes(NamedTuple):
    """The stored pixels of a file, still encoded."""

    offset: int
    """-1 where there are none, or where they are deflated with the rest."""
    size: int
    """Bytes that are there."""
    is_complete: bool
    """Whether the file holds all that it announces."""


class _Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


def located(
    file: _Readable,
    file_bytes: int,
    implicit: bool | None,
    little: bool | None,
    *,
    follow: bool = True,
) -> PixelBytes:
    """The pixels whose element begins where ``file`` stands.

    ``implicit`` and ``little`` say how the file is encoded.
    """
    order = "<" if little or little is None else ">"
    head = file.read(12)
    tag = head[:4] if order == "<" else head[1::-1] + head[3:1:-1]
    if len(head) < 12 or tag != _PIXEL_DATA or not (implicit or head[4:6] in _PIXEL_VRS):
        return PixelBytes(-1, 0, is_complete=False)
    if implicit:
        (length,) = struct.unpack(order + "I", head[4:8])
        file.seek(-4, 1)
    else:
        (length,) = struct.unpack(order + "I", head[8:12])
    offset = file.tell()

    def read(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    return placed(offset, length, file_bytes, read, follow=follow)


def placed(
    offset: int,
    length: int,
    file_bytes: int,
    read: Callable[[int, int], bytes],
    *,
    follow: bool = True,
) -> PixelBytes:
    """Pixels that begin at ``offset``, with the length that their element announces.

    Without ``follow`` fragments are believed to be complete.
    """
    if offset < 0:
        return PixelBytes(-1, 0, is_complete=False)
    present = file_bytes - offset
    if length != _UNDEFINED:
        return PixelBytes(offset, min(length, present), is_complete=length <= present)
    complete = not follow or _fragments_end(offset, file_bytes, read)
    return PixelBytes(offset, present, is_complete=complete)


def is_native(syntax: str) -> bool:
    """Whether pixels in this transfer syntax are stored as they are, undeflated."""
    return syntax in _NATIVE


def native_bytes(syntax: str, rows: int, columns: int, frames: int, samples: int, bits: int) -> int:
    """How long the pixels must be; 0 where they are compressed, so that nobody can know."""
    return rows * columns * frames * samples * bits // 8 if syntax in _NATIVE else 0


def _fragments_end(at: int, file_bytes: int, read: Callable[[int, int], bytes]) -> bool:
    """Whether the fragments of a compressed image run to their end mark within the file."""
    for _ in range(_MOST_FRAGMENTS):
        head = read(at, 8)
        if len(head) < 8:
            return False
        tag, (length,) = head[:4], struct.unpack("<I", head[4:])
        if tag == b"\xfe\xff\xdd\xe0":
            return True
        at += 8 + length
        if tag != b"\xfe\xff\x00\xe0" or at > file_bytes:
            return False
    return False


def fragments(pixels: bytes) -> list[bytes]:
    """The fragments of compressed pixels, the table of offsets first."""
    found: list[bytes] = []
    at = 0
    while pixels[at : at + 4] == b"\xfe\xff\x00\xe0" and len(found) < _MOST_FRAGMENTS:
        (length,) = struct.unpack_from("<I", pixels, at + 4)
        found.append(pixels[at + 8 : at + 8 + length])
        at += 8 + length
    return found


def is_bomb(file: BinaryIO) -> bool:
    """Whether the deflated part of a file grows beyond all reason."""
    from pydicom.filereader import read_preamble

    file.seek(0)
    read_preamble(file, force=False)
    group = file.read(12)
    (length,) = struct.unpack("<I", group[8:12])
    file.seek(length, 1)
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    grown = 0
    while grown < _LARGEST_BYTES and not inflating.eof:
        packed = inflating.unconsumed_tail or file.read(_CHUNK_BYTES)
        if not packed:
            return False
        grown += len(inflating.decompress(packed, 16 * _CHUNK_BYTES))
    return grown >= _LARGEST_BYTES
