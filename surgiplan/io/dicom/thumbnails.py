"""Small pictures of series, to choose from."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from .pixels import stored_values
from .series import SeriesFound

__all__ = ["thumbnail"]

_DARK_BRIGHT_PERCENT = (1.0, 99.0)
_LARGEST_PICTURE_BYTES = 1 << 28


def thumbnail(series: SeriesFound, size: int = 128) -> npt.NDArray[np.uint8]:
    """The middle image in grey, shape (h, w), the longer side ``size`` pixels.

    The picture is for choosing: grey values follow its own range, pixels are made square.
    Raises DicomError if the image cannot be decoded.
    """
    header = series.stack[len(series.stack) // 2]
    if header.file_bytes // max(header.frames, 1) > _LARGEST_PICTURE_BYTES:
        raise DicomError(f"{header.name} is too large for a thumbnail.")
    frame = header.frame
    if frame is None and header.frames > 1:
        frame = header.frames // 2
    picture = stored_values(replace(header, frame=frame)).astype(np.float32)
    if picture.ndim == 3:
        picture = picture.mean(axis=-1)
    if picture.ndim != 2:
        raise DicomError(f"{header.name} is no picture.")
    rows_mm, columns_mm = header.spacing_mm or (1.0, 1.0)
    small = _squared(picture, rows_mm, columns_mm, size)
    low, high = np.percentile(small, _DARK_BRIGHT_PERCENT)
    grey = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    if header.photometric == "MONOCHROME1":
        grey = 1 - grey
    return np.asarray(np.rint(grey * 255), np.uint8)


def _squared(
    picture: npt.NDArray[Any], rows_mm: float, columns_mm: float, size: int
) -> npt.NDArray[Any]:
    """The picture with square pixels, its longer side ``size``, by averages where it shrinks."""
    high_mm, wide_mm = picture.shape[0] * rows_mm, picture.shape[1] * columns_mm
    pixel_mm = max(high_mm, wide_mm) / size
    for axis, length_mm in ((0, high_mm), (1, wide_mm)):
        count = max(round(length_mm / pixel_mm), 1)
        edges = np.linspace(0, picture.shape[axis], count + 1)
        starts = np.minimum(edges[:-1].astype(int), picture.shape[axis] - 1)
        if np.all(np.diff(starts) > 0):
            widths = np.diff(np.append(starts, picture.shape[axis]))
            shape = (-1, 1) if axis == 0 else (1, -1)
            picture = np.add.reduceat(picture, starts, axis=axis) / widths.reshape(shape).astype(
                np.float32
            )
        else:
            picture = np.take(picture, starts, axis=axis)
    return picture
