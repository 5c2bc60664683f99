"""Edits of resections."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.model import Case, Resection, Segment

__all__ = ["MovePlane", "PlanResection", "SetMargin"]


@dataclass(frozen=True)
class PlanResection:
    """Cut an organ with a plane."""

    label: ClassVar[str] = "Plan resection"
    resection: Resection

    def apply(self, case: Case) -> Case:
        """The case with the resection.  Raises PlanError if the plane misses the organ."""
        return case.with_(_cutting(case, self.resection))


@dataclass(frozen=True)
class MovePlane:
    """Drag a cutting plane to another place or direction."""

    label: ClassVar[str] = "Move cutting plane"
    resection_id: str
    point_lps: npt.ArrayLike
    """LPS [mm], shape (3,)."""
    normal: npt.ArrayLike
    """Towards the specimen, shape (3,)."""

    def apply(self, case: Case) -> Case:
        """The case with the moved plane.  Raises PlanError if it misses the organ."""
        resection = _planned(case, self.resection_id)
        moved = replace(
            resection, point_lps=np.asarray(self.point_lps), normal=np.asarray(self.normal)
        )
        return case.with_(_cutting(case, moved))


@dataclass(frozen=True)
class SetMargin:
    """Say which margin is wanted, and around what."""

    label: ClassVar[str] = "Change margin"
    resection_id: str
    margin_mm: float
    lesion_id: str

    def apply(self, case: Case) -> Case:
        """The case with the wanted margin.  Raises PlanError for an unknown lesion."""
        if self.lesion_id:
            case.segment(self.lesion_id)
        if not 0 <= self.margin_mm <= 100:
            raise PlanError(f"A margin of {self.margin_mm:g} mm is outside 0 to 100 mm.")
        resection = _planned(case, self.resection_id)
        return case.with_(
            replace(resection, margin_mm=float(self.margin_mm), lesion_id=self.lesion_id)
        )


def _planned(case: Case, resection_id: str) -> Resection:
    try:
        return case.plan.resections[resection_id]
    except KeyError:
        raise PlanError(f"There is no resection {resection_id}; plan one first.") from None


def _cutting(case: Case, resection: Resection) -> Resection:
    """The resection itself, if its plane meets the box around the organ."""
    organ = case.segment(resection.target_id)
    if resection.lesion_id:
        case.segment(resection.lesion_id).grid.require_same_frame(organ.grid)
    heights = (organ.grid.corners_lps() - resection.point_lps) @ resection.normal
    if heights.min() >= 0 or heights.max() <= 0:
        raise PlanError(_missed(organ))
    return resection


def _missed(organ: Segment) -> str:
    x, y, z = organ.centroid_lps
    return (
        f"The plane misses {organ.name}; move it towards the organ's centre at "
        f"{x:.0f},{y:.0f},{z:.0f} mm."
    )
