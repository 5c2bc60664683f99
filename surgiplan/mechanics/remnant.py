"""How an organ settles after a part of it was cut away: the change from how it was scanned."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import PlanError, SolveError
from surgiplan.jobs_report import Report, part, silent

from .assembly import Problem
from .carried import nearest_on_surface, shape_weights
from .contact import Contacted
from .cubic import CutPlane
from .cut_face import CutFace, cut_face
from .fields import surface_triangles
from .lattice import Distance, stuffed
from .loads import Springs
from .mesh import Mesh, gate
from .organ import Body, Organ, free
from .rehearsal import Rehearsal
from .remnant_settings import RemnantSettings, body_of, in_operation, in_scan, tissue_of
from .response import Response, response_of
from .solve import Solution, Step, solve

__all__ = ["RemnantResponse", "settle_remnant"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_SAMPLES = 60_000
_LEAST_CARRIED = 0.3
"""A remnant keeps at least this share of the mean stiffness per area of the organ's bed."""
_SLIVER = 0.005
_WHOLE = 2.5
"""The whole organ gets at most this many times the elements wanted in the remnant."""
_STEPS = 3
_GRIP = 10.0
"""A handle's springs are so many times as stiff as tissue as deep as the handle is wide."""


@dataclass(frozen=True, eq=False)
class RemnantResponse:
    """A response with what belongs to a cut; displacements are from where things were scanned.

    ``mesh``: the remnant as scanned; its nodes move by ``displacement_mm`` (n, 3), in ``steps`` of
    equilibria while what held it in its scan is let go.  ``problem`` and ``solution``: the same
    from rest.  ``cut`` (m,):
    which triangles of the response lie on the cut.  ``volume_before_ml`` and ``volume_after_ml``:
    of the mesh as scanned and settled; ``removed_ml`` by sampling.  ``scan_miss_mm``: how far the
    whole organ under the scan's own loads lies from its scan.  ``handle_force_n``: what pulls at
    the handle, if there is one.  ``neighbours``: how it rests on what lies around it, where asked.
    """

    response: Response
    mesh: Mesh = field(repr=False)
    displacement_mm: Floats = field(repr=False)
    problem: Problem = field(repr=False)
    solution: Solution = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)
    cut: Flags = field(repr=False)
    face: CutFace | None
    volume_before_ml: float
    volume_after_ml: float
    removed_ml: float
    scan_miss_mm: float
    handle_force_n: float | None
    neighbours: Contacted | None
    tissue: str
    assumptions: tuple[str, ...]

    def rehearsal(self) -> Rehearsal:
        """The settled remnant for hands to pull at, from rest: its nodes are those of ``mesh``."""
        return Rehearsal(self.problem, free(self.problem.mesh), self.solution)

    def carried_mm(self, points_mm: Floats) -> Floats:
        """Displacement (p, 3) of points (p, 3) LPS in or at the remnant, as they were scanned."""
        return np.asarray(shape_weights(self.mesh, points_mm) @ self.displacement_mm)

    def carried_steps_mm(self, points_mm: Floats) -> Floats:
        """Displacement (k, p, 3) of points (p, 3) LPS at each of the steps."""
        weights = shape_weights(self.mesh, points_mm)
        return np.stack([weights @ step.displacement_mm for step in self.steps])

    def pressed_kpa(self, points_mm: Floats) -> Floats:
        """Pressure (p,) of the neighbours at points (p, 3) LPS of the surface, as scanned."""
        if self.neighbours is None:
            return np.zeros(len(points_mm))
        nodes, triangles = surface_triangles(self.mesh)
        own = self.neighbours.at_nodes_kpa(len(self.mesh.nodes_mm))[nodes]
        return np.asarray(nearest_on_surface(self.mesh.nodes_mm[nodes], triangles, points_mm) @ own)

    def away_from_cut_mm(self, points_mm: Floats, *, settled: bool) -> Floats:
        """Distance (p,) of points of the remnant, given as scanned (p, 3), to the cut face [mm].

        ``settled``: after points and face have moved, otherwise as scanned.
        """
        face, faces = self.response.points_mm, self.response.triangles[self.cut]
        if settled:
            face = face + self.response.displacement_mm
            points_mm = points_mm + self.carried_mm(points_mm)
        near = nearest_on_surface(face, faces, points_mm) @ face
        return np.asarray(np.linalg.norm(near - points_mm, axis=1))


