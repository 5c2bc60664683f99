"""The heart in blocks: what lies between the lungs, below the fork of the windpipe."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.morphology import (
    Mask,
    Spacing,
    dilated,
    distance_mm,
    eroded,
    gaussian,
    labelled,
    largest,
    opened,
)
from surgiplan.units import MM3_PER_ML

from .lung_blocks import LungBlocks
from .spread import grown_by_a_block

__all__ = ["TISSUE_HU", "HeartBlocks", "heart_blocks"]

Floats = npt.NDArray[np.float32]

TISSUE_HU = -30.0
"""Halfway between fat and muscle."""

_TOP_MM = 16.0
"""The left atrium ends about this far below the last whole cross-section of the windpipe."""

_ABOVE_DOME_MM = 55.0
"""So far below the windpipe's end no dome of the diaphragm is seen yet, but parts of the heart."""

_TRUNK_MM = 75.0
"""The outline of the heart is taken from here up."""

_FRONT_MM = 38.0
"""From the middle of the spinal canal to the front of the vertebra, of a chest 26 cm wide."""

_WIDE_MM = 260.0
"""Inner width of the chest to which the lengths here belong."""

_VESSEL_MM = 11.0
"""Half the width of what is no chamber: veins, lung arteries, descending aorta, oesophagus."""

_BESIDE_MM = (2.0, 9.0)
"""Lung this near beside the heart's outline ends at the diaphragm on which the heart lies."""

_BELOW_MM = 6.0
_FAT_BELOW_MM = 26.0
"""Fat between heart and diaphragm is looked for so far below the floor; without, it ends there."""

_GAP_HU = 10.0
"""A layer of fat thinner than a block lowers muscle below this."""

_NEAR_SPINE_MM = 62.0
"""Descending aorta and oesophagus lie within this of the canal, the heart in front of it."""

_SLAB_MM = 12.0


@dataclass(frozen=True, eq=False)
class HeartBlocks:
    """The heart in blocks of the survey."""

    mask: Mask = field(repr=False)
    reach: Mask = field(repr=False)
    """With the neighbours that fat or lung fills at least in part, up to where it may extend."""
    floor_spread_mm: float
    """How much the heights differ at which the lungs beside the heart end."""
    cut: bool
    """Whether the end of the scan cuts it."""
    backless: bool
    """Whether the scan does not show the back of the chest, or no spine in it."""


def heart_blocks(
    values: Floats,
    lungs: LungBlocks,
    vessels: Mask,
    canal_ji: npt.NDArray[np.float64] | None,
    pipe_end: float,
    spacing_mm: Spacing,
) -> HeartBlocks:
    """The heart of a scan in upright blocks [HU].

    ``vessels`` are blocks of the aorta and of airways, ``canal_ji`` is the spinal canal in each
    slice, ``pipe_end`` the slice in which the windpipe ends.  Raises SegmentationError where the
    lungs do not show where the heart begins and ends.
    """
    both = lungs.both
    hull = _hulls(both, spacing_mm)
    size = _size(both, spacing_mm)
    soft = gaussian(np.clip(values, -200, 300), 1.5, spacing_mm) > TISSUE_HU
    between = hull & ~both & ~vessels & soft
    if canal_ji is not None:
        front = canal_ji[:, 0] - size * _FRONT_MM / spacing_mm[1]
        between &= (np.arange(values.shape[1]) < front[:, None])[:, :, None]
    step = spacing_mm[0] / size
    top = min(round(pipe_end - _TOP_MM / step), len(values) - 1)
    heart = _followed_down(
        between,
        _beside_spine(between.shape, canal_ji, size, spacing_mm),
        range(top, int(pipe_end - _ABOVE_DOME_MM / step), -1),
        spacing_mm,
    )
    outline = heart[max(int(pipe_end - _TRUNK_MM / step), 0) :].sum(axis=0) * spacing_mm[0] > 12
    outline = opened(outline[None], 8.0, spacing_mm)[0]
    floor, spread = _floor(both, outline, spacing_mm)
    heart &= _above(floor, soft & (values > _GAP_HU), spacing_mm)
    chambers = _wide_parts(heart, size * _VESSEL_MM, spacing_mm)
    cut = bool(chambers[0].any() or top >= len(values) - 1)
    reach = chambers | (grown_by_a_block(chambers) & ~soft & ~vessels)
    backless = canal_ji is None or bool(both[:, -1].any())
    return HeartBlocks(chambers, reach, spread, cut, backless)


def _hulls(lungs: Mask, spacing_mm: Spacing) -> Mask:
    """The convex outline around both lungs, slice by slice, steadied over neighbouring slices."""
    from scipy.ndimage import maximum_filter1d
    from skimage.morphology import convex_hull_image

    reach = round(_SLAB_MM / spacing_mm[0])
    wide = maximum_filter1d(lungs, 2 * reach + 1, axis=0)
    hulls = np.zeros_like(lungs)
    for k in np.flatnonzero(wide.any(axis=(1, 2))):
        hulls[k] = convex_hull_image(wide[k])
    return hulls


def _size(lungs: Mask, spacing_mm: Spacing) -> float:
    """Width of the chest against that of a man; 1 where the sides of the scan cut it."""
    across = np.flatnonzero(lungs.any(axis=(0, 1)))
    if across[0] == 0 or across[-1] == lungs.shape[2] - 1:
        return 1.0
    return float(np.clip(np.ptp(across) * spacing_mm[2] / _WIDE_MM, 0.6, 1.3))


