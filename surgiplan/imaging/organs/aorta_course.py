"""Where the aorta runs: from a first vessel along the body up to the root and down to its fork."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..blood_pool import BloodPool
from ..coarse import Coarse, coarsened
from ..crop import Box
from .survey import Survey
from .tube import Section, followed, section_at

__all__ = ["Course", "contrast_course", "working_blocks"]

Floats = npt.NDArray[np.float64]

_BLOCK_MM = 1.6
_ASIDE_MM = 130.0
_SAME_LEVEL = 0.25
"""Two vessels of one blood differ by less, as a share of their density."""
_ARCH_MM = 15.0
"""A vessel whose middle lies this much above both of its ends is bent over."""
_SHORTER = 0.3
"""A vessel left of the longest one, and at least this long beside it, is the aorta instead."""


@dataclass(frozen=True, eq=False)
class Course:
    """The aorta's sections, from its upper end (the root, if the scan shows it) downwards."""

    tube: tuple[Section, ...] = field(repr=False)
    level_hu: float


def working_blocks(survey: Survey, middle_kji: Floats) -> Coarse:
    """Blocks of about 1.6 mm within 13 cm beside a place (in the survey's blocks)."""
    scan = survey.scan
    at = middle_kji * np.array(survey.coarse.factors)
    reach = np.array([np.inf, _ASIDE_MM, _ASIDE_MM]) / np.array(scan.grid.spacing_mm)
    low = np.maximum(at - reach, 0).astype(int)
    high = np.minimum(at + reach, scan.grid.shape).astype(int)
    low[0], high[0] = 0, scan.grid.shape[0]
    box = Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))
    return coarsened(scan, box, _BLOCK_MM, floor=-200.0)


def place_in(blocks: Coarse, survey: Survey, index_kji: Floats) -> Floats:
    """Places in the survey's blocks as mm from the first of ``blocks``."""
    f = np.array(survey.coarse.factors)
    fine = np.asarray(index_kji) * f + (f - 1) / 2
    own = np.array(blocks.factors)
    return np.asarray(
        (fine - np.array(blocks.box.low) - (own - 1) / 2) * np.array(survey.scan.grid.spacing_mm)
    )


def aortic_pool(survey: Survey) -> BloodPool | None:
    """Which of the bright vessels along the body is the aorta: long, and left of the vena cava."""
    pools = survey.blood_pools
    if not pools:
        return None
    best = pools[0]
    for pool in pools[1:]:
        shared, a, b = np.intersect1d(
            best.middles_kji[:, 0], pool.middles_kji[:, 0], assume_unique=True, return_indices=True
        )
        if len(shared) < 3 or pool.length_mm < _SHORTER * best.length_mm:
            continue
        left = (pool.middles_kji[b, 2] - best.middles_kji[a, 2]) * survey.spacing_mm[2]
        back = (pool.middles_kji[b, 1] - best.middles_kji[a, 1]) * survey.spacing_mm[1]
        if np.median(left) > 10 and np.median(back) > -15:
            best = pool
    return best


def contrast_course(survey: Survey, blocks: Coarse, pool: BloodPool) -> Course | None:
    """The aorta followed both ways from the middle of a bright vessel."""
    start = _start(survey, blocks, pool)
    if start is None:
        return None
    up = followed(blocks, start, np.array([1.0, 0, 0]))
    down = followed(blocks, start, np.array([-1.0, 0, 0]))
    tube = _downwards((*_turned(up)[:-1], *down))
    return Course(tube, float(np.median([s.level for s in tube])))


def _downwards(tube: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections in the order of the flow: over an arch the hind leg is the lower end."""
    first, last = tube[0].middle, tube[-1].middle
    top = max(float(s.middle[0]) for s in tube)
    has_arch = top - max(first[0], last[0]) > _ARCH_MM
    is_down = last[1] >= first[1] if has_arch else last[0] <= first[0]
    return tube if is_down else _turned(tube)


def _turned(tube: Sequence[Section]) -> tuple[Section, ...]:
    """The sections in the opposite order, each looking the other way."""
    return tuple(
        replace(s, axis=-s.axis, across=s.across * [[1.0], [-1.0]], radii=_mirrored(s.radii))
        for s in reversed(tube)
    )


def _mirrored(radii: Floats) -> Floats:
    """Radii by angle when the second direction across is turned over."""
    return np.asarray(np.roll(radii[::-1], 1))


def _start(survey: Survey, blocks: Coarse, pool: BloodPool) -> Section | None:
    """The roundest section of the middle half of a vessel."""
    n = len(pool.middles_kji)
    best = None
    for at in np.unique(np.linspace(n // 4, n - 1 - n // 4, 9).astype(int)):
        place = place_in(blocks, survey, pool.middles_kji[at])
        radius = float(pool.radii_mm[at]) + survey.spacing_mm[1] / 2
        found = section_at(blocks, place, np.array([1.0, 0, 0]), pool.level_hu, radius)
        if found is None:
            continue
        uneven = float(found.radii.std() / found.radii.mean()) + found.leaky
        if best is None or uneven < best[0]:
            best = (uneven, found)
    return None if best is None else best[1]