@dataclass(frozen=True, eq=False)
class _Parted:
    """The whole organ and what stays of it, as scanned.

    ``cut`` (f,): which surface faces of the remnant lie on the cut.  ``carry`` (n, w): what values
    at the nodes of the whole are at those of the remnant.
    """

    whole: Mesh
    remnant: Mesh
    cut: Flags
    carry: Any


def settle_remnant(
    organ: Organ,
    removed: CutPlane | Distance | None = None,
    settings: RemnantSettings | None = None,
    report: Report = silent,
    *,
    stuff: Callable[..., Mesh] = stuffed,
) -> RemnantResponse:
    """What stays of an organ after all of it that lies within ``removed`` was taken away.

    ``removed``: the side of a plane to which its normal points, or the inside of any surface by its
    signed distance [mm] of points (n, 3) LPS.  Without it nothing is cut, and only position, gas
    and handle act.  ``stuff`` is called as ``stuffed`` for the whole organ, and may know its mesh.
    Raises PlanError when the cut misses the organ, leaves nothing of it or nothing to rest on,
    GeometryError when it cannot be meshed, SolveError, Cancelled.
    """
    settings = settings or RemnantSettings()
    body = body_of(settings, organ)
    report(0.0, "Measuring both sides of the cut")
    kept_mm3, removed_mm3 = _sides(organ, removed)
    parted = _parted(organ, removed, _edge_mm(kept_mm3, removed_mm3, settings), stuff, report)
    scanned, cut = parted.remnant, parted.cut
    stiffness = _carried(body, parted)
    if settings.contact_with_neighbours == "on" and organ.neighbours:
        body = body.beside(organ.neighbours, parted.whole, in_scan(settings))
    hung = body.hung(scanned, stiffness, cut)
    try:
        rest = body.rested(parted.whole, in_scan(settings), part(report, 0.14, 0.7))
        offsets = np.asarray(parted.carry @ (rest.mesh.nodes_mm - parted.whole.nodes_mm))
        mesh = scanned.moved_to(scanned.nodes_mm + offsets)
        gate(mesh, f"the rest of the {organ.name} without its weight")
        handle = _handle(scanned, offsets, body, settings)
        springs = (hung.springs, handle) if handle else (hung.springs,)
        around, factors = in_operation(settings), body.factors(scanned)
        problem = body.under(mesh, factors, springs, around, hung.contacts)
        solution = _let_go(problem, -offsets, part(report, 0.7, 0.95))
    except SolveError as error:
        raise _named(error, organ) from error
    report(0.95, "Evaluating stress and displacement")
    u = solution.displacement_mm + offsets
    return RemnantResponse(
        response=response_of(problem, solution).seen_from(scanned, u),
        mesh=scanned,
        displacement_mm=u,
        problem=problem,
        solution=solution,
        steps=tuple(
            replace(step, displacement_mm=step.displacement_mm + offsets) for step in solution.steps
        ),
        cut=np.repeat(cut, len(mesh.element.face.triangles)),
        face=cut_face(scanned, u, cut),
        volume_before_ml=scanned.volume_mm3 / 1000,
        volume_after_ml=scanned.moved_to(scanned.nodes_mm + u).volume_mm3 / 1000,
        removed_ml=removed_mm3 / 1000,
        scan_miss_mm=rest.miss_mm,
        handle_force_n=_force_n(handle, mesh, solution) if handle else None,
        neighbours=solution.contacts[0] if solution.contacts else None,
        tissue=tissue_of(settings, organ).name,
        assumptions=_assumptions(organ, settings),
    )


