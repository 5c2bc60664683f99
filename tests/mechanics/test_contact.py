"""Tissue that presses on what is rigid: it does not enter, is not held back, and may rub."""

import numpy as np
import pytest

from surgiplan.errors import SolveError
from surgiplan.mechanics import (
    Bodies,
    Held,
    Loads,
    NeoHookean,
    Obstacle,
    Problem,
    Springs,
    ball,
    cylinder,
    plane,
    response_of,
    solve,
    spline_of,
    weight_mn_per_mm3,
)
from surgiplan.mechanics.newton import product
from tests.mechanics import canonical, pressed

DOWN = weight_mn_per_mm3(pressed.DENSITY, (0, 0, -9.81))


def resting(**how):
    """A block that only a plane carries, when it is there."""
    mesh, tissue, ijk, bottom = pressed.block(5.0)
    obstacle = Obstacle(bottom, plane((0, 0, 0), (0, 0, 1)), **how)
    held = canonical.supports(mesh, x=ijk[:, 0] == 0, y=ijk[:, 1] == 0)
    weak = Springs(bottom, 1e-6)
    loads = Loads(DOWN, springs=(weak,), contacts=(obstacle,))
    return solve(Problem(mesh, tissue, loads), held)


def test_a_rigid_ball_is_pushed_back_as_hertz_says():
    solution, force, known = pressed.rigid_ball()
    assert force == pytest.approx(known, rel=0.02)
    assert solution.contacts[0].penetration_mm < 1e-4


def test_a_rigid_cylinder_touches_as_wide_as_hertz_says():
    width, known = pressed.line_contact()
    assert width == pytest.approx(known, rel=0.02)


def test_a_table_carries_the_weight_of_what_lies_on_it():
    found = resting().contacts[0]
    assert found.force_mn == pytest.approx([0, 0, pressed.WEIGHT_MN], abs=1e-5 * pressed.WEIGHT_MN)
    assert found.penetration_mm < 0.05
    assert found.area_mm2 == pytest.approx(400, rel=0.01)


def test_tissue_is_as_little_inside_as_asked():
    found = resting(penetration_mm=1e-4).contacts[0]
    assert found.penetration_mm < 1e-4


def test_a_block_sinks_into_a_soft_neighbour_by_weight_over_stiffness():
    solution = resting(stiffness_kpa_per_mm=0.02, penetration_mm=None)
    depth = pressed.WEIGHT_MN / 400 / 0.02
    assert -solution.contacts[0].gap_mm.mean() == pytest.approx(depth, rel=1e-3)


def test_what_overlaps_in_the_scan_does_not_press():
    solution = resting(clearance_mm=2.0, penetration_mm=0.001)
    assert solution.displacement_mm[:, 2].max() < -1.99
    assert solution.contacts[0].force_mn[2] == pytest.approx(pressed.WEIGHT_MN, rel=1e-3)


def test_an_obstacle_that_is_never_touched_changes_no_bit():
    mesh, tissue, ijk, bottom = pressed.block()
    held = canonical.supports(mesh, *3 * (ijk[:, 2] == 2,))
    beside = Obstacle(bottom, plane((0, 0, -5), (0, 0, 1)), friction_coefficient=0.5)
    alone, near = (
        solve(Problem(mesh, tissue, Loads(DOWN, contacts=contacts)), held)
        for contacts in ((), (beside,))
    )
    assert np.array_equal(alone.displacement_mm, near.displacement_mm)
    assert near.contacts[0].area_mm2 == 0
    assert not near.contacts[0].force_mn.any()


def test_an_instrument_that_is_moved_in_pushes_the_tissue_away():
    mesh, tissue, ijk, bottom = pressed.block()
    above = Obstacle(bottom, ball((10, 10, -8), 8.0), moves_mm=(0.0, 0.0, 2.0))
    held = canonical.supports(mesh, *3 * (ijk[:, 2] == 2,))
    solution = solve(Problem(mesh, tissue, Loads(contacts=(above,))), held)
    assert solution.displacement_mm[:, 2].max() == pytest.approx(2.0, abs=0.1)
    assert solution.contacts[0].force_mn + solution.support_mn.sum(axis=0) == pytest.approx(
        0, abs=1e-4 * solution.contacts[0].force_mn[2]
    )


