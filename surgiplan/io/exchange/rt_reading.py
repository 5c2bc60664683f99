"""What a DICOM structure set holds; runs in a decoder, since foreign files can be anything."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import DicomError

from ..dicom.header_values import numbers, text, without_name
from ..dicom.quiet import quiet
from .codes_reading import anatomy_json, items
from .parcel import packed
from .rt_writing import RTSTRUCT_CLASS

__all__ = ["stored_structures"]

_MOST_STRUCTURES = 4096
_MOST_POINTS = 5_000_000
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_FARTHEST_MM = 1e5


def stored_structures(path: Path) -> npt.NDArray[np.uint8]:
    """A parcel: points (n, 3) in LPS [mm] of all closed contours, and where each begins.

    The document has ``structures`` (``number``, ``name``, ``anatomy``, ``colour``, ``contours``:
    how many, ``others``: how many are points or open lines) and ``references``.  Raises DicomError
    for a file that is none or holds numbers that mean nothing.
    """
    import pydicom

    with quiet():
        dataset = pydicom.dcmread(path)
        if text(dataset, "SOPClassUID") != RTSTRUCT_CLASS:
            raise DicomError(f"{path.name} is no structure set; choose another file.")
        structures, points = _structures(path.name, dataset)
        document = {"structures": structures, "references": _references(dataset, path.name)}
    lengths = np.array([len(one) for one in points], "<i4")
    together = np.concatenate(points) if points else np.zeros((0, 3))
    return packed(document, {"lengths": lengths, "points": np.ascontiguousarray(together, "<f8")})


def _structures(
    name: str, dataset: Any
) -> tuple[list[dict[str, Any]], list[npt.NDArray[np.float64]]]:
    named = items(dataset, "StructureSetROISequence")
    if len(named) > _MOST_STRUCTURES:
        raise DicomError(f"{name} describes {len(named)} structures; it should be 1 to 4096.")
    observed = {
        text(one, "ReferencedROINumber"): one for one in items(dataset, "RTROIObservationsSequence")
    }
    labels = {text(one, "ROINumber"): " ".join(text(one, "ROIName").split()) for one in named}
    told: list[dict[str, Any]] = []
    points: list[npt.NDArray[np.float64]] = []
    count = 0
    for drawn in items(dataset, "ROIContourSequence"):
        number = text(drawn, "ReferencedROINumber")
        label = labels.get(number, "")
        label = without_name(label, text(dataset, "PatientID"), text(dataset, "PatientName"))
        closed, others = [], 0
        for contour in items(drawn, "ContourSequence"):
            if text(contour, "ContourGeometricType") not in _CLOSED:
                others += 1
                continue
            closed.append(_points(name, label, contour))
            count += len(closed[-1])
            if count > _MOST_POINTS:
                raise DicomError(f"{name} holds more than {_MOST_POINTS:,} points; export less.")
        colour = numbers(drawn, "ROIDisplayColor", 3)
        told.append(
            {
                "number": number,
                "name": label[:64] or f"structure {number}",
                "anatomy": anatomy_json(observed.get(number), "RTROIIdentificationCodeSequence"),
                "colour": [int(np.clip(n, 0, 255)) for n in colour] if colour else None,
                "contours": len(closed),
                "others": others,
            }
        )
        points += closed
    if not points:
        raise DicomError(f"{name} holds no closed contour.")
    return told, points


def _points(name: str, label: str, contour: Any) -> npt.NDArray[np.float64]:
    """Points (n, 3) of a contour, straight from its text: objects for each would fill memory."""
    raw = contour.get_item("ContourData")
    value = raw.value if raw is not None else b""
    try:
        if isinstance(value, bytes):
            found = np.array(value.replace(b"\0", b"").split(b"\\"), "S24").astype(np.float64)
        else:
            found = np.array([float(n) for n in value], np.float64)
    except (ValueError, TypeError):
        found = np.full(3, np.nan)
    if found.size < 9 or found.size % 3 or not np.all(np.abs(found) < _FARTHEST_MM):
        raise DicomError(
            f"A contour of {label or 'a structure'} in {name} holds no points in space; export "
            "the structure set again."
        )
    return found.reshape(-1, 3)


def _references(dataset: Any, name: str) -> dict[str, Any]:
    frames, series, images = set(), set(), set()
    for frame in items(dataset, "ReferencedFrameOfReferenceSequence"):
        frames.add(text(frame, "FrameOfReferenceUID"))
        for study in items(frame, "RTReferencedStudySequence"):
            for one in items(study, "RTReferencedSeriesSequence"):
                series.add(text(one, "SeriesInstanceUID"))
                images |= {
                    text(image, "ReferencedSOPInstanceUID")
                    for image in items(one, "ContourImageSequence")
                }
    frames |= {
        text(one, "ReferencedFrameOfReferenceUID")
        for one in items(dataset, "StructureSetROISequence")
    }
    frames.discard("")
    if len(frames) > 1:
        raise DicomError(
            f"{name} holds structures in {len(frames)} frames of reference; export them apart."
        )
    return {
        "frame": next(iter(frames), ""),
        "series": sorted(series - {""}),
        "images": sorted(images - {""}),
    }
