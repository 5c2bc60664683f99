"""Whether a body is held at all: nothing may let it slide or turn as a whole."""

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError

from .assembly import Problem
from .loads import Held

__all__ = ["check_supports"]

Floats = npt.NDArray[np.float64]

_LEAST = 1e-9


def check_supports(problem: Problem, held: Held) -> None:
    """SolveError when a body can move as a whole: its equilibrium would be any or none.

    Held components and springs count; where a device or an obstacle may touch, contact may hold
    as well, and nothing is said.
    """
    if problem.loads.expander or problem.loads.contacts:
        return
    points = problem.mesh.nodes_mm - problem.mesh.nodes_mm.mean(axis=0)
    points = points / max(float(np.abs(points).max()), 1e-300)
    modes = np.zeros((6, *points.shape))
    for axis in range(3):
        modes[axis, :, axis] = 1.0
        modes[3 + axis] = np.cross(np.eye(3)[axis], points)
    stopped = np.where(held.mask, modes, 0.0).reshape(6, -1)
    hold = _scaled(stopped @ stopped.T) + _scaled(problem.spring_work(modes))
    if np.linalg.eigvalsh(hold)[0] < _LEAST:
        raise SolveError(
            "The body is held nowhere, or can still slide or turn as a whole; hold some of its "
            "surface, or rest it on springs."
        )


def _scaled(matrix: Floats) -> Floats:
    largest = float(np.abs(matrix).max())
    return matrix / largest if largest > 0 else matrix
