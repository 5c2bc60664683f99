"""The picture across a vessel shows the scan there, with left on the right."""

import numpy as np
import pytest

from surgiplan.model import Branch, Volume, VoxelGrid
from surgiplan.planning import section_view

ANGLES = np.linspace(0, 2 * np.pi, 32, endpoint=False)


def scan_with_marks():
    """Bright at the patient's left, half as bright at the front of the middle, 1 mm voxels."""
    affine = np.array([[0, 0, 1.0, -30], [0, 1.0, 0, -30], [1.0, 0, 0, -30], [0, 0, 0, 1]])
    grid = VoxelGrid((61, 61, 61), affine)
    values = np.zeros(grid.shape, np.int16)
    values[:, 28:33, 40:45] = 1000
    values[:, 15:20, 28:33] = 500
    return Volume("ct", values, grid)


def branch_along(direction):
    tangent = np.array(direction, float)
    points = np.arange(-20.0, 21.0)[:, None] * tangent
    side = np.array([1.0, 0, 0]) if abs(tangent[0]) < 0.9 else np.array([0, 1.0, 0])
    other = np.cross(tangent, side)
    ring = 6 * (np.cos(ANGLES)[:, None] * side + np.sin(ANGLES)[:, None] * other)
    return Branch(points, np.tile(tangent, (41, 1)), points[:, None] + ring)


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -1)])
def test_the_patient_s_left_is_on_the_right_and_the_front_is_up(direction):
    view = section_view(scan_with_marks(), branch_along(direction), 20, width_mm=60, pixels=60)
    row, column = np.unravel_index(np.argmax(view.values), view.values.shape)
    assert column > 38
    assert 26 < row < 34
    assert view.values[15:19, 28:32].mean() == pytest.approx(500, abs=60)


def test_the_contour_lies_around_the_middle():
    view = section_view(scan_with_marks(), branch_along((0, 0, 1)), 5, width_mm=40)
    assert np.linalg.norm(view.contour_mm, axis=1) == pytest.approx(6, abs=1e-6)


def test_a_station_without_a_section_has_no_contour():
    plain = branch_along((0, 0, 1))
    unknown = Branch(plain.points_lps, plain.tangents, np.full_like(plain.contours_lps, np.nan))
    assert len(section_view(scan_with_marks(), unknown, 5, width_mm=40).contour_mm) == 0
