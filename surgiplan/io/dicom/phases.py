"""Takes one phase out of a series that holds several."""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations

import numpy as np

from surgiplan.errors import DicomError

from .apart import stacks_apart
from .header_values import PHASE_TAGS
from .problems import value_hash
from .scan import found_series
from .series import ImageHeader, SeriesFound
from .stack import layout_of

__all__ = ["phase_of", "phases"]

_WORDS = {
    "TemporalPositionIdentifier": "time point {}",
    "NominalPercentageOfCardiacPhase": "{} % of the heart cycle",
    "TriggerTime": "trigger time {} ms",
    "EchoNumbers": "echo {}",
    "EchoTime": "echo time {} ms",
    "DiffusionBValue": "b value {} s/mm²",
    "AcquisitionNumber": "acquisition {}",
    "ConvolutionKernel": "kernel {}",
    "ImageType": "image type {}",
    "AcquisitionTime": "acquired at {}",
    "ContentTime": "made at {}",
    "StackID": "stack {}",
    "DimensionIndexValues": "index {}",
}
_TIMES = ("TriggerTime", "NominalPercentageOfCardiacPhase", "AcquisitionTime", "ContentTime")
"""What may differ a little between positions, so that only its order counts."""

_Key = Callable[[ImageHeader], Hashable]


def phases(series: SeriesFound) -> tuple[SeriesFound, ...]:
    """The phases of a series as series of their own, in the order of time, each with its label.

    One or two tags split the series if each of their values stands at most once at every position;
    a time splits it by its order if all positions have as many images; a tag does whose stacks lie
    beside each other.  The series itself, alone, is the answer where it has one phase or nothing
    tells its phases apart.
    """
    kinds = {problem.kind for problem in series.problems}
    if "several_phases" not in kinds:
        return (series,)
    tag, stacks = stacks_apart(series.stack, kinds)
    if stacks:
        n = PHASE_TAGS.index(tag)
        return tuple(
            _phase(series, stacks[value], _label((n,), (value,)))
            for value in sorted(stacks, key=lambda value: _in_time((value,)))
        )
    _, spots = layout_of(series.stack)
    split = _by_tags(spots, 1) or _by_rank(spots) or _by_tags(spots, 2)
    return tuple(_phase(series, images, label) for label, images in split) or (series,)


def phase_of(series: SeriesFound, phase: int) -> SeriesFound:
    """Phase number ``phase``, counted from 1.  Raises DicomError if there is none."""
    found = phases(series)
    if not 1 <= phase <= len(found):
        raise DicomError(
            f"This series has {len(found)} phases that can be told apart, there is no phase "
            f"{phase}; choose 1 to {len(found)}."
        )
    return found[phase - 1]


_Split = list[tuple[str, list[ImageHeader]]]
"""The label of each phase and its images."""


def _by_tags(spots: Sequence[Sequence[ImageHeader]], count: int) -> _Split:
    """The phases that the values of ``count`` tags tell apart; none if they do not."""
    images = [image for spot in spots for image in spot]
    varying = [
        n for n in range(len(PHASE_TAGS)) if len({image.phase_marks[n] for image in images}) > 1
    ]
    for tags in combinations(varying, count):
        groups: dict[tuple[str, ...], list[ImageHeader]] = {}
        for image in images:
            groups.setdefault(tuple(image.phase_marks[n] for n in tags), []).append(image)
        most = max(len({tuple(i.phase_marks[n] for n in tags) for i in spot}) for spot in spots)
        if len(groups) == most > 1 and all(
            _are_copies([i for i in spot if tuple(i.phase_marks[n] for n in tags) == values])
            for values in groups
            for spot in spots
        ):
            return [
                (_label(tags, values), groups[values]) for values in sorted(groups, key=_in_time)
            ]
    return []


def _by_rank(spots: Sequence[Sequence[ImageHeader]]) -> _Split:
    """The k-th image in time at every position, where all positions have as many."""
    count = len(spots[0])
    if any(len(spot) != count for spot in spots):
        return []
    for tag in _TIMES:
        n = PHASE_TAGS.index(tag)
        times = [[_number(image.phase_marks[n]) for image in spot] for spot in spots]
        if not all(np.isfinite(row).all() and len(set(row)) == count for row in times):
            continue
        order = np.argsort(times, axis=1)
        middle = np.median(np.sort(times, axis=1), axis=0)
        return [
            (
                _WORDS[tag].format(f"about {middle[k]:g}"),
                [spot[row[k]] for spot, row in zip(spots, order, strict=True)],
            )
            for k in range(count)
        ]
    return []


def _phase(series: SeriesFound, images: list[ImageHeader], label: str) -> SeriesFound:
    """One phase, with whatever the series holds that belongs to none."""
    strays = series.headers[len(series.stack) :]
    return found_series([*images, *strays], phase_label=label)


def _are_copies(images: Sequence[ImageHeader]) -> bool:
    return len(images) < 2 or len({value_hash(image) for image in images}) == 1


def _label(tags: tuple[int, ...], values: tuple[str, ...]) -> str:
    parts = []
    for n, value in zip(tags, values, strict=True):
        shown = f"{float(value):g}" if np.isfinite(_number(value)) else value.replace("\\", ", ")
        parts.append(_WORDS[PHASE_TAGS[n]].format(shown or "unknown"))
    return ", ".join(parts)


def _in_time(values: tuple[str, ...]) -> tuple[tuple[float, str], ...]:
    return tuple((_number(value), value) for value in values)


def _number(mark: str) -> float:
    try:
        return float(mark)
    except ValueError:
        return float("inf")
