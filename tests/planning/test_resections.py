"""What a plane does to a ball of liver."""

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.planning import divide, margin, remnant, specimen

DIRECTIONS = [(0, 0, 1), (1, 0, 0), (0, -1, 0), (1, 1, 1), (0.3, -0.8, 0.5), (-0.05, 0.02, -1)]


def cap_mm3(radius_mm, height_mm):
    return np.pi * height_mm**2 * (3 * radius_mm - height_mm) / 3


@pytest.mark.parametrize("normal", DIRECTIONS)
def test_a_plane_through_the_middle_halves_a_ball(bodies, normal):
    grid = bodies.grid((40, 100, 100))
    center = bodies.middle(grid)
    ball = bodies.ball(grid, center, 35.0)
    halves = divide(ball, bodies.plane(center, normal))
    assert halves.remnant_fraction == pytest.approx(0.5, abs=1e-6)
    assert halves.cut_area_mm2 == pytest.approx(np.pi * 35**2, rel=0.02)
    assert halves.resected_ml + halves.remnant_ml == pytest.approx(ball.volume_ml, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_a_cap_has_the_volume_and_the_cut_of_a_cap_however_the_scan_lies(bodies, seed):
    rng = np.random.default_rng(seed)
    grid = bodies.grid((40, 100, 100), turned=bodies.random_rotation(seed), origin=(30, 40, 500))
    center = bodies.middle(grid) + rng.uniform(-1, 1, 3)
    normal = rng.normal(size=3)
    normal /= np.linalg.norm(normal)
    height_mm = rng.uniform(12, 50)
    ball = bodies.ball(grid, center, 35.0)
    cut = divide(ball, bodies.plane(center + (35 - height_mm) * normal, normal))
    disc_mm2 = np.pi * height_mm * (70 - height_mm)
    assert cut.resected_ml == pytest.approx(cap_mm3(35, height_mm) / 1000, rel=0.006, abs=0.05)
    assert cut.cut_area_mm2 == pytest.approx(disc_mm2, rel=0.02)


def test_a_plane_that_moves_less_than_a_voxel_changes_the_volumes(bodies):
    grid = bodies.grid((40, 100, 100))
    center = bodies.middle(grid)
    ball = bodies.ball(grid, center, 35.0)
    near, far = (
        divide(ball, bodies.plane(center + [0, 0, z], (0, 0, 1))).resected_ml for z in (0.0, 0.1)
    )
    assert near - far == pytest.approx(np.pi * 35**2 * 0.1 / 1000, rel=0.02)


def test_the_parts_that_are_cut_out_have_the_volumes_that_were_promised(bodies):
    grid = bodies.grid((40, 100, 100), turned=bodies.random_rotation(3))
    center = bodies.middle(grid)
    ball = bodies.ball(grid, center, 35.0)
    cut = bodies.plane(center + [3, 2, 1], (1, -2, 0.5))
    promised = divide(ball, cut)
    kept, removed = remnant(ball, cut), specimen(ball, cut)
    assert kept.volume_ml == pytest.approx(promised.remnant_ml, rel=2e-3)
    assert removed.voxels + kept.voxels == ball.voxels
    assert np.all((kept.grid.to_lps(np.argwhere(kept.mask)) - cut.point_lps) @ cut.normal <= 1e-9)
    assert kept.grid.box_in(grid)


@pytest.mark.parametrize("normal", DIRECTIONS)
def test_the_margin_of_a_ball_is_its_distance_from_the_plane(bodies, normal):
    normal = np.array(normal) / np.linalg.norm(normal)
    errors = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        grid = bodies.grid((22, 56, 56))
        center = bodies.middle(grid) + rng.uniform(-1.5, 1.5, 3)
        radius_mm = rng.uniform(14, 18)
        tumour = bodies.ball(grid, center, radius_mm)
        found = margin(tumour, bodies.plane(center - (radius_mm + 8) * normal, normal))
        errors.append(found.min_mm - 8.0)
        assert found.max_mm == pytest.approx(8 + 2 * radius_mm, abs=1.3)
        # 5 % of a ball's surface lie within a twentieth of its diameter.
        assert found.p5_mm == pytest.approx(8 + 0.1 * radius_mm, abs=0.6)
        assert found.uncertainty_mm == pytest.approx(np.hypot(2.5, np.hypot(0.85, 0.85)))
    across_mm = np.abs(normal) @ [0.85, 0.85, 2.5]
    assert abs(np.mean(errors)) < 0.3 * across_mm
    assert np.max(np.abs(errors)) < 0.6 * across_mm


def test_a_wanted_margin_is_met_or_not(bodies):
    grid = bodies.grid((22, 56, 56))
    center = bodies.middle(grid)
    tumour = bodies.ball(grid, center, 12.0)
    away = center - np.array([20.0, 0, 0])
    assert margin(tumour, bodies.plane(away, (1, 0, 0), margin_mm=7.0)).is_met
    assert not margin(tumour, bodies.plane(away, (1, 0, 0), margin_mm=9.0)).is_met


def test_a_plane_through_a_tumour_cuts_it_and_one_beyond_leaves_it_behind(bodies):
    grid = bodies.grid((22, 56, 56))
    center = bodies.middle(grid)
    tumour = bodies.ball(grid, center, 12.0)
    cut = margin(tumour, bodies.plane(center + [3.0, 0, 0], (1, 0, 0)))
    assert cut.is_cut
    assert not cut.is_left_behind
    assert cut.min_mm == pytest.approx(-15, abs=0.5)
    left = margin(tumour, bodies.plane(center + [20.0, 0, 0], (1, 0, 0)))
    assert left.is_left_behind
    assert not left.is_cut
    assert not left.is_met


@pytest.mark.parametrize("ask", [divide, remnant, specimen])
@pytest.mark.parametrize("side", [1, -1])
def test_a_plane_beside_the_organ_is_refused_with_the_way_to_it(bodies, ask, side):
    grid = bodies.grid((20, 50, 50))
    ball = bodies.ball(grid, bodies.middle(grid), 15.0)
    with pytest.raises(PlanError, match=r"misses ball; move it towards the organ's centre at 21"):
        ask(ball, bodies.plane(bodies.middle(grid) + [0, 16.0 * side, 0], (0, 1, 0)))


def test_a_lesion_without_voxels_has_no_margin(bodies):
    grid = bodies.grid((20, 50, 50))
    nothing = bodies.ball(grid, (1e4, 0, 0), 5.0)
    with pytest.raises(PlanError, match="no voxels"):
        margin(nothing, bodies.plane((0, 0, 0), (0, 0, 1)))
