"""Segmentations of other programs into a case."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from surgiplan.edits import AddSegments
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Case, Segment
from surgiplan.validation import id_of, name_by

__all__ = ["import_segments"]


def import_segments(
    case: Case,
    paths: Sequence[Path],
    *,
    volume_id: str = "",
    reader: str = "",
    report: Report = silent,
) -> AddSegments:
    """Read DICOM SEG, RTSTRUCT and label maps as one edit that adds their segments.

    None takes the place of one that is there: a second ``liver`` becomes ``liver2``, or
    ``liver (Dr B)`` where they are the work of a ``reader`` who is to be compared.  Raises
    DicomError or SegmentationError naming the first file that does not fit.
    """
    from surgiplan import io

    found: list[Segment] = []
    for n, path in enumerate(paths):
        share = part(report, n / len(paths), (n + 1) / len(paths))
        for segment in io.load_segments(path, case, volume_id, share):
            if reader:
                segment = replace(segment, name=name_by(segment.name, reader))
            named = _named(segment, case)
            case = case.with_(named)
            found.append(named)
    return AddSegments(tuple(found))


def _named(segment: Segment, case: Case) -> Segment:
    """With an id made of its name, and both unlike those that are there."""
    wish = id_of(segment.name)
    taken = {one.name for one in case.segments.values()}
    free = case.free_id("segments", wish)
    is_new = free == wish and segment.name not in taken
    return replace(segment, id=free, name=segment.name if is_new else free)
