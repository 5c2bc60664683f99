"""Takes one phase out of a series that holds several."""

from surgiplan.errors import DicomError

from .headers import PHASE_TAGS
from .scan import found_series
from .series import ImageHeader, SeriesFound

__all__ = ["phase_of", "phases"]


def phases(series: SeriesFound) -> tuple[SeriesFound, ...]:
    """The phases of a series as series of their own, in the order of time.

    A tag splits the series if each of its values stands once at every position.  The series itself,
    alone, is the answer where it has one phase or nothing tells its phases apart.
    """
    if all(problem.kind != "several_phases" for problem in series.problems):
        return (series,)
    for n in range(len(PHASE_TAGS)):
        groups: dict[str, list[ImageHeader]] = {}
        for header in series.headers:
            groups.setdefault(header.phase_marks[n], []).append(header)
        found = [found_series(groups[mark]) for mark in sorted(groups, key=_in_time)]
        if len(found) > 1 and all(_is_one_phase(one, series) for one in found):
            return tuple(found)
    return (series,)


def phase_of(series: SeriesFound, phase: int) -> SeriesFound:
    """Phase number ``phase``, counted from 1.  Raises DicomError if there is none."""
    found = phases(series)
    if not 1 <= phase <= len(found):
        raise DicomError(
            f"This series has {len(found)} phases that can be told apart, there is no phase "
            f"{phase}; choose 1 to {len(found)}."
        )
    return found[phase - 1]


def _is_one_phase(one: SeriesFound, whole: SeriesFound) -> bool:
    kinds = {problem.kind for problem in one.problems}
    return one.images == whole.shape_kji[0] and not kinds & {"several_phases", "duplicate_slice"}


def _in_time(mark: str) -> tuple[float, str]:
    try:
        return float(mark), mark
    except ValueError:
        return float("inf"), mark
