"""The border of a faint lesion, seen in the mean over all of it where no single place shows it."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

from .crop import Box
from .morphology import Mask, distance_mm, gaussian, largest

__all__ = ["faint_border"]

Floats = npt.NDArray[np.float64]

_BIN_MM = 0.5
_BLURRED_MM = 1.0
"""So near to the lesion its own blur reaches, in voxels no longer than this."""

_FARTHEST_MM = 10.0
_THICKEST_MM = 5.0
_BLUR_MM = 0.8
"""Width of the step at the outer end of a rim: blur of the scanner and unevenness of the rim."""

_SOFT_HU = (-40.0, 300.0)
"""Fat, gas and bone beside the lesion tell nothing about its rim."""

_CORRELATED = 8.0
"""Voxels that share their noise; a soft kernel correlates over about two in each direction."""

_CERTAIN = 3.0
"""A rim counts if its mean differs by so many standard errors."""

_SMOOTHER = 0.27
"""Blur that leaves a lesion's shape and no noise, in radii of the lesion."""
_BLURS_MM = (1.5, 6.0)


def faint_border(
    volume: Volume, mask: Mask, box: Box, inside_hu: float, outside_hu: float
) -> tuple[Mask, Box] | None:
    """A lesion that stands out less than the noise, and its box, or None where it stays as it is.

    Noise draws every local border of such a lesion.  So its shape is taken from a strong blur, and
    grown by the distance at which the median over all of its border becomes that of the
    surroundings.  ``mask`` in ``box`` of the volume is what was found of it, ``inside_hu`` and
    ``outside_hu`` are the levels of lesion and surroundings.
    """
    spacing = volume.grid.spacing_mm
    margin = np.ceil(_FARTHEST_MM * 1.5 / np.array(spacing)).astype(int)
    wide = box.grown(margin, volume.grid.shape)
    known = np.zeros(wide.shape, bool)
    known[box.shifted(-np.array(wide.low)).slices] = mask
    values = volume.values[wide.slices].astype(np.float32)
    soft = (values > _SOFT_HU[0]) & (values < _SOFT_HU[1])
    radius_mm = (3 * np.count_nonzero(mask) * volume.grid.voxel_mm3 / (4 * np.pi)) ** (1 / 3)
    blur_mm = float(np.clip(_SMOOTHER * radius_mm, *_BLURS_MM))
    calm = gaussian(np.where(soft, values, np.float32(outside_hu)), blur_mm, spacing)
    middle = (inside_hu + outside_hu) / 2
    inside = calm < middle if inside_hu < outside_hu else calm > middle
    shape = largest(inside & (distance_mm(known, spacing) < _THICKEST_MM))
    if not shape.any():
        return None
    away = distance_mm(shape, spacing)
    # Distances are to centres of voxels; the border lies half a voxel nearer.
    half = 0.5 * volume.grid.voxel_mm3 ** (1 / 3)
    near = soft & (away > 0) & (away < _FARTHEST_MM)
    place, level, error = _layers(away[near] - half, values[near].astype(np.float64))
    blurred_mm = max(_BLURRED_MM, 0.5 * max(spacing))
    thickness_mm = _step(place, level, error, blurred_mm, np.sign(inside_hu - outside_hu))
    if thickness_mm is None:
        return None
    return away <= thickness_mm + half, wide


def _layers(away_mm: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean distance, median and its standard error of each layer with enough voxels."""
    number = np.clip(away_mm / _BIN_MM, 0, None).astype(int)
    level, error, place = [], [], []
    for layer in range(int(_FARTHEST_MM / _BIN_MM)):
        here = number == layer
        count = int(np.count_nonzero(here))
        if count < 4 * _CORRELATED:
            continue
        part = values[here]
        middle = float(np.median(part))
        spread = 1.4826 * float(np.median(np.abs(part - middle)))
        level.append(middle)
        # A median wavers a quarter more than a mean.
        error.append(max(1.25 * spread / np.sqrt(count / _CORRELATED), 0.05))
        place.append(float(away_mm[here].mean()))
    return np.array(place), np.array(level), np.array(error)


def _step(
    place: Floats, level: Floats, error: Floats, blurred_mm: float, side: float
) -> float | None:
    """Where the step lies that explains the layers, if one explains them much better than none."""
    from scipy.special import ndtr

    use = place > blurred_mm
    if np.count_nonzero(use) < 6 or place[use].max() < _THICKEST_MM:
        return None
    place, level, root = place[use], level[use], 1 / error[use]
    flat = np.average(level, weights=root**2)
    nothing = float((root**2 * (level - flat) ** 2).sum())
    least, found = np.inf, None
    for thickness_mm in np.arange(blurred_mm, _THICKEST_MM + 0.01, 0.25):
        step = ndtr((thickness_mm - place) / _BLUR_MM)
        design = np.stack([np.ones_like(step), step], axis=1) * root[:, None]
        fitted, *_ = np.linalg.lstsq(design, level * root, rcond=None)
        rest = float(((design @ fitted - level * root) ** 2).sum())
        if fitted[1] * side > 0 and rest < least:
            least, found = rest, float(thickness_mm)
    return found if nothing - least > _CERTAIN**2 else None
