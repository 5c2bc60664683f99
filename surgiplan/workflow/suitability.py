"""What a scan can be used for, told once for each scan."""

from typing import TYPE_CHECKING

from surgiplan.derived import once_per_input
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Volume

if TYPE_CHECKING:
    from surgiplan.imaging.suitability import Statement

__all__ = ["suitability_of", "suitability_rows"]


def suitability_of(volume: Volume, report: Report = silent) -> "tuple[Statement, ...]":
    """What can be said of a scan; remembered as long as it lives, and kept in no case."""
    report(0.0, "Judging what the scan is good for")
    found = _judged(volume)
    report(1.0, "Scan judged")
    return found


def suitability_rows(volume: Volume, report: Report = silent) -> tuple[tuple[str, str, str], ...]:
    """Use, verdict and reason in words: each use, what concerns all of them, the contrast phase.

    The verdict is ``good``, ``limited``, ``unfit`` or ``cannot be judged``; empty for the phase,
    which is judged for each use.
    """
    from surgiplan.imaging.suitability import Topic, summary

    found = suitability_of(volume, report)
    phases = dict.fromkeys(one.sentence for one in found if one.topic is Topic.CONTRAST)
    return (
        *((title, verdict.value, why) for title, verdict, why in summary(found)),
        *((Topic.CONTRAST.value.capitalize(), "", sentence) for sentence in phases),
    )


@once_per_input
def _judged(volume: Volume) -> "tuple[Statement, ...]":
    from surgiplan.imaging.suitability import suitability

    return suitability(volume)
