"""Uncompressed pixels, read at the place where the header found them; no codec is needed."""

import os
import sys
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .headers import text
from .quiet import quiet
from .series import ImageHeader

__all__ = ["is_native", "read_native", "stored_type", "within_stored_bits"]

_LITTLE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_BIG = "1.2.840.10008.1.2.2"
_HEAD_BYTES = 1024
"""Within these lies the SOP instance UID of any usual file."""
_PIXEL_TAG = {"<": b"\xe0\x7f\x10\x00", ">": b"\x7f\xe0\x00\x10"}
_UID_TAG = {"<": b"\x08\x00\x18\x00", ">": b"\x00\x08\x00\x18"}
_OF_A_UID = tuple(b"%c" % c for c in b"0123456789.")
_HAS_PREADV = hasattr(os, "preadv")
_BEFORE_PIXELS = 12
"""Bytes of the longest element header."""


def is_native(header: ImageHeader) -> bool:
    """Whether the pixels are one grey plane a frame, stored as they are, at a known place."""
    # Bytes of big-endian files may be swapped in pairs; that is left to pydicom.
    layouts = {8, 16, 32} if header.transfer_syntax in _LITTLE else {16, 32}
    return (
        header.transfer_syntax in (*_LITTLE, _BIG)
        and header.pixel_offset >= _BEFORE_PIXELS
        and header.samples == 1
        and header.bits in layouts
        and 1 <= header.bits_stored <= header.bits
        and (header.frame in range(header.frames) or (header.frame is None and header.frames == 1))
    )


def stored_type(header: ImageHeader) -> np.dtype[Any]:
    """Type of one stored value, in the byte order of the file."""
    return _type(header.transfer_syntax == _BIG, header.is_signed, header.bits)


@cache
def _type(is_big: bool, is_signed: bool, bits: int) -> np.dtype[Any]:
    return np.dtype(f"{'>' if is_big else '<'}{'i' if is_signed else 'u'}{bits // 8}")


def read_native(header: ImageHeader, plane: npt.NDArray[Any]) -> None:
    """Fill ``plane`` with the stored values; it is contiguous, its type as ``stored_type``.

    Raises DicomError if the file has changed since its header was read.
    """
    order = ">" if header.transfer_syntax == _BIG else "<"
    start = header.pixel_offset + (header.frame or 0) * plane.nbytes
    try:
        head, before, filled = _read(header, start, plane.reshape(-1).view(np.uint8).data)
        is_same = _PIXEL_TAG[order] in (before[:4], before[4:8]) and _is_same(header, head, order)
    except Exception as error:
        # An archive or a parser can raise nearly anything on what was damaged meanwhile.
        raise DicomError(
            f"{header.name} cannot be read any more ({type(error).__name__}); export it again."
        ) from error
    if not is_same:
        raise DicomError(
            f"{header.name} has changed since it was found; look into the folder again."
        )
    if filled < plane.nbytes or start + filled > header.pixel_offset + header.pixel_bytes:
        raise DicomError(
            f"The pixels of {header.name} cannot be decoded (undecodable or truncated); copy or "
            "export this file again."
        )
    if plane.dtype.isnative != ((order == "<") == (sys.byteorder == "little")):
        plane.byteswap(inplace=True)


def within_stored_bits(
    plane: npt.NDArray[Any], header: ImageHeader, low: int, high: int
) -> tuple[int, int]:
    """The range of ``plane``, after its unused upper bits are cleared if they hold anything.

    ``low`` and ``high`` are its range before.
    """
    half = 1 << (header.bits_stored - 1)
    bottom, top = (-half, half - 1) if plane.dtype.kind == "i" else (0, 2 * half - 1)
    if bottom <= low and high <= top:
        return low, high
    unused = plane.dtype.itemsize * 8 - header.bits_stored
    np.left_shift(plane, unused, out=plane)
    np.right_shift(plane, unused, out=plane)
    return int(plane.min()), int(plane.max())


def _read(header: ImageHeader, start: int, plane: memoryview) -> tuple[bytes, bytearray, int]:
    """Fill ``plane`` from ``start``; the bytes at the start of the file, those in front of its
    pixels, and how many there were for the plane.

    Raises OSError.
    """
    before = bytearray(_BEFORE_PIXELS)
    if _HAS_PREADV and header.entry is None:
        file = os.open(header.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            head = os.pread(file, _HEAD_BYTES, 0)
            if start == header.pixel_offset:
                filled = os.preadv(file, [before, plane], start - _BEFORE_PIXELS) - _BEFORE_PIXELS
            else:
                os.preadv(file, [before], header.pixel_offset - _BEFORE_PIXELS)
                filled = os.preadv(file, [plane], start)
        finally:
            os.close(file)
        if filled == len(plane):
            return head, before, filled
    with header.open() as opened:
        head = opened.read(_HEAD_BYTES)
        _fill(opened, header.pixel_offset - _BEFORE_PIXELS, memoryview(before))
        return head, before, _fill(opened, start, plane)


def _fill(file: BinaryIO, offset: int, rest: memoryview) -> int:
    """How many bytes of ``rest`` could be filled from a place in a file."""
    file.seek(offset)
    filled = 0
    while len(rest):
        got = file.readinto(rest)  # type: ignore[attr-defined]
        if not got:
            break
        filled += got
        rest = rest[got:]
    return filled


def _is_same(header: ImageHeader, head: bytes, order: str) -> bool:
    """Whether the file still holds the image that was found there."""
    uid = header.sop_uid.encode("ascii", "replace")
    value = head.find(_UID_TAG[order]) + 8
    after = head[value + len(uid) : value + len(uid) + 1]
    if uid and head.startswith(uid, value) and after not in _OF_A_UID:
        return True
    import pydicom

    # Nothing in front of the identifier, or the identifier itself, is as usual.
    with header.open() as file, quiet():
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
        return text(dataset, "SOPInstanceUID") == header.sop_uid
