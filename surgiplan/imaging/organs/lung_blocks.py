"""Both lungs in blocks, told from gas in the bowel and from each other."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import (
    Mask,
    Spacing,
    distance_mm,
    gaussian,
    labelled,
)
from surgiplan.units import MM3_PER_ML

from .column import Column

__all__ = ["LUNG_HU", "LungBlocks", "lung_blocks"]

Floats = npt.NDArray[np.float32]

LUNG_HU = -400.0
"""Halfway between aerated lung and the tissue around it."""

_PARENCHYMA_HU = (-955.0, -450.0)
"""Aerated lung averages to this; gas is thinner, and stool spreads far beyond it."""

_LARGE_ML, _SMALL_ML = 400.0, 20.0
_LARGE_SHARE, _SMALL_SHARE = 0.35, 0.8
"""How much of a part must be parenchyma: a large one may be emphysema, a small one may be stool."""

_TALL_MM = 100.0
"""A lung that ends below the top of the scan is taller, or the bottom of the scan cuts it."""

_APEX_ML, _APEX_SHARE = 60.0, 0.93
"""Then it is told from stool by being larger and more even."""

_ACROSS = 0.12
"""A part with more of itself on the other side of the spine holds both lungs."""

_CUTS_MM = (0.0, 3.0, 5.0, 7.0, 10.0, 13.0)
"""Erosions tried one after the other until the lungs come apart."""


@dataclass(frozen=True, eq=False)
class LungBlocks:
    """Aerated lung and airways in upright blocks; empty masks where there is none."""

    left: Mask = field(repr=False)
    right: Mask = field(repr=False)
    parted: bool
    """Whether the two came apart by shape; else a plane through the spine parts them."""

    @property
    def both(self) -> Mask:
        """Left and right."""
        return self.left | self.right


def lung_blocks(
    values: Floats, body: Mask, spacing_mm: Spacing, spine: Column | None = None
) -> LungBlocks:
    """The lungs of a scan in upright blocks [HU], found by density and by reaching its ends."""
    lungs = _parenchyma(values, (values < LUNG_HU) & body, spacing_mm)
    if not lungs.any():
        return LungBlocks(lungs, lungs, parted=True)
    levels = lungs.any(axis=(1, 2))
    if spine is not None and spine.seen[levels].mean() > 0.5:
        middle = float(np.median(spine.canal_ji[levels & spine.seen, 1]))
    else:
        middle = _middle(values, lungs, body, spacing_mm)
    return _parted(values, lungs, middle, spacing_mm)


def _parenchyma(values: Floats, gas: Mask, spacing_mm: Spacing) -> Mask:
    """The parts of gas within the body that are lung."""
    labels, sizes = labelled(gas)
    deep = gas & (distance_mm(~gas, spacing_mm) > 1.1 * max(spacing_mm))
    low, high = _PARENCHYMA_HU
    lungy = deep & (values > low) & (values < high)
    count = len(sizes)
    inner = np.bincount(labels[deep], minlength=count)
    share = np.bincount(labels[lungy], minlength=count) / np.maximum(inner, 1)
    ml = sizes * float(np.prod(spacing_mm)) / MM3_PER_ML
    first, last = _extents(labels, count)
    reaches_top = last >= len(values) - 2
    tall = (last - first + 1) * spacing_mm[0] > _TALL_MM
    large = (ml > _LARGE_ML) & (share > _LARGE_SHARE) & (reaches_top | tall)
    small = (ml > _SMALL_ML) & (share > _SMALL_SHARE) & reaches_top
    apex = (ml > _APEX_ML) & (share > _APEX_SHARE) & (first <= 1)
    keep = large | small | apex
    keep[0] = False
    if keep.any():
        # What effusion or collapse has cut off lies between the others, not below them.
        bottom, top = first[keep].min(), last[keep].max()
        keep |= (ml > 2.0) & (share > _SMALL_SHARE) & (first >= bottom) & (last <= top)
        keep[0] = False
    result: Mask = keep[labels]
    return result


def _extents(
    labels: npt.NDArray[np.int32], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last slice of each part; 0 and -1 for a number without a part."""
    from scipy.ndimage import find_objects

    first, last = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    for number, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            first[number], last[number] = box[0].start, box[0].stop - 1
    return first, last


def _middle(values: Floats, lungs: Mask, body: Mask, spacing_mm: Spacing) -> float:
    """Column of the spine: the densest upright pillar where lung is scarce."""
    levels = lungs.any(axis=(1, 2))
    bone = np.clip(values[levels], 0, 400) * (body[levels] & (values[levels] > 150))
    pillar = gaussian(bone.sum(axis=0)[None], 8.0, spacing_mm)[0]
    air = gaussian(lungs[levels].sum(axis=(0, 1))[None, None], 4.0, spacing_mm)[0, 0]
    pillar = pillar.max(axis=0) * (1.0 - 0.9 * air / air.max())
    return float(np.argmax(pillar))


def _parted(values: Floats, lungs: Mask, middle: float, spacing_mm: Spacing) -> LungBlocks:
    """Left and right lung, parted where the bridge between them is thinnest and densest."""
    from skimage.segmentation import watershed

    on_left = np.arange(lungs.shape[2]) > middle
    depth = distance_mm(~lungs, spacing_mm)
    for cut in _CUTS_MM:
        labels, sizes = labelled(lungs & (depth > cut) if cut else lungs)
        left_share = np.bincount(labels[:, :, on_left].ravel(), minlength=len(sizes)) / np.maximum(
            sizes, 1
        )
        counts = sizes >= 0.02 * sizes[1:].max()
        counts[0] = False
        across = counts & (left_share > _ACROSS) & (left_share < 1 - _ACROSS)
        if across.any():
            continue
        side = np.where(left_share > 0.5, 1, 2)
        markers = np.where(counts, side, 0)[labels]
        if cut:
            # A membrane where the lungs touch is denser than they are.
            markers = watershed(gaussian(values, 2.0, spacing_mm), markers, mask=lungs)
        else:
            markers = np.where(lungs, side[labels], 0)
        return LungBlocks(markers == 1, markers == 2, parted=True)
    return LungBlocks(lungs & on_left, lungs & ~on_left, parted=False)
