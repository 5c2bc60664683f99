"""Edits of stents: place, move, resize, turn."""

from dataclasses import dataclass, replace
from typing import ClassVar

from surgiplan.errors import PlanError
from surgiplan.model import Case, StentDesign, StentPlacement

__all__ = ["MoveStent", "PlaceStent", "ResizeStent", "TurnStent"]


@dataclass(frozen=True)
class PlaceStent:
    """Put a stent on a centreline."""

    label: ClassVar[str] = "Place stent"
    stent: StentPlacement

    def apply(self, case: Case) -> Case:
        """The case with the stent.  Raises PlanError if it is placed already or does not fit."""
        if self.stent.id in case.plan.stents:
            raise PlanError(f"Stent {self.stent.id} is placed already; move it instead.")
        return case.with_(_fitting(case, self.stent))


@dataclass(frozen=True)
class MoveStent:
    """Slide a stent along its vessel, as far as the vessel goes."""

    label: ClassVar[str] = "Move stent"
    stent_id: str
    at_mm: float

    def apply(self, case: Case) -> Case:
        """The case with the stent's middle at the station, kept within the vessel."""
        stent = _placed(case, self.stent_id)
        length_mm = _branch_length_mm(case, stent)
        half_mm = stent.design.length_mm / 2
        at_mm = min(max(float(self.at_mm), half_mm), length_mm - half_mm)
        return case.with_(_fitting(case, replace(stent, at_mm=at_mm)))


@dataclass(frozen=True)
class ResizeStent:
    """Choose another stent for the same place."""

    label: ClassVar[str] = "Change stent"
    stent_id: str
    design: StentDesign

    def apply(self, case: Case) -> Case:
        """The case with the other stent, shifted inwards if it would stick out."""
        stent = replace(_placed(case, self.stent_id), design=self.design)
        resized = case.with_(_fitting(case, stent, anywhere=True))
        return MoveStent(stent.id, stent.at_mm).apply(resized)


@dataclass(frozen=True)
class TurnStent:
    """Turn a stent about its own axis."""

    label: ClassVar[str] = "Turn stent"
    stent_id: str
    rotation_deg: float

    def apply(self, case: Case) -> Case:
        """The case with the turned stent."""
        stent = _placed(case, self.stent_id)
        return case.with_(replace(stent, rotation_deg=float(self.rotation_deg) % 360.0))


def _placed(case: Case, stent_id: str) -> StentPlacement:
    try:
        return case.plan.stents[stent_id]
    except KeyError:
        raise PlanError(f"There is no stent {stent_id}; place one first.") from None


def _branch_length_mm(case: Case, stent: StentPlacement) -> float:
    centerline = case.plan.centerlines.get(stent.centerline_id)
    if centerline is None:
        known = ", ".join(case.plan.centerlines) or "none yet"
        raise PlanError(f"There is no centreline {stent.centerline_id!r}; this case has: {known}.")
    return centerline.branch(stent.branch).length_mm


def _fitting(case: Case, stent: StentPlacement, *, anywhere: bool = False) -> StentPlacement:
    """The stent itself, if the vessel is long enough for it."""
    length_mm = _branch_length_mm(case, stent)
    if stent.design.length_mm > length_mm:
        raise PlanError(
            f"The stent is {stent.design.length_mm:.1f} mm long, the vessel's centreline only "
            f"{length_mm:.1f} mm; choose a shorter stent or trace the vessel further."
        )
    proximal_mm, distal_mm = stent.span_mm
    if not anywhere and (proximal_mm < -1e-6 or distal_mm > length_mm + 1e-6):
        half_mm = stent.design.length_mm / 2
        raise PlanError(
            f"At {stent.at_mm:.1f} mm the stent would stick out of the traced vessel; place its "
            f"middle between {half_mm:.1f} and {length_mm - half_mm:.1f} mm."
        )
    return stent
