"""One slice's pixels as values: decoded, rescaled, padding removed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import Cancelled, DicomError

from .headers import text
from .quiet import quiet
from .series import ImageHeader

__all__ = [
    "AIR_HU",
    "SlicePixels",
    "dataset_of",
    "decoded",
    "fits_int16",
    "read_slice",
    "stored_values",
]

AIR_HU = -1024
"""Lowest value that a CT means: scanners mark what they did not see with anything below."""
_TISSUE_HU = (-1000, 3071)
"""A padding value in here also marks tissue, so that it cannot be believed."""
_PLUGINS = {
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
    "1.2.840.10008.1.2.5": "pylibjpeg",
}
"""Who decodes what.  Named, because pydicom would else try gdcm too, which ends the process on
some damaged files."""


@dataclass(frozen=True)
class SlicePixels:
    """Values of one slice and what was done to them."""

    values: npt.NDArray[Any]
    """Shape (rows, columns); int32 where slope and intercept are whole, else float32."""
    padded: int
    """Pixels that were raised to the value of air."""
    inverted: bool
    dataset: Any


def stored_values(header: ImageHeader) -> npt.NDArray[Any]:
    """The pixels of an image as they are stored, before slope, intercept and padding.

    Shape (rows, columns), with the samples last if it is a colour picture and with the frames first
    where the header stands for all frames of a file.  Raises DicomError.
    """
    return decoded(dataset_of(header), header.name, frame=header.frame)


def read_slice(header: ImageHeader) -> SlicePixels:
    """The values of one slice in the unit of its series.  Raises DicomError."""
    with quiet():
        return _read(header)


def _read(header: ImageHeader) -> SlicePixels:
    dataset = dataset_of(header)
    if text(dataset, "SOPInstanceUID") != header.sop_uid:
        raise DicomError(
            f"{header.name} has changed since it was found; look into the folder again."
        )
    raw = decoded(dataset, header.name, frame=header.frame)
    if raw.shape != (header.rows, header.columns):
        raise DicomError(f"{header.name} has another size than its header says; export again.")
    inverted = header.photometric == "MONOCHROME1"
    if inverted:
        low, high = _stored_range(header)
        raw = low + high - raw
    values = _rescaled(raw, header.slope, header.intercept)
    padded = 0
    if header.modality == "CT":
        outside = (values < AIR_HU) | _marked(header, raw)
        padded = int(np.count_nonzero(outside & (values != AIR_HU)))
        values[outside] = AIR_HU
    return SlicePixels(values, padded, inverted, dataset)


def decoded(dataset: Any, name: str, *, frame: int | None = None) -> npt.NDArray[Any]:
    """The stored pixels of a dataset, of one frame if it has several.

    Raises DicomError naming the file, whatever went wrong in the decoder.
    """
    from pydicom.pixels import pixel_array

    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    try:
        with quiet():
            return np.asarray(
                pixel_array(
                    dataset, index=frame, raw=True, decoding_plugin=_PLUGINS.get(syntax, "")
                )
            )
    except (KeyboardInterrupt, SystemExit, Cancelled):
        raise
    except BaseException as error:
        # Decoders written in Rust raise panics that are not Exceptions.
        raise DicomError(
            f"The pixels of {name} cannot be decoded (undecodable or truncated); copy or "
            "export this file again."
        ) from error


def fits_int16(values: npt.NDArray[Any]) -> bool:
    """Whether whole numbers of this size can be kept as int16."""
    limits = np.iinfo(np.int16)
    return bool(values.min() >= limits.min and values.max() <= limits.max)


def dataset_of(header: ImageHeader) -> Any:
    """The whole file, pixels still encoded.  Raises DicomError."""
    import pydicom

    try:
        with quiet(), header.open() as file:
            return pydicom.dcmread(file)
    except Exception as error:
        raise DicomError(
            f"{header.name} cannot be read any more ({type(error).__name__}); export it again."
        ) from error


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
    if header.padding is None:
        return np.zeros(raw.shape, np.bool_)
    low, high = header.padding
    means = [v * header.slope + header.intercept for v in (low, high)]
    if any(_TISSUE_HU[0] < hu < _TISSUE_HU[1] for hu in means):
        return np.zeros(raw.shape, np.bool_)
    return np.asarray((raw >= low) & (raw <= high))


def _stored_range(header: ImageHeader) -> tuple[int, int]:
    bits = header.bits_stored
    if header.is_signed:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1
