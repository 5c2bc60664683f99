"""Lasso, scissors, level tracing and filling between slices, against what geometry says."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging.editing.tracing import level_line
from surgiplan.model import Volume

from .conftest import bench_with


@pytest.fixture(scope="module")
def cube():
    """A block of tissue with everything in it, in voxels of one millimetre."""
    bench = bench_with((41, 41, 41), (1.0, 1.0, 1.0))
    bench.masks["block"] = np.abs(bench.painting.x).max(axis=-1) < 15.2
    return bench


def circle(cube, radius_mm, u, v, centre=(0, 0, 0), count=90):
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    u, v = (np.array(one, float) / np.linalg.norm(one) for one in (u, v))
    return cube.lps(*(centre + radius_mm * (np.cos(t) * u + np.sin(t) * v)))


@pytest.mark.parametrize(
    ("u", "v"), [((1, 0, 0), (0, 1, 0)), ((1, 0, 0), (0, 0, 1)), ((0, 1, 0), (0, 0, 1))]
)
def test_a_circle_drawn_in_a_slice_is_one_voxel_thick(cube, u, v):
    disc = cube.edited("draw", points=circle(cube, 9.0, u, v))
    assert 1 in disc.mask.shape
    assert disc.voxels == pytest.approx(np.pi * 81, rel=0.03)


def test_an_oblique_disc_has_its_volume_and_no_hole(cube):
    u, v = (1, 0, 0.4), (0, 1, 0.3)
    disc = cube.edited("draw", points=circle(cube, 10.0, u, v), thickness_mm=4.0)
    assert disc.volume_ml == pytest.approx(
        np.pi * 0.4 * np.linalg.norm(np.cross(u, v)) / np.linalg.norm(u) / np.linalg.norm(v),
        rel=0.04,
    )
    thin = cube.edited("draw", points=circle(cube, 10.0, u, v))
    assert (thin.mask.sum(axis=0) <= 1).all(), "one voxel thick"
    assert thin.mask.any(axis=0).sum() > 280, "without a hole"


def test_a_lasso_erases(cube):
    block = cube.segment("block")
    hole = cube.edited("draw", block, points=circle(cube, 8, (1, 0, 0), (0, 1, 0)), erase=1)
    assert block.voxels - hole.voxels == pytest.approx(np.pi * 64, rel=0.04)
    with pytest.raises(SegmentationError, match="as it is"):
        cube.run("draw", "block", points=circle(cube, 8, (1, 0, 0), (0, 1, 0)))


@pytest.mark.parametrize("points", [[(0, 0, 0), (5, 5, 5), (9, 9, 9)], [(1, 2, 3)] * 4])
def test_an_outline_without_an_inside_is_refused(cube, points):
    with pytest.raises(SegmentationError, match="no inside"):
        cube.run("draw", "block", points=cube.lps(*points))


def test_an_outline_far_beside_the_scan_adds_nothing(cube):
    far = circle(cube, 9.0, (1, 0, 0), (0, 1, 0), centre=(1e30, 0, 0))
    for points, words in ((far, "no inside|nothing"), (far * np.nan, "lacks a number")):
        with pytest.raises(SegmentationError, match=words):
            cube.run("draw", points=points)


def test_an_outline_that_leaves_its_plane_is_refused(cube):
    with pytest.raises(SegmentationError, match="leaves its plane"):
        cube.run("draw", points=cube.lps((0, 0, 0), (9, 0, 0), (9, 9, 4), (0, 9, 0)))


def test_scissors_cut_a_shaft_through_the_block(cube):
    outline = circle(cube, 6.0, (1, 0, 0), (0, 1, 0), centre=(0, 0, 60))
    block = cube.segment("block")
    inside = cube.edited("scissors", block, points=outline)
    outside = cube.edited("scissors", block, points=outline, outside=1)
    assert outside.voxels == pytest.approx(31 * np.pi * 36, rel=0.03)
    assert inside.voxels + outside.voxels == block.voxels


def test_scissors_look_along_the_view_and_stop_at_their_depth(cube):
    outline = circle(cube, 6.0, (1, 0, 0), (0, 1, 0), centre=(0, 0, 60))
    block = cube.segment("block")
    looks = {"direction_lps": (0.0, 0.0, -1.0)}
    half = cube.edited("scissors", block, points=outline, depth_mm=60.5, **looks)
    taken = cube.on_scan(block) & ~cube.on_scan(half)
    assert taken[20:].any(axis=(1, 2))[:16].all()
    assert not taken[:20].any()
    slab = cube.edited("scissors", block, points=outline - [0, 0, 60], slab_mm=5.0)
    assert block.voxels - slab.voxels == pytest.approx(5 * np.pi * 36, rel=0.03)
    with pytest.raises(SegmentationError, match="which way"):
        cube.run("scissors", block, points=outline, depth_mm=60)
    with pytest.raises(SegmentationError, match="edge"):
        cube.run("scissors", block, points=outline, direction_lps=(1.0, 0.0, 0.0))
    for numbers in ((1.0, 2.0), "front", (0.0, float("nan"), 1.0)):
        with pytest.raises(SegmentationError, match="three numbers"):
            cube.run("scissors", block, points=outline, eye_lps=numbers)


def test_a_cut_in_perspective_widens_with_the_distance(cube):
    eye = tuple(cube.lps((0, 0, 60))[0])
    outline = circle(cube, 3.0, (1, 0, 0), (0, 1, 0), centre=(0, 0, 30))
    block = cube.segment("block")
    cut = cube.on_scan(block) & ~cube.on_scan(
        cube.edited("scissors", block, points=outline, eye_lps=eye)
    )
    areas = cut.sum(axis=(1, 2))
    near, far = areas[20 + 14], areas[20 - 14]
    assert near == pytest.approx(np.pi * (3 * 46 / 30) ** 2, rel=0.1)
    assert far == pytest.approx(np.pi * (3 * 74 / 30) ** 2, rel=0.1)
    turned = cube.edited("scissors", block, points=outline, eye_lps=eye, depth_mm=30.5)
    assert cube.on_scan(turned)[:20].sum() == cube.on_scan(block)[:20].sum()


def test_level_tracing_goes_around_an_organ(cube):
    at = cube.lps((7, 2, 0))[0]
    line = level_line(cube.scan, at)
    assert np.linalg.norm(line - at, axis=1).min() < 1.0
    found = cube.on_scan(cube.edited("level_trace", points=[at]))
    slice_of_organ = cube.painting.ball((-4, 2, 0), 11)[20]
    both = np.count_nonzero(found[20] & slice_of_organ)
    assert 2 * both / (found.sum() + slice_of_organ.sum()) > 0.93
    flat = Volume("ct", np.zeros(cube.grid.shape, np.int16), cube.grid)
    with pytest.raises(SegmentationError, match=r"leaves the scan|flat"):
        level_line(flat, at)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slanting_tube_drawn_on_every_fifth_slice_is_found_again(cube, axis):
    direction = np.full(3, 0.3)
    direction[2 - axis] = 1
    tube = cube.painting.tube((0, 0, 0), direction, 5) & cube.painting.ball((0, 0, 0), 17)
    drawn = tube & (np.indices(tube.shape)[axis] % 5 == 0)
    ends = np.flatnonzero(drawn.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]]
    inner = np.indices(tube.shape)[axis]
    tube &= (inner >= ends[0]) & (inner <= ends[1])
    filled = cube.on_scan(cube.edited("fill_between", cube.segment("tube", drawn)))
    assert (filled | ~drawn).all(), "what was drawn stays"
    overlap = 2 * np.count_nonzero(filled & tube) / (filled.sum() + tube.sum())
    assert overlap > 0.93


def test_nothing_to_fill_between_is_said(cube):
    with pytest.raises(SegmentationError, match="no empty slice"):
        cube.run("fill_between", "block")


def test_a_front_stays_in_the_organ_and_air_is_refused(cube):
    found = cube.on_scan(cube.edited("march", points=cube.lps((-4, 9, 0)), reach_mm=30))
    organ = cube.masks["organ"]
    assert np.count_nonzero(found & organ) > 0.8 * np.count_nonzero(found)
    cube_in_air = cube.__class__(cube.grid)
    cube_in_air.scan = Volume("ct", np.full(cube.grid.shape, -1000, np.int16), cube.grid)
    with pytest.raises(SegmentationError, match="lies in air"):
        cube_in_air.run("march", points=cube.lps((0, 0, 0)))
