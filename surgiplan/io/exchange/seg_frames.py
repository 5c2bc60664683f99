"""The pixels of a DICOM segmentation, frame by frame, after its claims were checked."""

from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from ..dicom.header_values import text

__all__ = ["FrameBits", "require_pixels"]

_RLE = "1.2.840.10008.1.2.5"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2",
           "1.2.840.10008.1.2.1.99")  # fmt: skip
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_LARGEST_SIDE = 16384
_LARGEST_GROWTH = 2000


def require_pixels(name: str, dataset: Any, most_frames: int) -> None:
    """Raise DicomError unless the file holds the frames that it claims, in a form known here."""
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    frames, bits = int(dataset.get("NumberOfFrames") or 0), int(dataset.get("BitsAllocated") or 0)
    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    if not (0 < rows <= _LARGEST_SIDE and 0 < columns <= _LARGEST_SIDE and frames > 0):
        raise DicomError(f"{name} claims {frames} frames of {rows} x {columns}; export it again.")
    if frames > most_frames or (
        "DimensionOrganizationType" in dataset
        and str(dataset.DimensionOrganizationType).startswith("TILED")
    ):
        raise DicomError(
            f"{name} is a segmentation of a tiled slide or has too many frames ({frames}); only "
            "segmentations of volumes can be placed on a scan."
        )
    if bits not in (1, 8, 16) or int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise DicomError(f"{name} has pixels of {bits} bits; a segmentation has 1, 8 or 16.")
    if syntax not in (*_NATIVE, _RLE) or (syntax == _RLE and bits == 1):
        raise DicomError(f"{name} is compressed in a way not read here; export it uncompressed.")
    held = len(dataset.get("PixelData") or b"")
    needed = (frames * rows * columns * bits + 7) // 8
    if held < (needed if syntax != _RLE else needed / _LARGEST_GROWTH):
        raise DicomError(
            f"{name} claims {frames} frames of {rows} x {columns}, more than it holds (truncated); "
            "copy or export it again."
        )


class FrameBits:
    """Frames by number, (rows, columns)."""

    def __init__(self, name: str, dataset: Any) -> None:
        self._dataset = dataset
        self._shape = (int(dataset.Rows), int(dataset.Columns))
        self._bits = int(dataset.BitsAllocated)
        syntax = text(dataset.file_meta, "TransferSyntaxUID")
        self._is_rle = syntax == _RLE
        self._order = ">" if syntax == _BIG_ENDIAN else "<"
        self._raw = memoryview(b"" if self._is_rle else dataset.PixelData)
        largest = int(dataset.get("MaximumFractionalValue") or 255)
        is_fractional = str(dataset.get("SegmentationType")) == "FRACTIONAL"
        self.half = (largest + 1) // 2 if is_fractional else 1
        """From this value on a voxel belongs to its segment."""

    def frame(self, number: int) -> npt.NDArray[Any]:
        """Its stored values."""
        size = self._shape[0] * self._shape[1]
        if self._is_rle:
            from pydicom.pixels import pixel_array

            found = pixel_array(self._dataset, index=number, raw=True, decoding_plugin="pylibjpeg")
            return np.asarray(found).reshape(self._shape)
        if self._bits == 1:
            first, last = number * size, (number + 1) * size
            raw = np.frombuffer(self._raw[first // 8 : (last + 7) // 8], np.uint8)
            bits = np.unpackbits(raw, bitorder="little")[first % 8 :][:size]
            return bits.reshape(self._shape)
        dtype = np.dtype(f"{self._order}u{self._bits // 8}")
        at = number * size * dtype.itemsize
        return np.frombuffer(self._raw, dtype, size, at).reshape(self._shape)
