"""Borders of a structure moved to the local half-maximum."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

from .coarse import Coarse
from .crop import Box, bounding_box
from .morphology import Mask, Spacing, distance_mm, gaussian, largest

__all__ = ["FLOOR_HU", "bordered", "half_levels", "local_mean", "sharpened", "touches_border"]

FLOOR_HU = -200.0
"""Lung and gas count as this, so that their partial volume does not outweigh tissue."""

_BAND_MM = 1.6
"""Blur of a coarse body; its tails are the band in which its border is placed."""

_FAT_HU = -110.0

_RIM_MM = 2.0
"""Thickness of the layer whose density counts as a small body's at its border."""

_WINDOW_MM = 4.0
"""What is about this near to a border decides where half of its step lies."""

Floats = npt.NDArray[np.float32]


def bordered(
    volume: Volume, coarse: Coarse, smooth: Floats, whole: Mask, tissue: Mask, *, least: float
) -> tuple[Mask, Box]:
    """A coarse body ``whole`` at full resolution, its border at the local half-maximum.

    ``smooth`` are the blocks' values without noise; ``tissue`` are the blocks that show what the
    body is made of; ``least`` is the smallest step that counts as a border [HU].  The answer is
    the largest part, within the returned box of the volume.
    """
    blocks = bounding_box(whole)
    if blocks is None:
        raise ValueError("there is no body to give a border")
    blocks = blocks.grown(3, coarse.values.shape)
    part = blocks.slices
    low, high = half_levels(
        smooth[part],
        whole[part],
        tissue[part],
        coarse.spacing_mm,
        gap_mm=1.2 * max(coarse.spacing_mm),
        least=least,
    )
    box = coarse.fine_box(blocks)
    spacing = volume.grid.spacing_mm
    nearness = coarse.upsampled(gaussian(whole[part], _BAND_MM, coarse.spacing_mm))
    fine = gaussian(np.maximum(volume.values[box.slices], FLOOR_HU), 0.8, spacing)
    inside = (fine > coarse.upsampled(low)) & (fine < coarse.upsampled(high))
    mask = (nearness > 0.97) | ((nearness > 0.06) & inside)
    # Noise has frayed the band: the majority within about a millimetre decides.
    return largest(gaussian(mask, 1.0, spacing) > 0.5), box


def sharpened(volume: Volume, mask: Mask, box: Box, *, least: float) -> Mask:
    """A small body within ``box`` of the volume, its border moved once more.

    Its tissue is now the layer just within the border at full resolution, so that a rim that
    differs from the middle has its own half-maximum.
    """
    spacing = volume.grid.spacing_mm
    # The blur of the mask rounds by as much as that of the values; both stay below a voxel's size.
    fine = gaussian(np.maximum(volume.values[box.slices], FLOOR_HU), 0.8, spacing)
    depth = distance_mm(~mask, spacing)
    shell = (depth > 1.3 * min(spacing)) & (depth < 1.3 * min(spacing) + _RIM_MM)
    if np.count_nonzero(shell) < 30:
        return mask
    gap = 1.1 * max(spacing)
    low, high = half_levels(fine, mask, shell, spacing, gap_mm=gap, least=least, window_mm=2.5)
    away = distance_mm(mask, spacing)
    inside = (fine > low) & (fine < high) & (away <= gap)
    moved = inside | (depth > 1.3 * min(spacing) + _RIM_MM)
    return largest(gaussian(moved, 0.7, spacing) > 0.5)


def local_mean(
    values: Floats, where: Mask, sigma_mm: float, spacing_mm: Spacing, otherwise: float
) -> Floats:
    """Mean of the values ``where`` true, weighted by a Gaussian of ``sigma_mm`` around each voxel.

    ``otherwise`` fills in where no such voxel is near.
    """
    weight = gaussian(where.astype(np.float32), sigma_mm, spacing_mm)
    total = gaussian(np.where(where, values, 0).astype(np.float32), sigma_mm, spacing_mm)
    known = weight > 1e-3
    return np.where(known, total / np.maximum(weight, 1e-3), np.float32(otherwise))


def half_levels(
    values: Floats,
    whole: Mask,
    tissue: Mask,
    spacing_mm: Spacing,
    *,
    gap_mm: float,
    least: float,
    window_mm: float = _WINDOW_MM,
) -> tuple[Floats, Floats]:
    """Lowest and highest value of a structure at each voxel of its border.

    The levels lie halfway between the mean of its ``tissue`` and that of darker and of brighter
    voxels outside ``whole``, at least ``gap_mm`` away so that partial volume does not count.
    Both stay ``least`` away from the inner mean; fat and air count alike, so that air beyond a
    thin wall does not hide the wall.
    """
    seen = np.maximum(values, np.float32(_FAT_HU))
    inner = local_mean(seen, tissue, window_mm, spacing_mm, float(seen[tissue].mean()))
    outside = distance_mm(whole, spacing_mm) > gap_mm
    darker = outside & (seen < inner - least)
    brighter = outside & (seen > inner + least)
    dark = local_mean(seen, darker, window_mm, spacing_mm, -np.inf)
    bright = local_mean(seen, brighter, window_mm, spacing_mm, np.inf)
    far = np.float32(3 * least)
    low = np.where(np.isfinite(dark), np.minimum((inner + dark) / 2, inner - least), inner - far)
    high = np.where(
        np.isfinite(bright), np.maximum((inner + bright) / 2, inner + least), inner + far
    )
    return low.astype(np.float32), high.astype(np.float32)


def touches_border(mask: Mask, box: Box, shape: tuple[int, int, int]) -> int:
    """How many voxels of a mask in ``box`` lie on the outermost voxels of an array ``shape``."""
    count = 0
    for axis in range(3):
        faces = np.moveaxis(mask, axis, 0)
        if box.low[axis] == 0:
            count += int(np.count_nonzero(faces[0]))
        if box.high[axis] == shape[axis]:
            count += int(np.count_nonzero(faces[-1]))
    return count
