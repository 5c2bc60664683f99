"""The brightness of the blood in a large vessel, found without seeds: what shows the contrast."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from .coarse import Coarse
from .crop import bounding_box
from .morphology import Mask

__all__ = ["BloodPool", "blood_pool", "blood_pools"]

Floats = npt.NDArray[np.float64]

_LEVELS_HU = (90.0, 115.0, 145.0, 180.0, 225.0, 280.0, 350.0, 430.0)
"""A vessel is a disc of its own above at least one of these, below ``_BAND`` times as much."""
_BAND = 1.9
_DENSEST_HU = 700.0
"""No diluted contrast in an artery is denser; bone and metal are."""
_DIAMETERS_MM = (10.0, 45.0)
"""Of the aorta and its main branches, dilated ones included."""
_ROUND = (0.88, 0.6)
"""Least filling of the ellipse with the same spread, and least ratio of its axes."""
_EVEN_FRACTION = 0.25
"""Largest spread of a vessel's inside, as a fraction of how far it stands out of soft tissue."""
_SOFT_HU = 50.0
_BRIGHT_RIM = (0.1, 0.45)
"""Marrow has cortex around it, brighter by this fraction of its contrast on more of its rim."""
_STEP_FRACTION = 0.35
"""How far a vessel's middle may move, and its area change, from one slice to the next."""
_BESIDE_MM = 60.0
"""How far beside the middle of the body a large vessel of the trunk lies at most."""
_LONG_MM = 40.0
"""A disc that goes on for so long, or for most of a shorter scan, is a vessel."""
_MOST_OF_A_SCAN = 0.6


@dataclass(frozen=True)
class BloodPool:
    """A contrast-filled large vessel."""

    level_hu: float
    """Median of its inside."""
    length_mm: float
    """How far it was followed along the body."""
    middles_kji: Floats = field(repr=False)
    """Its middle in each slice from the head down, in blocks, (n, 3)."""
    radii_mm: Floats = field(repr=False)
    """Radius of its inside, a block's rim less than the lumen, (n,)."""


@dataclass(frozen=True)
class _Discs:
    """Round even bright spots of single slices, all (n,)."""

    slice: npt.NDArray[np.int64]
    middle_mm: Floats
    """Shape (n, 2)."""
    area_mm2: Floats
    level_hu: Floats


def blood_pool(coarse: Coarse, body: Mask) -> BloodPool | None:
    """The longest bright vessel along the body, k running to the head; None if there is none.

    ``body`` has the blocks of ``coarse``.  A vessel is a chain of discs that are rounder, more even
    and darker at their rim than bone.
    """
    return next(iter(blood_pools(coarse, body)), None)


def blood_pools(coarse: Coarse, body: Mask) -> tuple[BloodPool, ...]:
    """All such vessels, each found once at the level that shows most of it, the longest first."""
    box = bounding_box(body)
    if box is None:
        return ()
    body = body[box.slices]
    coarse = replace(coarse, values=coarse.values[box.slices])
    wanted_mm = min(_LONG_MM, _MOST_OF_A_SCAN * len(coarse.values) * coarse.spacing_mm[0])
    middle = _middle_of(body)
    found: list[BloodPool] = []
    for level in _LEVELS_HU:
        for pool in _chains(coarse, _discs(coarse, body, level, middle), wanted_mm):
            same = [n for n, other in enumerate(found) if _are_one(coarse, pool, other)]
            if all(pool.length_mm > 1.2 * found[n].length_mm for n in same):
                found = [other for n, other in enumerate(found) if n not in same] + [pool]
    found.sort(key=lambda pool: -pool.length_mm)
    low = np.array(box.low, float)
    return tuple(replace(pool, middles_kji=pool.middles_kji + low) for pool in found)


def _are_one(coarse: Coarse, a: BloodPool, b: BloodPool) -> bool:
    """Whether two chains share most slices of the shorter one and lie within each other there."""
    _, rows, columns = np.intersect1d(
        a.middles_kji[:, 0], b.middles_kji[:, 0], assume_unique=True, return_indices=True
    )
    if 2 * len(rows) < min(len(a.middles_kji), len(b.middles_kji)):
        return False
    apart = (a.middles_kji[rows] - b.middles_kji[columns]) * np.array(coarse.spacing_mm)
    near = np.linalg.norm(apart, axis=1) < np.maximum(a.radii_mm[rows], b.radii_mm[columns])
    return bool(near.mean() > 0.5)


