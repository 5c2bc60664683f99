"""What lies between an artery's lumen and its outer wall: thrombus, and calcium in the wall."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume
from surgiplan.units import MM3_PER_ML

from ..coarse import Coarse
from ..crop import Box, bounding_box
from ..morphology import Mask, gaussian, labelled
from .tube import WALL_HU, Tube
from .tube_mask import depth_in

__all__ = ["Depths", "calcium", "depths_of", "thrombus"]

Floats = npt.NDArray[np.float32]

_FAR_MM = -12.0
_WALL_MM = 1.5
"""Thickness of the wall of an aorta, and of the blurred border of its lumen."""
_FAT_BORDER_HU = -25.0

_OUTSIDE_LUMEN_MM = 6.0
"""Calcium lies no farther outside the lumen of a vessel with a thin wall."""
_OUTSIDE_WALL_MM = 2.5
_INSIDE_LUMEN_MM = 2.5
"""A bright spot deeper in the lumen is noise or metal."""
_BRIGHTER = 0.25
"""Calcium exceeds the lumen by this share of its contrast at least."""
_LEAST_HU = 200.0
_SPREADS = 4.0
_CORE_MM3 = 3.0
_LARGEST_ML = 3.0
_IN_WALL = 0.6
"""Bone reaches out of the wall with more than the rest of its voxels."""
_BLUR_MM = 2.5
_FULL_HU = 1000.0
"""A plaque's peak beyond this no longer moves its border."""
_METAL_HU = 1500.0
"""Calcium has lower peaks."""


@dataclass(frozen=True, eq=False)
class Depths:
    """How deep blocks lie in all lumens and in the outer walls that stand off them [mm]."""

    box: Box
    """Of blocks."""
    lumen: Floats = field(repr=False)
    outer: Floats = field(repr=False)


def depths_of(coarse: Coarse, lumens: Sequence[Tube], outer: Sequence[Tube]) -> Depths:
    """Depths in the box of all tubes and what is near to them."""
    maps = []
    for tubes in (lumens, outer):
        deepest = np.full(coarse.values.shape, _FAR_MM, np.float32)
        for tube in tubes:
            if len(tube) > 1:
                depth, _, box = depth_in(coarse, tube, 9.0)
                np.maximum(deepest[box.slices], depth, out=deepest[box.slices])
        maps.append(deepest)
    near = bounding_box((maps[0] > -9.0) | (maps[1] > -9.0))
    assert near is not None
    near = near.grown(1, coarse.values.shape)
    return Depths(near, maps[0][near.slices], maps[1][near.slices])


def thrombus(scan: Volume, coarse: Coarse, depths: Depths, level: float) -> tuple[Mask, Box] | None:
    """Soft tissue between lumen and outer wall, without the wall; None where no wall stands off."""
    seen = bounding_box(depths.outer > 0)
    if seen is None:
        return None
    inner = seen.grown(1, depths.box.shape)
    box = coarse.fine_box(inner.shifted(depths.box.low))
    outer = coarse.upsampled(depths.outer[inner.slices])
    lumen = coarse.upsampled(depths.lumen[inner.slices])
    values = gaussian(np.clip(scan.values[box.slices], -200, 1200), 0.5, scan.grid.spacing_mm)
    soft = (values > _FAT_BORDER_HU) & (values < (WALL_HU + level) / 2)
    return (outer > _WALL_MM) & (lumen < -_WALL_MM) & soft, box


def calcium(scan: Volume, coarse: Coarse, depths: Depths, level: float) -> tuple[Mask, Box, bool]:
    """Spots in the walls that are brighter than the lumen, their border halfway to the wall.

    The last answer says whether there is metal, which is left out.
    """
    box = coarse.fine_box(depths.box)
    values = scan.values[box.slices]
    walls = (depths.lumen > -_OUTSIDE_LUMEN_MM) | (depths.outer > -_OUTSIDE_WALL_MM)
    zone = coarse.upsampled(walls) > 0.5
    dense = values > _least(values, coarse, depths, level)
    labels, sizes = labelled(dense)
    within = np.bincount(labels[zone], minlength=len(sizes))
    mm3 = sizes * scan.grid.voxel_mm3
    good = (within >= _IN_WALL * sizes) & (mm3 >= _CORE_MM3) & (mm3 < _LARGEST_ML * MM3_PER_ML)
    good[0] = False
    mask = np.zeros(values.shape, bool)
    has_metal = False
    margin = np.maximum(1, np.rint(_BLUR_MM / np.array(scan.grid.spacing_mm))).astype(int)
    for n, part in _parts(labels, good):
        near = part.grown(margin, box.shape)
        spot = values[near.slices].astype(np.float32)
        core = labels[near.slices] == n
        if float(spot[core].max()) > _METAL_HU:
            has_metal = True
            continue
        depth = _depth_at(coarse, depths.lumen, near)
        if float(depth[core].mean()) <= _INSIDE_LUMEN_MM:
            mask[near.slices] |= _plaque(spot, core, zone[near.slices], depth)
    return mask, box, has_metal


def _plaque(spot: Floats, core: Mask, zone: Mask, depth: Floats) -> Mask:
    """The voxels around a bright core above half its peak; none if they leave the wall."""
    half = (WALL_HU + min(float(spot[core].max()), _FULL_HU)) / 2
    around = (spot > half) & ((depth < 0.3) | core)
    labels, _ = labelled(around)
    whole = np.isin(labels, np.setdiff1d(labels[core], [0]))
    if np.count_nonzero(whole & zone) < _IN_WALL * np.count_nonzero(whole):
        return np.zeros_like(core)
    return whole & zone


def _least(values: npt.NDArray[np.number], coarse: Coarse, depths: Depths, level: float) -> float:
    """What no lumen reaches: its level, a quarter of its contrast and the scan's noise above."""
    inside = depths.lumen > 3.0
    f = coarse.factors
    sample = values[f[0] // 2 :: f[0], f[1] // 2 :: f[1], f[2] // 2 :: f[2]]
    k, j, i = (min(a, b) for a, b in zip(sample.shape, inside.shape, strict=True))
    lumen = sample[:k, :j, :i][inside[:k, :j, :i]].astype(np.float64)
    spread = 1.4826 * float(np.median(np.abs(lumen - np.median(lumen)))) if lumen.size else 0.0
    return max(level + _BRIGHTER * (level - WALL_HU), level + _SPREADS * spread, _LEAST_HU)


def _parts(labels: npt.NDArray[np.int32], wanted: npt.NDArray[np.bool_]) -> list[tuple[int, Box]]:
    """Number and box of each wanted part."""
    from scipy.ndimage import find_objects

    found = []
    renumbered = np.where(wanted, np.cumsum(wanted), 0).astype(np.int32)
    for n, place in zip(np.flatnonzero(wanted), find_objects(renumbered[labels]), strict=True):
        k, j, i = place
        found.append((int(n), Box((k.start, j.start, i.start), (k.stop, j.stop, i.stop))))
    return found


def _depth_at(coarse: Coarse, depth: Floats, near: Box) -> Floats:
    """Depth at the voxels of a small box within that of all tubes, between blocks."""
    from scipy.ndimage import map_coordinates

    f = np.array(coarse.factors)
    axes = [
        (np.arange(a, b) - (n - 1) / 2) / n for a, b, n in zip(near.low, near.high, f, strict=True)
    ]
    index = np.stack(np.meshgrid(*axes, indexing="ij"))
    return np.asarray(map_coordinates(depth, index, order=1, mode="nearest"), np.float32)
