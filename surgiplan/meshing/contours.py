"""The surface on which a signed distance is zero."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Surface

__all__ = ["surface_at_zero"]

Floats = npt.NDArray[np.float64]

_SAMPLES = 400_000
_FINEST_MM = 1.5
_CRUMBS = 0.02
"""Pieces with less than this share of the points are left out."""


def surface_at_zero(distance: Callable[[Floats], Floats], bounds_mm: Floats) -> Surface:
    """The closed surface in LPS [mm] of all that lies inside ``distance``, normals outwards.

    ``distance`` of points (n, 3) [mm] is negative inside and positive on the border of
    ``bounds_mm`` (2, 3).  Sampled about every 2 mm in an organ; sharp edges are bevelled by as
    much.  Crumbs are left out.  Raises GeometryError when nothing is inside.
    """
    from skimage.measure import marching_cubes

    low, high = np.asarray(bounds_mm, float)
    step = max(_FINEST_MM, float(((high - low).prod() / _SAMPLES) ** (1 / 3)))
    axes = [np.arange(low[i] - step, high[i] + 2 * step, step) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = np.asarray(distance(grid.reshape(-1, 3)), np.float32).reshape(grid.shape[:3])
    if not (values < 0).any():
        raise GeometryError("Nothing lies inside the shape; choose another structure.")
    index, triangles, _, _ = marching_cubes(np.pad(values, 1, constant_values=step), 0.0)
    points, triangles = _without_crumbs(grid[0, 0, 0] + step * (index - 1), triangles)
    if _volume(points, triangles) < 0:
        triangles = triangles[:, ::-1]
    return Surface(points, np.ascontiguousarray(triangles, np.int32))


def _without_crumbs(
    points: Floats, triangles: npt.NDArray[np.int32]
) -> tuple[Floats, npt.NDArray[np.int32]]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    links = coo_array((np.ones(len(ends)), tuple(ends.T)), shape=(len(points),) * 2)
    _, piece = connected_components(links, directed=False)
    large = np.bincount(piece) >= _CRUMBS * len(points)
    kept = large[piece]
    numbers = np.cumsum(kept) - 1
    return points[kept], numbers[triangles[kept[triangles].all(axis=1)]].astype(np.int32)


def _volume(points: Floats, triangles: npt.NDArray[np.int32]) -> float:
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