@pytest.mark.parametrize("friction_coefficient", [0.3, 0.5])
def test_a_block_sticks_on_a_plane_less_steep_than_friction_allows(friction_coefficient):
    angle = np.arctan(friction_coefficient) - 0.03
    found = pressed.inclined(angle, friction_coefficient)
    along, _, out = found.contacts[0].force_mn / pressed.WEIGHT_MN
    assert out == pytest.approx(np.cos(angle), rel=1e-4)
    assert -along == pytest.approx(np.sin(angle), rel=2e-3)
    assert np.abs(found.displacement_mm).max() < 0.1


@pytest.mark.parametrize("friction_coefficient", [0.3, 0.5])
def test_a_block_slides_on_a_steeper_plane_and_rubs_by_its_weight(friction_coefficient):
    angle = np.arctan(friction_coefficient) + 0.1
    found = pressed.inclined(angle, friction_coefficient)
    along, _, out = found.contacts[0].force_mn / pressed.WEIGHT_MN
    assert out == pytest.approx(np.cos(angle), rel=1e-4)
    assert -along == pytest.approx(friction_coefficient * np.cos(angle), rel=1e-4)
    assert found.displacement_mm[:, 0].min() > 5


@pytest.mark.parametrize("shape", ["ball", "spline", "cylinder"])
def test_the_tangent_is_the_slope_of_the_forces_and_they_that_of_the_energy(shape):
    mesh, tissue, _, bottom = pressed.block()
    middle, radius = np.array([9.0, 11.0, -17.5]), 18.0
    made = {
        "ball": ball(middle, radius),
        "cylinder": cylinder(middle, (1, 0.2, 0.1), radius),
        "spline": spline_of(
            lambda x: np.linalg.norm(x - middle, axis=1) - radius, [[-5] * 3, [25] * 3], 3.0
        ),
    }
    contact = Obstacle(bottom, made[shape], stiffness_kpa_per_mm=7.0, clearance_mm=0.1)
    problem = Problem(mesh, tissue, Loads(contacts=(contact,)))
    rng = np.random.default_rng(5)
    u, way = 0.05 * rng.standard_normal((2, len(mesh.nodes_mm), 3))
    state = problem.at(u, 1.0, tangent=True)
    step = 1e-5
    ahead, behind = (problem.at(u + s * way, 1.0, tangent=False) for s in (step, -step))
    slope = product(problem, state, way)
    assert slope == pytest.approx((ahead.residual - behind.residual) / (2 * step), abs=1e-4)
    climb = (ahead.energy - behind.energy) / (2 * step)
    assert np.einsum("ij,ij->", state.residual, way) == pytest.approx(climb, rel=1e-6)


@pytest.mark.parametrize(
    ("lower", "upper", "within"),
    [((3, 3, 2), (3, 3, 2), 1e-4), ((3, 3, 2), (5, 5, 2), 0.06), ((4, 4, 2), (3, 3, 2), 0.2)],
)
def test_two_blocks_hand_on_the_pressure_between_them(lower, upper, within):
    problem, solution = pressed.patch(lower, upper)
    found = solution.contacts[0]
    assert found.pressure_kpa == pytest.approx(1.0, abs=within)
    assert found.force_mn == pytest.approx([0, 0, 400], abs=0.1)
    assert found.penetration_mm < 0.05
    stress, _ = problem.stress_kpa(solution.displacement_mm)
    assert stress[..., 2, 2].mean() == pytest.approx(-1.0, abs=0.05)
    assert response_of(problem, solution).force_balance_error_fraction < 1e-6


