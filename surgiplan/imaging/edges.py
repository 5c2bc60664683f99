"""Borders of a structure moved to the local half-maximum."""

import numpy as np
import numpy.typing as npt

from .crop import Box
from .morphology import Mask, Spacing, distance_mm, gaussian

__all__ = ["half_levels", "local_mean"]

Floats = npt.NDArray[np.float32]


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
    mask: Mask,
    spacing_mm: Spacing,
    *,
    gap_mm: float,
    window_mm: float,
    least: float,
    floor: float,
) -> tuple[Floats, Floats]:
    """Lowest and highest value of the structure at each voxel of its border.

    The levels lie halfway between the mean within ``mask`` and that of darker and of brighter
    voxels outside it, at least ``gap_mm`` away so that partial volume does not count, all within
    a Gaussian window.  Both stay ``least`` away from the inner mean; values below ``floor`` count
    as it, so that air beyond a thin wall does not hide the wall.
    """
    seen = np.maximum(values, np.float32(floor))
    inner = local_mean(seen, mask, window_mm, spacing_mm, float(seen[mask].mean()))
    outside = distance_mm(mask, spacing_mm) > gap_mm
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
