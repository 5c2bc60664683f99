"""How an organ settles after a part of it was cut away: the change from how it was scanned."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model.quantity import Quantity, check

from .cubic import CutPlane
from .lattice import Distance, stuffed
from .loads import Springs
from .material import NeoHookean
from .mesh import Mesh, gate
from .organ import (
    Bed,
    Weight,
    free,
    outward_normals,
    rested,
    stiffness_kpa_per_mm,
)
from .response import Response, response_of
from .solve import solve

__all__ = ["RemnantResponse", "RemnantSettings", "settle_remnant"]

Floats = npt.NDArray[np.float64]

_SAMPLES = 60_000
_LEAST_CARRIED = 0.3
"""A remnant keeps at least this share of the mean stiffness per area of the organ's bed."""
_SLIVER = 0.005
_WHOLE = 2.5
"""The whole organ gets at most this many times the elements wanted in the remnant."""


@dataclass(frozen=True)
class RemnantSettings:
    """The tissue and what carries it, with ranges and where each default is from."""

    shear_modulus_kpa: Annotated[
        float,
        Quantity("kPa", 0.3, 50.0, "liver 1.8 +- 0.4, diseased about 20 (PMC6925591, table 1)"),
    ] = 1.8
    poisson_ratio: Annotated[
        float, Quantity("1", 0.0, 0.49, "0.5 is incompressible; soft tissue nearly so")
    ] = 0.45
    density_kg_per_m3: Annotated[
        float, Quantity("kg/m3", 900.0, 1200.0, "liver 1060 (PMC6925591, table 1)")
    ] = 1060.0
    gravity_m_per_s2: tuple[float, float, float] = (0.0, 9.81, 0.0)
    """In the operation, LPS; along +y the patient lies on the back."""
    scan_gravity_m_per_s2: tuple[float, float, float] = (0.0, 9.81, 0.0)
    """In the scan."""
    bed_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.01, 50.0, "springs at its back (unconfirmed)")
    ] = 0.5
    attachment_kpa_per_mm: Annotated[
        float,
        Quantity("kPa/mm", 0.001, 50.0, "soft springs on the rest of the surface (unconfirmed)"),
    ] = 0.02
    elements: Annotated[
        int,
        Quantity("1", 300, 20000, "tetrahedra wanted in the remnant; more are slower, more exact"),
    ] = 2500

    @property
    def young_modulus_kpa(self) -> float:
        """E = 2 mu (1 + nu) [kPa]."""
        return 2 * self.shear_modulus_kpa * (1 + self.poisson_ratio)


@dataclass(frozen=True, eq=False)
class RemnantResponse:
    """A response with what belongs to a cut; displacements are from where things were scanned.

    ``cut_displacement_mm`` (3,): mean over the cut face.  ``volume_before_ml`` and
    ``volume_after_ml``: of the remnant's mesh as scanned and settled; ``removed_ml`` by sampling.
    ``scan_miss_mm``: how far the whole organ under the scan's own gravity lies from its scan.
    """

    response: Response
    cut_displacement_mm: Floats
    cut_area_mm2: float
    volume_before_ml: float
    volume_after_ml: float
    removed_ml: float
    scan_miss_mm: float
    assumptions: tuple[str, ...]


_ASSUMPTIONS = (
    "The organ was scanned in equilibrium under its weight; without it, it would be free of "
    "stress.",
    "It rests on springs at its back and is held by soft ones elsewhere; other organs, ligaments "
    "and vessels are not modelled.",
    "The tissue is uniform and elastic; it has settled for good.",
)


