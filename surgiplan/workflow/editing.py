"""From a segment to a changed one, by an operation of the hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.edits import ChangeSegment
from surgiplan.errors import PlanError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case

from .anatomy import segment_id_of
from .settings import settings_from

__all__ = ["edit_segment"]


def edit_segment(
    case: Case,
    operation: str,
    segments: Sequence[str] = (),
    *,
    points_lps: npt.ArrayLike = (),
    settings: Mapping[str, Any] | None = None,
    name: str = "",
    volume_id: str = "",
    report: Report = silent,
) -> ChangeSegment:
    """Run one operation on segments (ids or names; the first is changed) and points (n, 3) in LPS.

    With ``name`` the answer is a new segment and the first stays as it is.  ``volume_id`` counts
    only without segments.  Raises PlanError for an unknown operation, segment or setting,
    SegmentationError or GeometryError where the operation makes no sense.
    """
    from surgiplan.imaging.editing import OPERATIONS

    if operation not in OPERATIONS:
        raise PlanError(f"There is no operation {operation!r}; there are: {', '.join(OPERATIONS)}.")
    chosen = OPERATIONS[operation]()
    given = tuple(case.segment(one) for one in segments)
    volume = case.volume(given[0].volume_id if given else volume_id)
    values = settings_from(chosen.Settings, settings or {})
    points = np.asarray(points_lps, np.float64).reshape(-1, 3)
    changed, *others = chosen.run(volume, given, points, values, report)
    if name:
        changed = replace(
            changed, id=segment_id_of(name), name=name, anatomy=None, colour="", recipe=None
        )
    if name or not given:
        changed = replace(changed, id=case.free_id("segments", changed.id))
    result = case.with_(changed)
    for number, other in enumerate(others):
        if other.id not in {one.id for one in given}:
            others[number] = replace(other, id=result.free_id("segments", other.id))
        result = result.with_(others[number])
    return ChangeSegment(changed, chosen.label(given, values), tuple(others))
