"""A small scan with a few structures, and operations run on it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from surgiplan.imaging import cropped_segment
from surgiplan.imaging.crop import Box
from surgiplan.imaging.editing import OPERATIONS
from surgiplan.jobs_report import silent
from surgiplan.model import Volume
from tests.imaging.conftest import STANDARD, Painting, grid_of

SHAPE = (24, 44, 48)
SPACING = (2.5, 1.0, 0.8)


class Bench:
    """A scan, its masks as segments, and a hand."""

    def __init__(self, grid, axes=STANDARD):
        index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
        x = grid.to_lps(index) - grid.to_lps((np.array(grid.shape) - 1) / 2)
        self.painting = Painting(grid, np.full(grid.shape, -100.0), x)
        self.grid = grid
        self.masks = {}

    def paint(self, name, where, hu):
        self.masks[name] = self.painting.paint(where, hu)

    def finish(self, noise_hu=8.0):
        sharp = gaussian_filter(self.painting.values, 0.6 / np.array(self.grid.spacing_mm))
        noise = np.random.default_rng(4).normal(0, noise_hu, self.grid.shape)
        self.scan = Volume("ct", np.rint(sharp + noise).astype(np.int16), self.grid)
        return self

    def segment(self, name, mask=None):
        mask = self.masks[name] if mask is None else mask
        return cropped_segment(
            mask, self.grid, segment_id=name, volume_id="ct", made_by=f"drawn: {name}"
        )

    def lps(self, *points):
        return self.painting.centre + np.array(points, float)

    def run(self, name, *segments, points=(), **settings):
        given = [self.segment(one) if isinstance(one, str) else one for one in segments]
        operation = OPERATIONS[name]
        return operation().run(self.scan, given, points, operation.Settings(**settings), silent)

    def edited(self, name, *segments, points=(), **settings):
        return self.run(name, *segments, points=points, **settings)[0]

    def on_scan(self, segment):
        mask = np.zeros(self.grid.shape, bool)
        mask[segment.grid.box_in(self.grid)] = segment.mask
        return mask

    @property
    def whole(self):
        return Box((0, 0, 0), self.grid.shape)


def bench_with(shape=SHAPE, spacing=SPACING, axes=STANDARD):
    """A ball with a hole, a smaller one that overlaps it, crumbs, and a tube."""
    bench = Bench(grid_of(shape, spacing, axes))
    painting = bench.painting
    organ = painting.ball((-4, 2, 0), 11) & ~painting.ball((-6, 2, 0), 2.6)
    crumbs = painting.ball((12, -14, 10), 2.1) | painting.ball((14, 14, -12), 3.2)
    bench.paint("organ", organ | crumbs, 120)
    bench.paint("tumour", painting.ball((3, 6, 2), 5), 60)
    bench.paint("tube", painting.tube((13, 0, 0), (0.1, 0.3, 1), 2.5), 300)
    bench.masks["core"] = painting.ball((-8, 0, 0), 4) & ~painting.ball((-6, 2, 0), 3.5)
    bench.masks["around"] = ~painting.ball((-4, 2, 0), 15) & painting.ball((-2, 2, 0), 17)
    moving = painting.ellipsoid((0, 0, 0), (8, 6, 26)) & painting.tube((0, 0, 0), (0.2, 0, 1), 6)
    bench.masks["moving"] = moving
    bench.masks["drawn"] = moving & (np.indices(shape)[2 - np.argmax(np.abs(axes[0]))] % 4 == 0)
    bench.masks["body"] = painting.ball((0, 0, 0), 18)
    return bench.finish()


@pytest.fixture(scope="session")
def bench():
    return bench_with()
