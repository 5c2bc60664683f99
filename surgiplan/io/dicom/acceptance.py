"""From the problems that a user accepts to the slices that are stacked: one place decides."""

from collections.abc import Collection
from dataclasses import dataclass

from surgiplan.errors import DicomError

from .phases import phases
from .series import ACCEPTABLE, PROBLEM_KINDS, ImageHeader, Problem, SeriesFound

__all__ = ["AcceptedStack", "accepted_stack"]


@dataclass(frozen=True)
class AcceptedStack:
    """What will be stacked, in the order of the slices, and what was done to get there."""

    headers: tuple[ImageHeader, ...]
    remarks: tuple[str, ...]


def accepted_stack(series: SeriesFound, accept: Collection[str] = ()) -> AcceptedStack:
    """The slices of a series once the problems of the kinds in ``accept`` are accepted.

    Raises DicomError with one sentence for a kind that nobody can accept, and for the first
    problem that was not accepted or cannot be mended in this series.
    """
    for kind in accept:
        if kind not in ACCEPTABLE:
            known = ", ".join(ACCEPTABLE)
            what = "can never be accepted" if kind in PROBLEM_KINDS else "is no kind of problem"
            raise DicomError(f"{kind} {what}; those that can be accepted are {known}.")
    for problem in series.problems:
        if not problem.action or problem.kind not in accept:
            raise DicomError(_refusal(series, problem))
    remarks = [f"One of several phases: {series.phase_label}."] if series.phase_label else []
    if left_out := len(series.headers) - len(series.stack):
        # By number: a file's name may be the patient's, and remarks stay in the case.
        images = sorted(header.instance or 0 for header in series.headers[-left_out:])
        names = ", ".join(f"image {number}" for number in images[:3])
        more = f" and {left_out - 3} more" if left_out > 3 else ""
        remarks.append(f"Images that do not belong to the stack were left out: {names}{more}.")
    return AcceptedStack(series.stack, tuple(remarks))


def _refusal(series: SeriesFound, problem: Problem) -> str:
    what = problem.detail.rstrip(".")
    if problem.action:
        return (
            f"{what} ({problem.kind}); export the series again, or accept {problem.kind} "
            f"(--accept {problem.kind}) to {problem.action}."
        )
    if problem.kind == "several_phases":
        return f"{what} ({problem.kind}); {_choice(series)}."
    if problem.kind in ("not_a_volume", "single_image"):
        return f"{what} ({problem.kind}); choose another series."
    return f"{what} ({problem.kind}); export the series again from its source."


def _choice(series: SeriesFound) -> str:
    found = phases(series)
    if len(found) == 1:
        return "nothing in the headers tells them apart, so export each phase as its own series"
    listed = "; ".join(
        f"{n + 1} is {one.phase_label}, {len(one.stack)} images" for n, one in enumerate(found)
    )
    return f"choose one phase (--phase 1 to {len(found)}): {listed}"
