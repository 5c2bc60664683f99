"""The element against exact answers: uniform strain, rotation, tubes, beams, bars."""

import numpy as np
import pytest

from surgiplan.mechanics import NeoHookean, lame
from surgiplan.mechanics.assembly import Problem
from surgiplan.mechanics.loads import Expander, Held, Loads, Springs, Traction, weight_mn_per_mm3
from surgiplan.mechanics.response import response_of
from surgiplan.mechanics.solve import solve, solve_small_strain
from tests.mechanics import canonical


@pytest.mark.parametrize("nu", [0.30, 0.45, 0.499])
def test_uniform_strain_is_reproduced_to_rounding(nu):
    mesh = canonical.jittered_cube()
    strain = np.array([[0.1, 0.12, 0.03], [0.05, -0.05, -0.08], [-0.04, 0.07, 0.02]])
    exact = mesh.nodes_mm @ strain.T
    outside = np.zeros(len(exact), bool)
    outside[mesh.surface] = True
    held = Held(np.repeat(outside[:, None], 3, 1), np.where(outside[:, None], exact, 0.0))
    solution = solve(Problem(mesh, NeoHookean(1.0, nu), Loads()), held, tolerance=1e-12)
    assert not outside.all()
    assert np.abs(solution.displacement_mm - exact).max() < 1e-10


def test_a_turned_body_is_free_of_stress():
    mesh = canonical.jittered_cube()
    angle = 0.7
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    u = mesh.nodes_mm @ turn.T + [3.0, -2.0, 1.0] - mesh.nodes_mm
    state = Problem(mesh, NeoHookean(10.0, 0.45), Loads()).at(u, 1.0, tangent=False)
    assert abs(state.energy) < 1e-10
    assert np.abs(state.internal).max() < 1e-10
    assert state.min_jacobian == pytest.approx(1.0)


@pytest.mark.parametrize("nu", [0.30, 0.45, 0.49])
def test_a_thick_tube_widens_as_lame_says(nu):
    E, pressure, A, B = 1000.0, 10.0, 1.0, 2.0
    cells = (8, 24, 2)
    mesh, ijk = canonical.quarter_tube(A, B, 0.25, cells)
    inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
    load = Traction(inner, -pressure * mesh.face_normals(inner))
    held = canonical.supports(
        mesh,
        x=ijk[:, 1] == cells[1],
        y=ijk[:, 1] == 0,
        z=(ijk[:, 2] == 0) | (ijk[:, 2] == cells[2]),
    )
    u = solve_small_strain(Problem(mesh, NeoHookean(E, nu), Loads(tractions=(load,))), held)
    radial = np.linalg.norm(u.displacement_mm[: len(ijk), :2], axis=1)
    for r, corners in ((A, ijk[:, 0] == 0), (B, ijk[:, 0] == cells[0])):
        exact = canonical.lame_displacement(r, E, nu, pressure, A, B)
        assert radial[corners] == pytest.approx(exact, rel=0.005)


def test_a_cantilever_bends_as_timoshenko_says():
    mesh, ijk = canonical.box((100, 10, 10), (20, 2, 2))
    tip = canonical.faces_on(mesh, ijk[:, 0] == 20)
    load = Traction(tip, np.array([0.0, 0.0, -10.0 / 100]))
    wall = ijk[:, 0] == 0
    # Held where beam theory holds it: the section stays plane and free to grow thinner.
    held = canonical.supports(mesh, x=wall, y=wall & (ijk[:, 1] == 1), z=wall & (ijk[:, 2] == 1))
    problem = Problem(mesh, NeoHookean(1000.0, 0.3), Loads(tractions=(load,)))
    sag = -solve_small_strain(problem, held).displacement_mm[: len(ijk)][ijk[:, 0] == 20, 2].mean()
    assert sag == pytest.approx(4.0 + 0.0312, rel=0.01)


def test_a_hanging_bar_stretches_by_its_own_weight():
    mesh, ijk = canonical.box((10, 10, 100), (1, 1, 6))
    top = ijk[:, 2] == 6
    loads = Loads(body_force_mn_per_mm3=weight_mn_per_mm3(1060, (0, 0, -9.81)))
    problem = Problem(mesh, NeoHookean(50.0, 0.0), loads)
    u = solve_small_strain(problem, canonical.supports(mesh, x=top, y=top, z=top)).displacement_mm
    exact = 1060 * 9.81 * 1e-6 * 100**2 / (2 * 50)
    assert -u[: len(ijk)][ijk[:, 2] == 0, 2] == pytest.approx(exact, rel=1e-6)


def test_a_stretched_bar_pulls_as_the_law_says():
    E, nu, stretch = 10.0, 0.4, 1.3
    lam, mu = lame(E, nu)
    across = 1.0
    for _ in range(200):
        # Free sides: mu (a^2 - 1) + lam ln(a^2 stretch) = 0.
        J = across**2 * stretch
        across -= (mu * (across**2 - 1) + lam * np.log(J)) / (2 * mu * across + 2 * lam / across)
    J = across**2 * stretch
    nominal = mu * (stretch - 1 / stretch) + lam * np.log(J) / stretch
    mesh, ijk = canonical.box((2, 1, 1), (2, 1, 1))
    left, right = ijk[:, 0] == 0, ijk[:, 0] == 2
    held = canonical.supports(mesh, x=left | right, y=ijk[:, 1] == 0, z=ijk[:, 2] == 0)
    pulled = canonical.on(mesh, right)
    held.displacement_mm[pulled, 0] = 2 * (stretch - 1)
    solution = solve(Problem(mesh, NeoHookean(E, nu), Loads()), held, tolerance=1e-10)
    assert solution.support_mn[pulled, 0].sum() == pytest.approx(nominal * 1.0, rel=1e-8)


