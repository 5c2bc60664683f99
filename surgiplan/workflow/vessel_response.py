"""How a vessel answers the stent that is placed in it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.geometry import area_mm2
from surgiplan.jobs_report import Report
from surgiplan.model import Branch, Case, Finding, Points, StentPlacement

from .answers import HEADLINES as _ALWAYS
from .answers import finding_of, plain_numbers, tidy
from .scenarios import Scenario

__all__ = ["HEADLINES", "scenarios", "vessel_response"]

HEADLINES = (*_ALWAYS, "radial_force_n", "contact_pressure_max_kpa")
"""Numbers that come with an error and a band."""


_DIASTOLE, _SYSTOLE = 80 / 93, 120 / 93
"""Over the mean pressure, where it is 120/80 mmHg."""


def scenarios(settings: Any) -> tuple[Scenario, ...]:
    """What might be otherwise in this patient than ``settings`` (``VesselSettings``) say."""
    from surgiplan.mechanics import tissue

    wall = tissue("aorta")
    return (
        Scenario("soft wall", times={"young_modulus_kpa": wall.low}),
        Scenario("stiff wall", times={"young_modulus_kpa": wall.high}),
        Scenario("low blood pressure", times={"pressure_mmhg": _DIASTOLE}),
        Scenario("high blood pressure", times={"pressure_mmhg": _SYSTOLE}),
        Scenario("soft surroundings", times={"surroundings_kpa_per_mm": 0.5}),
        Scenario("firm surroundings", times={"surroundings_kpa_per_mm": 2.0}),
    )


def vessel_response(case: Case, path: str, settings: Any, report: Report) -> Finding:
    """The finding about the stent at ``path``; ``settings`` are ``VesselSettings``."""
    from surgiplan.mechanics import deploy_stent
    from surgiplan.planning import expander

    stent: StentPlacement = case.at(path)
    centerline = case.plan.centerlines[stent.centerline_id]
    branch = centerline.branch(stent.branch)
    axis, contours, radius_mm = expander(branch, stent)
    answer = deploy_stent(axis, contours, radius_mm, settings, report)
    rows = zip(
        _stations_mm(branch, axis),
        _area_diameters_mm(contours),
        _area_diameters_mm(answer.contours_mm),
        strict=True,
    )
    stations = [
        {"s_mm": tidy(s), "d_area_before_mm": tidy(before), "d_area_after_mm": tidy(after)}
        for s, before, after in rows
    ]
    inputs = [path, f"plan/centerlines/{centerline.id}", f"segments/{centerline.segment_id}"]
    numbers = {
        **plain_numbers(answer.response),
        **plain_numbers(answer),
        "stations_after": stations,
    }
    return finding_of(case, path, "vessel response", inputs, settings, numbers, answer.response)


def _stations_mm(branch: Branch, axis: Points) -> npt.NDArray[np.float64]:
    """Distance along the branch of consecutive points of it (n, 3), shape (n,)."""
    steps = np.linalg.norm(np.diff(axis, axis=0), axis=1)
    return branch.nearest_station_mm(axis[0]) + np.concatenate([[0.0], np.cumsum(steps)])


def _area_diameters_mm(contours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Diameters (n,) of the circles with the areas of contours (n, angles, 3)."""
    return np.asarray(2 * np.sqrt(area_mm2(contours) / np.pi))
