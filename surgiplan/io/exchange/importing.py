"""Segmentations of any format that is read here, onto the scan that they were drawn on."""

from dataclasses import replace
from pathlib import Path

from surgiplan.errors import DicomError, SegmentationError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Case, Segment

from ..volumes import VOLUME_SUFFIXES
from .anatomy import unsided_warning
from .choosing import drawn_on
from .label_reading import load_label_map
from .rt import filled_structures
from .seg import asked, placed_segments, stored_segments

__all__ = ["load_segments", "segments_alone"]


def load_segments(
    path: Path, case: Case, volume_id: str = "", report: Report = silent
) -> tuple[Segment, ...]:
    """The segments in a DICOM SEG, an RTSTRUCT or a label map, on the grid of their scan.

    Raises DicomError for a file that holds none, SegmentationError for one of another scan.
    """
    case.volume(volume_id)
    if not path.is_file():
        raise DicomError(f"There is no file {path}; check the path.")
    return tuple(_checked(one, case) for one in _loaded(path, case, volume_id, report))


def segments_alone(path: Path, report: Report = silent) -> tuple[Segment, ...]:
    """The segments in a DICOM SEG on its own voxels, without the scan that they were drawn on.

    Raises DicomError for a file that holds none, SegmentationError for contours, which have no
    voxels of their own.
    """
    report(0.0, f"Reading {path.name}")
    document, arrays = asked(path)
    if "structures" in document:
        raise SegmentationError(
            f"{path.name} holds contours, which mean voxels only on their scan; name the case of "
            "that scan on the other side."
        )
    return tuple(stored_segments(document, arrays, document["references"]["frame"]))


def _checked(segment: Segment, case: Case) -> Segment:
    corners = case.volume(segment.volume_id).grid.corners_lps()
    warning = unsided_warning(segment, float(corners[:, 0].mean()))
    return replace(segment, remarks=(*segment.remarks, warning)) if warning else segment


def _loaded(path: Path, case: Case, volume_id: str, report: Report) -> tuple[Segment, ...]:
    report(0.0, f"Reading {path.name}")
    if path.name.lower().endswith(VOLUME_SUFFIXES):
        return load_label_map(path, case, volume_id, report)
    document, arrays = asked(path)
    volume = drawn_on(path.name, document["references"], case, volume_id)
    place = filled_structures if "structures" in document else placed_segments
    return place(document, arrays, volume, part(report, 0.3, 1.0))
