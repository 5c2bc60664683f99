"""Numbers of many cases: quartiles, intervals, differences of groups; nothing of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RESAMPLES", "Gap", "Spread", "gap", "holm", "spread"]

Floats = npt.NDArray[np.float64]

RESAMPLES = 4000
_LEVEL = 0.95
_AT_ONCE = 1 << 20
"""Numbers drawn at a time, to bound memory."""


@dataclass(frozen=True)
class Spread:
    """Where the numbers of several cases lie."""

    count: int
    median: float
    q1: float
    q3: float
    low: float
    """The median's 95 % interval, from resampled cases."""
    high: float


@dataclass(frozen=True)
class Gap:
    """By how much the median of some cases lies above that of others."""

    difference: float
    low: float
    """The difference's 95 % interval, from cases resampled within each group."""
    high: float
    p: float
    """Two-sided, Mann-Whitney; before any correction."""


def spread(values: Sequence[float], seed: Sequence[int]) -> Spread:
    """Median and quartiles (linear between numbers) with a percentile bootstrap over cases.

    The same values in the same order and the same ``seed`` give the same interval.  Raises
    ValueError for no values.
    """
    known = np.asarray(values, float)
    if not known.size:
        raise ValueError("no values")
    q1, median, q3 = np.percentile(known, [25, 50, 75])
    low, high = _interval(_medians(known, np.random.default_rng([*seed])))
    return Spread(len(known), float(median), float(q1), float(q3), low, high)


def gap(group: Sequence[float], others: Sequence[float], seed: Sequence[int]) -> Gap:
    """Median of ``group`` less that of ``others``.  Raises ValueError if either is empty."""
    from scipy.stats import mannwhitneyu

    one, other = np.asarray(group, float), np.asarray(others, float)
    if not one.size or not other.size:
        raise ValueError("no values")
    random = np.random.default_rng([*seed])
    low, high = _interval(_medians(one, random) - _medians(other, random))
    p = float(mannwhitneyu(one, other, alternative="two-sided").pvalue)
    return Gap(float(np.median(one) - np.median(other)), low, high, p if np.isfinite(p) else 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p corrected for all of them (Holm, Scand. J. Stat. 6:65, 1979), in the same order."""
    count = len(p_values)
    corrected = [0.0] * count
    largest = 0.0
    for rank, n in enumerate(sorted(range(count), key=lambda n: p_values[n])):
        largest = max(largest, min(1.0, (count - rank) * p_values[n]))
        corrected[n] = largest
    return corrected


def _medians(values: Floats, random: np.random.Generator) -> Floats:
    """Medians of as many cases, drawn again with replacement, shape (RESAMPLES,)."""
    step = max(1, _AT_ONCE // len(values))
    parts = []
    for start in range(0, RESAMPLES, step):
        draws = min(step, RESAMPLES - start)
        chosen = values[random.integers(0, len(values), (draws, len(values)))]
        parts.append(np.median(chosen, axis=1))
    return np.concatenate(parts)


def _interval(resampled: Floats) -> tuple[float, float]:
    ends = [100 * (1 - _LEVEL) / 2, 100 * (1 + _LEVEL) / 2]
    low, high = np.percentile(resampled, ends)
    return float(low), float(high)
