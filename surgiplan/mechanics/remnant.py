"""How an organ settles after a part of it was cut away: its weight on an elastic bed."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model.quantity import Quantity, check

from .assembly import Problem
from .lattice import Distance, stuffed
from .loads import Held, Loads, Springs, weight_mn_per_mm3
from .material import NeoHookean
from .mesh import Mesh
from .response import Response, response_of
from .solve import solve

__all__ = ["RemnantResponse", "RemnantSettings", "settle_remnant"]

Floats = npt.NDArray[np.float64]

_SAMPLES = 60_000
_FACING_BED = np.cos(np.radians(60.0))
_SLIVER = 0.005


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
    """LPS; along +y the patient lies on the back."""
    bed_kpa_per_mm: Annotated[
        float, Quantity("kPa/mm", 0.01, 50.0, "springs under the organ (unconfirmed)")
    ] = 0.5
    attachment_kpa_per_mm: Annotated[
        float,
        Quantity("kPa/mm", 0.001, 50.0, "soft springs on the rest of the surface (unconfirmed)"),
    ] = 0.02
    elements: Annotated[
        int, Quantity("1", 300, 20000, "tetrahedra wanted; more are slower and more exact")
    ] = 4000

    @property
    def young_modulus_kpa(self) -> float:
        """E = 2 mu (1 + nu) [kPa]."""
        return 2 * self.shear_modulus_kpa * (1 + self.poisson_ratio)


@dataclass(frozen=True, eq=False)
class RemnantResponse:
    """A response with what belongs to a cut.

    ``cut_displacement_mm`` (3,): mean over the cut face.  ``volume_before_ml`` and
    ``volume_after_ml``: of the remnant's mesh at rest and settled; ``removed_ml`` by sampling.
    """

    response: Response
    cut_displacement_mm: Floats
    cut_area_mm2: float
    volume_before_ml: float
    volume_after_ml: float
    removed_ml: float
    assumptions: tuple[str, ...]


_ASSUMPTIONS = (
    "The imaged organ is taken as free of stress, and its whole weight is applied after the cut.",
    "It rests on springs where its surface faces down, and is held by soft ones elsewhere; other "
    "organs, ligaments and vessels are not modelled.",
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

    def kept(points: Floats) -> Floats:
        return np.asarray(np.maximum(distance(points), (points - point) @ normal))

    edge = (12 * kept_mm3 / int(settings.elements)) ** (1 / 3)
    mesh = stuffed(kept, bounds, edge, what="the remnant", report=part(report, 0.02, 0.1))
    cut, outward = _skin(mesh, distance, point, normal)
    problem = Problem(mesh, _material(settings), _loads(mesh, cut, outward, settings))
    free = Held(np.zeros((len(mesh.nodes_mm), 3), bool), np.zeros((len(mesh.nodes_mm), 3)))
    solution = solve(problem, free, report=part(report, 0.1, 0.95))
    report(0.95, "Evaluating stress and displacement")
    u = solution.displacement_mm
    faces = mesh.surface[cut]
    areas = mesh.face_areas_mm2(faces)
    return RemnantResponse(
        response=response_of(problem, solution),
        cut_displacement_mm=(areas[:, None] * u[faces[:, 3:]].mean(axis=1)).sum(axis=0)
        / areas.sum(),
        cut_area_mm2=float(areas.sum()),
        volume_before_ml=mesh.volume_mm3 / 1000,
        volume_after_ml=_enclosed_mm3(mesh, u) / 1000,
        removed_ml=removed_mm3 / 1000,
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


def _skin(
    mesh: Mesh, distance: Distance, point: Floats, normal: Floats
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which surface faces (f,) lie on the cut, and the organ's own outward normals (f, 3) there.

    The organ's normals, because elements along the edge of the cut are bevelled.
    """
    centres = mesh.face_centres_mm(mesh.surface)
    cut = (centres - point) @ normal > np.asarray(distance(centres))
    if not cut.any():
        raise PlanError("The cut is too small for these elements; move it deeper or use more.")
    step = 0.1 * np.sqrt(mesh.face_areas_mm2(mesh.surface).mean())
    slope = np.stack(
        [
            np.asarray(distance(centres + way)) - np.asarray(distance(centres - way))
            for way in step * np.eye(3)
        ],
        axis=1,
    )
    return cut, slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12)


def _material(settings: RemnantSettings) -> NeoHookean:
    return NeoHookean(settings.young_modulus_kpa, settings.poisson_ratio)


def _loads(
    mesh: Mesh, cut: npt.NDArray[np.bool_], outward: Floats, settings: RemnantSettings
) -> Loads:
    """Weight, and springs on all of the surface but the cut."""
    gravity = np.asarray(settings.gravity_m_per_s2, float)
    strength = float(np.linalg.norm(gravity))
    if not strength > 0:
        raise PlanError("Without gravity nothing settles; choose how the patient lies.")
    down = outward @ gravity / strength
    bed = (down > _FACING_BED) & ~cut
    rest = ~bed & ~cut
    areas = mesh.face_areas_mm2(mesh.surface)
    carried = settings.bed_kpa_per_mm * areas[bed].sum()
    if carried <= settings.attachment_kpa_per_mm * areas[rest].sum():
        raise PlanError(
            "After this cut the organ has too little surface left to rest on; turn the plane or "
            "the direction of gravity, or make the attachments softer than the bed."
        )
    return Loads(
        body_force_mn_per_mm3=weight_mn_per_mm3(settings.density_kg_per_m3, gravity),
        springs=(
            Springs(mesh.surface[bed], settings.bed_kpa_per_mm),
            Springs(mesh.surface[rest], settings.attachment_kpa_per_mm),
        ),
    )


def _enclosed_mm3(mesh: Mesh, u: Floats) -> float:
    """Volume within the surface after displacement, each face as four flat triangles."""
    a, b, c, ab, bc, ca = (mesh.nodes_mm[column] + u[column] for column in mesh.surface.T)
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return float(sum(np.einsum("ij,ij->", p, np.cross(q, r)) for p, q, r in parts)) / 6
