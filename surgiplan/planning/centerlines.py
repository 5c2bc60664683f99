"""Centrelines of a vessel's lumen between picked points, with the lumen's contours along them."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.geometry import resampled, tangents
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Branch, Points, Segment, Volume

from .forks import forks
from .gaps import gaps_along
from .snapping import nearest_voxel
from .walls import contours_at, measured_radii, rays_from, reaches_gap

__all__ = ["STEP_MM", "trace"]

Floats = npt.NDArray[np.float64]
Index = tuple[int, int, int]

STEP_MM = 1.0
"""Distance between stations."""

_SMOOTHING_MM = 21
"""Length over which a cubic follows the axis; a bend shorter than this is evened out."""

_PATH_SMOOTHING_MM = 15

_PASSES = 4
"""How often the axis is moved to the middles of its sections."""

_SHORTEST_MM = 5.0

_END_MM = 20
"""How far around a picked point its end of the axis is looked for."""

_END_DIRECTION = 5
"""Stations that give the direction in which a short axis goes on."""

_MOST_BRIDGED = 0.1
"""Part of a section's circumference beyond which bridging makes its middle uncertain."""

_LEAST_CONVEX = 0.96
"""Least area of a plain section, in areas of its convex hull."""

_FARTHEST = 0.25
"""How far the middle of a plain section may lie from the guide, in its smallest radii."""

_DOUBT_SPREADS = 3
"""Stations on either side of a doubtful one that are doubtful too."""


def trace(
    volume: Volume,
    lumen: Segment,
    start_lps: npt.ArrayLike,
    ends_lps: npt.ArrayLike,
    report: Report = silent,
) -> tuple[Branch, ...]:
    """The axis of a lumen from a start (3,) to each end (m, 3), all in LPS [mm].

    Stations are 1 mm apart and lie in the middle of the lumen's sections on the scan; the ends
    are the places of the axis beside the picked points.  Raises PlanError for a point beside the
    lumen, for points that the lumen does not connect, and for points too close together;
    GeometryError for a scan and a lumen of different frames of reference.
    """
    lumen.grid.require_same_frame(volume.grid)
    start = np.asarray(start_lps, float)
    ends = np.atleast_2d(np.asarray(ends_lps, float))
    _require_apart(start, ends)
    report(0.0, "Looking for the picked points in the lumen")
    first = nearest_voxel(lumen, start, "start")
    lasts = [nearest_voxel(lumen, end, _end_name(n, len(ends))) for n, end in enumerate(ends)]
    paths = _paths(lumen, first, lasts, part(report, 0.05, 0.4))
    branches = []
    for n, (path, end) in enumerate(zip(paths, ends, strict=True)):
        share = 0.6 / len(ends)
        staged = part(report, 0.4 + n * share, 0.4 + (n + 1) * share)
        branches.append(_branch(volume, lumen, path, (start, end), staged))
    report(1.0, "Centreline traced")
    return tuple(branches)


def _require_apart(start: Points, ends: Points) -> None:
    gap_mm = float(np.linalg.norm(ends - start, axis=1).min())
    if gap_mm < _SHORTEST_MM:
        raise PlanError(
            f"Start and end are only {gap_mm:.1f} mm apart; pick points at least "
            f"{_SHORTEST_MM:g} mm apart along the vessel."
        )


def _end_name(number: int, count: int) -> str:
    return "end" if count == 1 else f"end {number + 1}"


def _paths(lumen: Segment, first: Index, lasts: list[Index], report: Report) -> list[Points]:
    """Paths through the voxels (n, 3) in LPS that keep to the middle of the lumen."""
    from scipy.ndimage import distance_transform_edt, label
    from skimage.graph import MCP_Geometric

    labels, _ = label(lumen.mask, np.ones((3, 3, 3)))
    for n, last in enumerate(lasts):
        if labels[last] != labels[first]:
            raise PlanError(
                f"The lumen {lumen.name} is interrupted between the start and the "
                f"{_end_name(n, len(lasts))}; segment the part between them, or pick other points."
            )
    report(0.2, "Measuring the distance to the wall")
    piece = np.pad(labels == labels[first], 1)
    spacing = lumen.grid.spacing_mm
    depth = distance_transform_edt(piece, sampling=spacing)
    report(0.5, "Finding the way through the lumen")
    with np.errstate(divide="ignore"):
        cost = np.where(piece, 1.0 / depth**2, -1.0)
    ways = MCP_Geometric(cost, sampling=spacing)
    begin = tuple(n + 1 for n in first)
    targets = [tuple(n + 1 for n in last) for last in lasts]
    ways.find_costs([begin], targets)
    paths = []
    for target in targets:
        indices = np.array(ways.traceback(target))
        points = lumen.grid.to_lps(indices - 1.0)
        paths.append(_unhooked(points, depth[tuple(indices.T)]))
    return paths


def _unhooked(points: Points, depths_mm: Floats) -> Points:
    """The path without the way from a point picked beside the middle to the middle."""
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    keep = np.ones(len(s), bool)
    for away in (s, s[-1] - s):
        near = away < _END_MM
        radius = depths_mm[near].max()
        hook = radius - depths_mm[np.argmin(away)]
        keep &= away >= min(1.5 * hook, s[-1] / 3)
    return points[keep]


