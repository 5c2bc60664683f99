"""Windpipe and bronchi, grown from the windpipe until they would leak into the lung."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse, coarsened
from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.morphology import (
    Mask,
    Spacing,
    closed,
    dilated,
    distance_mm,
    gaussian,
    labelled,
    reached,
)
from surgiplan.model import Volume
from surgiplan.units import MM3_PER_ML

from .lung_blocks import LungBlocks
from .outline import parts_in_slices
from .spread import covering, spread

__all__ = ["Airways", "airways"]

Floats = npt.NDArray[np.float32]
Voxels = npt.NDArray[np.int64]
Middle = tuple[int, int, int]

_DISC_MM = (3.0, 1.5, 1.5)
"""Blocks in which the windpipe is looked for."""

_UPPER = 0.35
"""The windpipe parts above this fraction of the lungs' height."""

_AIR_HU = -900.0
_DISC_MM2 = (50.0, 700.0)
"""Cross-section of a windpipe, a child's and a widened one included."""
_WALL_MM = (2.2, 4.5)
"""Around the windpipe lies its wall and soft tissue, not lung."""
_WALL_HU = -400.0
_WALLED = 0.6
_FILLED = 0.55
_SLENDER = 2.2
_LONG_MM = 15.0
_BESIDE = 0.22
"""How far beside the middle between the lungs' outer sides it lies, in parts of their width."""

_ASIDE_MM = 12.0
"""A main bronchus lies farther beside the line of the windpipe."""

_AROUND_MM = (130.0, 60.0, 80.0)
"""How far below, before or behind, and beside the windpipe its branches are looked for."""

_ABOVE_MM = 12.0

_LEVELS_HU = np.arange(-960.0, -499.0, 20.0)
_LEAK_ML, _LEAK_SHARE = 25.0, 0.6
"""More growth than both from one level to the next is a leak into the lung."""

_PIECE_HU = -930.0
_PIECE_ML = (0.03, 15.0)
_PIECE_WALL_HU = -680.0
_DENSE_HU = 500.0
_PIECE_LEAK_ML = 0.5
_PIECE_BOX_MM = 12.0
"""Airways behind a narrow place: air of this much, with a wall around it."""

_LUNG_ROOT_MM = 8.0

_HALF_HU = -500.0
"""Halfway between air and the wall."""


@dataclass(frozen=True, eq=False)
class Airways:
    """Windpipe and bronchi within a box of the scan."""

    mask: Mask = field(repr=False)
    box: Box
    level_hu: float
    """Air was followed up to here."""
    leaked: bool
    """Whether a higher level would have leaked."""
    pipe_end_k: int
    """Slice of the scan in which the windpipe is last seen whole, a centimetre above its fork."""


def airways(scan: Volume, lungs: LungBlocks, coarse: Coarse) -> Airways | None:
    """The airways of an upright scan; None where no windpipe is seen between the lungs."""
    discs = _windpipe(scan, lungs, coarse)
    if discs is None:
        return None
    spacing = scan.grid.spacing_mm
    box, seeds = _surroundings(discs, scan.grid.shape, spacing)
    values = np.maximum(scan.values[box.slices], -1024).astype(np.float32)
    smooth = gaussian(values, 0.5, spacing)
    grown, level, leaked = _grown(smooth, seeds, spacing, _LEAK_ML)
    if not grown.any():
        return None
    within = spread(coarse, closed(lungs.both, _LUNG_ROOT_MM, coarse.spacing_mm), box)
    for place, seed in _further(smooth, grown, within, spacing):
        beyond, _, _ = _grown(smooth[place], seed, spacing, _PIECE_LEAK_ML)
        grown[place] |= beyond
    rim = dilated(grown, 1.1 * max(spacing[1:]), spacing) & (values < _HALF_HU)
    return Airways(grown | rim, box, level, leaked, _pipe_end(discs, spacing))


def _windpipe(scan: Volume, lungs: LungBlocks, coarse: Coarse) -> Voxels | None:
    """Voxels (n, 3) of the scan in the middles of the windpipe's cross-sections."""
    blocks = bounding_box(lungs.both)
    if blocks is None:
        return None
    region = covering(coarse, blocks, scan.grid.shape)
    start = int(region.low[0] + _UPPER * (region.high[0] - region.low[0]))
    region = Box((start, *region.low[1:]), (scan.grid.shape[0], *region.high[1:]))
    fine = coarsened(scan, region, _DISC_MM, floor=-1024.0)
    labels, count = parts_in_slices(fine.values < _AIR_HU)
    discs = [
        (number, middle)
        for number, middle in _cross_sections(fine, labels)
        if abs(middle[2] / fine.values.shape[2] - 0.5) < _BESIDE
    ]
    if not discs:
        return None
    kept = np.zeros(count + 1, bool)
    kept[[number for number, _ in discs]] = True
    chains, _ = labelled(kept[labels])
    at = np.array([middle for _, middle in discs])
    chain = chains[tuple(at.T)]
    long = np.bincount(chain)[chain] * fine.spacing_mm[0] >= _LONG_MM
    if not long.any():
        return None
    voxels: Voxels = np.array(fine.box.low) + at[long] * np.array(fine.factors)
    return voxels


