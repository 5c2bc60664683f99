"""Sections at a fork belong to two vessels and are not measured; a bulge is."""

import numpy as np
import pytest

from surgiplan.model import Segment, VoxelGrid
from surgiplan.planning.forks import forks

STATIONS = np.arange(0.0, 121.0)
AXIS = np.column_stack([np.zeros(121), np.zeros(121), STATIONS])
RADIUS_MM = 8.0


def lumen_of(inside):
    """Voxels of 1 mm whose centres lie ``inside(x, y, z)``."""
    affine = np.array([[0, 0, 1.0, -50], [0, 1.0, 0, -20], [1.0, 0, 0, -5], [0, 0, 0, 1]])
    grid = VoxelGrid((131, 41, 101), affine)
    z, y, x = np.meshgrid(
        np.arange(131) - 5, np.arange(41) - 20, np.arange(101) - 50, indexing="ij"
    )
    return Segment("lumen", "lumen", inside(x, y, z), grid)


def contours_of(lumen):
    """The first border along 64 rays from the axis, in 0.25 mm steps."""
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ways = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(64)])
    steps = np.arange(0, 45, 0.25)
    points = AXIS[:, None, None] + steps[None, None, :, None] * ways[None, :, None]
    k, j, i = np.moveaxis(np.rint(lumen.grid.to_index(points)).astype(int), -1, 0)
    size = lumen.mask.shape
    within = (k >= 0) & (k < size[0]) & (j >= 0) & (j < size[1]) & (i >= 0) & (i < size[2])
    inside = within & lumen.mask[k % size[0], j % size[1], i % size[2]]
    reach = steps[np.argmin(inside, axis=-1)]
    return AXIS[:, None] + reach[..., None] * ways


def tube(x, y, z):
    return (x**2 + y**2 < RADIUS_MM**2) & (z >= 0) & (z <= 120)


def side_branch(x, y, z):
    """A vessel of 5 mm radius that leaves to the left at 60 mm, half downwards."""
    along = (x + (z - 60)) / np.sqrt(2)
    aside = (x - (z - 60)) / np.sqrt(2)
    return (aside**2 + y**2 < 25) & (along > 0) & (along < 55)


def test_a_plain_vessel_has_no_fork():
    lumen = lumen_of(tube)
    assert not forks(AXIS, contours_of(lumen), lumen).any()


def test_stations_at_the_mouth_of_a_branch_are_told_and_no_others():
    lumen = lumen_of(lambda x, y, z: tube(x, y, z) | side_branch(x, y, z))
    found = forks(AXIS, contours_of(lumen), lumen)
    assert found[62:70].any()
    assert not found[:50].any()
    assert not found[95:].any()


@pytest.mark.parametrize("bulge_mm", [6.0, 10.0])
def test_a_short_bulge_is_no_fork(bulge_mm):
    def bulge(x, y, z):
        return (x - RADIUS_MM) ** 2 + y**2 + (z - 60) ** 2 < bulge_mm**2

    lumen = lumen_of(lambda x, y, z: tube(x, y, z) | bulge(x, y, z))
    contours = contours_of(lumen)
    assert np.linalg.norm(contours[60] - AXIS[60], axis=1).max() > RADIUS_MM + bulge_mm - 2
    assert not forks(AXIS, contours, lumen).any()


def test_an_aneurysm_is_no_fork():
    def sac(x, y, z):
        return np.hypot(x, y) < RADIUS_MM + 12 * np.exp(-(((z - 60) / 18) ** 2))

    lumen = lumen_of(lambda x, y, z: tube(x, y, z) | (sac(x, y, z) & (z >= 0) & (z <= 120)))
    assert not forks(AXIS, contours_of(lumen), lumen).any()