def _branch(
    volume: Volume, lumen: Segment, path: Points, ends: tuple[Points, Points], report: Report
) -> Branch:
    """The path moved to the middle of the lumen, smooth, and cut at the picked ends."""
    guide = _between(_smooth(resampled(path, STEP_MM), _PATH_SMOOTHING_MM), *ends)
    axis = guide
    for n in range(_PASSES):
        report(n / (_PASSES + 1), "Moving the axis to the middle of the lumen")
        axis = _between(_smooth(_centered(volume, lumen, axis, guide), _SMOOTHING_MM), *ends)
    report(_PASSES / (_PASSES + 1), "Measuring the lumen's sections")
    contours = contours_at(volume, lumen, axis)
    plain = ~forks(axis, contours, lumen)
    measured = np.where(plain[:, None, None], contours, np.nan)
    branch = Branch(axis, tangents(axis), measured)
    gaps = gaps_along(reaches_gap(volume, lumen, axis), branch.stations_mm)
    return replace(branch, gaps_mm=gaps)


def _centered(volume: Volume, lumen: Segment, axis: Points, guide: Points) -> Points:
    """Each point moved within its plane to the centroid of the section there.

    Where no plain section shows the middle (at a fork, at the mouth of a branch) the point moves
    with its neighbours.  The ``guide`` through the deepest of the lumen tells a fork: there the
    centroid of the common opening lies far beside it.
    """
    from scipy.ndimage import binary_dilation
    from scipy.spatial import cKDTree

    rays = rays_from(axis)
    radii, bridged = measured_radii(volume, lumen, rays)
    # Centroid of a contour r(theta): integral of r3/3 over integral of r2/2.
    shift = 2 / 3 * np.einsum("na,nac->nc", radii**3, rays.directions)
    shift /= (radii**2).sum(axis=1)[:, None]
    fine = resampled(np.concatenate([_beyond(guide[::-1])[::-1], guide, _beyond(guide)]), 0.25)
    aside, _ = cKDTree(fine).query(np.nan_to_num(axis + shift))
    doubtful = ~_plain(radii) | (bridged > _MOST_BRIDGED)
    # The guide itself is not to be trusted where it starts from a point beside the middle.
    inner = slice(_END_MM // 2, -_END_MM // 2)
    doubtful[inner] |= (aside > _FARTHEST * radii.min(axis=1))[inner]
    known = ~binary_dilation(doubtful, iterations=_DOUBT_SPREADS) & np.isfinite(aside)
    if not known.any():
        return axis
    n = np.arange(len(axis))
    moved = axis + np.stack([np.interp(n, n[known], column[known]) for column in shift.T], axis=1)
    return resampled(moved, STEP_MM)


def _plain(radii: Floats) -> npt.NDArray[np.bool_]:
    """Whether each contour (n, angles) is about convex, not two vessels that run together."""
    from scipy.spatial import ConvexHull

    theta = np.arange(radii.shape[1]) * 2 * np.pi / radii.shape[1]
    outline = radii[..., None] * np.stack([np.cos(theta), np.sin(theta)], axis=-1)
    area = (radii * np.roll(radii, -1, axis=1)).sum(axis=1) * np.sin(theta[1]) / 2
    known: npt.NDArray[np.bool_] = np.isfinite(area)
    hull = np.array([ConvexHull(line).volume for line in outline[known]])
    known[known] = area[known] >= _LEAST_CONVEX * hull
    return known


def _smooth(axis: Points, length_mm: int) -> Points:
    """The curve (n, 3) with a cubic fitted to ``length_mm`` around each point, ends included."""
    from scipy.signal import savgol_filter

    window = min(int(length_mm / STEP_MM), (len(axis) - 1) // 2 * 2 + 1)
    if window < 5:
        return axis
    fitted: Points = savgol_filter(axis, window, 3, axis=0, mode="interp")
    return fitted


def _between(axis: Points, start: Points, end: Points) -> Points:
    """The curve from beside ``start`` to beside ``end``, continued straight where it is short."""
    from_start = _cut(axis[::-1], start)[::-1]
    return resampled(_cut(from_start, end), STEP_MM)


def _cut(axis: Points, end: Points) -> Points:
    """The curve up to the place nearest to ``end``, looked for around its last point."""
    far = max(len(axis) - 2 * _END_MM, 2)
    curve = np.concatenate([axis, _beyond(axis)])
    a, b = curve[far - 1 : -1], curve[far:]
    step = b - a
    t = np.clip(np.einsum("ij,ij->i", end - a, step) / np.einsum("ij,ij->i", step, step), 0, 1)
    places = a + t[:, None] * step
    n = int(np.argmin(np.linalg.norm(places - end, axis=1)))
    kept = curve[: far + n]
    if np.linalg.norm(places[n] - kept[-1]) > 1e-6:
        return np.concatenate([kept, places[n : n + 1]])
    return kept


def _beyond(axis: Points) -> Points:
    """Points on the straight line in which the curve goes on behind its end."""
    direction = axis[-1] - axis[-min(len(axis), _END_DIRECTION)]
    direction /= np.linalg.norm(direction)
    further: Points = axis[-1] + np.arange(1, _END_MM + 1)[:, None] * STEP_MM * direction
    return further
