"""One slice's pixels as values: decoded, rescaled, padding removed."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .encoded import decoded
from .native import is_native, read_native, stored_type, within_stored_bits
from .series import ImageHeader

__all__ = [
    "AIR_HU",
    "Placed",
    "fits_int16",
    "place",
    "place_stored",
    "stored_values",
]

AIR_HU = -1024
"""Lowest value that a CT means: scanners mark what they did not see with anything below."""
_TISSUE_HU = (-1000, 3071)
"""A padding value in here also marks tissue, so that it cannot be believed."""
_INT16 = (-0x8000, 0x7FFF)


class Placed(NamedTuple):
    """What was done to a slice on its way into the volume."""

    padded: int
    """Pixels that were raised to the value of air."""
    fits: bool
    """False where the slice holds what int16 cannot, and was not written."""


def stored_values(header: ImageHeader) -> npt.NDArray[Any]:
    """The pixels of an image as they are stored, before slope, intercept and padding.

    Shape (rows, columns), with the samples last if it is a colour picture and with the frames first
    where the header stands for all frames of a file.  Raises DicomError.
    """
    if header.rows * header.columns == 0:
        raise DicomError(f"{header.name} does not say how many pixels it has; export it again.")
    if is_native(header):
        plane = np.empty((header.rows, header.columns), stored_type(header))
        read_native(header, plane)
        within_stored_bits(plane, header, int(plane.min()), int(plane.max()))
        return plane
    return decoded(header)


def place(header: ImageHeader, plane: npt.NDArray[Any]) -> Placed:
    """Write the values of one slice, in the unit of its series, to ``plane`` (rows, columns).

    ``plane`` is contiguous and int16 or float32; it is spoilt where the values do not fit int16.
    Raises DicomError.
    """
    if plane.dtype == np.int16 and header.bits == 16 and is_native(header):
        raw = plane.view(stored_type(header).newbyteorder("="))
        read_native(header, raw)
        low, high = _range(raw, header)
        if (padded := _rescaled_in_place(header, raw, low, high)) is not None:
            return Placed(padded, fits=True)
        return place_stored(header, raw.copy(), plane)
    return place_stored(header, stored_values(header), plane)


def place_stored(header: ImageHeader, raw: npt.NDArray[Any], plane: npt.NDArray[Any]) -> Placed:
    """The same for stored values (rows, columns) that were read before."""
    if raw.shape != (header.rows, header.columns):
        raise DicomError(f"{header.name} has another size than its header says; export again.")
    if plane.dtype == np.int16 and raw.dtype in (np.dtype(np.int16), np.dtype(np.uint16)):
        target = plane.view(raw.dtype)
        target[...] = raw
        done = _rescaled_in_place(header, target, int(raw.min()), int(raw.max()))
        if done is not None:
            return Placed(done, fits=True)
    values, padded = _values(header, raw)
    if plane.dtype == np.int16 and (values.dtype == np.float32 or not fits_int16(values)):
        return Placed(padded, fits=False)
    plane[...] = values
    return Placed(padded, fits=True)


def _range(raw: npt.NDArray[Any], header: ImageHeader) -> tuple[int, int]:
    """Bounds of 16-bit stored values, whose unused bits are cleared, as tight as they matter."""
    low, high = _INT16 if header.is_signed else (0, 0xFFFF)
    lowest = AIR_HU if header.unit == "HU" else _INT16[0]
    uses_all_bits = header.bits_stored == 16
    if low + header.intercept < lowest or not (uses_all_bits or low == 0):
        low = int(raw.min())
    if high + header.intercept > _INT16[1] or not uses_all_bits:
        high = int(raw.max())
    return within_stored_bits(raw, header, low, high)


def _rescaled_in_place(
    header: ImageHeader, raw: npt.NDArray[Any], low: int, high: int
) -> int | None:
    """Turn 16-bit stored values between ``low`` and ``high`` into int16 where they lie.

    How many were raised to air; None, and nothing done, where that takes more than an addition.
    """
    shift = header.intercept
    if (
        header.slope != 1.0
        or not shift.is_integer()
        or not (_INT16[0] <= low + shift and high + shift <= _INT16[1])
        or (header.unit == "HU" and _is_padding_within(header, low, high))
    ):
        return None
    values = raw.view(np.int16)
    if shift:
        # Modulo 2**16 the sum is the same with and without sign, and the true one fits.
        unsigned = raw.view(np.uint16)
        np.add(unsigned, np.uint16(int(shift) & 0xFFFF), out=unsigned)
    if header.unit != "HU" or low + shift >= AIR_HU:
        return 0
    padded = int(np.count_nonzero(values < AIR_HU))
    np.maximum(values, np.int16(AIR_HU), out=values)
    return padded


def _values(header: ImageHeader, raw: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    """Values in the unit of the series, int32 where they are whole, and how many became air."""
    values = _rescaled(raw, header.slope, header.intercept)
    if header.unit != "HU":
        return values, 0
    outside = (values < AIR_HU) | _marked(header, raw)
    padded = int(np.count_nonzero(outside & (values != AIR_HU)))
    values[outside] = AIR_HU
    return values, padded


def fits_int16(values: npt.NDArray[Any]) -> bool:
    """Whether whole numbers of this size can be kept as int16."""
    return bool(values.min() >= _INT16[0] and values.max() <= _INT16[1])


def _rescaled(raw: npt.NDArray[Any], slope: float, intercept: float) -> npt.NDArray[Any]:
    if slope.is_integer() and intercept.is_integer() and raw.dtype.kind in "iub":
        wide = raw.astype(np.int64) * int(slope) + int(intercept)
        limits = np.iinfo(np.int32)
        if wide.min() >= limits.min and wide.max() <= limits.max:
            return wide.astype(np.int32)
    values: npt.NDArray[Any] = (raw.astype(np.float64) * slope + intercept).astype(np.float32)
    return values


def _marked(header: ImageHeader, raw: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which pixels of a CT the padding tags mark as outside the scan."""
    if not _is_padding_within(header, -math.inf, math.inf):
        return np.zeros(raw.shape, np.bool_)
    low, high = header.padding or (0.0, 0.0)
    return np.asarray((raw >= low) & (raw <= high))


def _is_padding_within(header: ImageHeader, lowest: float, highest: float) -> bool:
    """Whether the padding tags can be believed and mark values of this range."""
    if header.padding is None:
        return False
    low, high = header.padding
    means = [v * header.slope + header.intercept for v in (low, high)]
    is_tissue = any(_TISSUE_HU[0] < hu < _TISSUE_HU[1] for hu in means)
    return not is_tissue and low <= highest and high >= lowest