def test_meshes_that_cannot_lie_as_close_as_asked_are_refused_in_a_sentence():
    with pytest.raises(SolveError, match="mm inside what it touches"):
        pressed.patch((3, 3, 1), (2, 2, 1), penetration_mm=1e-6)


def test_two_equal_balls_push_each_other_back_as_hertz_says():
    solution, force, known = pressed.two_balls()
    assert force == pytest.approx(known, rel=0.02)
    assert solution.contacts[0].penetration_mm < 1e-4


def test_bodies_push_each_other_without_force_or_moment_on_the_whole():
    mesh, under, over, _ = pressed.stacked((4, 4, 2), (3, 3, 2), bulge=0.01, overlap=0.5)
    problem = Problem(mesh, NeoHookean(20.0, 0.3), Loads(contacts=(Bodies(over, under),)))
    u = 0.02 * np.random.default_rng(4).standard_normal(mesh.nodes_mm.shape)
    force = problem.at(u, 1.0, tangent=False).external
    size = np.abs(force).sum()
    assert size > 100
    assert force.sum(axis=0) == pytest.approx(0, abs=1e-12 * size)
    moment = np.cross(mesh.nodes_mm + u, force).sum(axis=0)
    assert moment == pytest.approx(0, abs=1e-9 * size)


def test_the_tangent_between_bodies_is_the_slope_of_their_forces():
    mesh, under, over, _ = pressed.stacked((3, 3, 2), (4, 4, 2), bulge=0.01, overlap=0.02)
    contact = Bodies(over, under, stiffness_kpa_per_mm=7.0)
    problem = Problem(mesh, NeoHookean(20.0, 0.3), Loads(contacts=(contact,)))
    rng = np.random.default_rng(6)
    u, way = 0.005 * rng.standard_normal((2, len(mesh.nodes_mm), 3))
    state = problem.at(u, 1.0, tangent=True)
    step = 1e-5
    ahead, behind = (problem.at(u + s * way, 1.0, tangent=False) for s in (step, -step))
    assert state.external.any()
    slope = product(problem, state, way)
    known = (ahead.residual - behind.residual) / (2 * step)
    assert slope == pytest.approx(known, abs=1e-3 * np.abs(known).max())
    climb = (ahead.energy - behind.energy) / (2 * step)
    assert np.einsum("ij,ij->", state.residual, way) == pytest.approx(climb, rel=1e-6)


def test_bodies_that_never_touch_change_no_bit():
    mesh, under, over, _ = pressed.stacked(overlap=-3.0)
    ends = np.abs(mesh.nodes_mm[:, 2] - 3) > 9
    held = Held(np.repeat(ends[:, None], 3, axis=1), np.zeros(mesh.nodes_mm.shape))
    alone, near = (
        solve(Problem(mesh, NeoHookean(20.0, 0.3), Loads(DOWN, contacts=contacts)), held)
        for contacts in ((), (Bodies(over, under),))
    )
    assert np.array_equal(alone.displacement_mm, near.displacement_mm)
    assert near.contacts[0].area_mm2 == 0


def test_a_splined_ball_is_a_ball():
    middle = np.array([1.0, 2.0, 3.0])
    exact = ball(middle, 10.0)
    splined = spline_of(lambda x: exact(x).distance_mm, [[-14] * 3, [16] * 3], 1.0)
    way = np.random.default_rng(1).standard_normal((200, 3))
    points = middle + 10.3 * way / np.linalg.norm(way, axis=1)[:, None]
    for found, known, within in zip(
        splined(points), exact(points), (1e-4, 1e-3, 0.01), strict=True
    ):
        assert found == pytest.approx(known, abs=within)
    assert splined(np.array([[99.0, 0, 0]])).distance_mm > 1000


def test_a_contact_without_stiffness_is_refused():
    mesh, tissue, _, bottom = pressed.block()
    contact = Obstacle(bottom, plane((0, 0, 0), (0, 0, 1)), stiffness_kpa_per_mm=0.0)
    with pytest.raises(ValueError, match="above zero"):
        Problem(mesh, tissue, Loads(contacts=(contact,)))
