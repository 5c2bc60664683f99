"""GDCM's view of a file's pixels: other code than any that surgiplan decodes with first."""

from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {
    "INT8": "i1", "UINT8": "u1", "INT12": "i2", "UINT12": "u2", "INT16": "i2", "UINT16": "u2",
    "INT32": "i4", "UINT32": "u4",
}  # fmt: skip


def gdcm_values(path: Path) -> np.ndarray | None:
    """Stored values (frames, rows, columns[, samples]); None where GDCM cannot read them.

    GDCM may end the process on a damaged file: call it on sound ones, or in one that may die.
    """
    import gdcm

    reader: Any = gdcm.ImageReader()
    reader.SetFileName(str(path))
    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    if not reader.Read():
        return None
    image = reader.GetImage()
    columns, rows, frames = (*image.GetDimensions(), 1)[:3]
    pixel = image.GetPixelFormat()
    kind = _TYPES.get(pixel.GetScalarTypeAsString())
    content = image.GetBuffer()
    if kind is None or not content:
        return None
    values = np.frombuffer(content.encode("utf-8", "surrogateescape"), kind)
    shape = (frames, rows, columns, *([3] if pixel.GetSamplesPerPixel() == 3 else []))
    return values.reshape(shape) if values.size == np.prod(shape) else None
