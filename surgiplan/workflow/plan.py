"""Decisions: devices, cutting planes, distances."""

import numpy as np
import numpy.typing as npt

from surgiplan.edits import MeasureDistance, PlaceStent, PlanResection
from surgiplan.errors import PlanError
from surgiplan.model import Case, Measurement, Resection, StentDesign, StentPlacement

from .anatomy import require_inside

__all__ = ["design", "measure_distance", "place_stent", "plan_resection"]


def design(
    name: str, diameter_mm: float | None = None, length_mm: float | None = None
) -> StentDesign:
    """A device of the catalogue, in another diameter or length if asked for.

    Raises PlanError naming the devices there are, or a size that cannot be.
    """
    from surgiplan.planning import design as catalogued

    return catalogued(name, diameter_mm, length_mm)


def place_stent(
    case: Case, stent: StentDesign, centerline_id: str, at_mm: float, *, branch: int = 0
) -> PlaceStent:
    """Put a stent on a centreline, its middle at station ``at_mm``."""
    if centerline_id not in case.plan.centerlines:
        known = ", ".join(case.plan.centerlines) or "none yet"
        raise PlanError(f"There is no centreline {centerline_id!r}; this case has: {known}.")
    placement = StentPlacement(
        id=case.free_id("plan/stents", "stent"),
        name=stent.name,
        design=stent,
        centerline_id=centerline_id,
        branch=branch,
        at_mm=float(at_mm),
    )
    return PlaceStent(placement)


def plan_resection(
    case: Case,
    target: str,
    point_lps: npt.ArrayLike,
    normal: npt.ArrayLike,
    *,
    lesion: str = "",
    margin_mm: float = 10.0,
) -> PlanResection:
    """Cut a segment with a plane; the side of ``normal`` (3,) is removed.

    Raises PlanError if the plane misses the organ or a segment is not there.
    """
    from surgiplan.planning import divide

    organ = case.segment(target)
    resection = Resection(
        id=case.free_id("plan/resections", "resection"),
        name=f"Resection of {organ.name}",
        target_id=organ.id,
        point_lps=np.asarray(point_lps, float),
        normal=np.asarray(normal, float),
        lesion_id=case.segment(lesion).id if lesion else "",
        margin_mm=margin_mm,
    )
    edit = PlanResection(resection)
    edit.apply(case)
    divide(organ, resection)
    return edit


def measure_distance(
    case: Case, points_lps: npt.ArrayLike, name: str = "", *, volume_id: str = ""
) -> MeasureDistance:
    """Keep the distance along straight lines through points (n, 3) in LPS [mm].

    Raises PlanError for fewer than two points, or one in a gap of the scan; SegmentationError for
    one outside it.
    """
    points = np.asarray(points_lps, float).reshape(-1, 3)
    volume = case.volume(volume_id)
    require_inside(points, volume)
    for x, y, z in points[volume.is_interpolated(points)]:
        raise PlanError(
            f"At {x:.1f},{y:.1f},{z:.1f} mm slices are missing and were interpolated, so nothing "
            "can be measured there; pick a point on a slice that was scanned."
        )
    measurement_id = case.free_id("plan/measurements", "distance")
    return MeasureDistance(Measurement(measurement_id, name or "Distance", points))
