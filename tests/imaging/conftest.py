"""Bodies painted into a scan: blurred, noisy, with a known truth."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from surgiplan.model import Segment, Volume, VoxelGrid

STANDARD = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
"""Directions of the k, j and i axes in LPS."""


def grid_of(shape, spacing, axes=STANDARD, centre=(-20.0, 10.0, 300.0)):
    affine = np.eye(4)
    affine[:3, :3] = np.array(axes, float).T * spacing
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return VoxelGrid(shape=shape, affine=affine, frame_uid="1.2.3")


@dataclass
class Painting:
    """A scan in the making; coordinates are millimetres from its centre."""

    grid: VoxelGrid
    values: np.ndarray
    x: np.ndarray

    def ball(self, centre, radius):
        return np.linalg.norm(self.x - np.asarray(centre, float), axis=-1) < radius

    def ellipsoid(self, centre, axes):
        return np.linalg.norm((self.x - np.asarray(centre, float)) / axes, axis=-1) < 1

    def tube(self, through, direction, radius):
        direction = np.asarray(direction, float) / np.linalg.norm(direction)
        offset = self.x - np.asarray(through, float)
        along = offset @ direction
        return np.linalg.norm(offset - along[..., None] * direction, axis=-1) < radius

    def paint(self, where, hu):
        self.values[where] = hu
        return where

    def scanned(self, noise_hu=10.0, blur_mm=0.7):
        spacing = np.array(self.grid.spacing_mm)
        sharp = gaussian_filter(self.values, blur_mm / spacing)
        noise = gaussian_filter(
            np.random.default_rng(4).normal(size=self.values.shape), 0.7 / spacing
        )
        noise *= noise_hu / noise.std()
        return Volume(id="ct", values=np.rint(sharp + noise).astype(np.int16), grid=self.grid)

    def lps(self, point):
        return self.centre + np.asarray(point, float)

    @property
    def centre(self):
        return self.grid.to_lps((np.array(self.grid.shape) - 1) / 2)

    def ml(self, mask):
        return np.count_nonzero(mask) * self.grid.voxel_mm3 / 1000


def on_scan(segment: Segment, grid: VoxelGrid) -> np.ndarray:
    mask = np.zeros(grid.shape, bool)
    mask[segment.grid.box_in(grid)] = segment.mask
    return mask


@pytest.fixture
def canvas():
    """Makes an empty painting: fat everywhere."""

    def make(shape=(60, 110, 110), spacing=(2.0, 0.9, 0.9), axes=STANDARD, background=-100.0):
        grid = grid_of(shape, spacing, axes)
        index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
        x = grid.to_lps(index) - grid.to_lps((np.array(shape) - 1) / 2)
        return Painting(grid, np.full(shape, background, float), x)

    return make


@pytest.fixture
def dice():
    """Overlap of a segment with a mask on the whole scan."""

    def overlap(segment, truth, grid):
        found = on_scan(segment, grid)
        return 2 * np.count_nonzero(found & truth) / (segment.voxels + np.count_nonzero(truth))

    return overlap


@pytest.fixture
def placed():
    """A segment's mask on the whole scan."""
    return on_scan
