"""Edits of centrelines."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.errors import PlanError
from surgiplan.model import Case, Centerline

__all__ = ["AddCenterline"]


@dataclass(frozen=True)
class AddCenterline:
    """Add the centreline of a vessel."""

    label: ClassVar[str] = "Trace centreline"
    centerline: Centerline

    def apply(self, case: Case) -> Case:
        """The case with the centreline.  Raises PlanError if its vessel is not in the case."""
        case.segment(self.centerline.segment_id)
        if not self.centerline.branches:
            raise PlanError("A centreline needs a start and an end; pick two points.")
        return case.with_(self.centerline)
