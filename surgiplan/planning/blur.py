"""How blurred a scan is, and by how much that moves the border of a round thing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.model import Points, VoxelGrid

from .closing import harmonics

__all__ = ["Blur"]

Floats = npt.NDArray[np.float64]

_USUAL_MM2 = 0.3
"""Variance of a scanner's blur, until the scan itself has shown it."""

_RANGE_MM2 = (0.0, 2.0)


@dataclass(frozen=True)
class Blur:
    """A Gaussian that stands for all that smears an edge: scanner, voxels, interpolation."""

    voxel_mm2: Points
    """Covariance (3, 3) in LPS of the voxels and of linear interpolation between them."""
    scanner_mm2: float = _USUAL_MM2
    """Variance of the rest, the same in all directions."""

    @classmethod
    def of_voxels(cls, grid: VoxelGrid) -> "Blur":
        """The blur of a grid: along an edge h a box has variance h2/12, interpolation h2/6."""
        axes = grid.affine[:3, :3]
        return cls(axes @ axes.T * (1 / 12 + 1 / 6))

    def variance_mm2(self, directions: Points) -> Floats:
        """Variance along unit vectors (..., 3)."""
        along = np.einsum("...i,ij,...j->...", directions, self.voxel_mm2, directions)
        return np.asarray(along + self.scanner_mm2)

    def seen_on(self, directions: Points, contrast: Floats, slope_per_mm: Floats) -> "Blur":
        """The blur with the scanner's part as edges show it; NaN slopes say nothing.

        A step of height c, blurred by sigma, has the slope c / (sigma sqrt(2 pi)) in its middle.
        """
        known = np.isfinite(slope_per_mm) & (slope_per_mm > 0)
        if np.count_nonzero(known) < 64:
            return self
        sigma = contrast[known] / (slope_per_mm[known] * np.sqrt(2 * np.pi))
        voxels = Blur(self.voxel_mm2, 0.0).variance_mm2(directions[known])
        scanner = float(np.median(sigma**2 - voxels))
        return Blur(self.voxel_mm2, float(np.clip(scanner, *_RANGE_MM2)))

    def shrinkage_mm(self, radii: Floats, directions: Points) -> Floats:
        """How much too small contours look at half height, (n, angles).

        ``radii`` (n, angles) are measured along evenly turned ``directions`` (n, angles, 3).
        Blur moves the border of a thing with curvature k inwards by k sigma2 / 2, sigma2 its
        variance along the border (Gaussian heat flow moves a level set by its curvature).
        """
        m = np.arange(4)
        cosines, sines = harmonics(radii, len(m) - 1)
        theta = np.arange(radii.shape[1]) * 2 * np.pi / radii.shape[1]
        c, s = np.cos(np.outer(m, theta)), np.sin(np.outer(m, theta))
        r = cosines @ c + sines @ s
        r1 = (sines * m) @ c - (cosines * m) @ s
        r2 = -(cosines * m**2) @ c - (sines * m**2) @ s
        size = np.sqrt(r**2 + r1**2)
        curvature = (r**2 + 2 * r1**2 - r * r2) / size**3
        sideways = np.roll(directions, -radii.shape[1] // 4, axis=1)
        border = (r1[..., None] * directions + r[..., None] * sideways) / size[..., None]
        # The border moves along its normal, r / size of which lies along the ray.
        inwards = np.asarray(curvature * self.variance_mm2(border) / 2 * size / r)
        return inwards
