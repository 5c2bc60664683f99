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
    unit: str = "",
    space: str = "",
    report: Report = silent,
) -> AddSegments:
    """Read DICOM SEG, RTSTRUCT, label maps and closed surfaces as one edit that adds segments.

    None takes the place of one that is there: a second ``liver`` becomes ``liver2``, or
    ``liver (Dr B)`` where they are the work of a ``reader`` who is to be compared.  ``unit`` (mm,
    cm, m, inch) and ``space`` (LPS, RAS) are those of surfaces that do not say.  Raises DicomError,
    SegmentationError or GeometryError naming the first file that does not fit.
    """
    found: list[Segment] = []
    for n, path in enumerate(paths):
        share = part(report, n / len(paths), (n + 1) / len(paths))
        for segment in _read(path, case, volume_id, (unit, space), share):
            if reader:
                segment = replace(segment, name=name_by(segment.name, reader))
            named = _named(segment, case)
            case = case.with_(named)
            found.append(named)
    return AddSegments(tuple(found))


def _read(
    path: Path, case: Case, volume_id: str, said: tuple[str, str], report: Report
) -> tuple[Segment, ...]:
    from surgiplan import io

    from .surfaces import segments_of_surface

    if path.suffix.lower() in (*io.SURFACE_SUFFIXES, *io.OTHER_MESH_SUFFIXES):
        unit, space = said
        return segments_of_surface(path, case, volume_id, unit=unit, space=space, report=report)
    return io.load_segments(path, case, volume_id, report)


def _named(segment: Segment, case: Case) -> Segment:
    """With an id made of its name, and both unlike those that are there."""
    wish = id_of(segment.name)
    taken = {one.name for one in case.segments.values()}
    free = case.free_id("segments", wish)
    is_new = free == wish and segment.name not in taken
    return replace(segment, id=free, name=segment.name if is_new else free)
