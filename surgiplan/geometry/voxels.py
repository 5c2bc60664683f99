"""Masks carried from one grid of voxels to another."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import VoxelGrid

__all__ = ["mask_on"]

_SLAB = 1 << 22
"""Voxels that are looked up at a time."""


def mask_on(
    target: VoxelGrid, mask: npt.NDArray[np.bool_], grid: VoxelGrid
) -> npt.NDArray[np.bool_]:
    """Which voxels of ``target`` have their centre in a voxel of ``mask``, which lies on ``grid``.

    Any turn, step or shear between the grids; the mask is false outside itself.
    """
    result = np.zeros(target.shape, np.bool_)
    to_own = np.linalg.inv(grid.affine) @ target.affine
    slices, rows, columns = target.shape
    j, i = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    depth = max(1, _SLAB // max(1, rows * columns))
    for start in range(0, slices, depth):
        k = np.arange(start, min(start + depth, slices))[:, None, None]
        index = [np.rint(a * k + b * j + c * i + d).astype(int) for a, b, c, d in to_own[:3]]
        inside = np.ones(index[0].shape, np.bool_)
        for axis, size in enumerate(mask.shape):
            inside &= (index[axis] >= 0) & (index[axis] < size)
        result[start : start + len(k)][inside] = mask[tuple(one[inside] for one in index)]
    return result
