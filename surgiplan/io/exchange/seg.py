"""DICOM segmentations in: read in a decoder, put on the scan that they were drawn on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan import mapped
from surgiplan.errors import DicomError, SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Code, CodedAnatomy, Segment, Volume, VoxelGrid

from ..dicom.decoders import Question, program_decoders
from .anatomy import from_cielab
from .parcel import opened
from .placing import all_onto_scan

__all__ = ["asked", "coded", "placed_segments", "stored_segments"]

_SECONDS = 60.0
_BYTES_A_SECOND = 1 << 20
_LARGEST_FILE_BYTES = 2 << 30
_LARGEST_ANSWER_BYTES = 1 << 30
_LARGEST_SCANS = 8
"""How many times the scan a segment's box may be; more would only fill memory."""


def placed_segments(
    document: Any, arrays: Mapping[str, npt.NDArray[Any]], volume: Volume, report: Report = silent
) -> tuple[Segment, ...]:
    """The segments in the parcel of a DICOM segmentation, on the grid of their scan.

    Raises SegmentationError if none of them lies within it.
    """
    largest_mm3 = _LARGEST_SCANS * volume.values.size * volume.grid.voxel_mm3
    for one in document["segments"]:
        voxel_mm3 = abs(np.linalg.det(_affine(document)[:3, :3]))
        if np.prod(one["shape"], dtype=float) * voxel_mm3 > largest_mm3:
            raise SegmentationError(
                f"{one['name']} reaches far beyond the scan of this case; export it again."
            )
    segments = stored_segments(document, arrays, volume.grid.frame_uid, volume.id, report)
    return all_onto_scan(segments, volume.grid)


def stored_segments(
    document: Any,
    arrays: Mapping[str, npt.NDArray[Any]],
    frame_uid: str,
    volume_id: str = "",
    report: Report = silent,
) -> list[Segment]:
    """The segments in the parcel of a DICOM segmentation, on the voxels that they have there."""
    stack = VoxelGrid((1, 1, 1), _affine(document), frame_uid)
    remarks: tuple[str, ...] = ()
    if document["kind"] == "FRACTIONAL":
        remarks = ("It was fractional: voxels from 50 % on belong to it.",)
    segments = []
    for n, one in enumerate(document["segments"]):
        report(0.5 + 0.5 * n / len(document["segments"]), f"Placing {one['name']}")
        k, j, i = one["shape"]
        bits = np.unpackbits(arrays[str(one["number"])], axis=1, count=j * i)
        low = np.array(one["low"])
        segments.append(
            Segment(
                id=f"segment{one['number']}",
                name=one["name"],
                mask=bits.reshape(k, j, i).view(bool),
                grid=stack.cropped(low, low + [k, j, i]),
                volume_id=volume_id,
                made_by=f"imported: segment {one['number']} of a DICOM segmentation",
                remarks=remarks,
                anatomy=coded(one["anatomy"]),
                colour=from_cielab(one["cielab"]) if one["cielab"] else "",
            )
        )
    return segments


def _affine(document: Any) -> npt.NDArray[np.float64]:
    return np.array(document["affine"], np.float64).reshape(4, 4)


def asked(path: Path) -> tuple[Any, dict[str, Any]]:
    """The parcel that a decoder makes of a file.  Raises DicomError."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DicomError(f"There is no file {path}; check the path.") from error
    if size > _LARGEST_FILE_BYTES:
        raise DicomError(f"{path.name} has more than 2 GiB; export a smaller part of it.")
    question = Question(
        name=path.name,
        head={"task": "segments", "path": str(path.absolute()), "memory": 4 * size},
        seconds=_SECONDS + size / _BYTES_A_SECOND,
        largest=_LARGEST_ANSWER_BYTES,
    )
    _, raw = program_decoders().ask(question, lambda count: mapped.empty((count,), np.uint8))
    try:
        return opened(raw)
    except (ValueError, KeyError, TypeError) as error:
        raise DicomError(f"{path.name} cannot be read; export it again.") from error


def coded(document: Any) -> CodedAnatomy | None:
    """Codes from a parcel."""
    if not document:
        return None
    return CodedAnatomy(**{key: Code(*value) for key, value in document.items() if value})
