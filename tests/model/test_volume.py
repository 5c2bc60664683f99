"""Where voxels lie in the patient, and that nouns never change."""

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.model import Volume, VoxelGrid


def oblique_grid(shape=(4, 5, 6)):
    angle = np.radians(20)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, 0.7], [0, 0.8, 0], [2.5, 0, 0]])
    affine[:3, 3] = (-120.0, 35.0, 900.0)
    return VoxelGrid(shape, affine, "frame")


def test_voxel_and_patient_coordinates_are_each_others_inverse():
    grid = oblique_grid()
    index = np.random.default_rng(3).uniform(-5, 9, (50, 3))
    assert grid.to_index(grid.to_lps(index)) == pytest.approx(index, abs=1e-9)


def test_the_spacing_is_slice_row_column():
    assert oblique_grid().spacing_mm == pytest.approx((2.5, 0.8, 0.7))
    assert oblique_grid().voxel_mm3 == pytest.approx(2.5 * 0.8 * 0.7)


def test_a_crop_keeps_each_voxel_where_it_was():
    grid = oblique_grid((10, 12, 14))
    crop = grid.cropped((2, 3, 4), (6, 9, 11))
    assert crop.shape == (4, 6, 7)
    assert crop.to_lps((0, 0, 0)) == pytest.approx(grid.to_lps((2, 3, 4)))
    assert crop.box_in(grid) == (slice(2, 6), slice(3, 9), slice(4, 11))


def test_a_grid_of_another_frame_does_not_combine():
    grid = oblique_grid((10, 12, 14))
    foreign = VoxelGrid(grid.shape, grid.affine, "another frame")
    with pytest.raises(GeometryError, match="different frames"):
        foreign.box_in(grid)


def test_the_scan_ends_half_a_voxel_beyond_its_outer_centres():
    grid = VoxelGrid((3, 3, 3), np.diag([2.0, 1.0, 1.0, 1.0]))
    assert grid.contains([[-0.9, 0, 0], [4.9, 2.4, 2.4]]).all()
    assert not grid.contains([[-1.1, 0, 0], [0, 2.6, 0]]).any()


def test_an_affine_that_flattens_the_patient_is_refused():
    with pytest.raises(ValueError, match="plane"):
        VoxelGrid((2, 2, 2), np.zeros((4, 4)))


def test_voxels_cannot_be_written_to():
    volume = Volume("ct", np.zeros((4, 5, 6), np.int16), oblique_grid())
    with pytest.raises(ValueError, match="read-only"):
        volume.values[0, 0, 0] = 1


def test_the_digest_follows_the_voxels_and_not_the_name():
    grid = oblique_grid()
    values = np.zeros(grid.shape, np.int16)
    brighter = values.copy()
    brighter[1, 2, 3] = 1
    volume = Volume("ct", values, grid)
    assert volume.digest == Volume("ct", values.copy(), oblique_grid()).digest
    assert volume.digest != Volume("ct", brighter, grid).digest
