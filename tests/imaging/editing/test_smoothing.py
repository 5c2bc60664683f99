"""Each way of smoothing keeps what it promises to keep."""

import numpy as np
import pytest

from .conftest import bench_with


@pytest.fixture(scope="module")
def rough():
    """A ball with a ragged surface, two neighbours with a ragged border, and a thin vessel."""
    bench = bench_with((50, 60, 60), (1.0, 1.0, 1.0))
    painting = bench.painting
    x = painting.x[..., 0]
    ragged = np.random.default_rng(1).normal(0, 1.2, bench.grid.shape)
    ball = np.linalg.norm(painting.x, axis=-1)
    bench.masks |= {
        "ragged": ball + ragged < 18,
        "left": (ball < 18) & (x + ragged > 0),
        "right": (ball < 18) & (x + ragged <= 0),
        "vessel": painting.tube((0, 0, 0), (0.1, 0, 1), 2.0) & (ragged > -1.8),
        "round": ball < 18,
    }
    return bench


def roughness(mask):
    """Faces of voxels on the surface, which smoothing lessens."""
    return sum(np.count_nonzero(np.diff(np.pad(mask, 1).astype(int), axis=a)) for a in range(3))


@pytest.mark.parametrize("name", ["median", "gaussian", "smooth"])
def test_a_ragged_ball_becomes_smooth(rough, name):
    before = rough.masks["ragged"]
    after = rough.on_scan(rough.edited(name, "ragged"))
    assert roughness(after) < 0.7 * roughness(before)
    true = rough.masks["round"]
    dice = 2 * np.count_nonzero(after & true) / (np.count_nonzero(after) + np.count_nonzero(true))
    assert dice > 0.97


def test_smoothing_keeps_the_volume_and_thin_vessels(rough):
    assert rough.edited("smooth", "ragged").voxels == rough.segment("ragged").voxels
    thin = rough.edited("smooth", "vessel")
    assert thin.voxels == rough.segment("vessel").voxels
    assert rough.on_scan(thin).any(axis=(1, 2)).all()


def test_a_gaussian_says_that_it_eats_thin_vessels(rough):
    eaten = rough.edited("gaussian", "vessel", sigma_mm=1.5)
    assert eaten.voxels < 0.9 * rough.segment("vessel").voxels


def test_neighbours_smoothed_together_have_no_gap_and_no_overlap(rough):
    left, right = (rough.on_scan(one) for one in rough.run("joint", "left", "right"))
    assert not (left & right).any()
    inside = rough.painting.ball((0, 0, 0), 15)
    assert (left | right)[inside].all()
    rim = np.diff(left.astype(int), axis=2) & inside[..., 1:]
    before = np.diff(rough.masks["left"].astype(int), axis=2) & inside[..., 1:]
    assert np.count_nonzero(rim) < 0.7 * np.count_nonzero(before)


def test_closing_only_adds_and_opening_only_takes(rough):
    before = rough.masks["ragged"]
    assert (rough.on_scan(rough.edited("closing", "ragged")) | ~before).all()
    assert (~rough.on_scan(rough.edited("opening", "ragged", radius_mm=3)) | before).all()


def test_a_bridge_thinner_than_the_radius_is_opened(rough):
    both = rough.painting.ball((-12, 0, 0), 8) | rough.painting.ball((12, 0, 0), 8)
    bridge = rough.painting.tube((0, 0, 0), (1, 0, 0), 1.5)
    bridge &= np.abs(rough.painting.x[..., 0]) < 12
    opened = rough.edited("opening", rough.segment("pair", both | bridge), radius_mm=3)
    assert not rough.on_scan(opened)[rough.painting.ball((0, 0, 0), 2)].any()
    assert opened.voxels > 0.85 * np.count_nonzero(both)
