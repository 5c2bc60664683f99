"""The error told from two meshes covers the true one, where that is known."""

import numpy as np
import pytest

from surgiplan.mechanics import (
    Loads,
    NeoHookean,
    Problem,
    Traction,
    mesh_error_fraction,
    other_element_counts,
    solve_small_strain,
)
from tests.mechanics import canonical


def widened_mm(cells):
    """How far a thick tube opens under pressure, and its elements."""
    mesh, ijk = canonical.quarter_tube(1.0, 2.0, 0.25, cells)
    inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
    load = Traction(inner, -10.0 * mesh.face_normals(inner))
    ends = (ijk[:, 2] == 0) | (ijk[:, 2] == cells[2])
    held = canonical.supports(mesh, x=ijk[:, 1] == cells[1], y=ijk[:, 1] == 0, z=ends)
    problem = Problem(mesh, NeoHookean(1000.0, 0.3), Loads(tractions=(load,)))
    u = solve_small_strain(problem, held).displacement_mm[: len(ijk)]
    return np.hypot(*u[ijk[:, 0] == 0, :2].T).mean(), len(mesh.cells)


def test_the_error_told_of_a_thick_tube_covers_the_true_one():
    (fine, many), (coarse, few) = widened_mm((4, 12, 1)), widened_mm((2, 6, 1))
    exact = canonical.lame_displacement(1.0, 1000.0, 0.3, 10.0, 1.0, 2.0)
    of_the_fine = mesh_error_fraction(fine, coarse, many, few)
    of_the_coarse = mesh_error_fraction(coarse, fine, few, many)
    assert abs(fine - exact) / fine < of_the_fine < 0.05
    assert abs(coarse - exact) / coarse < of_the_coarse
    assert of_the_fine < of_the_coarse


def test_meshes_that_agree_by_chance_promise_no_exact_answer():
    assert mesh_error_fraction(2.0, 2.0, 4000, 1000) == 0.01
    assert mesh_error_fraction(2.0, 2.0, 4000, 1000, energy_error_fraction=0.3) == pytest.approx(
        0.09
    )


def test_one_mesh_or_nothing_that_moved_tells_no_error():
    assert mesh_error_fraction(2.0, 2.1, 1000, 1000) is None
    assert mesh_error_fraction(0.0, 0.1, 4000, 1000) is None


def test_a_second_mesh_is_coarser_where_it_can_be():
    assert other_element_counts(4000, 600) == (2000, 8000)
    assert other_element_counts(700, 600) == (1400,)
