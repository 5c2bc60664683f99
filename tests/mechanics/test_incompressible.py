"""Tissue that hardly changes its volume: every element bends, widens and shears as it should."""

import numpy as np
import pytest

from surgiplan.mechanics import (
    Loads,
    NeoHookean,
    Pressure,
    Problem,
    Traction,
    mesh_of,
    solve,
    solve_small_strain,
)
from surgiplan.mechanics.loads import Held
from tests.mechanics import canonical

STRAIN = np.array([[0.1, 0.12, 0.03], [0.05, -0.05, -0.08], [-0.04, 0.07, 0.02]])
SQUEEZED = STRAIN - 0.0222 * np.eye(3)
"""The same without change of volume, as nearly incompressible tissue is strained."""


def patch(kind):
    """A cube with moved inner nodes, of each element; one whose middle was cut away."""
    if kind == "hexahedra":
        return canonical.jittered_hexahedra()
    mesh = canonical.jittered_cube()
    if kind == "linear":
        return mesh_of(mesh.nodes_mm[mesh.corner_nodes], mesh.corner_cells, order=1)
    if kind == "cut":
        centres = mesh.nodes_mm[mesh.cells].mean(axis=1)
        kept = mesh.corner_cells[(centres - 0.5) @ [0.6, 0.0, 0.8] < 0.15]
        used, numbers = np.unique(kept, return_inverse=True)
        return mesh_of(mesh.nodes_mm[used], numbers.reshape(-1, 4))
    return mesh


@pytest.mark.parametrize("nu", [0.30, 0.49, 0.499])
@pytest.mark.parametrize("kind", ["quadratic", "linear", "hexahedra", "cut"])
def test_uniform_strain_is_reproduced_to_rounding(kind, nu):
    mesh = patch(kind)
    exact = mesh.nodes_mm @ (SQUEEZED if nu > 0.49 else STRAIN).T
    outside = np.zeros(len(exact), bool)
    outside[mesh.surface] = True
    held = Held(np.repeat(outside[:, None], 3, 1), np.where(outside[:, None], exact, 0.0))
    solution = solve(Problem(mesh, NeoHookean(1.0, nu)), held, tolerance=1e-12)
    assert not outside.all()
    assert np.abs(solution.displacement_mm - exact).max() < 1e-10


@pytest.mark.parametrize("kind", ["quadratic", "linear", "hexahedra", "cut"])
def test_a_turned_body_is_free_of_stress(kind):
    mesh = patch(kind)
    turn = np.array([[np.cos(0.7), -np.sin(0.7), 0], [np.sin(0.7), np.cos(0.7), 0], [0, 0, 1]])
    u = mesh.nodes_mm @ turn.T + [3.0, -2.0, 1.0] - mesh.nodes_mm
    state = Problem(mesh, NeoHookean(10.0, 0.499)).at(u, 1.0, tangent=False)
    assert np.abs(state.internal).max() < 1e-10
    assert abs(state.energy) < 1e-10


def tube(nu, cells, loads, E=300.0, inner=1.5, outer=2.0):
    mesh, ijk = canonical.quarter_tube(inner, outer, 0.25, cells)
    lumen = canonical.faces_on(mesh, ijk[:, 0] == 0)
    held = canonical.supports(
        mesh,
        x=ijk[:, 1] == cells[1],
        y=ijk[:, 1] == 0,
        z=(ijk[:, 2] == 0) | (ijk[:, 2] == cells[2]),
    )
    problem = Problem(mesh, NeoHookean(E, nu), loads(mesh, lumen))
    return problem, held, ijk


@pytest.mark.parametrize(("nu", "within"), [(0.49, 0.005), (0.495, 0.005), (0.499, 0.01)])
def test_a_thick_tube_widens_as_lame_says(nu, within):
    def traction(mesh, lumen):
        return Loads(tractions=(Traction(lumen, -10.0 * mesh.face_normals(lumen)),))

    problem, held, ijk = tube(nu, (8, 24, 2), traction, E=1000.0, inner=1.0, outer=2.0)
    u = solve_small_strain(problem, held).displacement_mm[: len(ijk)]
    exact = canonical.lame_displacement(1.0, 1000.0, nu, 10.0, 1.0, 2.0)
    assert np.hypot(*u[ijk[:, 0] == 0, :2].T) == pytest.approx(exact, rel=within)


@pytest.mark.parametrize(
    ("nu", "radius", "outer"),
    [
        (0.30, 1.833989499, 2.290698426),
        (0.45, 1.830749483, 2.266569097),
        (0.49, 1.828799738, 2.258698730),
        (0.499, 1.828322050, 2.256874839),
    ],
)
def test_a_vessel_under_blood_pressure_widens_as_the_exact_solution_says(nu, radius, outer):
    problem, held, ijk = tube(
        nu, (8, 24, 2), lambda mesh, lumen: Loads(pressures=(Pressure(lumen, 13.3322),))
    )
    solution = solve(problem, held)
    reached = np.hypot(*(problem.mesh.nodes_mm + solution.displacement_mm)[: len(ijk), :2].T)
    assert reached[ijk[:, 0] == 0].mean() - 1.5 == pytest.approx(radius - 1.5, rel=0.003)
    assert reached[ijk[:, 0] == 8].mean() - 2.0 == pytest.approx(outer - 2.0, rel=0.003)
    assert solution.residual < 1e-6


@pytest.mark.parametrize(
    ("nu", "tip"),
    [(0.30, 8.6958), (0.45, 7.4036), (0.49, 7.0106), (0.499, 6.9163), (0.4999, 6.9053)],
)
def test_cooks_membrane_bends_as_the_reference_says(nu, tip):
    ijk, tets = canonical.grid(8, 8, 2)
    s, q = ijk[:, 0] / 8, ijk[:, 1] / 8
    points = np.stack([48 * s, (44 * s) * (1 - q) + (44 + 16 * s) * q, 3.0 * ijk[:, 2]], 1)
    mesh = mesh_of(points, tets)
    right = canonical.faces_on(mesh, ijk[:, 0] == 8)
    shear = Traction(right, np.array([0.0, 600.0 / mesh.face_areas_mm2(right).sum(), 0.0]))
    left = ijk[:, 0] == 0
    held = canonical.supports(mesh, x=left, y=left, z=(ijk[:, 2] == 0) | (ijk[:, 2] == 2))
    material = NeoHookean(2 * 80.1938 * (1 + nu), nu)
    u = solve(Problem(mesh, material, Loads(tractions=(shear,))), held).displacement_mm
    corner = (ijk[:, 0] == 8) & (ijk[:, 1] == 8)
    assert u[: len(ijk)][corner, 1].mean() == pytest.approx(tip, rel=0.025 if nu <= 0.45 else 0.015)
