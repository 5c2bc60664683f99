"""From a scan to organs, vessels and centrelines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.edits import AddCenterline, AddSegments
from surgiplan.errors import PlanError, SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Centerline, Points, Recipe, Volume

from .settings import settings_from

__all__ = ["require_inside", "segment", "segment_id_of", "trace_centerline"]


def segment(
    case: Case,
    method: str,
    *,
    volume_id: str = "",
    name: str = "",
    seeds_lps: npt.ArrayLike = (),
    settings: Mapping[str, Any] | None = None,
    report: Report = silent,
) -> AddSegments:
    """Find one or several structures; ``seeds_lps`` (n, 3) in LPS [mm].

    Raises PlanError for an unknown method or setting, SegmentationError where it gives up.
    """
    from surgiplan.imaging import METHODS
    from surgiplan.planning import gap_remarks

    if method not in METHODS:
        raise PlanError(f"There is no method {method!r}; there are: {', '.join(METHODS)}.")
    chosen = METHODS[method]
    volume = case.volume(volume_id)
    if chosen.needs_hu and volume.unit != "HU":
        what = "has no known unit" if volume.unit == "1" else f"is in {volume.unit}"
        raise SegmentationError(
            f"{chosen.title} needs Hounsfield units, and this scan {what}; use a threshold or grow "
            "from seeds instead."
        )
    seeds = np.asarray(seeds_lps, float).reshape(-1, 3)
    _require_seeds(method, chosen.seeds, seeds, volume)
    values = settings_from(chosen.Settings, settings or {})
    found = chosen().run(volume, seeds, values, report)
    given = {key: getattr(values, key) for key in settings or {}}
    found = tuple(
        replace(one, recipe=Recipe(method, one.id, given, seeds, one.made_by)) for one in found
    )
    if name and len(found) == 1:
        found = (replace(found[0], id=segment_id_of(name), name=name),)
    return AddSegments(
        tuple(
            replace(one, volume_id=volume.id, remarks=(*one.remarks, *gap_remarks(one, volume)))
            for one in found
        )
    )


def trace_centerline(
    case: Case,
    segment_id: str,
    start_lps: npt.ArrayLike,
    ends_lps: npt.ArrayLike,
    *,
    report: Report = silent,
) -> AddCenterline:
    """Centreline of a lumen from a start (3,) to one or more ends (m, 3), with its sections.

    Raises PlanError if a point lies outside the lumen or the lumen does not connect them.
    """
    from surgiplan.planning import trace

    lumen = case.segment(segment_id)
    volume = case.volume(lumen.volume_id)
    start = np.asarray(start_lps, float).reshape(3)
    ends = np.asarray(ends_lps, float).reshape(-1, 3)
    branches = trace(volume, lumen, start, ends, report)
    centerline = Centerline(
        id=case.free_id("plan/centerlines", "centerline"),
        name=f"Centreline of {lumen.name}",
        segment_id=lumen.id,
        branches=branches,
        made_from=case.made_from(f"segments/{lumen.id}", f"volumes/{volume.id}"),
    )
    return AddCenterline(centerline)


def _require_seeds(method: str, wanted: tuple[int, int], seeds: Points, volume: Volume) -> None:
    fewest, most = wanted
    if not fewest <= len(seeds) <= most:
        want = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise PlanError(
            f"{method} needs {want} seed{'s' * (most > 1)} and got {len(seeds)}; click in the "
            "structure."
            if most
            else f"{method} works without seeds and got {len(seeds)}; leave them out."
        )
    require_inside(seeds, volume)


def require_inside(points_lps: Points, volume: Volume) -> None:
    """Raise SegmentationError naming the first of points (n, 3) that lies outside the scan."""
    for point in points_lps[~volume.grid.contains(points_lps)]:
        corners = volume.grid.corners_lps()
        ends = zip("xyz", corners.min(axis=0), corners.max(axis=0), strict=True)
        extent = ", ".join(f"{axis} {low:.0f} to {high:.0f}" for axis, low, high in ends)
        x, y, z = point
        raise SegmentationError(
            f"The point {x:.1f},{y:.1f},{z:.1f} lies outside the scan; choose one within "
            f"{extent} mm (LPS)."
        )


def segment_id_of(name: str) -> str:
    """An id from a name: lower case, words joined by underscores."""
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "_".join(words) or "segment"
