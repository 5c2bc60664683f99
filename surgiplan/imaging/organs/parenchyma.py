"""Large organs of one even density: their range, their growth, and what cuts them free."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.edges import local_mean
from surgiplan.imaging.morphology import (
    Mask,
    closed,
    distance_mm,
    eroded,
    holes_filled,
    labelled,
    reached,
)
from surgiplan.jobs_report import Report
from surgiplan.units import MM3_PER_ML

__all__ = [
    "STEADY",
    "Cut",
    "Range",
    "cut_free",
    "grown",
    "limited",
    "nearest",
    "range_around",
    "range_within",
    "smoothed",
    "with_inclusions",
]

Floats = npt.NDArray[np.float32]

_OPENINGS_MM = (3.0, 4.5, 6.0, 8.0, 10.0, 12.0)
"""Radii tried, in order, to cut leaks."""

STEADY = 0.93
"""A next larger opening that keeps this share of the volume has no leak left to cut."""

_MOST_SPREAD_HU = 9.0
"""More spread than this within smoothed parenchyma is another tissue."""

_LEAST_REACH_HU = 14.0
"""The range goes at least this far to both sides of the middle."""

_SHADING_MM = 16.0
"""Over such lengths the density may drift, as between the arms or beside gas."""

_SHADING_HU = 25.0
"""Largest drift that is followed, either way."""

_SMALLEST_ML = 20.0


@dataclass(frozen=True)
class Range:
    """Densities of an organ in smoothed blocks [HU]."""

    low: float
    high: float
    level: float
    spread: float


@dataclass(frozen=True, eq=False)
class Cut:
    """An organ cut free of what touches it."""

    mask: Mask
    opening_mm: float
    kept: float
    """Share that the next larger opening keeps: near 1 for a compact body, less after a leak."""


def range_around(
    coarse: Coarse,
    smooth: Floats,
    block: npt.NDArray[np.int64],
    low_hu: float | None = None,
    high_hu: float | None = None,
) -> Range:
    """Density of the organ that holds ``block`` (3,): first near it, then over what is surely it.

    Given limits replace the estimated ones.  Raises SegmentationError if they cross.
    """
    reach = np.ceil(10.0 / np.array(coarse.spacing_mm)).astype(int)
    low = np.maximum(block - reach, 0)
    near = smooth[tuple(slice(a, b) for a, b in zip(low, block + reach + 1, strict=True))]
    level = float(np.median(smooth[tuple(slice(max(b - 1, 0), b + 2) for b in block)]))
    # The peak of what is near, so that a vessel or fat beside the seed does not count.
    counts, edges = np.histogram(near[np.abs(near - level) < 30], 30, (level - 30, level + 30))
    peak = int(np.argmax(np.convolve(counts, np.ones(5), "same")))
    level = float(edges[peak] + edges[peak + 1]) / 2
    spread = 5.0
    for _ in range(2):
        sure = np.abs(smooth - level) < 2.0 * spread
        core = eroded(sure, 4.0, coarse.spacing_mm)
        values = smooth[reached(core, nearest(core, block)[None])]
        if values.size < 50:
            break
        level = float(np.median(values))
        spread = max(3.0, 1.4826 * float(np.median(np.abs(values - level))))
        spread = min(spread, _MOST_SPREAD_HU)
    return limited(_range(level, spread), low_hu, high_hu)


def range_within(values: Floats) -> Range:
    """Density of an organ from smoothed values (n,) of its inside."""
    level = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - level)))
    return _range(level, float(np.clip(spread, 3.0, _MOST_SPREAD_HU)))


def limited(found: Range, low_hu: float | None, high_hu: float | None) -> Range:
    """The range with given limits in the place of estimated ones.

    Raises SegmentationError if they cross.
    """
    lowest = found.low if low_hu is None else low_hu
    highest = found.high if high_hu is None else high_hu
    if lowest >= highest:
        raise SegmentationError(
            f"The lowest value {lowest:.0f} is not below the highest {highest:.0f}; change one."
        )
    return replace(found, low=lowest, high=highest)


def _range(level: float, spread: float) -> Range:
    reach = max(3.0 * spread, _LEAST_REACH_HU)
    return Range(level - reach, level + reach, level, spread)


def smoothed(values: Floats) -> Floats:
    """Without noise but with edges: curvature flow."""
    import SimpleITK as sitk

    image = sitk.CurvatureFlow(sitk.GetImageFromArray(values), 0.0625, 6)
    result: Floats = sitk.GetArrayFromImage(image)
    return result


def nearest(mask: Mask, block: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The true voxel nearest to a block; the block itself if there is none at all."""
    places = np.argwhere(mask)
    if not len(places):
        return block
    found: npt.NDArray[np.int64] = places[np.argmin(((places - block) ** 2).sum(axis=1))]
    return found


