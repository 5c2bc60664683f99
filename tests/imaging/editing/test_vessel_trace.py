"""Two clicks trace a vessel, whatever branches from it and whatever bright bone lies beside it."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging.editing.vessel_trace import vessel_way
from surgiplan.model import Volume

from .conftest import bench_with


@pytest.fixture(scope="module")
def bow():
    """A bow of 3.5 mm radius in soft tissue, with a branch, a vein and a bone beside it."""
    bench = bench_with((60, 70, 60), (1.0, 0.8, 0.8))
    painting = bench.painting
    painting.values[:] = 50
    x, y, z = np.moveaxis(painting.x, -1, 0)
    middle = 10 * np.cos(z / 16)
    vessel = np.hypot(x - middle, y) < 3.5
    painting.paint(painting.tube((0, 0, 0), (1, 0.2, 0.1), 2.2) & (x > 0), 330)
    painting.paint(np.hypot(x - middle + 14, y) < 5, 160)
    painting.paint(painting.tube((-6, 18, 0), (0, 0, 1), 6), 900)
    painting.paint(vessel, 330)
    bench.masks["bow"] = vessel & (np.abs(z) < 22)
    bench.ends = bench.lps(*((10 * np.cos(22 / 16), 0, end) for end in (-22, 22)))
    return bench.finish()


def test_the_lumen_between_the_clicks_is_found_without_the_branch(bow):
    found = bow.on_scan(bow.edited("trace_vessel", points=bow.ends))
    truth = bow.masks["bow"]
    both = np.count_nonzero(found & truth)
    assert 2 * both / (found.sum() + truth.sum()) > 0.9
    assert not found[np.abs(bow.painting.x[..., 2]) > 25].any(), "cut at the clicks"
    assert not found[bow.painting.x[..., 0] > 19].any(), "the branch stays out"


def test_the_way_follows_the_bow(bow):
    way = bow.grid.to_lps(vessel_way(bow.scan, bow.ends, 40.0)) - bow.painting.centre
    off = np.hypot(way[:, 0] - 10 * np.cos(way[:, 2] / 16), way[:, 1])
    assert off.max() < 3.5
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 5


def test_clicks_in_air_or_in_two_structures_are_refused(bow):
    with pytest.raises(SegmentationError, match="too unlike"):
        vessel_way(bow.scan, bow.lps((-6, 18, -20), (-4, 0, 20)), 20.0)
    elsewhere = bow.painting.ball((-18, -18, 20), 3)
    values = np.where(elsewhere, 330, bow.scan.values).astype(np.int16)
    with pytest.raises(SegmentationError, match="No vessel joins"):
        vessel_way(Volume("ct", values, bow.grid), bow.lps((10, 0, 0), (-18, -18, 20)), 20.0)
    air = Volume("ct", np.full(bow.grid.shape, -1000, np.int16), bow.grid)
    with pytest.raises(SegmentationError, match="lies in air"):
        vessel_way(air, bow.ends, 20.0)
