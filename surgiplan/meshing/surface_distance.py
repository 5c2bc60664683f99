"""Signed distance to a closed surface, for making volume meshes of it."""

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Surface, VoxelGrid

from .distance import SignedDistance
from .voxels import voxelised

__all__ = ["surface_distance"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LARGEST_GRID = 8_000_000
_MARGIN = 3
"""Samples around the surface."""
_NEAR = 1.8
"""Distances below so many spacings are exact."""
_CANDIDATES = 6
_AT_ONCE = 200_000


def surface_distance(surface: Surface, spacing_mm: float) -> SignedDistance:
    """Signed distance to a closed surface, sampled every ``spacing_mm`` or a little coarser.

    Inside is what the surface winds around, so bodies may overlap, touch and cross themselves.
    Exact at the samples near the surface, to a spacing elsewhere.  Raises GeometryError for a
    surface that has nothing inside at this spacing.
    """
    from edt import edt

    grid = _grid(surface, spacing_mm)
    spacing = grid.spacing_mm[0]
    inside = np.zeros(grid.shape, bool)
    try:
        mask, own = voxelised(surface, grid)
    except GeometryError as nothing:
        raise GeometryError(
            f"Nothing of the surface is thicker than {spacing:.1f} mm; ask for more elements, or "
            "check its unit."
        ) from nothing
    inside[own.box_in(grid)] = mask
    values = edt((~inside).view(np.uint8), anisotropy=(spacing,) * 3, parallel=1)
    values -= edt(inside.view(np.uint8), anisotropy=(spacing,) * 3, parallel=1)
    values -= np.sign(values) * np.float32(spacing / 2)
    near = np.argwhere(np.abs(values) < _NEAR * spacing)
    exact = _distances(grid.to_lps(near), surface, spacing)
    k, j, i = near.T
    values[k, j, i] = np.where(inside[k, j, i], -exact, exact)
    reach = np.stack([surface.points_lps.min(axis=0), surface.points_lps.max(axis=0)])
    return SignedDistance(values_mm=values, grid=grid, bounds_mm=reach + [[-spacing], [spacing]])


def _grid(surface: Surface, spacing_mm: float) -> VoxelGrid:
    low, high = surface.points_lps.min(axis=0), surface.points_lps.max(axis=0)
    size = high - low
    spacing = max(spacing_mm, float((np.prod(size + spacing_mm) / _LARGEST_GRID) ** (1 / 3)))
    shape = np.ceil(size / spacing).astype(int) + 2 * _MARGIN + 1
    affine = np.eye(4)
    affine[:3, :3] = spacing * np.eye(3)[::-1]
    affine[:3, 3] = (low + high) / 2 - spacing * (shape - 1) / 2
    x, y, z = (int(n) for n in shape)
    return VoxelGrid(shape=(z, y, x), affine=affine)


def _distances(points: Floats, surface: Surface, spacing: float) -> Floats:
    """Distance (n,) from points (n, 3) to the nearest of the triangles that pass near them."""
    from scipy.spatial import cKDTree

    samples, owner = _samples(surface, spacing)
    tree = cKDTree(samples)
    corners = surface.points_lps[surface.triangles]
    found = np.empty(len(points))
    for start in range(0, len(points), _AT_ONCE):
        some = points[start : start + _AT_ONCE]
        _, near = tree.query(some, k=min(_CANDIDATES, len(samples)))
        near = np.reshape(near, (len(some), -1))
        best = np.full(len(some), np.inf)
        for column in near.T:
            best = np.minimum(best, _to_triangles(some, corners[owner[column]]))
        found[start : start + _AT_ONCE] = best
    return found


def _samples(surface: Surface, spacing: float) -> tuple[Floats, Ints]:
    """Points on each triangle, about a spacing apart, and the triangles that they lie on."""
    corners = surface.points_lps[surface.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    pieces = np.clip(np.ceil(longest / spacing), 1, 400).astype(int)
    points, owner = [], []
    for count in np.unique(pieces):
        chosen = np.flatnonzero(pieces == count)
        a, b = np.mgrid[0 : count + 1, 0 : count + 1].reshape(2, -1)
        a, b = a[a + b <= count] / count, b[a + b <= count] / count
        share = np.stack([1 - a - b, a, b], axis=1)
        points.append(np.einsum("sc,ncx->nsx", share, corners[chosen]).reshape(-1, 3))
        owner.append(np.repeat(chosen, len(share)))
    return np.concatenate(points), np.concatenate(owner)


def _to_triangles(points: Floats, corners: Floats) -> Floats:
    """Distance (n,) from each point (n, 3) to its own triangle (n, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    across = np.cross(b - a, c - a)
    length = np.maximum(np.linalg.norm(across, axis=1), 1e-300)
    height = np.abs(np.einsum("ij,ij->i", points - a, across)) / length
    above = np.ones(len(points), bool)
    edge = np.full(len(points), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        way, out = end - start, points - start
        above &= np.einsum("ij,ij->i", np.cross(way, out), across) >= 0
        square = np.maximum(np.einsum("ij,ij->i", way, way), 1e-300)
        share = np.clip(np.einsum("ij,ij->i", out, way) / square, 0, 1)
        edge = np.minimum(edge, np.linalg.norm(out - share[:, None] * way, axis=1))
    return np.where(above & (length > 1e-300), height, edge)
