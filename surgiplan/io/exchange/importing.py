"""Segmentations of any format that is read here, onto the scan that they were drawn on."""

from pathlib import Path

from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Segment

from .seg import load_segmentation

__all__ = ["load_segments"]


def load_segments(
    path: Path, case: Case, volume_id: str = "", report: Report = silent
) -> tuple[Segment, ...]:
    """The segments in a DICOM SEG, an RTSTRUCT or a label map, on the grid of their scan.

    Raises DicomError for a file that holds none, SegmentationError for one of another scan.
    """
    case.volume(volume_id)
    if not path.is_file():
        raise DicomError(f"There is no file {path}; check the path.")
    return load_segmentation(path, case, volume_id, report)
