"""Contrast-filled vessels and organs told from marrow by what surrounds them."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.units import MM3_PER_ML

from .coarse import Coarse
from .morphology import Mask, dilated, labelled

__all__ = ["Cores", "told_apart"]

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

_DENSEST_HU = 600.0
"""Even regions that are denser are thick cortex or metal, not contrast."""

_LEAST_CONTRAST_ML = 8.0
"""With contrast there is more than this: 25 mm of an aorta."""

_EDGE_MM = 4.0
"""How far a vessel's own blurred edge reaches beyond its even core."""


@dataclass(frozen=True, eq=False)
class Cores:
    """Even bright regions, in blocks: those with contrast, and those within bone."""

    contrast: Mask = field(repr=False)
    marrow: Mask = field(repr=False)
    vicinity: Mask = field(repr=False)
    """Contrast with its blurred edge."""
    brightest_hu: float | None
    """Hardly any contrast is brighter; None where there is no contrast."""


def told_apart(coarse: Coarse, body: Mask) -> Cores:
    """The even bright regions of a body, each judged by whether cortex surrounds it."""
    from scipy.ndimage import gaussian_gradient_magnitude, grey_dilation

    spacing = coarse.spacing_mm
    values = np.minimum(coarse.values, 1500.0).astype(np.float32)
    gradient = gaussian_gradient_magnitude(values, [1.6 / step for step in spacing])
    even = (gradient / np.mean(spacing) < _EVEN_HU_PER_MM) & (values > _BRIGHT_HU) & body
    labels, sizes = labelled(even)
    size = [2 * int(np.ceil(_RIM_MM / step)) + 1 for step in spacing]
    nearby = grey_dilation(values, size=size)
    border = even & dilated(~even, 1.05 * max(spacing), spacing)
    level = _means(labels, values, sizes)
    walled = nearby[border] > level[labels[border]] + _CORTEX_HU
    parts = labels[border]
    total = np.bincount(parts, minlength=len(sizes))
    enclosed = np.bincount(parts[walled], minlength=len(sizes)) / np.maximum(total, 1)
    ml = sizes * float(np.prod(spacing)) / MM3_PER_ML
    is_marrow = (enclosed >= _ENCLOSED) & (ml >= _SMALLEST_ML)
    is_contrast = (enclosed < _ENCLOSED) & (ml >= _SMALLEST_ML) & (level < _DENSEST_HU)
    is_marrow[0] = is_contrast[0] = False
    if ml[is_contrast].sum() < _LEAST_CONTRAST_ML:
        is_contrast[:] = False
    contrast: Mask = is_contrast[labels]
    return Cores(
        contrast=contrast,
        marrow=is_marrow[labels],
        vicinity=dilated(contrast, _EDGE_MM, spacing),
        brightest_hu=_brightest(coarse, labels, is_contrast),
    )


def _means(
    labels: npt.NDArray[np.int32], values: Floats, sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    total = np.bincount(labels.ravel(), weights=values.ravel(), minlength=len(sizes))
    result: npt.NDArray[np.float64] = total / np.maximum(sizes, 1)
    return result


def _brightest(
    coarse: Coarse, labels: npt.NDArray[np.int32], is_contrast: npt.NDArray[np.bool_]
) -> float | None:
    """Level of the brightest contrast and six spreads of its voxels above."""
    inside = is_contrast[labels]
    if not inside.any():
        return None
    top = float(np.percentile(coarse.values[inside], 99.5))
    averaged = float(np.sqrt(np.prod(coarse.factors)))
    bright = coarse.values[inside & (coarse.values > 0.85 * top)]
    spread = 1.4826 * float(np.median(np.abs(bright - np.median(bright)))) if bright.size else 0.0
    # Averaging over a block has hidden noise; noise of a scanner hides less than white noise.
    return float(top + min(3.0 * spread * averaged**0.5, 100.0))
