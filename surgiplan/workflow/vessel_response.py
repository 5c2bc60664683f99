"""How a vessel answers the stent that is placed in it."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report
from surgiplan.model import Branch, Case, Finding, Points, StentPlacement

from .answers import HEADLINES as _ALWAYS
from .answers import finding_of, history_of, plain_numbers, tidy
from .deposits import deposits_in
from .scenarios import Scenario

if TYPE_CHECKING:
    from surgiplan.mechanics import Device
    from surgiplan.planning import Force

__all__ = ["HEADLINES", "scenarios", "vessel_response"]

HEADLINES = (
    *_ALWAYS,
    "radial_force_n",
    "radial_resistive_force_n",
    "contact_pressure_mean_kpa",
    "contact_pressure_max_kpa",
    "apposition_fraction",
    "largest_gap_mm",
    "deployed_length_mm",
    "straightening_deg",
)
"""Numbers that come with an error and a band."""

_DIASTOLE, _SYSTOLE = 80 / 93, 120 / 93
"""Over the mean pressure, where it is 120/80 mmHg."""

_THICKER = 4 / 3
"""An aorta's wall of 1.5 mm may well have 1.1 or 2 (unconfirmed)."""


def scenarios(settings: Any) -> tuple[Scenario, ...]:
    """What might be otherwise in this patient than ``settings`` (``VesselSettings``) say."""
    from surgiplan.mechanics import wall_range

    held_by = ("surroundings_kpa_per_mm", "ends_kpa_per_mm")
    soft, stiff = wall_range(settings)
    return (
        Scenario("soft wall", values={"wall_stiffness_factor": soft}),
        Scenario("stiff wall", values={"wall_stiffness_factor": stiff}),
        Scenario("thin wall", times={"thickness_mm": 1 / _THICKER}),
        Scenario("thick wall", times={"thickness_mm": _THICKER}),
        Scenario("low blood pressure", times={"pressure_mmhg": _DIASTOLE}),
        Scenario("high blood pressure", times={"pressure_mmhg": _SYSTOLE}),
        Scenario("soft surroundings", times=dict.fromkeys(held_by, 0.5)),
        Scenario("firm surroundings", times=dict.fromkeys(held_by, 2.0)),
        Scenario("stretched less", times={"axial_prestretch_fraction": 0.5}),
        Scenario("stretched more", times={"axial_prestretch_fraction": 1.5}),
    )


def vessel_response(case: Case, path: str, settings: Any, report: Report) -> Finding:
    """The finding about the stent at ``path``; ``settings`` are ``VesselSettings``."""
    from surgiplan.mechanics import deploy_stent
    from surgiplan.planning import Lumen, achieved, expander, force_of, struts_after

    stent: StentPlacement = case.at(path)
    centerline = case.plan.centerlines[stent.centerline_id]
    branch = centerline.branch(stent.branch)
    axis, contours, radius_mm = expander(branch, stent)
    force = force_of(stent.design)
    found = deposits_in(case, axis, contours)
    device = _device(stent, force)
    answer = deploy_stent(axis, contours, radius_mm, settings, report, device, found.deposits)
    lumen = Lumen(
        s_mm=_stations_mm(branch, axis),
        before=contours,
        after=answer.contours_mm,
        axis_after=answer.axis_mm,
        radius_mm=answer.radius_mm,
        pressure_kpa=answer.contact_pressure_kpa,
    )
    fit = achieved(branch, stent, lumen)
    inputs = [path, f"plan/centerlines/{centerline.id}", f"segments/{centerline.segment_id}"]
    inputs += [f"segments/{segment}" for segment in found.segments]
    steps = answer.steps if len(answer.steps) > 1 else ()
    numbers = {
        **plain_numbers(answer.response),
        **plain_numbers(answer.device),
        **plain_numbers(fit),
        **plain_numbers(replace(answer, steps=())),
        "history": history_of(steps),
        "assumptions": [*answer.assumptions, _said_of(stent, force)],
        "stations_after": [
            {name: tidy(value) for name, value in asdict(station).items()}
            for station in fit.stations_after
        ],
    }
    points, lines = struts_after(stent, lumen)
    arrays: dict[str, npt.NDArray[Any]] = {
        "contact_pressure_kpa": answer.surface_contact_kpa.astype(np.float32),
        "thickness_assumed": answer.thickness_assumed,
        "gap_mm": answer.surface_gap_mm.astype(np.float32),
        "device/points_lps": points,
        "device/lines": lines,
    }
    if steps:
        moved = [np.asarray(step.displacement_mm, np.float32) for step in steps]
        arrays["steps_mm"] = np.stack(moved)
        arrays["step_fractions"] = np.array([step.fraction for step in steps])
    said = finding_of(case, path, "vessel response", inputs, settings, numbers, answer.response)
    return replace(said, arrays={**said.arrays, **arrays})


def _device(stent: StentPlacement, force: "Force") -> "Device":
    """How the stent pushes by its family; a wider one of the same make is softer."""
    from surgiplan.mechanics import Device

    return Device(
        stiffness_kpa_per_mm=force.ring_kpa / (stent.design.diameter_mm / 2),
        plateau_kpa=force.plateau_kpa,
        loading_factor=force.loading_factor,
        bending_n_mm2=force.bending_n_mm2,
        balloon=force.balloon,
        recoil_fraction=force.recoil_fraction,
    )


def _said_of(stent: StentPlacement, force: "Force") -> str:
    doubt = "" if force.is_confirmed else " (unconfirmed)"
    return (
        f"Where no setting says so, {stent.design.name} pushes and bends by{doubt}: {force.source}."
    )


def _stations_mm(branch: Branch, axis: Points) -> npt.NDArray[np.float64]:
    """Distance along the branch of consecutive points of it (n, 3), shape (n,)."""
    steps = np.linalg.norm(np.diff(axis, axis=0), axis=1)
    return branch.nearest_station_mm(axis[0]) + np.concatenate([[0.0], np.cumsum(steps)])
