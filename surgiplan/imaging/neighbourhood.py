"""What the voxels around a seed are like."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

__all__ = ["Tissue", "ball_values", "box_around", "tissue_at", "tissue_of"]

from .crop import Box

_MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal law over its median absolute deviation."""


@dataclass(frozen=True)
class Tissue:
    """Robust middle and spread of the values at a place, in the volume's unit."""

    level: float
    spread: float


def box_around(volume: Volume, voxels_kji: npt.NDArray[np.integer], reach_mm: npt.ArrayLike) -> Box:
    """The box that holds voxels (n, 3) and ``reach_mm`` (one number, or one per axis) around."""
    shape = volume.grid.shape
    margin = np.ceil(np.asarray(reach_mm, float) / np.array(volume.grid.spacing_mm)).astype(int)
    k, j, i = voxels_kji.min(axis=0)
    K, J, I = voxels_kji.max(axis=0) + 1  # noqa: E741
    return Box((int(k), int(j), int(i)), (int(K), int(J), int(I))).grown(margin, shape)


def ball_values(
    volume: Volume, voxel_kji: npt.NDArray[np.integer], radius_mm: float
) -> npt.NDArray[np.float32]:
    """The values (n,) of the voxels within ``radius_mm`` of a voxel, itself included."""
    box = box_around(volume, voxel_kji[None], radius_mm)
    axes = [
        (np.arange(a, b) - c) * step
        for a, b, c, step in zip(box.low, box.high, voxel_kji, volume.grid.spacing_mm, strict=True)
    ]
    k, j, i = np.ix_(*axes)
    within = k**2 + j**2 + i**2 <= radius_mm**2 + 1e-9
    values: npt.NDArray[np.float32] = volume.values[box.slices][within].astype(np.float32)
    return values


def tissue_of(values: npt.NDArray[np.float32]) -> Tissue:
    """Median and robust spread of values (n,)."""
    level = float(np.median(values))
    return Tissue(level, float(np.median(np.abs(values - level))) * _MAD_TO_SIGMA)


def tissue_at(volume: Volume, voxel_kji: npt.NDArray[np.integer], radius_mm: float) -> Tissue:
    """Median and robust spread of the values within ``radius_mm`` of a voxel."""
    return tissue_of(ball_values(volume, voxel_kji, radius_mm))