def _let_go(problem: Problem, scanned_mm: Floats, report: Report) -> Solution:
    """From the scan, where its neighbour and the loads of then held the remnant, to equilibrium.

    ``scanned_mm`` (n, 3): displacement of the mesh at rest to where it was scanned.  What is
    missing there to equilibrium is held at first and let go in steps, or at once where the remnant
    touches its neighbours.
    """
    if problem.loads.contacts:
        return solve(problem, free(problem.mesh), start_mm=scanned_mm, report=report)
    loads = replace(problem.loads, preloaded=True)
    missing = problem.on(problem.mesh, loads).at(scanned_mm, 1.0, tangent=False).residual
    held = problem.on(problem.mesh, replace(loads, holding_mn=missing))
    return solve(held, free(problem.mesh), start_mm=scanned_mm, steps=_STEPS, report=report)


def _sides(organ: Organ, removed: CutPlane | Distance | None) -> tuple[float, float]:
    """Volumes [mm3] of what stays and of what is removed, by sampling."""
    low, high = np.asarray(organ.bounds_mm, float)
    step = ((high - low).prod() / _SAMPLES) ** (1 / 3)
    axes = [np.arange(low[i] + step / 2, high[i], step) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = grid[np.asarray(organ.distance(grid)) < 0]
    total = len(inside) * step**3
    if total == 0:
        raise PlanError(f"There is no {organ.name} within its bounds; choose another structure.")
    if removed is None:
        return total, 0.0
    depth = -removed.height_mm(inside) if isinstance(removed, CutPlane) else removed(inside)
    taken = float((depth < 0).sum() * step**3)
    if taken < _SLIVER * total:
        raise PlanError(f"The cut misses the {organ.name}; move it into the {organ.name}.")
    if total - taken < _SLIVER * total:
        raise PlanError(f"The cut leaves nothing of the {organ.name}; move or turn it.")
    return total - taken, taken


def _edge_mm(kept_mm3: float, removed_mm3: float, settings: RemnantSettings) -> float:
    """Spacing of the lattice that fills the remnant with so many tetrahedra, or nearly so."""
    filled_mm3 = max(kept_mm3, (kept_mm3 + removed_mm3) / _WHOLE)
    return float((12 * filled_mm3 / int(settings.elements)) ** (1 / 3))


def _parted(
    organ: Organ,
    removed: CutPlane | Distance | None,
    edge_mm: float,
    stuff: Callable[..., Mesh],
    report: Report,
) -> _Parted:
    """The whole organ and what stays of it, on one lattice.

    A plane runs between the elements of the whole; around any other surface the remnant has
    elements of its own.
    """
    from scipy.sparse import eye_array

    bounds, name = np.asarray(organ.bounds_mm, float), f"the {organ.name}"
    plane = removed if isinstance(removed, CutPlane) else None
    whole = stuff(
        organ.distance, bounds, edge_mm, plane=plane, what=name, report=part(report, 0.02, 0.08)
    )
    all_of_it = eye_array(len(whole.nodes_mm), format="csr")
    if removed is None:
        return _Parted(whole, whole, np.zeros(len(whole.surface), bool), all_of_it)
    if isinstance(removed, CutPlane):
        remnant, stays = whole.part(removed.height_mm(whole.corner_middles_mm) < 0)
        cut = remnant.faces_on(removed.height_mm)
        parted = _Parted(whole, remnant, cut, all_of_it[stays])
    else:
        parted = _bitten(organ, removed, whole, edge_mm, part(report, 0.08, 0.14))
    if not parted.cut.any():
        raise PlanError("The cut is too small for these elements; move it deeper or use more.")
    return parted


def _bitten(
    organ: Organ, removed: Distance, whole: Mesh, edge_mm: float, report: Report
) -> _Parted:
    def kept(points: Floats) -> Floats:
        return np.asarray(np.maximum(organ.distance(points), -removed(points)))

    what = f"what stays of the {organ.name}"
    remnant = stuffed(kept, organ.bounds_mm, edge_mm, what=what, report=report)
    centres = remnant.face_centres_mm(remnant.surface)
    cut = np.asarray(-removed(centres) > organ.distance(centres))
    return _Parted(whole, remnant, cut, shape_weights(whole, remnant.nodes_mm))


def _carried(body: Body, parted: _Parted) -> Floats:
    """Stiffness (f,) of the springs under the remnant's faces, if they still carry it."""
    remnant, whole, cut = parted.remnant, parted.whole, parted.cut
    stiffness, before = body.springs(remnant), body.springs(whole)
    usual = np.average(before, weights=whole.face_areas_mm2(whole.surface))
    areas = remnant.face_areas_mm2(remnant.surface)
    if np.average(stiffness[~cut], weights=areas[~cut]) < _LEAST_CARRIED * usual:
        raise PlanError(
            f"After this cut the {body.organ.name} has too little surface left to rest on; "
            "turn the plane, or make the attachments stiffer."
        )
    return stiffness


def _handle(
    scanned: Mesh, offsets: Floats, body: Body, settings: RemnantSettings
) -> Springs | None:
    """Strong springs around the handle's place; they pull from where it was scanned."""
    if settings.handle_lps is None or settings.pull_mm is None:
        return None
    away = np.linalg.norm(
        scanned.face_centres_mm(scanned.surface) - np.asarray(settings.handle_lps), axis=1
    )
    faces = scanned.surface[away <= max(settings.handle_radius_mm, float(away.min()))]
    if away.min() > 2 * settings.handle_radius_mm:
        raise PlanError(
            f"The handle lies {away.min():.0f} mm from what stays of the {body.organ.name}; put it "
            "on its surface, or make its radius larger."
        )
    young, _ = body.material.stiffness_kpa
    way = np.asarray(settings.pull_mm) - offsets[np.unique(faces)].mean(axis=0)
    pull = (float(way[0]), float(way[1]), float(way[2]))
    return Springs(faces, _GRIP * young / settings.handle_radius_mm, pull_mm=pull)


def _force_n(handle: Springs, mesh: Mesh, solution: Solution) -> float:
    """Size of the force with which a handle pulls [N]."""
    weights = mesh.face_weights_mm2(handle.faces)
    shapes = mesh.element.face.shapes
    u = np.einsum("qa,fai->fqi", shapes, solution.displacement_mm[handle.faces])
    apart = np.asarray(handle.pull_mm) - u
    force = np.einsum("fq,fqi->i", weights * handle.stiffness_kpa_per_mm, apart)
    return float(np.linalg.norm(force)) / 1000


def _named(error: SolveError, organ: Organ) -> SolveError:
    """The same failure, with the anatomy that it is about."""
    return SolveError(
        f"What stays of the {organ.name} did not settle: {error}",
        iterations=error.iterations,
        residual=error.residual,
        point_lps=error.point_lps,
    )


def _carrier(organ: Organ, settings: RemnantSettings) -> str:
    if settings.contact_with_neighbours == "on" and organ.neighbours:
        return (
            "It rests on and slides along the structures around it that are segmented; they give "
            "way as the bed does and are not moved. Elsewhere springs hold it as without them."
        )
    return (
        "It rests on springs at its back and is held by soft ones elsewhere; other organs and "
        "ligaments are not modelled."
    )


def _assumptions(organ: Organ, settings: RemnantSettings) -> tuple[str, ...]:
    """What the answer rests on that no scan shows, in sentences."""
    found = [
        "The organ was scanned in equilibrium under its weight; without it, it would be free of "
        "stress.",
        _carrier(organ, settings),
        "It is held more firmly where the vena cava touches it."
        if organ.cava
        else "The vena cava was not found in the case, so the bed alone holds the organ there.",
        "The tissue is elastic; it has settled for good.",
    ]
    if organ.vessels:
        found.append("Vessels that enter it hang on springs where they do.")
    if organ.lesions:
        kind = settings.tumour_tissue.replace("_", " ")
        found.append(f"Tumours in it are taken as {kind}; no patient's tumour was measured.")
    if settings.tissue_by_hu != "off":
        found.append("Its stiffness follows the Hounsfield units by a rule that nobody confirmed.")
    return tuple(found)
