"""A stent as a device: how it pushes, how it is opened, and what it comes to in the wall."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError, SolveError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model.quantity import Choice, Quantity

from .assembly import Problem
from .expander import Contact, DeviceTouch
from .loads import Expander, Held, Squeezed
from .solve import Solution, solve

__all__ = [
    "Deployed",
    "Device",
    "DeviceSettings",
    "deployed",
    "device_of",
    "opened_radius_mm",
    "reloaded",
    "stent_in",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

AS_DESIGNED, SELF_EXPANDING, BALLOON = "as_designed", "self_expanding", "balloon"

_BALLOON_KPA_PER_MM = 40.0
_BALLOON_PASSES = 4
_BALLOON_MISS = 2e-3
"""A balloon imposes its diameter.  A stiff spring is slow to solve, so a softer one is opened
further by what it lacks, so many times at most, or until less of its radius is missing."""

_WIDEST = 3.0
"""In diameters of the lumen, as a rule along the device: no vessel bears more."""


@dataclass(frozen=True)
class Device:
    """How a stent pushes and bends.

    While it opens: ``stiffness_kpa_per_mm`` (pressure per mm that its radius is kept from opening)
    until it gives way at ``plateau_kpa``, with 0.3 of that.  When squeezed again both are
    ``loading_factor`` times as much (the hysteresis of nitinol).  ``bending_n_mm2``: E I.  A
    ``balloon`` opens it to a diameter, by which it is set but for the fraction ``recoil`` that it
    springs back when nothing presses it.
    """

    stiffness_kpa_per_mm: float = 10.0
    plateau_kpa: float = 30.0
    loading_factor: float = 2.0
    bending_n_mm2: float = 100.0
    balloon: bool = False
    recoil_fraction: float = 0.03

    @property
    def squeezed(self) -> Squeezed:
        """Its loading branch, from open; it turns there with twice the stiffness of that."""
        stiffness = self.loading_factor * self.stiffness_kpa_per_mm
        return Squeezed(stiffness, self.loading_factor * self.plateau_kpa, 2 * stiffness)


@dataclass(frozen=True)
class DeviceSettings:
    """How a stent is deployed; what is not given is as its design says."""

    deployment: Annotated[
        str, Choice((AS_DESIGNED, SELF_EXPANDING, BALLOON), "how the stent opens")
    ] = AS_DESIGNED
    stent_stiffness_kpa_per_mm: Annotated[
        float | None,
        Quantity(
            "kPa/mm", 0.1, 5000.0,
            "pressure of the stent per mm of radius that it is kept from opening",
        ),
    ] = None  # fmt: skip
    stent_plateau_kpa: Annotated[
        float | None,
        Quantity("kPa", 0.5, 5000.0, "pressure from which the stent gives way while it opens"),
    ] = None
    stent_loading_factor: Annotated[
        float | None,
        Quantity("1", 1.0, 5.0, "how many times harder it resists being squeezed than it opens"),
    ] = None
    stent_bending_n_mm2: Annotated[
        float | None,
        Quantity("N mm2", 0.0, 1e6, "bending stiffness E I; a stiffer stent straightens a vessel"),
    ] = None
    balloon_diameter_mm: Annotated[
        float | None,
        Quantity("mm", 0.5, 60.0, "to which a balloon opens; the stent's own if not given"),
    ] = None
    recoil_fraction: Annotated[
        float | None,
        Quantity("1", 0.0, 0.2, "by which a stent springs back when its balloon is gone"),
    ] = None


@dataclass(frozen=True, eq=False)
class Deployed:
    """A device in equilibrium with a wall.

    ``free_radius_mm`` (k,): to which it would open at each point of its axis ``axis_mm`` (k, 3).
    At the quadrature points (f, q) of the lumen: ``pressure_kpa``, and ``gap_mm``, NaN where there
    is no device.  ``radial_force_n``: the sum of the pressure, outward (chronic outward force);
    ``radial_resistive_force_n``: the same if the vessel began to squeeze it where it is.
    ``contact_balance_error_fraction``: what the wall does not balance of it.  ``recoil_fraction``:
    what a balloon's diameter lost when the balloon was gone, NaN without one.
    """

    problem: Problem
    solution: Solution
    axis_mm: Floats
    free_radius_mm: Floats
    pressure_kpa: Floats
    gap_mm: Floats
    radial_force_n: float
    radial_force_n_per_mm: float
    hoop_force_n_per_mm: float
    radial_resistive_force_n: float
    contact_pressure_mean_kpa: float
    contact_pressure_max_kpa: float
    contact_balance_error_fraction: float
    recoil_fraction: float


def device_of(settings: DeviceSettings, design: Device) -> Device:
    """The device of a design with what the settings say otherwise."""
    given: dict[str, Any] = {
        "stiffness_kpa_per_mm": settings.stent_stiffness_kpa_per_mm,
        "plateau_kpa": settings.stent_plateau_kpa,
        "loading_factor": settings.stent_loading_factor,
        "bending_n_mm2": settings.stent_bending_n_mm2,
        "recoil_fraction": settings.recoil_fraction,
        "balloon": {SELF_EXPANDING: False, BALLOON: True}.get(settings.deployment),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if settings.stent_stiffness_kpa_per_mm is not None and settings.stent_plateau_kpa is None:
        more = settings.stent_stiffness_kpa_per_mm / design.stiffness_kpa_per_mm
        changes["plateau_kpa"] = design.plateau_kpa * max(more, 1.0)
    return replace(design, **changes)


def stations_of(axis_mm: Floats) -> Floats:
    """Distance (n,) of the points of an axis (n, 3) from its first, along it [mm]."""
    steps = np.linalg.norm(np.diff(axis_mm, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def opened_radius_mm(free_mm: Floats, settings: DeviceSettings, device: Device) -> Floats:
    """To which radius (n,) it is opened, with a balloon of the settings' diameter if there is one.

    ``free_mm`` (n,): half the design's diameter, NaN beside the device.
    """
    if not device.balloon or settings.balloon_diameter_mm is None:
        return free_mm
    return np.where(np.isfinite(free_mm), settings.balloon_diameter_mm / 2, np.nan)


def stent_in(
    faces: Ints, axis_mm: Floats, radius_mm: Floats, element_mm: float, device: Device
) -> Expander:
    """The stent along stations of an axis (n, 3), pushing on lumen ``faces`` (f, k).

    ``radius_mm`` (n,): to which it opens freely, NaN beside it.  Its push fades over about an
    element (``element_mm`` along the vessel) around each of its ends.
    """
    from scipy.interpolate import CubicSpline

    place = stations_of(axis_mm)
    fine = np.linspace(0, place[-1], max(int(np.ceil(8 * place[-1] / element_mm)), len(axis_mm)))
    stented = np.isfinite(radius_mm)
    present = np.interp(fine, place, stented.astype(float)) > 0.999
    window = np.hanning(11)
    padded = np.pad(present.astype(float), len(window) // 2, mode="edge")
    return Expander(
        faces=faces,
        axis_mm=CubicSpline(place, axis_mm)(fine),
        radius_mm=np.interp(fine, place[stented], radius_mm[stented]),
        share=np.convolve(padded, window / window.sum(), mode="valid"),
        stiffness_kpa_per_mm=device.stiffness_kpa_per_mm,
        plateau_kpa=device.plateau_kpa,
        bending_n_mm2=device.bending_n_mm2,
    )


def deployed(
    problem_with: Callable[[Expander], Problem],
    held: Held,
    stent: Expander,
    device: Device,
    *,
    start_mm: Floats | None = None,
    steps: int = 1,
    report: Report = silent,
) -> Deployed:
    """The device opened in a wall, ``problem_with`` which it is a problem.

    A self-expanding one finds its equilibrium at once; a balloon first opens to its diameter, then
    the stent that it leaves behind recoils.  ``start_mm`` (n, 3): the wall without it.  ``steps``:
    equilibria while a self-expanding one opens.  Raises PlanError for one that never touches the
    wall or is far too wide, SolveError, Cancelled.
    """
    if not device.balloon:
        start = _check_size(problem_with(stent), stent, start_mm)
        firm = replace(stent, bending_n_mm2=None, plateau_kpa=np.inf)
        for one in (stent, firm):
            problem = problem_with(one)
            if _leaves_lumen(_touch_of(one, problem, start), one):
                continue
            try:
                solution = solve(problem, held, start_mm=start_mm, steps=steps, report=report)
            except SolveError:
                if one is firm:
                    raise
                continue
            if _is_in_place(problem, solution.displacement_mm, start, one):
                return _answered(problem, solution, one, device, recoil_fraction=float("nan"))
        wide = 2 * stent.radius_mm.max()
        raise PlanError(f"The device of {wide:.0f} mm slips out of this vessel; choose a narrower.")
    blown, opened = _blown(problem_with, held, stent, start_mm, part(report, 0.0, 0.6))
    left = replace(stent, radius_mm=opened * (1 - device.recoil_fraction))
    problem = problem_with(left)
    solution = solve(problem, held, start_mm=blown, report=part(report, 0.6, 1.0))
    present = stent.share > 0.5
    after = _radius_reached(problem, solution.displacement_mm, left)
    recoil = float(1 - (after[present] / opened[present]).mean())
    return _answered(problem, solution, left, device, recoil_fraction=recoil)


def reloaded(answer: Deployed, device: Device) -> Expander:
    """The device as it answers when its vessel squeezes it from where it is.

    A problem with it in place of the one it was deployed with has the same equilibrium, and is
    stiffer from there on inwards.
    """
    problem = answer.problem
    depth = problem.device_touch(answer.solution.displacement_mm).depth_mm
    known = problem.loads.expander
    if known is None:
        raise ValueError("this problem has no device")
    return (
        known
        if device.balloon
        else replace(known, squeezed=replace(device.squeezed, depth_mm=depth))
    )


def _blown(
    problem_with: Callable[[Expander], Problem],
    held: Held,
    stent: Expander,
    start_mm: Floats | None,
    report: Report,
) -> tuple[Floats, Floats]:
    """Displacement (n, 3) of the wall around a full balloon, and the radius (k,) that it reached.

    It follows the vessel as it lies; only the stent that it leaves behind straightens.
    """
    balloon = replace(
        stent, stiffness_kpa_per_mm=_BALLOON_KPA_PER_MM, plateau_kpa=np.inf, bending_n_mm2=None
    )
    u = start_mm
    for count in range(_BALLOON_PASSES):
        problem = problem_with(balloon)
        if count == 0:
            _check_size(problem, balloon, start_mm)
        span = part(report, count / _BALLOON_PASSES, (count + 1) / _BALLOON_PASSES)
        u = solve(problem, held, start_mm=u, tolerance=1e-3, report=span).displacement_mm
        opened = _radius_reached(problem, u, balloon)
        lacking = stent.radius_mm - opened
        if (lacking < _BALLOON_MISS * stent.radius_mm)[stent.share > 0.5].all():
            break
        balloon = replace(balloon, radius_mm=balloon.radius_mm + lacking)
    assert u is not None
    return u, opened


def _check_size(problem: Problem, stent: Expander, start_mm: Floats | None) -> Floats:
    """Displacement (n, 3) of the wall before it opens.

    PlanError for a device that is too small to touch, or far too wide for any vessel.
    """
    rest = np.zeros_like(problem.mesh.nodes_mm) if start_mm is None else start_mm
    # About the axis as it was placed: a stent that floats may still fall against the wall.
    touch = _touch_of(replace(stent, bending_n_mm2=None), problem, rest)
    widest = float(stent.radius_mm[stent.share > 0].max())
    if not touch.pressure_kpa.any():
        raise PlanError(
            f"The stent opens to {2 * widest:.1f} mm at most and never touches the wall; "
            f"choose a wider one."
        )
    radius = np.interp(touch.place, np.arange(len(stent.radius_mm)), stent.radius_mm)
    usual = float(np.median((radius - touch.depth_mm)[touch.share > 0]))
    if widest > _WIDEST * usual:
        raise PlanError(
            f"The device opens to {2 * widest:.0f} mm in a vessel of {2 * usual:.0f} mm, which no "
            f"wall bears; choose one that is narrower."
        )
    return rest


def _leaves_lumen(touch: DeviceTouch, stent: Expander) -> bool:
    """Whether a floating axis leaves the lumen between the springs around it.

    Squeezed to a pressure p at the radius r beyond k r, a ring of independent springs k is pushed
    on when it moves sideways, as a ring of metal never is; so it is then taken as firm and held.
    """
    present = stent.share > 0.5
    aside = np.linalg.norm((touch.axis_mm - stent.axis_mm)[present], axis=1).max()
    return bool(aside > 0.5 * stent.radius_mm[present].min())


def _is_in_place(problem: Problem, u: Floats, start: Floats, stent: Expander) -> bool:
    """Whether device and wall are still about each other, and it did not slip out of it."""
    widest = float(stent.radius_mm[stent.share > 0].max())
    moved = float(np.linalg.norm((u - start)[stent.faces], axis=-1).max())
    return moved <= widest and not _leaves_lumen(problem.device_touch(u), stent)


def _touch_of(stent: Expander, problem: Problem, u: Floats) -> DeviceTouch:
    """How another device would touch where that of the problem lies."""
    placed = problem.loads.expander.placed_mm if problem.loads.expander else None
    contact = Contact(problem.mesh, replace(stent, placed_mm=placed), np.zeros((1, 1), np.int32))
    return contact.touch(u, 1.0)


def _radius_reached(problem: Problem, u: Floats, stent: Expander) -> Floats:
    """Radius (k,) to which the device is open at each point of its axis, the mean around it."""
    from scipy.ndimage import gaussian_filter1d

    touch = problem.device_touch(u)
    count = len(stent.radius_mm)
    nearest = np.clip(np.round(touch.place).astype(int), 0, count - 1).ravel()
    weights = touch.area_mm2.ravel()
    held_back = np.maximum(touch.depth_mm, 0.0).ravel()
    lost, area = (
        gaussian_filter1d(np.bincount(nearest, values, minlength=count), 8.0, mode="nearest")
        for values in (weights * held_back, weights)
    )
    back = np.divide(lost, area, out=np.zeros(count), where=area > 1e-9 * area.max())
    return np.asarray(stent.radius_mm - back)


def _answered(
    problem: Problem,
    solution: Solution,
    stent: Expander,
    device: Device,
    *,
    recoil_fraction: float,
) -> Deployed:
    u = solution.displacement_mm
    touch = problem.device_touch(u)
    areas = touch.area_mm2
    force_n = float((touch.pressure_kpa * areas).sum()) / 1000
    length_mm = float(
        (stent.share[1:] * np.linalg.norm(np.diff(touch.axis_mm, axis=0), axis=1)).sum()
    )
    touching = touch.pressure_kpa > 0
    return Deployed(
        problem=problem,
        solution=solution,
        axis_mm=touch.axis_mm,
        free_radius_mm=stent.radius_mm,
        pressure_kpa=touch.pressure_kpa,
        gap_mm=np.where(touch.share > 0.5, np.maximum(-touch.depth_mm, 0.0), np.nan),
        radial_force_n=force_n,
        radial_force_n_per_mm=force_n / length_mm,
        hoop_force_n_per_mm=force_n / (2 * np.pi * length_mm),
        radial_resistive_force_n=_resistive_n(problem, u, stent, device),
        contact_pressure_mean_kpa=1000 * force_n / max(float(areas[touching].sum()), 1e-9),
        contact_pressure_max_kpa=float(touch.pressure_kpa.max()),
        contact_balance_error_fraction=_imbalance(problem, solution, touch.force_mn),
        recoil_fraction=recoil_fraction,
    )


def _resistive_n(problem: Problem, u: Floats, stent: Expander, device: Device) -> float:
    """Radial force on the loading branch at the same shape [N]; a set stent has but one branch."""
    squeezed = None if device.balloon else device.squeezed
    touch = _touch_of(replace(stent, squeezed=squeezed), problem, u)
    return float((touch.pressure_kpa * touch.area_mm2).sum()) / 1000


def _imbalance(problem: Problem, solution: Solution, contact_mn: Floats) -> float:
    """Part of the contact's outward force that the wall's inner forces leave over."""
    touched = np.linalg.norm(contact_mn, axis=1) > 0
    outward = np.zeros_like(contact_mn)
    outward[touched] = contact_mn[touched] / np.linalg.norm(contact_mn[touched], axis=1)[:, None]
    left = float((solution.state.residual * outward).sum())
    return abs(left) / max(float((contact_mn * outward).sum()), 1e-300)
