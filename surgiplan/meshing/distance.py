"""Smooth signed distance to a segment's surface, for making volume meshes of it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Segment, VoxelGrid

from .levels import level_of_volume

__all__ = ["SignedDistance", "signed_distance"]

Floats = npt.NDArray[np.float64]

_MARGIN_MM = 12.0
"""How far around the segment the distance is known; beyond, it grows with the gap."""


@dataclass(frozen=True, eq=False)
class SignedDistance:
    """Distance to a surface at any point, negative inside.

    Without the voxels' steps at the surface; far from it right to half the coarsest voxel.
    """

    values_mm: npt.NDArray[np.float32] = field(repr=False)
    grid: VoxelGrid
    bounds_mm: Floats
    """Lowest and highest corner of a box around the surface in LPS [mm], shape (2, 3)."""

    def __call__(self, points_lps: npt.ArrayLike) -> Floats:
        """Signed distance (...) [mm] at points (..., 3) in LPS, negative inside."""
        from scipy.ndimage import map_coordinates

        points = np.asarray(points_lps, np.float64)
        index = self.grid.to_index(points).reshape(-1, 3)
        inside = np.clip(index, 0, np.array(self.grid.shape) - 1.0)
        near = map_coordinates(self.values_mm, inside.T, output=np.float64, order=1, mode="nearest")
        beside = np.flatnonzero((index != inside).any(axis=1))
        gap = (index[beside] - inside[beside]) @ self.grid.affine[:3, :3].T
        near[beside] += np.linalg.norm(gap, axis=1)
        result: Floats = near.reshape(points.shape[:-1])
        return result


def signed_distance(segment: Segment) -> SignedDistance:
    """Smooth signed distance to the surface of a segment, without its voxel steps.

    As much lies inside as the segment has voxels, since smoothing shrinks what bulges.

    Euclidean distance maps of the mask and of its complement, each less the half voxel to the
    boundary between them, then a Gaussian of half the coarsest voxel.  The axes of the grid are
    taken as orthogonal.  Raises GeometryError for an empty segment.
    """
    from edt import edt
    from scipy.ndimage import gaussian_filter

    if not segment.voxels:
        raise GeometryError(f"{segment.name} is empty; segment it again.")
    spacing = np.array(segment.grid.spacing_mm)
    pad = np.ceil(_MARGIN_MM / spacing).astype(int)
    mask = np.pad(segment.mask, [(n, n) for n in pad])
    distance = edt((~mask).view(np.uint8), anisotropy=tuple(spacing), parallel=1)
    distance -= edt(mask.view(np.uint8), anisotropy=tuple(spacing), parallel=1)
    distance -= np.sign(distance) * _half_voxel(distance, spacing)
    sigma_mm = spacing.max() / 2
    distance = gaussian_filter(distance, sigma_mm / spacing, mode="nearest")
    distance -= level_of_volume(distance, float(segment.voxels))
    grid = segment.grid.cropped(-pad, np.array(segment.mask.shape) + pad)
    corners = segment.grid.corners_lps()
    reach = np.abs(segment.grid.affine[:3, :3]).sum(axis=1)
    bounds = np.stack([corners.min(axis=0) - reach, corners.max(axis=0) + reach])
    return SignedDistance(values_mm=distance, grid=grid, bounds_mm=bounds)


def _half_voxel(distance: npt.NDArray[np.float32], spacing_mm: Floats) -> npt.NDArray[np.float32]:
    """Half the voxel's extent along the local normal [mm]: the step from centre to boundary."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(distance, spacing_mm.max() / spacing_mm, mode="nearest")
    norm2 = np.zeros(distance.shape, np.float32)
    extent2 = np.zeros(distance.shape, np.float32)
    for axis, step in enumerate(spacing_mm):
        slope2 = np.square(np.gradient(smooth, step, axis=axis)).astype(np.float32)
        norm2 += slope2
        extent2 += slope2 * np.float32(step * step)
    half = 0.5 * np.sqrt(extent2 / np.maximum(norm2, 1e-6))
    return np.minimum(half, np.abs(distance))