def _beside_spine(
    shape: tuple[int, ...],
    canal_ji: npt.NDArray[np.float64] | None,
    size: float,
    spacing_mm: Spacing,
) -> Mask:
    """Where descending aorta and oesophagus run."""
    near = np.zeros(shape, bool)
    if canal_ji is None:
        return near
    j, i = np.ogrid[: shape[1], : shape[2]]
    for k, (row, column) in enumerate(canal_ji):
        away = np.hypot((j - row) * spacing_mm[1], (i - column) * spacing_mm[2])
        near[k] = away < size * _NEAR_SPINE_MM
    return near


def _followed_down(between: Mask, spinal: Mask, great: range, spacing_mm: Spacing) -> Mask:
    """The heart with its vessels, followed from slice to slice towards the feet.

    In the slices ``great`` everything belongs to it that does not lie beside the spine.  What
    comes up on its own farther down is a dome of the diaphragm, and where it meets the heart each
    keeps to its side.
    """
    from scipy.ndimage import label
    from skimage.segmentation import watershed

    heart, other = np.zeros_like(between), np.zeros_like(between)
    for k in range(great.start, -1, -1):
        tissue = opened(between[k : k + 1], 4.0, spacing_mm)[0]
        above = min(k + 1, len(between) - 1)
        own, foreign = heart[above] & tissue, other[above] & tissue
        parts, count = label(tissue)
        known = np.bincount(parts[own | foreign], minlength=count + 1) > 0
        fresh = tissue & ~known[parts]
        if k in great:
            sizes = np.maximum(np.bincount(parts.ravel(), minlength=count + 1), 1)
            beside = np.bincount(parts[spinal[k]], minlength=count + 1) > 0.5 * sizes
            own, foreign = own | (fresh & ~beside[parts]), foreign | (fresh & beside[parts])
        elif not own.any():
            break
        else:
            foreign = foreign | fresh
        depth = distance_mm(~tissue[None], spacing_mm)[0]
        sides = watershed(-depth, np.where(own, 1, np.where(foreign, 2, 0)), mask=tissue)
        heart[k], other[k] = sides == 1, sides == 2
    return heart


def _above(floor: Floats, soft: Mask, spacing_mm: Spacing) -> Mask:
    """What lies above the floor, and below it down to a layer of fat or lung that is near."""
    heights = np.arange(len(soft))[:, None, None] * spacing_mm[0]
    above = heights > floor
    band = ~above & (heights > floor - _FAT_BELOW_MM)
    # Downwards from the floor: tissue without a gap.
    run = np.logical_and.accumulate((soft | above)[::-1], axis=0)[::-1]
    ends = (band & ~run).any(axis=0)
    result: Mask = (run & (above | (band & ends))) | (heights > floor - _BELOW_MM)
    return result


def _floor(lungs: Mask, outline: Mask, spacing_mm: Spacing) -> tuple[Floats, float]:
    """Height of the diaphragm under the heart [mm], shape (rows, columns), and its spread.

    It is taken where the lungs end beside the heart, and runs straight from side to side: in front
    the lungs end higher, at the breastbone, and behind much lower.
    """
    if not outline.any():
        raise SegmentationError(
            "No heart is seen between the lungs in this scan; outline it by hand."
        )
    away = distance_mm(outline[None], spacing_mm)[0]
    beside = (away > _BESIDE_MM[0]) & (away < _BESIDE_MM[1]) & lungs.any(axis=0)
    row, column = np.argwhere(outline).mean(axis=0)
    j, i = np.indices(outline.shape)
    back_mm, left_mm = (j - row) * spacing_mm[1], (i - column) * spacing_mm[2]
    behind = (back_mm > -0.3 * np.abs(left_mm)) & (back_mm < 0.8 * np.abs(left_mm))
    heights = lungs.argmax(axis=0) * spacing_mm[0]
    ends, spreads = [], []
    for side in (left_mm < 0, left_mm > 0):
        near = beside & behind & side
        if np.count_nonzero(near) < 6:
            raise SegmentationError(
                "The lungs do not reach down beside the heart on both sides in this scan, so the "
                "heart cannot be told from what lies below; outline it by hand."
            )
        ends.append((left_mm[near].mean(), np.percentile(heights[near], 35)))
        spreads.append(np.subtract(*np.percentile(heights[near], [50, 20])))
    (x0, z0), (x1, z1) = ends
    floor = z0 + (left_mm - x0) * (z1 - z0) / (x1 - x0)
    return np.clip(floor, min(z0, z1), max(z0, z1)).astype(np.float32), float(max(spreads))


def _wide_parts(heart: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """The chambers: without what is thinner than twice ``radius_mm``, such as veins."""
    pad = [(1, 1)] * 3
    core = eroded(np.pad(heart, pad), radius_mm, spacing_mm)[1:-1, 1:-1, 1:-1]
    labels, sizes = labelled(core)
    keep = sizes * float(np.prod(spacing_mm)) / MM3_PER_ML > 1.0
    keep[0] = False
    return largest(dilated(keep[labels], radius_mm + 3.0, spacing_mm) & heart)
