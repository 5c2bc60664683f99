"""The abdomen shared out among liver, spleen, kidneys and the rest, so that none leaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import Mask, Spacing, dilated, distance_mm, eroded

__all__ = ["Territories", "middle", "shared_out", "without"]

Floats = npt.NDArray[np.float32]

_SOFT_HU, _DENSE_HU = -35.0, 260.0
"""Blocks outside hold fat and air, or bone and dense contrast."""

_WINDOW_HU = (-110.0, 250.0)
_FAR_MM = 14.0
"""What is this far from every organ that was seen belongs to none."""


@dataclass(frozen=True, eq=False)
class Territories:
    """Which organ each block may belong to."""

    labels: npt.NDArray[np.uint8] = field(repr=False)
    numbers: Mapping[str, int]

    def of(self, name: str) -> Mask:
        """The blocks of one organ; nothing for an organ that was not seen."""
        result: Mask = self.labels == self.numbers.get(name, 255)
        return result


def shared_out(
    smooth: Floats,
    room: Mask,
    seen: Mapping[str, Mask],
    sure: Mapping[str, Mask],
    spacing_mm: Spacing,
) -> Territories:
    """A watershed of the gradient from the ``sure`` inside of each organ and from what is none.

    ``seen`` is each organ as far as it was recognised; beyond ``_FAR_MM``, and outside the
    ``room``, there is the rest.
    """
    import SimpleITK as sitk
    from scipy.ndimage import gaussian_gradient_magnitude

    numbers = {name: n for n, name in enumerate(sure, start=2)}
    markers = np.zeros(smooth.shape, np.uint8)
    near = np.zeros(smooth.shape, bool)
    for mask in seen.values():
        near |= dilated(mask, _FAR_MM, spacing_mm)
    markers[~near | ~room | (smooth < _SOFT_HU) | (smooth > _DENSE_HU)] = 1
    for name, mask in sure.items():
        markers[mask] = numbers[name]
    sigma = [2.5 / step for step in spacing_mm]
    gradient = gaussian_gradient_magnitude(np.clip(smooth, *_WINDOW_HU), sigma)
    gradient *= 255.0 / max(float(gradient.max()), 1e-6)
    image: Any = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(gradient.astype(np.uint8)), sitk.GetImageFromArray(markers), False
    )
    labels: npt.NDArray[np.uint8] = sitk.GetArrayFromImage(image).astype(np.uint8)
    return Territories(labels, numbers)


def middle(mask: Mask, depth_mm: float, spacing_mm: Spacing) -> Mask:
    """The mask without its outermost layer; what is thin keeps its middle."""
    deep = eroded(mask, depth_mm, spacing_mm)
    if deep.any():
        return deep
    depth = distance_mm(~mask, spacing_mm)
    result: Mask = mask & (depth >= 0.9 * depth.max())
    return result


def without(mask: Mask, box: Box, taken: Mask, coarse: Coarse) -> Mask:
    """A mask in ``box`` of the volume without the blocks that other organs have taken."""
    low = (np.array(box.low) - coarse.box.low) // np.array(coarse.factors)
    high = (np.array(box.high) - coarse.box.low) // np.array(coarse.factors)
    part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return mask & ~(coarse.upsampled(taken[part]) > 0.5) if taken[part].any() else mask
