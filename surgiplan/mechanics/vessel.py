"""How a vessel answers a stent: an elastic wall over a springy expander."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError, PlanError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model.quantity import Quantity, check

from .device import (
    Deployed,
    Device,
    DeviceSettings,
    deployed,
    device_of,
    opened_radius_mm,
    stations_of,
    stent_in,
)
from .layers import Deposits, WallSettings, layers_of
from .prestress import KPA_PER_MMHG, Surroundings, Vessel, scanned_vessel
from .response import Response, response_of
from .solve import Step
from .tube import Wall, wall_of

__all__ = ["VesselResponse", "VesselSettings", "deploy_stent"]

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.integer]


@dataclass(frozen=True)
class VesselSettings(WallSettings, DeviceSettings):
    """The wall, the stent and what lies around, with ranges and where each default is from."""

    pressure_mmhg: Annotated[
        float,
        Quantity(
            "mmHg", 0.0, 250.0,
            "blood pressure in the scan; 93 is the mean of 120/80 (diastolic and a third of the "
            "pulse), 120 or 80 for a scan gated to systole or diastole",
        ),
    ] = 93.0  # fmt: skip
    operation_pressure_mmhg: Annotated[
        float | None,
        Quantity("mmHg", 0.0, 250.0, "blood pressure with the stent; as in the scan if not given"),
    ] = None
    axial_prestretch_fraction: Annotated[
        float,
        Quantity("1", 0.0, 0.15, "how much longer than at rest; 0.05 to 0.1 in use (unconfirmed)"),
    ] = 0.05
    surroundings_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.0, 50.0, "springs of the tissue around (unconfirmed)")
    ] = 0.5
    ends_kpa_per_mm: Annotated[
        float,
        Quantity(
            "kPa/mm", 0.1, 1000.0,
            "springs on which both ends hang: about the wall's modulus over the length of vessel "
            "beyond (unconfirmed)",
        ),
    ] = 10.0  # fmt: skip
    elements: Annotated[
        int, Quantity("1", 60, 5000, "hexahedra wanted; more are slower and more exact")
    ] = 320
    load_steps: Annotated[
        int,
        Quantity(
            "1", 1, 10,
            "equilibria shown while a stent opens by itself; 1 shows the end first, and three on "
            "the way together with error and band of the numbers",
        ),
    ] = 1  # fmt: skip


@dataclass(frozen=True, eq=False)
class VesselResponse:
    """A response with what belongs to a stent.

    ``contours_mm`` (n, angles, 3): the lumen after, point by point of the contours given;
    ``axis_mm`` (n, 3) and ``radius_mm`` (n,): of the stent there, its radius if nothing held it.
    ``contact_pressure_kpa`` (n, angles): of the stent on the wall.  ``surface_contact_kpa`` (p,)
    and ``surface_gap_mm`` (p,), NaN where there is no stent: at the points of the response, as are
    the displacements (p, 3) of ``steps``, none for a balloon.  ``contours_moved_mm``: greatest
    distance between the contours given and the lumen that was meshed, by smoothing and facets;
    ``contours_moved_rms_mm``: as a rule.  ``scan_miss_mm``: how far the wall under the scan's own
    pressure lies from its scan.
    ``thickness_assumed`` (p,): which points of the response were not seen but grown outward.
    """

    response: Response
    device: Deployed
    contours_mm: Floats
    axis_mm: Floats
    radius_mm: Floats
    contact_pressure_kpa: Floats
    surface_contact_kpa: Floats
    surface_gap_mm: Floats
    contours_moved_mm: float
    contours_moved_rms_mm: float
    scan_miss_mm: float
    thickness_assumed: npt.NDArray[np.bool_]
    assumptions: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def radial_force_n(self) -> float:
        """Outward force of the device on the wall, all around."""
        return self.device.radial_force_n


_ASSUMPTIONS = ("Both ends hang on springs, as the tissue around does.",)
_FLOATS = (
    "The stent is a radial spring about an axis that bends as a beam; it does not slide along the "
    "vessel, which it does not shorten."
)
_HELD = (
    "The stent is a radial spring, squeezed so far that it is taken to push without giving way and "
    "its axis held where it was placed; it neither straightens nor shortens the vessel."
)


def deploy_stent(
    axis_mm: npt.ArrayLike,
    contours_mm: npt.ArrayLike,
    expander_radius_mm: npt.ArrayLike,
    settings: VesselSettings | None = None,
    report: Report = silent,
    design: Device | None = None,
    deposits: Deposits | None = None,
) -> VesselResponse:
    """The vessel after a stent opened in it, in equilibrium of its stiffness and the wall's.

    ``axis_mm`` (n, 3) LPS: the stent's axis, station by station.  ``contours_mm`` (n, angles, 3):
    the lumen there, the same angle index running along the vessel, the first point not repeated.
    ``expander_radius_mm`` (n,): the radius to which the stent would open freely, NaN or 0 where
    there is no stent.  ``design``: how it pushes where the settings say nothing.  ``deposits``:
    thrombus and calcium, if the scan shows them.  Raises PlanError
    for settings outside their range, a stent that never reaches the wall or far too wide,
    GeometryError for a vessel that cannot be meshed, SolveError, Cancelled.
    """
    settings = settings or VesselSettings()
    check(settings)
    axis, contours, radius = _checked(axis_mm, contours_mm, expander_radius_mm)
    report(0.0, "Meshing the vessel wall")
    deposits = deposits or Deposits()
    wall = wall_of(
        contours,
        settings.thickness_mm,
        int(settings.elements),
        thrombus_mm=deposits.thrombus_mm,
    )
    layers = layers_of(wall, settings, deposits)
    report(0.05, "Finding the vessel's shape without blood pressure")
    vessel = scanned_vessel(wall, layers.problem, _around(settings), part(report, 0.05, 0.5))
    stent = device_of(settings, design or Device())
    radius = opened_radius_mm(radius, settings, stent)
    fitted = stent_in(wall.inner, axis, radius, _element_mm(wall, axis), stent)
    device = deployed(
        lambda expander: vessel.problem(_pressure_kpa(settings), expander),
        vessel.free,
        fitted,
        stent,
        start_mm=vessel.scanned_mm,
        steps=int(settings.load_steps),
        report=part(report, 0.5, 0.95),
    )
    report(0.95, "Evaluating stress and contact")
    return _responded(vessel, device, axis, contours, radius, settings, layers.assumptions)


def _responded(
    vessel: Vessel,
    device: Deployed,
    axis: Floats,
    contours: Floats,
    radius: Floats,
    settings: VesselSettings,
    layers: tuple[str, ...],
) -> VesselResponse:
    """The answer at the contours (n, angles, 3) and at the points of the surface."""
    wall = vessel.wall
    change = device.solution.displacement_mm - vessel.scanned_mm
    contact, gap = _at_nodes(wall, device.pressure_kpa), _gap_at_nodes(wall, device.gap_mm)
    surface = np.unique(wall.mesh.surface[:, wall.mesh.element.face.triangles])
    place = stations_of(axis) / stations_of(axis)[-1] * (len(device.axis_mm) - 1)
    along = np.arange(len(device.axis_mm))
    return VesselResponse(
        response=response_of(device.problem, device.solution).seen_from(wall.mesh, change),
        device=device,
        contours_mm=contours + wall.at_contours(change),
        axis_mm=np.stack([np.interp(place, along, way) for way in device.axis_mm.T], axis=1),
        radius_mm=np.where(
            np.isfinite(radius), np.interp(place, along, device.free_radius_mm), np.nan
        ),
        contact_pressure_kpa=wall.at_contours(contact[:, None])[..., 0],
        surface_contact_kpa=contact[surface],
        surface_gap_mm=gap[surface],
        contours_moved_mm=wall.moved_max_mm,
        contours_moved_rms_mm=wall.moved_rms_mm,
        scan_miss_mm=vessel.miss_mm,
        thickness_assumed=~np.isin(surface, wall.inner),
        assumptions=(
            _scan(settings, vessel),
            *_kept(vessel),
            *layers,
            *_ASSUMPTIONS,
            _axis(device),
            _smoothing(wall),
        ),
        steps=_opening(device, vessel.scanned_mm, surface)
        if np.isnan(device.recoil_fraction)
        else (),
    )


def _opening(device: Deployed, scanned_mm: Floats, surface: Nodes) -> tuple[Step, ...]:
    """The equilibria while the stent opened, as changes from the scan at points of the surface."""
    return tuple(
        replace(step, displacement_mm=(step.displacement_mm - scanned_mm)[surface])
        for step in device.solution.steps
    )


def _axis(device: Deployed) -> str:
    expander = device.problem.loads.expander
    return _HELD if expander and expander.bending_n_mm2 is None else _FLOATS


def _scan(settings: VesselSettings, vessel: Vessel) -> str:
    if vessel.ignored_kpa:
        return (
            f"No shape at rest was found from which {settings.pressure_mmhg:g} mmHg make this "
            f"vessel: it is taken as at rest in the scan, and stress and strain are those that the "
            f"stent adds."
        )
    return (
        f"The scan shows the vessel at {settings.pressure_mmhg:g} mmHg, "
        f"{settings.axial_prestretch_fraction:.0%} longer than at rest; its shape at rest was "
        f"computed, and displacements are changes against the scan."
    )


def _kept(vessel: Vessel) -> tuple[str, ...]:
    said = (
        "What lies around keeps the scanned lumen from rounding under its pressure, by forces "
        "that stay as they are."
    )
    return (said,) * vessel.is_kept_in_shape


def _smoothing(wall: Wall) -> str:
    left_out = f" {wall.strays} contours unlike their neighbours were left out." * (wall.strays > 0)
    return (
        f"To be meshed the lumen was smoothed by {wall.moved_rms_mm:.2f} mm as a rule and "
        f"{wall.moved_max_mm:.2f} mm at most; its finer shape is carried along unchanged.{left_out}"
    )


def _checked(
    axis_mm: npt.ArrayLike, contours_mm: npt.ArrayLike, radius_mm: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    axis, contours = np.array(axis_mm, float), np.array(contours_mm, float)
    radius = np.array(radius_mm, float)
    if axis.shape != (len(contours), 3) or radius.shape != (len(contours),):
        raise ValueError(
            f"axis {axis.shape}, contours {contours.shape} and radius {radius.shape} differ in "
            f"their number of stations"
        )
    radius[~(radius > 0)] = np.nan
    if np.isfinite(radius).sum() < 2:
        raise PlanError("The stent does not reach two stations of this vessel; move it there.")
    steps = np.linalg.norm(np.diff(axis, axis=0), axis=1)
    if not np.isfinite(axis).all() or steps.min() <= 1e-6:
        raise GeometryError(
            "The axis of the stent stands still between two stations; compute the centreline again."
        )
    return axis, contours, radius


def _around(settings: VesselSettings) -> Surroundings:
    return Surroundings(
        pressure_kpa=KPA_PER_MMHG * settings.pressure_mmhg,
        stretch=settings.axial_prestretch_fraction,
        around_kpa_per_mm=settings.surroundings_kpa_per_mm,
        ends_kpa_per_mm=settings.ends_kpa_per_mm,
    )


def _pressure_kpa(settings: VesselSettings) -> float:
    mmhg = settings.operation_pressure_mmhg
    return KPA_PER_MMHG * (settings.pressure_mmhg if mmhg is None else mmhg)


def _element_mm(wall: Wall, axis: Floats) -> float:
    """Length of an element along the vessel."""
    return float(2 * stations_of(axis)[-1] / (len(wall.grid) - 1))


def _at_nodes(wall: Wall, pressure: Floats) -> Floats:
    """Pressure at the quadrature points (f, 6) averaged to nodes (n,) by their shares."""
    areas = wall.mesh.face_weights_mm2(wall.inner)
    shares = np.abs(wall.mesh.element.face.shapes)
    count = len(wall.mesh.nodes_mm)
    total, weight = (
        np.bincount(wall.inner.ravel(), (values @ shares).ravel(), minlength=count)
        for values in (areas * pressure, areas)
    )
    return np.asarray(np.divide(total, weight, out=np.zeros(count), where=weight > 0))


def _gap_at_nodes(wall: Wall, gap_mm: Floats) -> Floats:
    """Gap (n,) at the nodes from that at the points (f, q); NaN where there is no device."""
    known = np.isfinite(gap_mm)
    total, share = (_at_nodes(wall, values) for values in (np.where(known, gap_mm, 0), known * 1.0))
    there = share > 0.5
    return np.asarray(np.divide(total, share, out=np.full(len(total), np.nan), where=there))
