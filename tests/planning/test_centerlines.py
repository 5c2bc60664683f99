"""Centrelines and diameters of scanned tubes whose axis and section are known."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from surgiplan.errors import Cancelled, GeometryError, PlanError
from surgiplan.model import Segment, Volume, VoxelGrid
from surgiplan.planning import sections, trace

VOXEL_MM = 0.85


def dense(bodies, points):
    return bodies.resampled(points, 0.1)


def ends_of(axis, inset_mm=9.0, aside_mm=1.5):
    """Points picked beside the axis, a little inside both ends."""
    n = int(inset_mm / 0.1)
    return axis[n] + [aside_mm, 0, 0], axis[-n] + [0, aside_mm, 0]


def traced(bodies, points, a_mm, b_mm, aside_mm=1.5, **about):
    axis = dense(bodies, points)
    a, b = (np.broadcast_to(r, len(axis)) for r in (a_mm, b_mm))
    volume = bodies.scanned_tube(axis, a, b, **about)
    start, end = ends_of(axis, aside_mm=aside_mm)
    (branch,) = trace(volume, bodies.bright_part(volume), start, end)
    off, n = cKDTree(axis).query(branch.points_lps)
    return branch, off, 0.1 * (n[-1] - n[0]), (a[n], b[n])


def errors_of(branch, radii):
    sizes, (a, b) = sections(branch), radii
    return {
        "d_min": sizes.d_min_mm - 2 * np.minimum(a, b),
        "d_max": sizes.d_max_mm - 2 * np.maximum(a, b),
        "d_area": sizes.d_area_mm - 2 * np.sqrt(a * b),
    }


@pytest.mark.parametrize("tilt_deg", [0, 60])
@pytest.mark.parametrize(("a_mm", "b_mm"), [(12.0, 10.0), (5.0, 4.6)])
def test_an_oval_vessel_has_its_true_diameters_however_it_runs_through_the_slices(
    bodies, tilt_deg, a_mm, b_mm
):
    tilt = np.deg2rad(tilt_deg)
    direction = (0.8 * np.sin(tilt), 0.6 * np.sin(tilt), -np.cos(tilt))
    branch, off, length_mm, radii = traced(bodies, bodies.line(48.0, direction), a_mm, b_mm)
    assert off.mean() < 0.15
    assert branch.length_mm == pytest.approx(length_mm, abs=0.3)
    for name, error in errors_of(branch, radii).items():
        assert np.isfinite(error).all(), name
        assert abs(error.mean()) < 0.2, name
        assert np.abs(error).max() < VOXEL_MM, name


def test_a_bend_is_followed_in_the_middle_with_its_true_length(bodies):
    branch, off, length_mm, radii = traced(bodies, bodies.arc(40.0, 110.0), 6.0, 5.6)
    assert off.mean() < 0.15
    assert off.max() < 0.3
    assert branch.length_mm == pytest.approx(length_mm, abs=0.4)
    turns = np.einsum("ij,ij->i", branch.tangents[1:], branch.tangents[:-1])
    assert np.degrees(np.arccos(np.clip(turns, -1, 1))).max() < 4.0
    for name, error in errors_of(branch, radii).items():
        assert abs(error.mean()) < 0.2, name


def test_a_bulge_is_measured_as_wide_as_it_is(bodies):
    s = np.linspace(0, 80, 801)
    a = 8 + 5 * np.exp(-(((s - 40) / 13) ** 2))
    line = bodies.line(80.0, (0.2, 0.3, -1))
    branch, off, _, radii = traced(bodies, line, a, 0.88 * a, wall_mm=3.0)
    assert off.max() < 0.3
    assert sections(branch).d_max_mm.max() == pytest.approx(26.0, abs=0.5)
    for name, error in errors_of(branch, radii).items():
        assert abs(error.mean()) < 0.2, name
        assert np.abs(error).max() < VOXEL_MM, name


def test_calcium_in_the_wall_does_not_widen_the_lumen(bodies):
    branch, _, _, radii = traced(bodies, bodies.line(60.0, (0.3, 0, -1)), 5.0, 4.6, plaque_at=300)
    for name, error in errors_of(branch, radii).items():
        assert np.abs(error).max() < VOXEL_MM, name


def test_a_vein_beside_an_artery_does_not_move_its_wall(bodies):
    branch, _, _, radii = traced(
        bodies, bodies.line(60.0, (0.3, 0.2, -1)), 5.0, 4.6, behind_hu=60.0, vein_hu=150.0
    )
    for name, error in errors_of(branch, radii).items():
        assert abs(error.mean()) < 0.25, name
        assert np.abs(error).max() < VOXEL_MM, name


def test_a_point_picked_near_the_wall_gives_an_end_without_a_hook(bodies):
    branch, off, _, _ = traced(bodies, bodies.line(60.0, (0.1, 0, -1)), 9.0, 9.0, aside_mm=5.0)
    assert off.max() < 0.3
    direction = branch.points_lps[-1] - branch.points_lps[0]
    bends = branch.tangents @ (direction / np.linalg.norm(direction))
    assert np.degrees(np.arccos(np.clip(bends.min(), -1, 1))) < 3.0


def test_an_oblique_scan_gives_the_same_vessel(bodies):
    axis = dense(bodies, bodies.line(50.0, (0, 0, -1)))
    straight = bodies.scanned_tube(axis, 7.0, 6.0)
    turn = bodies.random_rotation(5).as_matrix()
    affine = np.eye(4)
    affine[:3] = turn @ straight.grid.affine[:3]
    turned = Volume("ct", straight.values, VoxelGrid(straight.grid.shape, affine))
    answers = []
    for volume, rotation in ((straight, np.eye(3)), (turned, turn)):
        start, end = (point @ rotation.T for point in ends_of(axis))
        (branch,) = trace(volume, bodies.bright_part(volume), start, end)
        answers.append((branch.length_mm, np.mean(sections(branch).area_mm2)))
    assert answers[0] == pytest.approx(answers[1], rel=1e-3)


@pytest.fixture(scope="module")
def simple(bodies):
    axis = dense(bodies, bodies.line(50.0, (0, 0, -1)))
    volume = bodies.scanned_tube(axis, 6.0, 6.0, noise_hu=0.0)
    return axis, volume, bodies.bright_part(volume)


def test_a_point_beside_the_vessel_is_refused_with_its_distance(simple):
    axis, volume, lumen = simple
    start, end = ends_of(axis)
    with pytest.raises(PlanError, match=r"The end at .* lies 1\d mm beside lumen"):
        trace(volume, lumen, start, end + [20.0, 0, 0])


def test_a_vessel_that_is_interrupted_is_refused(simple):
    axis, volume, lumen = simple
    mask = lumen.mask.copy()
    mask[mask.shape[0] // 2] = False
    start, end = ends_of(axis)
    with pytest.raises(PlanError, match="interrupted between the start and the end 2"):
        trace(volume, Segment("l", "l", mask, lumen.grid), start, [start + [0, 0, -10], end])


def test_two_points_in_one_place_are_refused(simple):
    axis, volume, lumen = simple
    start, _ = ends_of(axis)
    with pytest.raises(PlanError, match=r"only 1\.0 mm apart"):
        trace(volume, lumen, start, start + [0, 0, 1.0])


def test_a_lumen_of_another_scan_is_refused(simple):
    axis, volume, lumen = simple
    elsewhere = VoxelGrid(lumen.grid.shape, lumen.grid.affine, "another frame")
    with pytest.raises(GeometryError, match="frames of reference"):
        trace(volume, Segment("l", "l", lumen.mask, elsewhere), *ends_of(axis))


def test_tracing_stops_when_it_is_no_longer_wanted(simple):
    axis, volume, lumen = simple

    def stop(fraction, message):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        trace(volume, lumen, *ends_of(axis), stop)
