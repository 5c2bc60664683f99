"""Compiling the kernels before somebody waits for them."""

import numpy as np

from surgiplan.jobs_report import Report, silent

__all__ = ["warm_up"]


def warm_up(report: Report = silent) -> None:
    """Solve one element, so that the first real solve need not wait for the compiler.

    Takes seconds on the first run on a machine and a fraction of a second later on, as the
    compiled kernels are kept on disk.
    """
    from .assembly import Problem
    from .contact import Obstacle, plane
    from .loads import Expander, Loads, Pressure, held
    from .material import NeoHookean, NeoHookeanIsochoric
    from .mesh import promoted
    from .solve import solve

    report(0.0, "Preparing the solver")
    points = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1.0]])
    mesh = promoted(points, np.array([[0, 1, 2, 3]]))
    axis = np.array([[-1.0, 0, -1], [-1, 0, 0], [-1, 0, 2]])
    expander = Expander(mesh.surface, axis, np.full(3, 1.5), np.ones(3), 0.1)
    beside = Obstacle(mesh.surface, plane((0, 0, 0.01), (0, 0, 1)), 1.0, penetration_mm=None)
    blood = Pressure(mesh.surface, 0.01)
    loads = Loads(pressures=(blood,), expander=expander, contacts=(beside,))
    other = NeoHookeanIsochoric(shear_modulus_kpa=4.0, bulk_modulus_kpa=8.0)
    for material in (NeoHookean(10.0, 0.3), other):
        problem = Problem(mesh, material, loads)
        solve(problem, held(len(mesh.nodes_mm), [0, 1, 2, 4, 5, 6]), report=report)