def test_a_slab_on_springs_sinks_by_weight_over_stiffness():
    mesh, ijk = canonical.box((20, 20, 5), (3, 3, 1))
    bed = canonical.faces_on(mesh, ijk[:, 2] == 0)
    loads = Loads(
        body_force_mn_per_mm3=weight_mn_per_mm3(1000, (0, 0, -10)),
        springs=(Springs(bed, 0.02),),
    )
    free = Held(*(np.zeros((len(mesh.nodes_mm), 3), kind) for kind in (bool, float)))
    u = solve(Problem(mesh, NeoHookean(100.0, 0.0), loads), free).displacement_mm
    assert u[np.unique(bed), 2] == pytest.approx(-5 * 0.01 / 0.02, rel=1e-5)


def test_a_heavy_liver_sags_as_other_codes_found():
    mesh, ijk, factor = canonical.liver(6)
    loads = Loads(body_force_mn_per_mm3=weight_mn_per_mm3(1060, (0, 0, -9.81)))
    back = ijk[:, 1] == 0
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads, factor)
    solution = solve(problem, canonical.supports(mesh, x=back, y=back, z=back))
    assert np.abs(solution.displacement_mm[: len(ijk)]).max() == pytest.approx(42.92, abs=0.01)
    answer = response_of(problem, solution)
    assert answer.converged
    assert answer.residual < 1e-6
    assert answer.force_balance_error_fraction < 1e-6
    assert 0.5 < answer.min_jacobian < 1
    assert 0.02 < answer.stress_energy_error_estimate_fraction < 0.5
    assert answer.displacement_max_mm >= 42.9
    again = solve(Problem(mesh, NeoHookean(20.0, 0.45), loads, factor), canonical.supports(
        mesh, x=back, y=back, z=back))  # fmt: skip
    assert np.array_equal(again.displacement_mm, solution.displacement_mm)


def test_the_error_estimate_falls_with_the_true_error():
    E, nu, pressure, A, B = 1000.0, 0.3, 10.0, 1.0, 2.0
    estimates, errors = [], []
    for cells in ((2, 6, 1), (4, 12, 1), (8, 24, 2)):
        mesh, ijk = canonical.quarter_tube(A, B, 0.25, cells)
        inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
        load = Traction(inner, -pressure * mesh.face_normals(inner))
        held = canonical.supports(
            mesh,
            x=ijk[:, 1] == cells[1],
            y=ijk[:, 1] == 0,
            z=(ijk[:, 2] == 0) | (ijk[:, 2] == cells[2]),
        )
        problem = Problem(mesh, NeoHookean(E, nu), Loads(tractions=(load,)))
        solution = solve(problem, held)
        estimates.append(response_of(problem, solution).stress_energy_error_estimate_fraction)
        radial = np.linalg.norm(solution.displacement_mm[: len(ijk), :2], axis=1)
        exact = canonical.lame_displacement(A, E, nu, pressure, A, B)
        errors.append(abs(radial[ijk[:, 0] == 0].mean() / exact - 1))
    assert estimates[0] > 1.5 * estimates[1] > 2 * estimates[2]
    assert estimates[2] < 0.1


def test_the_tangent_is_the_slope_of_the_residual():
    mesh, ijk = canonical.quarter_tube(1.5, 2.0, 4.0, (1, 4, 4))
    inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
    z = np.linspace(-0.5, 4.5, 11)
    expander = Expander(
        faces=inner,
        axis_mm=np.stack([0 * z, 0 * z, z], 1),
        radius_mm=1.6 + 0.1 * np.cos(z),
        share=np.clip(1.5 - z / 4, 0, 1),
        stiffness_kpa_per_mm=50.0,
    )
    loads = Loads(
        expander=expander, springs=(Springs(canonical.faces_on(mesh, ijk[:, 0] == 1), 3.0),)
    )
    problem = Problem(mesh, NeoHookean(300.0, 0.45), loads)
    random = np.random.default_rng(1)
    u = 0.01 * random.standard_normal(mesh.nodes_mm.shape)
    way = random.standard_normal(mesh.nodes_mm.shape)
    state = problem.at(u, 1.0, tangent=True)
    assert problem.contact_pressure_kpa(u).max() > 0
    rows = np.repeat(np.arange(problem.node_count), np.diff(problem.pattern.starts))
    predicted = np.zeros_like(u)
    np.add.at(predicted, rows, np.einsum("sij,sj->si", state.blocks, way[problem.pattern.columns]))
    h = 1e-6
    ahead, behind = (problem.at(u + s * h * way, 1.0, tangent=False) for s in (1, -1))
    slope = (ahead.residual - behind.residual) / (2 * h)
    assert np.linalg.norm(predicted - slope) < 1e-5 * np.linalg.norm(slope)
    assert (ahead.energy - behind.energy) / (2 * h) == pytest.approx(
        float(np.vdot(state.residual, way)), rel=1e-6
    )
