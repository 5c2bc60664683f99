"""Where two segmentations differ most, one place after the other, and what is painted there."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report, silent
from surgiplan.model import Disagreement, Place, Segment, Surface, VoxelGrid

from .agreement import on_one_grid, surface_distances
from .surfels import area_weighted

__all__ = ["disagreement", "worst_places"]

_MOST_PLACES = 50
_SHOWN_PERCENTILE = 99.0
"""Where the colours end: one stray voxel must not make all else look alike."""
_ROUND_MM = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 80.0, 100.0)
_NEIGHBOURS = 4
"""Elements of the voxel surface whose distances a vertex of the smooth one takes the mean of."""


def disagreement(
    reference: Segment, test: Segment, surface: Surface, report: Report = silent
) -> Disagreement:
    """All that the eye needs to see where ``test`` differs; ``surface`` is that of the test.

    Raises GeometryError if either is empty, or if they lie on different voxels or in different
    frames of reference.
    """
    from scipy.spatial import cKDTree

    report(0.0, f"Measuring {test.name}")
    apart = surface_distances(reference, test)
    distance, nearest = cKDTree(apart.points_lps).query(surface.points_lps, k=_NEIGHBOURS)
    weights = 1 / np.maximum(distance, 1e-6)
    signed = (apart.signed_mm[nearest] * weights).sum(axis=1) / weights.sum(axis=1)
    both = np.abs(np.concatenate([apart.signed_mm, apart.missed_mm]))
    robust = float(np.percentile(both, _SHOWN_PERCENTILE))
    limit = next((mm for mm in _ROUND_MM if mm >= robust), float(np.ceil(robust)))
    report(0.5, "Looking for the worst places")
    (a, b), grid = on_one_grid([reference, test])
    missed, added = a & ~b, b & ~a
    return Disagreement(
        reference=reference,
        test=test,
        missed=replace(test, id="missed", name="missed", mask=missed, grid=grid),
        added=replace(test, id="added", name="added", mask=added, grid=grid),
        points_lps=surface.points_lps,
        triangles=surface.triangles,
        signed_mm=signed,
        limit_mm=limit,
        places=worst_places(reference, test),
    )


def worst_places(reference: Segment, test: Segment) -> tuple[Place, ...]:
    """The places where one border lies beyond the other by more than a voxel, the worst first.

    A place is one connected part of what differs by more than 1 mm and more than the longest side
    of a voxel; the thin rim that two readers always differ by joins nothing and counts nowhere.
    Raises GeometryError if the two lie on different voxels or in different frames of reference.
    """
    (a, b), grid = on_one_grid([reference, test], margin_voxels=1)
    places = [
        *_places(a & ~b, b, grid, is_missed=True),
        *_places(b & ~a, a, grid, is_missed=False),
    ]
    places.sort(key=lambda place: -place.distance_mm)
    return tuple(places[:_MOST_PLACES])


def _places(
    differs: npt.NDArray[np.bool_],
    other: npt.NDArray[np.bool_],
    grid: VoxelGrid,
    *,
    is_missed: bool,
) -> Iterator[Place]:
    """Deep parts of what differs, each with the shallow voxels nearest to it."""
    from scipy.ndimage import label
    from scipy.spatial import cKDTree

    index = np.argwhere(differs)
    if not len(index) or not other.any():
        return
    axes_mm = grid.affine[:3, :3].T
    borders = cKDTree(area_weighted(other, grid.spacing_mm).index_kji @ axes_mm)
    points = index @ axes_mm
    depth = borders.query(points)[0]
    reach = max(1.0, *grid.spacing_mm)
    deep = depth > reach
    if not deep.any():
        return
    mask = np.zeros(differs.shape, np.bool_)
    mask[tuple(index[deep].T)] = True
    parts, count = label(mask, np.ones((3, 3, 3), int))
    numbers = parts[tuple(index[deep].T)]
    away, nearest = cKDTree(points[deep]).query(points, distance_upper_bound=2 * reach)
    belongs = np.where(np.isfinite(away), np.append(numbers, 0)[nearest], 0)
    voxels = np.bincount(belongs, minlength=count + 1)
    for number in range(1, count + 1):
        mine = np.flatnonzero(belongs == number)
        furthest = float(depth[mine].max())
        inner = mine[depth[mine] >= furthest / 2]
        away_mm = np.linalg.norm(points[inner] - points[inner].mean(axis=0), axis=1)
        yield Place(
            point_lps=grid.to_lps(index[inner[np.argmin(away_mm)]]),
            distance_mm=furthest,
            volume_ml=float(voxels[number] * grid.voxel_mm3 / 1000),
            is_missed=is_missed,
        )
