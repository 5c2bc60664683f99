"""What the window has done in a worker process: pure functions, no Qt.

Each also counts and hashes what it returns, so that the window need not do it while someone waits.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgiplan.edits import AddCenterline, AddSegments, AddVolume, RecordFinding
from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, part
from surgiplan.model import Case, Finding, Segment, Surface
from surgiplan.workflow import (
    import_scan,
    import_segments,
    import_series,
    remake_segment,
    segment,
    simulate,
    substantiate,
    suitability_rows,
    trace_centerline,
)

if TYPE_CHECKING:
    from surgiplan.io import CasePath, Kept

__all__ = [
    "FoundSeries",
    "displayed_surface",
    "imported",
    "remade",
    "report_written",
    "scanned",
    "segmented",
    "segments_exported",
    "segments_imported",
    "simulated",
    "substantiated",
    "traced",
]

_TRIANGLES = 40_000
_TRIANGLES_OF_LARGE = 100_000
"""More than a view of half a screen shows, few enough to turn without a graphics card."""

_VOXELS = 6_000_000
"""Larger boxes are halved within the slices first: thousands of voxels share a pixel there."""


@dataclass(frozen=True)
class FoundSeries:
    """A series to choose from."""

    series: Any
    phases: tuple[Any, ...]
    """Its phases as series of their own; the series alone where it has one."""
    thumbnail: Any
    """Grey picture, shape (h, w), or None."""


def imported(
    source: Any,
    volume_id: str,
    choice: dict[str, Any],
    report: Report,
    partial: Callable[[Any], None] | None = None,
) -> AddVolume:
    """Read a series that was found, or a volume file, as the edit that adds it to a case.

    ``partial`` gets an ``io.Partial`` now and then while compressed slices are decoded.
    """
    if isinstance(source, Path):
        edit = import_scan(source, volume_id=volume_id, report=report, **choice)
    else:
        edit = import_series(source, volume_id=volume_id, report=report, partial=partial, **choice)
    _ = edit.volume.digest
    return edit


def scanned(paths: Sequence[Path], report: Report) -> list[FoundSeries]:
    """The series in folders and files, volumes first."""
    from surgiplan import io

    scan = io.scan(paths, report=part(report, 0.0, 0.8))
    found = []
    for number, series in enumerate(scan.series):
        report(0.8 + 0.2 * number / len(scan.series), "drawing thumbnails")
        # A series that cannot be drawn is listed all the same, with its problems.
        thumbnail = None
        with suppress(DicomError):
            thumbnail = io.thumbnail(series)
        found.append(FoundSeries(series, io.phases(series), thumbnail))
    return found


def segmented(case: Case, method: str, options: dict[str, Any], report: Report) -> AddSegments:
    """Run a method as the edit that adds its segments."""
    edit = segment(case, method, report=report, **options)
    for one in edit.segments:
        _ = one.digest, one.voxels, one.centroid_lps
    return edit


def remade(case: Case, segment_id: str, volume_id: str, report: Report) -> AddSegments:
    """Make a segment again on another scan as the edit that adds it."""
    edit = remake_segment(case, segment_id, volume_id, report=report)
    for one in edit.segments:
        _ = one.digest, one.voxels, one.centroid_lps
    return edit


def segments_imported(
    case: Case, paths: Sequence[Path], report: Report, reader: str = ""
) -> AddSegments:
    """Read segmentations as the edit that adds them; ``reader`` drew them, if given."""
    edit = import_segments(case, paths, reader=reader, report=report)
    for one in edit.segments:
        _ = one.digest, one.voxels, one.centroid_lps
    return edit


def segments_exported(
    case: Case, path: Path, format_name: str, segments: Sequence[str], report: Report
) -> Any:
    """Write segments for another program; an ``io.Exported``."""
    from surgiplan import io

    return io.export_segments(case, path, format_name, segments, report=report)


def traced(case: Case, lumen: str, start: Any, end: Any, report: Report) -> AddCenterline:
    """Trace a vessel as the edit that adds its centreline."""
    edit = trace_centerline(case, lumen, start, [end], report=report)
    name = edit.centerline.name
    number = len(case.plan.centerlines)
    if number:
        name = f"{name} {number + 1}"
    return AddCenterline(replace(edit.centerline, name=name))


def simulated(
    case: Case,
    path: str,
    settings: dict[str, Any],
    report: Report,
    *,
    beside: "CasePath | None" = None,
) -> RecordFinding:
    """Simulate as the edit that keeps the answer; meshes are kept ``beside`` the case on disk."""
    edit = simulate(case, path, settings, report=report, kept=_kept(beside))
    _ = edit.finding.digest
    return edit


def substantiated(
    case: Case, finding: Finding, report: Report, *, beside: "CasePath | None" = None
) -> RecordFinding:
    """Estimate the error and the band of an answer as the edit that keeps them with it."""
    edit = substantiate(case, finding, report=report, kept=_kept(beside))
    _ = edit.finding.digest
    return edit


def _kept(beside: "CasePath | None") -> "Kept | None":
    from surgiplan import io

    return None if beside is None else io.kept_beside(beside)


def report_written(
    case: Case, name: str, path: Path, options: dict[str, Any], report: Report
) -> int:
    """Write the plan to ``path`` and return its number of pages; ``options`` of write_report."""
    from surgiplan.report import write_report

    suitability = suitability_rows(case.volume(), part(report, 0.0, 0.2))
    rest = part(report, 0.2, 1.0)
    return write_report(case, name, path, rest, suitability=suitability, **options)


def displayed_surface(segment: Segment, report: Report) -> Surface:
    """The surface of a segment for the eye."""
    from surgiplan.meshing import decimated, surface_of

    report(0.0, f"Surface of {segment.name}")
    surface = surface_of(_coarser(segment))
    report(0.7, f"Simplifying the surface of {segment.name}")
    enough = _TRIANGLES if segment.mask.size <= _VOXELS else _TRIANGLES_OF_LARGE
    return decimated(surface, enough) if len(surface.triangles) > enough else surface


def _coarser(segment: Segment) -> Segment:
    """A large segment on half as many rows and columns, for the eye only."""
    import numpy as np

    k, j, i = segment.grid.shape
    if segment.mask.size <= _VOXELS or min(j, i) < 8:
        return segment
    padded = np.pad(segment.mask, ((0, 0), (0, j % 2), (0, i % 2)))
    quads = padded.reshape(k, (j + 1) // 2, 2, (i + 1) // 2, 2).sum(axis=(2, 4), dtype=np.uint8)
    affine = segment.grid.affine.copy()
    affine[:3, 1:3] *= 2
    affine[:3, 3] = segment.grid.to_lps((0.0, 0.5, 0.5))
    grid = replace(segment.grid, shape=quads.shape, affine=affine)
    # Half of four voxels: thin ribs and cortices stay, and the surface hardly moves.
    return replace(segment, mask=quads >= 2, grid=grid)
