"""The shape of a tissue without its loads, found from the shape that was scanned under them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError, SolveError
from surgiplan.jobs_report import Report, part, silent

from .assembly import Problem
from .loads import Held
from .mesh import Mesh, gate
from .solve import Solution, solve

__all__ = ["RestShape", "rest_shape"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 30
_SHORTEST = 1 / 16


@dataclass(frozen=True, eq=False)
class RestShape:
    """A mesh free of load, and how its scan follows from it.

    ``scanned`` is the equilibrium under the scan's own loads; at its displacement the nodes lie at
    most ``miss_mm`` from where they were scanned.
    """

    mesh: Mesh
    scanned: Solution
    miss_mm: float

    def change_mm(self, displacement_mm: Floats) -> Floats:
        """How nodes moved (n, 3) against the scan, from a displacement of the mesh at rest."""
        return displacement_mm - self.scanned.displacement_mm


def rest_shape(
    scanned: Mesh,
    under: Callable[[Mesh], Problem],
    held: Held,
    *,
    tolerance_mm: float = 0.01,
    report: Report = silent,
) -> RestShape:
    """The shape at rest of a mesh that was scanned in equilibrium, by fixed-point iteration.

    ``under`` puts a mesh under the loads of the scan (gravity, blood pressure).  Nodes are moved
    back by what they miss of their scanned place (Sellier, Mech. Res. Commun. 38:461, 2011) until
    none misses more than ``tolerance_mm``.  Raises SolveError when that leads nowhere.
    """
    places, start, step = scanned.nodes_mm.copy(), None, 1.0
    miss, kept = np.inf, (np.inf, places, np.zeros_like(places))
    for number in range(_ROUNDS):
        mesh = Mesh(places, scanned.cells)
        answer = None
        if number == 0 or _is_sound(mesh):
            span = number / _ROUNDS, (number + 1) / _ROUNDS
            answer = solve(under(mesh), held, start_mm=start, report=part(report, *span))
            apart = places + answer.displacement_mm - scanned.nodes_mm
            miss = float(np.linalg.norm(apart, axis=1).max())
        if answer and miss <= tolerance_mm:
            return RestShape(mesh, answer, miss)
        if answer and miss < kept[0]:
            kept, start = (miss, places, apart), answer.displacement_mm
        else:
            step /= 2
        if step < _SHORTEST:
            break
        places = kept[1] - step * kept[2]
    raise SolveError(
        f"The shape without load was not found: the best, after {number + 1} rounds, misses the "
        f"scan by {kept[0]:.2f} mm. Make the tissue stiffer or the load of the scan smaller.",
        iterations=number + 1,
        residual=kept[0],
    )


def _is_sound(mesh: Mesh) -> bool:
    try:
        gate(mesh, "the shape at rest")
    except GeometryError:
        return False
    return True
