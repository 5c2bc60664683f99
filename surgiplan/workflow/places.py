"""Places in the body in words: where along a vessel, where in an organ, and what lies there."""

from collections.abc import Iterator

import numpy as np

from surgiplan.errors import GeometryError, SolveError
from surgiplan.model import Case, Points, Resection, Segment, StentPlacement

__all__ = ["place_in_words", "with_place"]

_NEAR_MM = 10.0
_AXES = (("right", "left"), ("front", "back"), ("lower", "upper"))
"""Towards the low and the high end of x, y and z (LPS)."""

_ASIDE = 0.4
"""Share of an organ's half size beyond which a place is not in its middle."""

_ON_THE_CUT = 0.1
"""Share of an organ's size within which a place is at the cut face."""


_EVERYWHERE = ("body", "skin")


def with_place(
    error: GeometryError | SolveError, case: Case, path: str
) -> GeometryError | SolveError:
    """The error about what stands at ``path``, with the part of the anatomy that it is about."""
    if error.point_lps is None:
        return error
    where = place_in_words(case, path, np.array(error.point_lps))
    said = f"{error} The place: {where}."
    if isinstance(error, GeometryError):
        return GeometryError(said, point_lps=error.point_lps)
    return SolveError(
        said, iterations=error.iterations, residual=error.residual, point_lps=error.point_lps
    )


def place_in_words(case: Case, path: str, point_lps: Points) -> str:
    """Where a point (3,) lies in what a stent or a resection is planned in."""
    subject = case.at(path)
    if isinstance(subject, StentPlacement):
        return ", ".join(_along(case, subject, point_lps))
    return ", ".join(_within(case, subject, point_lps))


def _along(case: Case, stent: StentPlacement, point: Points) -> Iterator[str]:
    centerline = case.plan.centerlines[stent.centerline_id]
    station_mm = centerline.branch(stent.branch).nearest_station_mm(point)
    yield f"{station_mm:.0f} mm along {centerline.name}"
    yield from _beside(case, centerline.segment_id, point)


def _within(case: Case, resection: Resection, point: Points) -> Iterator[str]:
    organ = case.segment(resection.target_id)
    low, high = _box(organ)
    size, middle = (high - low) / 2, (high + low) / 2
    words = [
        _AXES[axis][int(aside > 0)]
        for axis in (2, 1, 0)
        if abs(aside := (point[axis] - middle[axis]) / size[axis]) > _ASIDE
    ]
    where = " ".join(words) or "middle"
    height_mm = (point - resection.point_lps) @ resection.normal
    face = " at the cut face" if abs(height_mm) < _ON_THE_CUT * 2 * size.max() else ""
    yield f"{organ.name}, {where} part{face}"
    yield from _beside(case, organ.id, point)


def _box(segment: Segment) -> tuple[Points, Points]:
    """The lowest and the highest LPS coordinates (3,) of a segment's voxels."""
    corners = segment.grid.corners_lps()
    return corners.min(axis=0), corners.max(axis=0)


def _beside(case: Case, own_id: str, point: Points) -> Iterator[str]:
    """The smallest other structure within a centimetre, if there is one."""
    others = (one for one in case.segments.values() if one.id not in (own_id, *_EVERYWHERE))
    near = [one for one in others if _is_near(one, point)]
    if near:
        yield f"near {min(near, key=lambda one: one.voxels).name}"


def _is_near(segment: Segment, point: Points) -> bool:
    """Whether voxels of the segment lie in the cube of a centimetre around the point."""
    middle = np.rint(segment.grid.to_index(point)).astype(int)
    reach = np.ceil(_NEAR_MM / np.array(segment.grid.spacing_mm)).astype(int)
    low, high = np.maximum(middle - reach, 0), np.maximum(middle + reach + 1, 0)
    k, j, i = (slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    return bool(segment.mask[k, j, i].any())
