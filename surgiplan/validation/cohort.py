"""What many cases say of one reader: per structure, per subgroup; cases count, never voxels."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .statistics import Gap, Spread, gap, holm, spread
from .table import Comparison

__all__ = [
    "DEFINITIONS",
    "SEED",
    "SMALLEST_GROUP",
    "WORST",
    "CohortCase",
    "CohortSummary",
    "LabelSummary",
    "Metric",
    "SubgroupGap",
    "summary_of",
]

SEED = 20240229
SMALLEST_GROUP = 8
"""Fewer cases than this say nothing of a subgroup."""
WORST = 5
_MOST_GROUPS = 6


@dataclass(frozen=True)
class Metric:
    """A number of one comparison that is summed up over cases."""

    key: str
    title: str
    unit: str
    larger_is_better: bool | None
    """None for a signed error, of which neither end is good."""
    digits: int


METRICS = (
    Metric("dice", "Dice", "", True, 3),
    Metric("nsd", "Surface Dice", "", True, 3),
    Metric("hd95_mm", "HD95", "mm", False, 1),
    Metric("assd_mm", "ASSD", "mm", False, 2),
    Metric("volume_error_fraction", "Volume error", "", None, 3),
)


@dataclass(frozen=True)
class CohortCase:
    """One case as one reader drew it."""

    case_id: str
    reader: str
    comparisons: tuple[Comparison, ...]
    groups: Mapping[str, str] = field(default_factory=dict)
    """What is known of it: ``{"sex": "F", "vendor": "..."}``; a missing one is not there."""


@dataclass(frozen=True)
class LabelSummary:
    """One number of one structure of one reader, over all cases."""

    label: str
    reader: str
    metric: Metric
    spread: Spread | None
    """None where no case has a value."""
    failures: int
    """Cases in which one of both masks was empty: Dice 0, no distance."""
    correct_rejections: int
    """Cases in which both were, or in which neither side has it: counted here and nowhere else."""
    worst: tuple[tuple[str, float], ...]
    """The worst cases, worst first: id and value; where a failure has no value, NaN."""
    values: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class SubgroupGap:
    """One subgroup beside all other cases of which the same is known."""

    label: str
    reader: str
    metric: Metric
    column: str
    group: str
    others: str
    count: int
    count_others: int
    gap: Gap
    p_holm: float = 1.0
    """Corrected for all gaps of the cohort."""


@dataclass(frozen=True)
class CohortSummary:
    """All of it."""

    cases: int
    labels: tuple[LabelSummary, ...]
    gaps: tuple[SubgroupGap, ...]
    refusals: tuple[str, ...]
    """Why subgroups were not compared, in sentences."""


def summary_of(cases: Sequence[CohortCase]) -> CohortSummary:
    """Medians, failures and worst cases of each structure and reader, and gaps of subgroups.

    The same cases in the same order give the same numbers.
    """
    labels = dict.fromkeys(row.name for one in cases for row in one.comparisons)
    met = {(row.name, one.reader) for one in cases for row in one.comparisons}
    readers = dict.fromkeys(one.reader for one in cases)
    named = [(label, reader) for label in labels for reader in readers if (label, reader) in met]
    summaries = [
        _of_label(cases, label, reader, metric) for label, reader in named for metric in METRICS
    ]
    columns = dict.fromkeys(column for one in cases for column in one.groups)
    gaps: list[SubgroupGap] = []
    refusals: dict[str, list[str]] = {}
    for column in columns:
        grouped, why = _grouped(cases, column)
        refusals |= {sentence: [] for sentence in why}
        for label, reader in named if grouped else ():
            found, why = _gaps_of(grouped, column, label, reader)
            gaps += found
            for sentence in why:
                refusals.setdefault(sentence, []).append(f"{label} by {reader}")
    corrected = holm([one.gap.p for one in gaps])
    gaps = [replace(one, p_holm=p) for one, p in zip(gaps, corrected, strict=True)]
    return CohortSummary(
        len({one.case_id for one in cases}),
        tuple(summaries),
        tuple(gaps),
        tuple(_said(sentence, of) for sentence, of in refusals.items()),
    )


def _said(sentence: str, of: Sequence[str]) -> str:
    return f"{sentence} ({', '.join(of)})" if of else sentence


def _of_label(cases: Sequence[CohortCase], label: str, reader: str, metric: Metric) -> LabelSummary:
    rows = [
        (one.case_id, row.agreement)
        for one in cases
        if one.reader == reader
        for row in one.comparisons
        if row.name == label
    ]
    read = sum(one.reader == reader for one in cases)
    both_empty = read - len(rows) + sum(a.dice is None for _, a in rows)
    failed = [(case, a) for case, a in rows if a.dice is not None and a.hd_mm is None]
    found = [(case, getattr(a, metric.key)) for case, a in rows if a.dice is not None]
    known = [(case, float(value)) for case, value in found if value is not None]
    values = tuple(value for _, value in known)
    seed = (SEED, zlib.crc32(f"{label}|{reader}|{metric.key}".encode()))
    without = [(case, float("nan")) for case, value in found if value is None]
    ranked = sorted(known, key=_badness(metric), reverse=True)
    return LabelSummary(
        label,
        reader,
        metric,
        spread(values, seed) if values else None,
        len(failed),
        both_empty,
        tuple([*without, *ranked][:WORST]),
        values,
    )


def _badness(metric: Metric) -> Callable[[tuple[str, float]], float]:
    if metric.larger_is_better is None:
        return lambda row: abs(row[1])
    sign = -1.0 if metric.larger_is_better else 1.0
    return lambda row: sign * row[1]


Grouped = Sequence[tuple[str, CohortCase]]


def _grouped(cases: Sequence[CohortCase], column: str) -> tuple[Grouped, list[str]]:
    """Each case of which ``column`` is known with the group that it is in.

    More than six different numbers are split at their median.
    """
    known = [(one.groups[column], one) for one in cases if one.groups.get(column, "") != ""]
    different = sorted({value for value, _ in known})
    if len(different) <= _MOST_GROUPS:
        return known, []
    numbers = [_number(value) for value, _ in known]
    if any(n is None for n in numbers):
        return [], [
            f"{column} has {len(different)} different values; put the cases into at most "
            f"{_MOST_GROUPS} groups."
        ]
    real = np.array(numbers, float)
    middle = float(np.median(real))
    return [
        (f"≤ {middle:g}" if n <= middle else f"> {middle:g}", one)
        for n, (_, one) in zip(real, known, strict=True)
    ], []


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _gaps_of(
    grouped: Grouped, column: str, label: str, reader: str
) -> tuple[list[SubgroupGap], list[str]]:
    """Each group beside all others; of two groups, the first beside the second."""
    metric = METRICS[0]
    by_group: dict[str, list[float]] = {}
    for group, one in grouped:
        for row in one.comparisons if one.reader == reader else ():
            if row.name == label and row.agreement.dice is not None:
                by_group.setdefault(group, []).append(row.agreement.dice)
    if len(by_group) < 2:
        return [], [f"{column} is the same in all cases: there is nothing to compare."]
    names = sorted(by_group)
    asked = names[:1] if len(names) == 2 else names
    gaps, refusals = [], []
    for name in asked:
        others = [value for other in names if other != name for value in by_group[other]]
        mine = by_group[name]
        if min(len(mine), len(others)) < SMALLEST_GROUP:
            small = name if len(mine) < SMALLEST_GROUP else " and ".join(set(names) - {name})
            refusals.append(
                f"{column} {small} has {min(len(mine), len(others))} cases, fewer than "
                f"{SMALLEST_GROUP}: too few to say anything of that group."
            )
            continue
        seed = (SEED, zlib.crc32(f"{label}|{reader}|{column}|{name}".encode()))
        rest = names[1] if len(names) == 2 else "all others"
        gaps.append(
            SubgroupGap(
                label, reader, metric, column, name, rest, len(mine), len(others),
                gap(mine, others, seed),
            )
        )  # fmt: skip
    return gaps, refusals


DEFINITIONS = {
    "case": "each number is that of one case; voxels of different cases are never pooled",
    "median": "with quartiles, linear between numbers",
    "interval": "95 %, percentile bootstrap over cases, 4000 resamples, seed 20240229",
    "failure": "one of both masks is empty: Dice and surface Dice count as 0, distances have no "
    "value and are counted as failures",
    "correct rejection": "both masks are empty, or neither side has the structure: counted, and "
    "left out of every number",
    "gap": "median Dice of the group less that of the others, cases resampled within each group; "
    "p of Mann-Whitney (two-sided), corrected after Holm for all gaps together",
    "subgroup": f"at least {SMALLEST_GROUP} cases on each side; more than six different numbers "
    "are split at their median",
}
"""What the numbers of a cohort mean, in words."""
