"""How much a preview of linear elements locks, told from quadratic ones at small strain."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report, part, silent

from .assembly import Problem
from .loads import Held, Loads
from .mesh import Mesh, promoted
from .solve import solve_small_strain

__all__ = ["as_quadratic", "locking_error_fraction"]

Ints = npt.NDArray[np.int32]


def locking_error_fraction(problem: Problem, held: Held, report: Report = silent) -> float:
    """How much too little a mesh of linear tetrahedra moves; 0.25 is a quarter too little.

    Told from the largest displacement at the corners, once with its own and once with quadratic
    elements of the same corners, both by the linear theory: an estimate for the price of one
    linear solution.  ValueError if the mesh is quadratic already.
    """
    finer, clamped = as_quadratic(problem, held)
    own = solve_small_strain(problem, held, tolerance=1e-6, report=part(report, 0.0, 0.2))
    other = solve_small_strain(finer, clamped, tolerance=1e-6, report=part(report, 0.2, 1.0))
    corners = len(problem.mesh.nodes_mm)
    little, more = (
        float(np.linalg.norm(u.displacement_mm[:corners], axis=1).max()) for u in (own, other)
    )
    return 1 - little / max(more, 1e-300)


def as_quadratic(problem: Problem, held: Held) -> tuple[Problem, Held]:
    """The problem and its supports with quadratic elements; corners keep their numbers.

    A node in the middle of an edge is held where both its ends are, as far as both are moved.
    """
    mesh = problem.mesh
    if mesh.element.nodes != mesh.element.corners:
        raise ValueError("the mesh is quadratic already")
    finer = promoted(mesh.nodes_mm, mesh.cells)
    ends = finer.parents
    mask = np.asarray(held.mask[ends].all(axis=1))
    moved = held.displacement_mm[ends].mean(axis=1)
    return problem.on(finer, _loads_on(finer, problem.loads)), Held(mask, np.where(mask, moved, 0))


def _loads_on(finer: Mesh, loads: Loads) -> Loads:
    """The loads with the faces of the quadratic mesh in place of those of its corners."""

    def faces(linear: Ints) -> Ints:
        known = {tuple(sorted(face[:3])): face for face in finer.surface.tolist()}
        found = [known[tuple(sorted(face))] for face in linear.tolist()]
        return np.array(found, dtype=np.int32).reshape(-1, finer.surface.shape[1])

    expander = loads.expander
    return replace(
        loads,
        tractions=tuple(replace(one, faces=faces(one.faces)) for one in loads.tractions),
        pressures=tuple(replace(one, faces=faces(one.faces)) for one in loads.pressures),
        springs=tuple(replace(one, faces=faces(one.faces)) for one in loads.springs),
        expander=expander and replace(expander, faces=faces(expander.faces)),
    )