def _pipe_end(discs: Voxels, spacing_mm: Spacing) -> int:
    """The lowest slice in which a cross-section lies below those of the upper windpipe."""
    across_mm = discs[:, 2] * spacing_mm[2]
    upper = np.argsort(-discs[:, 0])[: max(3, len(discs) // 3)]
    below = np.abs(across_mm - np.median(across_mm[upper])) < _ASIDE_MM
    return int(discs[below, 0].min() if below.any() else discs[:, 0].min())


def _cross_sections(fine: Coarse, labels: npt.NDArray[np.int32]) -> Iterator[tuple[int, Middle]]:
    """Number and middle (k, j, i) of each part of a slice that looks like a windpipe's."""
    from scipy.ndimage import find_objects

    _, j_mm, i_mm = fine.spacing_mm
    margin = int(np.ceil(_WALL_MM[1] / min(j_mm, i_mm)))
    sizes = np.bincount(labels.ravel())
    for number, place in enumerate(find_objects(labels), start=1):
        area_mm2 = sizes[number] * j_mm * i_mm
        if not _DISC_MM2[0] < area_mm2 < _DISC_MM2[1]:
            continue
        k, rows, columns = place
        height, width = (rows.stop - rows.start) * j_mm, (columns.stop - columns.start) * i_mm
        slender = max(height, width) / min(height, width)
        if slender > _SLENDER or area_mm2 < _FILLED * height * width:
            continue
        around = (
            slice(max(rows.start - margin, 0), rows.stop + margin),
            slice(max(columns.start - margin, 0), columns.stop + margin),
        )
        disc = labels[k.start][around] == number
        away = distance_mm(disc[None], fine.spacing_mm)[0]
        ring = fine.values[k.start][around][(away > _WALL_MM[0]) & (away < _WALL_MM[1])]
        if np.mean(ring > _WALL_HU) < _WALLED:
            continue
        inside = np.argwhere(disc)
        middle = inside[np.linalg.norm(inside - inside.mean(axis=0), axis=1).argmin()]
        yield number, (k.start, around[0].start + int(middle[0]), around[1].start + int(middle[1]))


def _surroundings(
    discs: Voxels, shape: tuple[int, int, int], spacing_mm: Spacing
) -> tuple[Box, Voxels]:
    """The box in which the branches lie, and the windpipe's middles counted from its corner."""
    reach = np.ceil(np.array(_AROUND_MM) / spacing_mm).astype(int)
    low = np.maximum(discs.min(axis=0) - reach, 0)
    high = np.minimum(discs.max(axis=0) + reach, np.array(shape))
    # Farther above lies the throat, through which air would reach the outside.
    high[0] = min(int(discs[:, 0].max()) + int(np.ceil(_ABOVE_MM / spacing_mm[0])), shape[0])
    box = Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return box, discs - low


def _further(
    smooth: Floats, grown: Mask, within: Mask, spacing_mm: Spacing
) -> Iterator[tuple[tuple[slice, ...], Voxels]]:
    """Where airways go on in the lung behind a narrow place: boxes, and a seed in each."""
    from scipy.ndimage import find_objects

    ml = float(np.prod(spacing_mm)) / MM3_PER_ML
    margin = np.ceil(_PIECE_BOX_MM / np.array(spacing_mm)).astype(int)
    labels, sizes = labelled((smooth < _PIECE_HU) & ~grown)
    inside = np.bincount(labels[within], minlength=len(sizes)) / np.maximum(sizes, 1)
    for number, place in enumerate(find_objects(labels), start=1):
        if not _PIECE_ML[0] < sizes[number] * ml < _PIECE_ML[1] or inside[number] < 0.5:
            continue
        around = tuple(
            slice(max(one.start - int(m), 0), one.stop + int(m))
            for one, m in zip(place, margin, strict=True)
        )
        piece = labels[around] == number
        away = distance_mm(piece, spacing_mm)
        wall = smooth[around][(away > 1.0) & (away < 3.5)]
        # Within emphysema there is no wall, and streaks from dense contrast are no air.
        if np.median(wall) > _PIECE_WALL_HU and np.percentile(wall, 95) < _DENSE_HU:
            yield around, np.argwhere(piece)[:1]


def _grown(
    smooth: Floats, seeds: Voxels, spacing_mm: Spacing, leak_ml: float
) -> tuple[Mask, float, bool]:
    """Air that connects to the seeds below the highest level that does not leak."""
    ml = float(np.prod(spacing_mm)) / MM3_PER_ML
    grown, level = np.zeros(smooth.shape, bool), float(_LEVELS_HU[0])
    before = 0.0
    for limit in _LEVELS_HU:
        wider = reached(smooth < limit, seeds)
        now = np.count_nonzero(wider) * ml
        if before > 0 and now - before > max(leak_ml, _LEAK_SHARE * before):
            return grown, level, True
        grown, level, before = wider, float(limit), now
    return grown, level, False