def _middle_of(body: Mask) -> Floats:
    """Column of the body's middle in each slice, (slices,); NaN where there is none."""
    across = body.any(axis=1)
    i = np.arange(body.shape[2])
    counts = across.sum(axis=1)
    sums = (across * i).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _discs(coarse: Coarse, body: Mask, level: float, middle: Floats) -> _Discs:
    from scipy.ndimage import binary_erosion, label

    _, row_mm, column_mm = coarse.spacing_mm
    flat = np.zeros((3, 3, 3), bool)
    flat[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    # Without their rims, spots that only touch come apart, and the half-filled blocks go;
    # calcium in the wall and bone beside it lie above the band.
    bright = (coarse.values > level) & (coarse.values < _BAND * level) & body
    labels, count = label(binary_erosion(bright, flat), flat)
    k, j, i = np.nonzero(labels)
    part = labels[k, j, i] - 1
    value = coarse.values[k, j, i].astype(float)
    size = np.bincount(part, minlength=count)
    size_1 = np.maximum(size, 1)
    y, x = j * row_mm, i * column_mm
    my, mx = (np.bincount(part, w, count) / size_1 for w in (y, x))
    yy, xx, xy = (
        np.bincount(part, w, count) / size_1 - m
        for w, m in ((y * y, my * my), (x * x, mx * mx), (x * y, mx * my))
    )
    # A block is not a point: its own spread counts.
    yy, xx = yy + row_mm**2 / 12, xx + column_mm**2 / 12
    spread = np.sqrt(np.maximum((xx - yy) ** 2 / 4 + xy**2, 0))
    major, minor = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 1e-9)
    area = np.asarray(size * row_mm * column_mm, float)
    filled = area / (4 * np.pi * np.sqrt(major * minor))
    mean = np.bincount(part, value, count) / size_1
    spread_hu = np.sqrt(np.maximum(np.bincount(part, value**2, count) / size_1 - mean**2, 0))
    slices = np.zeros(count, int)
    slices[part] = k
    low, high = (np.pi * (d - row_mm - column_mm) ** 2 / 4 for d in _DIAMETERS_MM)
    aside = np.abs(mx - middle[slices] * column_mm)
    good = (area >= low) & (area <= high) & (filled >= _ROUND[0])
    good &= (np.sqrt(minor / major) >= _ROUND[1]) & (aside <= _BESIDE_MM) & (mean < _DENSEST_HU)
    good &= spread_hu <= _EVEN_FRACTION * (mean - _SOFT_HU)
    good &= _walled(coarse.values, labels, mean, slices, good) <= _BRIGHT_RIM[1]
    return _Discs(slices[good], np.stack([my, mx], 1)[good], area[good], mean[good])


def _walled(
    values: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    mean: Floats,
    slices: npt.NDArray[np.int64],
    wanted: Mask,
) -> Floats:
    """Part of the rim of each wanted spot that is brighter than the spot, (n,)."""
    from scipy.ndimage import grey_dilation

    count = len(mean)
    total, brighter = np.zeros(count), np.zeros(count)
    kept = np.concatenate([[False], wanted])
    for k in np.unique(slices[wanted]):
        spots = np.where(kept[labels[k]], labels[k], 0)
        rim = grey_dilation(spots, size=(5, 5)) * (labels[k] == 0)
        part = rim[rim > 0] - 1
        is_brighter = values[k][rim > 0] > (mean + _BRIGHT_RIM[0] * (mean - _SOFT_HU))[part]
        total += np.bincount(part, minlength=count)
        brighter += np.bincount(part[is_brighter], minlength=count)
    return brighter / np.maximum(total, 1)


def _chains(coarse: Coarse, discs: _Discs, wanted_mm: float) -> list[BloodPool]:
    """Chains of linked discs that are long enough; each disc is in one at most."""
    n = len(discs.slice)
    length, before = _linked(coarse, discs)
    free = np.ones(n, bool)
    found = []
    for end in np.argsort(-length, kind="stable"):
        if length[end] * coarse.spacing_mm[0] < wanted_mm:
            break
        chain = []
        d = int(end)
        while d >= 0 and free[d]:
            chain.append(d)
            free[d] = False
            d = int(before[d])
        if chain and len(chain) * coarse.spacing_mm[0] >= wanted_mm:
            middles = np.column_stack(
                [discs.slice[chain], discs.middle_mm[chain] / np.array(coarse.spacing_mm[1:])]
            )
            radii = np.sqrt(discs.area_mm2[chain] / np.pi)
            level_hu = float(np.median(discs.level_hu[chain]))
            found.append(BloodPool(level_hu, len(chain) * coarse.spacing_mm[0], middles, radii))
    return found


def _linked(coarse: Coarse, discs: _Discs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Discs in the longest chain that ends in each disc from below, and the disc before it."""
    n = len(discs.slice)
    length = np.ones(n, int)
    before = np.full(n, -1)
    by_slice = {k: np.flatnonzero(discs.slice == k) for k in np.unique(discs.slice)}
    for k, here in by_slice.items():
        below = by_slice.get(k - 1)
        if below is None:
            continue
        for d in here:
            reach = _STEP_FRACTION * np.sqrt(4 * discs.area_mm2[d] / np.pi) + coarse.spacing_mm[0]
            gap = np.linalg.norm(discs.middle_mm[below] - discs.middle_mm[d], axis=1)
            swell = np.abs(np.log(discs.area_mm2[below] / discs.area_mm2[d]))
            change = np.abs(discs.level_hu[below] / discs.level_hu[d] - 1)
            fits = (gap < reach) & (swell < 2 * _STEP_FRACTION) & (change < _STEP_FRACTION)
            if fits.any():
                chosen = below[fits][np.argmax(length[below[fits]])]
                length[d], before[d] = length[chosen] + 1, chosen
    return length, before
