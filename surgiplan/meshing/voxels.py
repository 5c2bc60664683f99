"""Closed surfaces as voxels: those whose middle lies inside."""

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Surface, VoxelGrid

__all__ = ["voxelised"]

Floats = npt.NDArray[np.float64]

_AT_ONCE = 4_000_000
"""Columns tried against triangles in one step."""
_ASIDE = np.array([1.3e-7, 2.9e-7])
"""Voxels by which columns are moved, so that hardly any runs through a point or an edge."""


def voxelised(surface: Surface, grid: VoxelGrid) -> tuple[npt.NDArray[np.bool_], VoxelGrid]:
    """Mask and grid, cropped out of ``grid``, of the voxels inside a closed surface.

    A voxel is inside where the surface winds around its middle a positive number of times, so
    bodies may overlap and have hollows.  What lies outside the grid is left out.  Raises
    GeometryError if nothing is left.
    """
    index = grid.to_index(surface.points_lps)
    low = np.maximum(np.ceil(index.min(axis=0)), 0).astype(int)
    high = np.minimum(np.floor(index.max(axis=0)) + 1, grid.shape).astype(int)
    if np.any(high <= low):
        raise GeometryError("The surface lies outside the scan, or between its voxels.")
    corners = (index - low)[surface.triangles]
    sign = 1 if np.linalg.det(grid.affine[:3, :3]) < 0 else -1
    column, depth, turn = _crossings(corners, (int(high[1] - low[1]), int(high[2] - low[2])))
    mask = _between(column, depth, turn * sign, tuple(int(n) for n in high - low))
    if not mask.any():
        raise GeometryError("No voxel of the scan has its middle inside the surface.")
    return mask, grid.cropped(low, high)


def _crossings(
    corners: Floats, size: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Where columns along k cross triangles (m, 3, 3): number of the column, k, and way."""
    none = np.zeros(0, np.int64)
    found = [(none, np.zeros(0), none)]
    flat = corners[:, :, 1:] - _ASIDE
    first = np.clip(np.ceil(flat.min(axis=1)), 0, size).astype(np.int64)
    last = np.clip(np.floor(flat.max(axis=1)) + 1, 0, size).astype(np.int64)
    wide = np.maximum(last - first, 0)
    tried = wide.prod(axis=1)
    ends = np.cumsum(tried)
    start = 0
    while start < len(corners):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _AT_ONCE)), start + 1)
        chosen = np.arange(start, stop)[tried[start:stop] > 0]
        found.append(_crossed(corners[chosen], flat[chosen], first[chosen], wide[chosen], size[1]))
        start = stop
    column, depth, turn = (np.concatenate(part) for part in zip(*found, strict=True))
    return column, depth, turn


def _crossed(
    corners: Floats,
    flat: Floats,
    first: npt.NDArray[np.int64],
    wide: npt.NDArray[np.int64],
    columns: int,
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    tried = wide.prod(axis=1)
    owner = np.repeat(np.arange(len(corners)), tried)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(tried) - tried, tried)
    j = first[owner, 0] + place // np.maximum(wide[owner, 1], 1)
    i = first[owner, 1] + place % np.maximum(wide[owner, 1], 1)
    at = np.stack([j, i], axis=1)
    sides = [_side(flat[owner, n], flat[owner, (n + 1) % 3], at) for n in range(3)]
    # The area is the sum of the sides only up to rounding; their common sign alone decides.
    hit = (sides[0] > 0) & (sides[1] > 0) & (sides[2] > 0)
    back = (sides[0] < 0) & (sides[1] < 0) & (sides[2] < 0)
    kept = hit | back
    a, b, c = (side[kept] for side in sides)
    k = corners[owner[kept], :, 0]
    depth = (b * k[:, 0] + c * k[:, 1] + a * k[:, 2]) / (a + b + c)
    return j[kept] * columns + i[kept], depth, np.where(hit[kept], 1, -1)


def _side(start: Floats, end: Floats, at: npt.NDArray[np.int64]) -> Floats:
    """Twice the signed area of an edge and a place, the negative of it for the reversed edge.

    Computed from the lower of the two points, so that both triangles of an edge agree to the bit.
    """
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    p = np.where(swap[:, None], end, start)
    q = np.where(swap[:, None], start, end)
    area = (q[:, 0] - p[:, 0]) * (at[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (at[:, 0] - p[:, 0])
    return np.where(swap, -area, area)


def _between(
    column: npt.NDArray[np.int64],
    depth: Floats,
    turn: npt.NDArray[np.int64],
    shape: tuple[int, ...],
) -> npt.NDArray[np.bool_]:
    """Voxels along each column where the crossings so far wind around them."""
    order = np.lexsort([depth, column])
    column, depth, turn = column[order], depth[order], turn[order]
    winding = np.cumsum(turn)
    is_first = np.concatenate([[True], column[1:] != column[:-1]])[: len(column)]
    # Counted anew in each column, so that one lost crossing costs one column.
    before = (winding - turn)[is_first][np.cumsum(is_first) - 1]
    is_in = winding > before
    was_in = np.concatenate([[False], is_in[:-1]])[: len(column)] & ~is_first
    height = np.clip(np.ceil(depth), 0, shape[0]).astype(np.int64)
    changes = np.zeros((shape[0] + 1, shape[1] * shape[2]), np.int8)
    np.add.at(changes, (height, column), is_in.astype(np.int8) - was_in.astype(np.int8))
    inside = np.cumsum(changes[:-1], axis=0, dtype=np.int8) > 0
    return np.asarray(inside.reshape(shape))
