"""How well a stent fits its vessel, and what clinical practice says about that."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.model import Branch, StentDesign, StentPlacement

from .gaps import span_remarks
from .sections import sections
from .stents import deployment

__all__ = ["Rule", "StentFit", "Verdict", "fit"]

Floats = npt.NDArray[np.float64]

LANDING_MM = 5.0
"""Length at each end of a stent over which the vessel's diameter is averaged."""

CONTACT_MM = 0.2
"""A gap below this counts as contact: the accuracy of the measured wall."""

_STEP_MM = 0.25
_AORTIC_MM = 16.0
"""From this diameter on a stent is judged as one of the aorta and the common iliacs."""

_EVAR = "Sher and Tadros 2017, doi 10.5772/66369"
_LABEL = "generic EVAR instructions for use, doi 10.3109/9781841847320-13"
_PERIPHERAL = "stent-to-vessel ratio in femoropopliteal practice, unconfirmed"
_NECK = _LABEL + "; 10 mm for some devices, unconfirmed"


class Verdict(Enum):
    """What a rule says about a number."""

    PASS = "pass"
    ATTENTION = "attention"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rule:
    """A range that a number of the fit should lie in.

    Within ``low`` and ``high`` it passes, within ``floor`` and ``ceiling`` it needs attention,
    and beyond it fails; None is no limit.
    """

    about: str
    """Name of the number, a field of ``StentFit``."""
    value: float
    source: str
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    is_confirmed: bool = False
    """Whether the limits were read in their source rather than remembered."""

    @property
    def verdict(self) -> Verdict:
        """What the rule says about the value."""
        if not np.isfinite(self.value):
            return Verdict.UNKNOWN
        if _within(self.value, self.low, self.high):
            return Verdict.PASS
        if _within(self.value, self.floor, self.ceiling):
            return Verdict.ATTENTION
        return Verdict.FAIL


@dataclass(frozen=True)
class StentFit:
    """Numbers of a stent in its vessel.  NaN where no section could be measured.

    The stent is taken as round at its free diameter, centred in each section: it touches the wall
    where the wall is nearer than that, and leaves a gap where it is farther.
    """

    oversizing_proximal_fraction: float
    """How much wider the free stent is than the vessel at its proximal end; 0.1 is 10 %."""
    oversizing_distal_fraction: float
    apposition_fraction: float
    """Part of the stent's surface that touches the wall."""
    proximal_seal_mm: float
    """Length from the proximal end with contact all around."""
    distal_seal_mm: float
    largest_gap_mm: float
    """Largest distance from the stent to the wall."""
    foreshortening_fraction: float
    """How much shorter it is than its labelled length; negative if the vessel keeps it longer."""
    deployed_length_mm: float
    unmeasured_fraction: float
    """Part of the stent's length where the vessel has no section; it counts as no contact."""
    rules: tuple[Rule, ...] = ()
    remarks: tuple[str, ...] = ()
    """What a reader must know, in sentences: where the scan has a gap."""


def fit(branch: Branch, stent: StentPlacement) -> StentFit:
    """How a stent fits the lumen of its vessel.  Raises PlanError if no section is known there.

    Oversizing refers to the diameter of the circle of the same area (D_A), averaged over the
    first and the last 5 mm of the stent.
    """
    start_mm, end_mm = np.clip(stent.span_mm, 0.0, branch.length_mm)
    s = np.linspace(start_mm, end_mm, max(int((end_mm - start_mm) / _STEP_MM), 2) + 1)
    gap, contact, known = _touching(branch, stent.design, s)
    if not known.any():
        raise PlanError(
            "No section of the vessel could be measured along the stent; move the stent, or "
            "correct the lumen there and trace it again."
        )
    sealed = known & (gap <= CONTACT_MM)
    opened = deployment(branch, stent)
    numbers = {
        "oversizing_proximal_fraction": _oversizing(branch, stent, s[s <= s[0] + LANDING_MM]),
        "oversizing_distal_fraction": _oversizing(branch, stent, s[s >= s[-1] - LANDING_MM]),
        "apposition_fraction": float(np.where(known, contact, 0.0).mean()),
        "proximal_seal_mm": _run_mm(sealed, s),
        "distal_seal_mm": _run_mm(sealed[::-1], s),
        "largest_gap_mm": float(gap[known].max()),
        "foreshortening_fraction": 1 - opened.length_mm / stent.design.length_mm,
        "deployed_length_mm": opened.length_mm,
        "unmeasured_fraction": float(1 - known.mean()),
    }
    spans = {
        "The proximal landing zone": (start_mm, start_mm + LANDING_MM),
        "The distal landing zone": (end_mm - LANDING_MM, end_mm),
        "The stent": (start_mm, end_mm),
    }
    return StentFit(
        **numbers,
        rules=tuple(_rules(stent.design, numbers)),
        remarks=span_remarks(branch, spans),
    )


def _touching(
    branch: Branch, design: StentDesign, s: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Largest gap [mm], part of the circumference in contact, and whether known, each at ``s``."""
    wall = np.linalg.norm(branch.contours_lps - branch.points_lps[:, None], axis=-1)
    known = np.isfinite(wall).all(axis=1)
    gaps = np.maximum(wall - design.diameter_mm / 2, 0.0)
    largest = np.where(known, gaps.max(axis=1), 0.0)
    touches = np.where(known, (gaps <= CONTACT_MM).mean(axis=1), 0.0)
    stations = branch.stations_mm
    # A place is known only if the stations on both its sides are.
    there = np.interp(s, stations, known.astype(float)) > 1 - 1e-9
    return np.interp(s, stations, largest), np.interp(s, stations, touches), there


def _oversizing(branch: Branch, stent: StentPlacement, s: Floats) -> float:
    sizes = sections(branch)
    known = np.interp(s, sizes.s_mm, sizes.is_measured.astype(float)) > 0.5
    if not known.any():
        return float("nan")
    vessel_mm = float(sizes.at("d_area_mm", s[known]).mean())
    return stent.design.diameter_mm / vessel_mm - 1


def _run_mm(sealed: npt.NDArray[np.bool_], s: Floats) -> float:
    """Length of the unbroken contact from the first place on."""
    steps = len(sealed) - 1 if sealed.all() else max(int(np.argmin(sealed)) - 1, 0)
    return steps * float(s[1] - s[0])


def _rules(design: StentDesign, numbers: dict[str, float]) -> Iterator[Rule]:
    ends = ("oversizing_proximal_fraction", "oversizing_distal_fraction")
    if design.diameter_mm < _AORTIC_MM:
        for end in ends:
            yield Rule(end, numbers[end], _PERIPHERAL, 0.0, 0.2, 0.0, 0.4)
        return
    for end in ends:
        yield Rule(end, numbers[end], _EVAR, 0.1, 0.2, 0.0, 0.3, is_confirmed=True)
    seal_mm = numbers["proximal_seal_mm"]
    yield Rule("proximal_seal_mm", seal_mm, _NECK, low=15.0, floor=10.0, is_confirmed=True)
    seal_mm = numbers["distal_seal_mm"]
    yield Rule("distal_seal_mm", seal_mm, _LABEL, low=10.0, floor=10.0, is_confirmed=True)


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
