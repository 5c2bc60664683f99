"""A preview of linear elements says by how much it moves too little."""

import numpy as np
import pytest

from surgiplan.mechanics import (
    Linear,
    Loads,
    Problem,
    Traction,
    held,
    locking_error_fraction,
    mesh_of,
)
from tests.mechanics import canonical


def bent(nu, order):
    """A cantilever 100 x 10 x 10 mm in 20 x 2 x 2 cells, and its supports."""
    _, ijk = canonical.box((100, 10, 10), (20, 2, 2))
    points, tets = ijk / np.array([20, 2, 2]) * [100.0, 10, 10], canonical.grid(20, 2, 2)[1]
    mesh = mesh_of(points, tets, order=order)
    end = canonical.faces_on(mesh, ijk[:, 0] == 20)
    load = Traction(end, np.array([0.0, 0.0, -0.1]))
    problem = Problem(mesh, Linear(1000.0, nu), Loads(tractions=(load,)))
    return problem, held(len(mesh.nodes_mm), mesh.nodes_mm[:, 0] == 0)


def test_the_estimate_is_what_the_beam_of_linear_elements_lacks():
    from surgiplan.mechanics import solve_small_strain

    problem, clamped = bent(0.3, 1)
    sag = np.abs(solve_small_strain(problem, clamped).displacement_mm).max()
    lacking = 1 - sag / 4.0312
    assert lacking > 0.3
    assert locking_error_fraction(problem, clamped) == pytest.approx(lacking, abs=0.03)


def test_nearly_incompressible_tissue_locks_more():
    soft, firm = (locking_error_fraction(*bent(nu, 1)) for nu in (0.3, 0.49))
    assert firm > soft + 0.1


def test_quadratic_elements_are_no_preview():
    with pytest.raises(ValueError, match="quadratic already"):
        locking_error_fraction(*bent(0.3, 2))