def grown(
    coarse: Coarse,
    smooth: Floats,
    block: npt.NDArray[np.int64],
    found: Range,
    report: Report,
    *,
    room: Mask | None = None,
) -> Mask:
    """All that connects to ``block`` within the range and the ``room``, following slow shading."""
    drift = np.zeros((), np.float32)
    for turn in range(6):
        report(turn / 6, "Growing")
        inside = (smooth >= found.low + drift) & (smooth <= found.high + drift)
        if room is not None:
            inside &= room
        inside = reached(inside, nearest(inside, block)[None])
        core = eroded(_without_specks(inside), 4.0, coarse.spacing_mm)
        core = reached(core, nearest(core, block)[None]) & inside
        if turn == 5 or not core.any():
            break
        level = local_mean(smooth, core, _SHADING_MM, coarse.spacing_mm, found.level)
        drift = np.clip(level - found.level, -_SHADING_HU, _SHADING_HU)
    # Small dark and bright specks would make every erosion eat the organ from within.
    return _without_specks(inside)


def cut_free(
    coarse: Coarse,
    candidate: Mask,
    block: npt.NDArray[np.int64],
    *,
    opening_mm: float | None,
    most_ml: float,
) -> Cut | None:
    """The part that holds ``block`` after the smallest opening that leaves nothing to cut.

    A larger part than ``most_ml`` is opened further.  None where nothing compact is there.
    """
    depth = distance_mm(~candidate, coarse.spacing_mm)
    radii = _OPENINGS_MM if opening_mm is None else (opening_mm, opening_mm + 2.0)
    found: list[tuple[float, Mask, int]] = []
    block_ml = float(np.prod(coarse.spacing_mm)) / MM3_PER_ML
    for radius in radii:
        core = depth > radius
        if not core.any():
            break
        core = reached(core, nearest(core, block)[None])
        part = candidate & (distance_mm(core, coarse.spacing_mm) <= radius + 1.0)
        found.append((radius, part, int(np.count_nonzero(part))))
        if len(found) > 1 and found[-1][2] * block_ml < _SMALLEST_ML:
            found.pop()
            break
    if not found or found[0][2] * block_ml < _SMALLEST_ML:
        return None
    for (radius, part, size), (_, _, following) in pairwise(found):
        if opening_mm is not None or (following >= STEADY * size and size * block_ml <= most_ml):
            return Cut(part, radius, following / size)
    radius, part, _ = found[-1]
    return Cut(part, radius, 0.0)


def with_inclusions(
    coarse: Coarse, smooth: Floats, organ: Mask, found: Range, closing_mm: float
) -> Mask:
    """With vessels, tumours and clefts that the organ encloses."""
    whole = holes_filled(closed(organ, closing_mm, coarse.spacing_mm)) if closing_mm else organ
    # Fat in a fissure, the gas beyond and bone do not belong to it.
    soft = (smooth > -20.0) & (smooth < found.level + 200.0)
    return holes_filled(whole & soft | organ)


def _without_specks(mask: Mask) -> Mask:
    """With cavities filled that are smaller than 64 voxels."""
    labels, sizes = labelled(~mask)
    small = sizes < 64
    small[0] = False
    return mask | small[labels]
