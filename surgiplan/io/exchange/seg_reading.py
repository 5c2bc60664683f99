"""What a DICOM segmentation holds; runs in a decoder, since foreign files can be anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from ..dicom.header_values import numbers, text, without_name
from ..dicom.quiet import quiet
from .codes_reading import anatomy_json, items, references
from .parcel import packed
from .seg_frames import FrameBits, require_pixels
from .seg_writing import LABELMAP_CLASS, SEG_CLASS

__all__ = ["stored_segmentation"]

_MOST_SEGMENTS = 4096
_MOST_FRAMES = 200_000
_MOST_PLANES = 20_000
_LARGEST_MASKS = 2 << 30
"""Voxels of the boxes of all segments together."""
_BACKGROUND = "125040"
_THINNEST_MM, _WIDEST_MM = 1e-3, 1e3
_EVEN = 0.05
"""Of a step, by which a frame may lie beside its place in the stack."""


def stored_segmentation(path: Path) -> npt.NDArray[np.uint8]:
    """A parcel: per segment its box of voxels, packed in bits, and the stack's affine.

    The document has ``segments`` (``number``, ``name``, ``shape``, ``low``, ``anatomy``,
    ``cielab``), ``affine`` from (k, j, i) of the stack to LPS [mm], ``references``, ``kind``.
    Raises DicomError for what is no segmentation of a volume, before memory for it is taken.
    """
    import pydicom

    with quiet():
        dataset = pydicom.dcmread(path)
        if str(dataset.get("SOPClassUID")) not in (SEG_CLASS, LABELMAP_CLASS):
            raise DicomError(f"{path.name} is no DICOM segmentation; choose another file.")
        kind = str(dataset.get("SegmentationType"))
        if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
            raise DicomError(f"{path.name} is a segmentation of an unknown type; export it again.")
        require_pixels(path.name, dataset, _MOST_FRAMES)
        stack = _stack(path.name, dataset)
        segments = _segments(path.name, dataset, kind)
        document, arrays = _masks(path.name, dataset, kind, segments, stack)
        document |= {"references": references(dataset), "kind": kind}
        document["affine"] = stack.affine.ravel().tolist()
    return packed(document, arrays)


@dataclass(frozen=True)
class _Stack:
    affine: npt.NDArray[np.float64]
    planes: npt.NDArray[np.int64]
    """Slice of the stack of each frame."""
    numbers: npt.NDArray[np.int64]
    """Segment that each frame shows; 0 in a label map."""


def _stack(name: str, dataset: Any) -> _Stack:
    """Where the frames lie.  Raises DicomError unless they lie on one even stack."""
    frames = items(dataset, "PerFrameFunctionalGroupsSequence")
    if len(frames) != int(dataset.NumberOfFrames):
        raise DicomError(f"{name} does not say where each frame lies; export it again.")
    shared = (items(dataset, "SharedFunctionalGroupsSequence") or [None])[0]
    positions, orientations = (
        np.array([_group(frame, shared, *what, name) for frame in frames])
        for what in (
            ("PlanePositionSequence", "ImagePositionPatient", 3),
            ("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        )
    )
    row_mm, column_mm = _group(frames[0], shared, "PixelMeasuresSequence", "PixelSpacing", 2, name)
    across, down = orientations[0, :3], orientations[0, 3:]
    normal = np.cross(across, down)
    sizes = [np.linalg.norm(across), np.linalg.norm(down), np.linalg.norm(normal)]
    if not np.allclose(sizes, 1, atol=1e-3) or np.abs(positions).max() > 1e5:
        raise DicomError(f"{name} has no sound orientation; export it again.")
    is_sized = min(row_mm, column_mm) > _THINNEST_MM and max(row_mm, column_mm) < _WIDEST_MM
    if not (np.ptp(orientations, axis=0) < 1e-4).all() or not is_sized:
        raise DicomError(f"{name} has frames in several directions or of no size; export it again.")
    heights = positions @ normal
    step = _step(name, frames[0], shared, heights)
    planes = np.rint((heights - heights.min()) / step).astype(np.int64)
    if planes.max() >= _MOST_PLANES:
        raise DicomError(f"{name} claims {planes.max() + 1} slices; export a smaller part.")
    first = positions[int(np.argmin(heights))]
    expected = first + np.outer(planes * step, normal)
    if np.abs(positions - expected).max() > max(_EVEN * step, 0.1 * min(row_mm, column_mm)):
        raise DicomError(f"{name} has frames that do not lie slice on slice; resample it first.")
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = normal * step, down * row_mm, across * column_mm
    affine[:3, 3] = first
    return _Stack(affine, planes, np.array([_segment_of(f, shared) for f in frames]))


def _group(
    frame: Any, shared: Any, sequence: str, keyword: str, count: int, name: str
) -> npt.NDArray[np.float64]:
    for group in (frame, shared):
        found = items(group, sequence)
        if found and (values := numbers(found[0], keyword, count)) is not None:
            return np.array(values, np.float64)
    raise DicomError(
        f"{name} does not say where its frames lie in the patient ({keyword}); a tiled slide or a "
        "flat picture cannot be placed on a scan."
    )


def _segment_of(frame: Any, shared: Any) -> int:
    for group in (frame, shared):
        found = items(group, "SegmentIdentificationSequence")
        if found:
            return int(found[0].get("ReferencedSegmentNumber") or 0)
    return 0


def _step(name: str, frame: Any, shared: Any, heights: npt.NDArray[np.float64]) -> float:
    """Distance of slices [mm]: as the header says where it fits the frames, else the least gap."""
    gaps = np.diff(np.unique(np.round(heights, 3)))
    said = []
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        for group in (frame, shared):
            found = items(group, "PixelMeasuresSequence")
            values = numbers(found[0], keyword, 1) if found else None
            said += [abs(float(values[0]))] if values and values[0] else []
    for step in [*said, *([float(gaps.min())] if len(gaps) else [])]:
        counts = np.rint(gaps / step) if step > _THINNEST_MM else np.zeros(1)
        if np.all(np.abs(gaps / step - counts) < _EVEN) and np.all(counts >= 1):
            return float(gaps.sum() / counts.sum()) if len(gaps) else step
    raise DicomError(f"{name} has unevenly spaced frames; resample it to even slices first.")


def _segments(name: str, dataset: Any, kind: str) -> dict[int, dict[str, Any]]:
    listed = items(dataset, "SegmentSequence")
    if not listed or len(listed) > _MOST_SEGMENTS:
        raise DicomError(f"{name} describes {len(listed)} segments; it should be 1 to 4096.")
    found = {}
    for item in listed:
        number = int(item.get("SegmentNumber") or 0)
        anatomy = anatomy_json(item, "SegmentedPropertyTypeCodeSequence")
        if kind == "LABELMAP" and anatomy and anatomy["kind"][0] == _BACKGROUND:
            continue
        label = " ".join(text(item, "SegmentLabel").split())
        label = without_name(label, text(dataset, "PatientID"), text(dataset, "PatientName"))
        cielab = numbers(item, "RecommendedDisplayCIELabValue", 3)
        found[number] = {
            "number": number,
            "name": label[:64] or f"segment {number}",
            "anatomy": anatomy,
            "cielab": list(cielab) if cielab else None,
        }
    return found


def _masks(
    name: str, dataset: Any, kind: str, segments: dict[int, dict[str, Any]], stack: _Stack
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Each segment in its box, packed in bits."""
    pixels = FrameBits(name, dataset)
    boxes: dict[int, npt.NDArray[np.int64]] = {}
    for number, k, plane in _shown(pixels, kind, segments, stack):
        rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
        box = np.array([[k, rows[0], columns[0]], [k + 1, rows[-1] + 1, columns[-1] + 1]])
        known = boxes.get(number, box)
        boxes[number] = np.array([np.minimum(known[0], box[0]), np.maximum(known[1], box[1])])
    if not boxes:
        raise DicomError(f"{name} holds no voxel of any segment.")
    if sum(float(np.prod(box[1] - box[0], dtype=float)) for box in boxes.values()) > _LARGEST_MASKS:
        raise DicomError(
            f"{name} needs more than {_LARGEST_MASKS >> 30} GiB; export fewer segments."
        )
    # One byte for eight voxels, each slice from a byte of its own.
    masks = {}
    for number, (low, high) in boxes.items():
        k, j, i = high - low
        masks[number] = np.zeros((k, (j * i + 7) // 8), np.uint8)
    for number, k, plane in _shown(pixels, kind, segments, stack):
        low, high = boxes[number]
        bits = np.packbits(plane[low[1] : high[1], low[2] : high[2]].ravel())
        masks[number][k - low[0]] |= bits
    told = [
        segments[number] | {"low": low.tolist(), "shape": (high - low).tolist()}
        for number, (low, high) in sorted(boxes.items())
    ]
    return {"segments": told}, {str(number): masks[number] for number in sorted(boxes)}


def _shown(
    pixels: FrameBits, kind: str, segments: dict[int, dict[str, Any]], stack: _Stack
) -> Iterator[tuple[int, int, npt.NDArray[np.bool_]]]:
    """Segment, slice of the stack and plane of all that is not empty."""
    for frame, k in enumerate(stack.planes.tolist()):
        plane = pixels.frame(frame)
        if kind != "LABELMAP":
            number = int(stack.numbers[frame])
            if number in segments and plane.any():
                yield number, k, plane >= pixels.half
            continue
        for number in np.unique(plane).tolist():
            if number in segments:
                yield number, k, plane == number
