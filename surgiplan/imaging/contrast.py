"""Contrast-filled vessels and organs told from marrow by what surrounds them and where they lie."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.units import MM3_PER_ML

from .coarse import Coarse
from .morphology import Mask, dilated, labelled, opened

__all__ = ["METAL_HU", "Cores", "told_apart"]

Floats = npt.NDArray[np.float32]

_BRIGHT_HU = 100.0
"""Enhanced vessels, enhanced organs and most marrow lie above."""

_EVEN_HU_PER_MM = 14.0
"""The inside of a vessel, an organ or a vertebra changes less from place to place."""

_RIM_MM = 5.0
"""Marrow has its cortex within this distance of its core."""

_CORTEX_HU = 90.0
"""Cortex is at least this much brighter than its marrow, blurred as it is."""

_ENCLOSED = 0.5
"""Share of a core's border that cortex must be near to for the core to be marrow."""

_SMALLEST_ML = 0.3

_DENSE_HU = 500.0
_THICKEST_CORTEX_MM = 12.0
"""What is dense and thicker than any cortex is contrast, or metal."""

METAL_HU = 2500.0
"""Denser than any bone or contrast."""

_LEAST_CONTRAST_ML = 8.0
"""With contrast there is more than this: 25 mm of an aorta."""


@dataclass(frozen=True, eq=False)
class Cores:
    """Even bright regions, in blocks: those with contrast, and those within bone."""

    contrast: Mask = field(repr=False)
    marrow: Mask = field(repr=False)
    brightest_hu: float | None
    """Hardly any contrast is brighter; None where there is no contrast."""


def told_apart(
    coarse: Coarse, body: Mask, peak: Floats, *, inner: Mask, organs: Mask, disc_hu: float
) -> Cores:
    """The even bright regions of a body: marrow if cortex surrounds them, contrast otherwise.

    ``peak`` are the highest values of the blocks.  What lies mostly in ``inner`` is marrow, or a
    disc if it is darker than ``disc_hu``, and what lies mostly in ``organs`` is contrast, whatever
    surrounds it.
    """
    from scipy.ndimage import gaussian_gradient_magnitude

    spacing = coarse.spacing_mm
    values = np.clip(coarse.values, -200, 1500)
    gradient = gaussian_gradient_magnitude(values, [1.6 / step for step in spacing])
    even = (gradient / np.mean(spacing) < _EVEN_HU_PER_MM) & (values > _BRIGHT_HU) & body
    dense = opened((values > _DENSE_HU) & body, _THICKEST_CORTEX_MM / 2, spacing)
    even |= dense
    # An aorta of the marrow's density that touches a vertebra is not one region with it.
    labels, _ = labelled(even & ~inner)
    within, _ = labelled(even & inner)
    labels += np.where(within > 0, within + labels.max(), 0).astype(np.int32)
    sizes = np.bincount(labels.ravel(), minlength=1)

    def share(mask: Mask) -> npt.NDArray[np.float64]:
        found = np.bincount(labels[mask], minlength=len(sizes)) / np.maximum(sizes, 1)
        result: npt.NDArray[np.float64] = found
        return result

    ml = sizes * float(np.prod(spacing)) / MM3_PER_ML
    total = np.bincount(labels.ravel(), weights=values.ravel(), minlength=len(sizes))
    level = total / np.maximum(sizes, 1)
    there = ml >= _SMALLEST_ML
    there[0] = False
    disc = (share(inner) > 0.5) & (level < disc_hu)
    bare = there & (share(inner) < 0.5) & (share(even & (peak > METAL_HU)) < 0.1)
    bare &= (level < _DENSE_HU) | (share(dense) > 0.3)
    elsewhere = share(organs) > 0.5
    contrast = bare & ((_walled(labels, level, values, even, spacing) < _ENCLOSED) | elsewhere)
    # A chamber beside a brighter one has no wall of cortex: look again without that light.
    lit = dilated((contrast & (level > 1.5 * _BRIGHT_HU))[labels], 3.0, spacing)
    dimmed = np.where(lit, np.float32(-1000), values)
    contrast = bare & ((_walled(labels, level, dimmed, even, spacing) < _ENCLOSED) | elsewhere)
    if ml[contrast].sum() < _LEAST_CONTRAST_ML:
        contrast[:] = False
    filled: Mask = contrast[labels]
    brightest = float(np.percentile(values[filled], 99)) if filled.any() else None
    return Cores(filled, (there & ~contrast & ~disc)[labels], brightest)


def _walled(
    labels: npt.NDArray[np.int32],
    level: npt.NDArray[np.float64],
    values: Floats,
    even: Mask,
    spacing_mm: tuple[float, float, float],
) -> npt.NDArray[np.float64]:
    """Share of each region's border that lies within reach of something much brighter."""
    from scipy.ndimage import grey_dilation

    size = [2 * int(np.ceil(_RIM_MM / step)) + 1 for step in spacing_mm]
    border = even & dilated(~even, 1.05 * max(spacing_mm), spacing_mm)
    nearby = grey_dilation(values, size=size)[border]
    parts = labels[border]
    total = np.bincount(parts, minlength=len(level))
    walled = np.bincount(parts[nearby > level[parts] + _CORTEX_HU], minlength=len(level))
    result: npt.NDArray[np.float64] = walled / np.maximum(total, 1)
    return result