def settle_remnant(
    distance: Distance,
    bounds_mm: npt.ArrayLike,
    plane_point: npt.ArrayLike,
    plane_normal: npt.ArrayLike,
    settings: RemnantSettings | None = None,
    report: Report = silent,
) -> RemnantResponse:
    """What stays of an organ after the side to which ``plane_normal`` points was removed.

    ``distance``: signed distance [mm] of points (n, 3) LPS to the organ, negative inside, within
    ``bounds_mm`` (2, 3).  Raises PlanError when the plane misses the organ, leaves nothing of it or
    nothing to rest on, GeometryError when it cannot be meshed, SolveError, Cancelled.
    """
    settings = settings or RemnantSettings()
    check(settings)
    bounds, point = np.asarray(bounds_mm, float), np.asarray(plane_point, float)
    normal = np.asarray(plane_normal, float)
    if not np.linalg.norm(normal) > 0:
        raise ValueError("the normal of the cutting plane has no length")
    normal = normal / np.linalg.norm(normal)
    report(0.0, "Measuring both sides of the cut")
    kept_mm3, removed_mm3 = _sides(distance, bounds, point, normal)

    plane = CutPlane(point, normal)
    edge = _edge_mm(kept_mm3, removed_mm3, int(settings.elements))
    whole = stuffed(distance, bounds, edge, plane=plane, report=part(report, 0.02, 0.14))
    scanned, stays = whole.part(plane.height_mm(whole.corner_middles_mm) < 0)
    cut = scanned.faces_on(plane.height_mm)
    if not cut.any():
        raise PlanError("The cut is too small for these elements; move it deeper or use more.")
    springs = _springs(scanned, cut, distance, whole, settings)
    under = Weight(_material(settings), settings.density_kg_per_m3, _vector(settings, "scan_"))
    rest = rested(whole, distance, _bed(settings), under, part(report, 0.14, 0.7))
    offsets = (rest.mesh.nodes_mm - whole.nodes_mm)[stays]
    mesh = Mesh(scanned.nodes_mm + offsets, scanned.cells)
    gate(mesh, "the remnant at rest")
    problem = replace(under, gravity_m_per_s2=_vector(settings)).on(mesh, springs)
    solution = solve(problem, free(mesh), start_mm=-offsets, report=part(report, 0.7, 0.95))
    report(0.95, "Evaluating stress and displacement")
    u = solution.displacement_mm + offsets
    faces = scanned.surface[cut]
    areas = scanned.face_areas_mm2(faces)
    return RemnantResponse(
        response=response_of(problem, solution).seen_from(scanned, u),
        cut_displacement_mm=(areas[:, None] * u[faces[:, 3:]].mean(axis=1)).sum(axis=0)
        / areas.sum(),
        cut_area_mm2=float(areas.sum()),
        volume_before_ml=scanned.volume_mm3 / 1000,
        volume_after_ml=_enclosed_mm3(scanned, u) / 1000,
        removed_ml=removed_mm3 / 1000,
        scan_miss_mm=rest.miss_mm,
        assumptions=_ASSUMPTIONS,
    )


def _sides(
    distance: Distance, bounds: Floats, point: Floats, normal: Floats
) -> tuple[float, float]:
    """Volumes [mm3] of what stays and of what is removed, by sampling."""
    size = bounds[1] - bounds[0]
    step = (size.prod() / _SAMPLES) ** (1 / 3)
    axes = [np.arange(bounds[0, i] + step / 2, bounds[1, i], step) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = grid[np.asarray(distance(grid)) < 0]
    removed = ((inside - point) @ normal > 0).sum() * step**3
    kept = len(inside) * step**3 - removed
    total = kept + removed
    if total == 0:
        raise PlanError("There is no organ within the bounds given; choose another structure.")
    if removed < _SLIVER * total:
        raise PlanError("The cutting plane misses the organ; move it into the organ.")
    if kept < _SLIVER * total:
        raise PlanError("The cutting plane leaves nothing of the organ; move or turn it.")
    return float(kept), float(removed)


def _edge_mm(kept_mm3: float, removed_mm3: float, wanted: int) -> float:
    """Spacing of the lattice that fills the remnant with so many tetrahedra, or nearly so."""
    filled_mm3 = max(kept_mm3, (kept_mm3 + removed_mm3) / _WHOLE)
    return float((12 * filled_mm3 / wanted) ** (1 / 3))


def _material(settings: RemnantSettings) -> NeoHookean:
    return NeoHookean(settings.young_modulus_kpa, settings.poisson_ratio)


def _bed(settings: RemnantSettings) -> Bed:
    return Bed(settings.bed_kpa_per_mm, settings.attachment_kpa_per_mm)


def _vector(settings: RemnantSettings, when: str = "") -> Floats:
    return np.asarray(getattr(settings, f"{when}gravity_m_per_s2"), float)


def _springs(
    remnant: Mesh,
    cut: npt.NDArray[np.bool_],
    distance: Distance,
    whole: Mesh,
    settings: RemnantSettings,
) -> Springs:
    """Springs on all of the surface but the cut, if they still carry the remnant."""
    bed = _bed(settings)
    stiffness = stiffness_kpa_per_mm(outward_normals(remnant, distance), bed)
    before = stiffness_kpa_per_mm(outward_normals(whole, distance), bed)
    usual = np.average(before, weights=whole.face_areas_mm2(whole.surface))
    areas = remnant.face_areas_mm2(remnant.surface)
    if np.average(stiffness[~cut], weights=areas[~cut]) < _LEAST_CARRIED * usual:
        raise PlanError(
            "After this cut the organ has too little surface left to rest on; turn the plane, or "
            "make the attachments stiffer."
        )
    return Springs(remnant.surface[~cut], stiffness[~cut])


def _enclosed_mm3(mesh: Mesh, u: Floats) -> float:
    """Volume within the surface after displacement, each face as four flat triangles."""
    a, b, c, ab, bc, ca = (mesh.nodes_mm[column] + u[column] for column in mesh.surface.T)
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return float(sum(np.einsum("ij,ij->", p, np.cross(q, r)) for p, q, r in parts)) / 6
