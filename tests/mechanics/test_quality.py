"""Numbers about elements whose shapes are known by hand."""

import numpy as np
import pytest

from surgiplan.mechanics import dihedral_angles_deg, mesh_of, quality_of
from surgiplan.mechanics.mesh import scaled_jacobian

REGULAR = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
CORNER = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
ONE = np.array([[0, 1, 2, 3]])


def test_a_regular_tetrahedron_is_perfect():
    assert np.abs(scaled_jacobian(REGULAR, ONE)) == pytest.approx(1.0)
    assert dihedral_angles_deg(REGULAR, ONE) == pytest.approx(np.degrees(np.arccos(1 / 3)))


def test_the_corner_of_a_cube_has_three_right_angles():
    angles = np.sort(dihedral_angles_deg(CORNER, ONE)[0])
    assert angles.shape == (12,), "each edge from both ends"
    # The three edges at the right corner and the three of the slanted face.
    assert angles[:6] == pytest.approx(np.degrees(np.arctan(np.sqrt(2))))
    assert angles[6:] == pytest.approx(90)
    # At the right corner 1, at the others 1 / (sqrt 2 sqrt 2); times sqrt 2, the least counts.
    assert scaled_jacobian(CORNER, ONE) == pytest.approx(np.sqrt(2) / 2)


def test_a_flat_tetrahedron_says_so():
    flat = CORNER.copy()
    flat[3] = [0.3, 0.3, 0.01]
    angles = dihedral_angles_deg(flat, ONE)
    assert angles.min() < 3
    assert angles.max() > 170
    assert 0 < scaled_jacobian(flat, ONE)[0] < 0.06


def test_a_mesh_knows_its_numbers():
    mesh = mesh_of(10 * CORNER, ONE)
    quality = quality_of(mesh, 160.0, left_out_mm3=(2000.0,))
    assert (quality.elements, quality.nodes) == (1, 10)
    assert quality.volume_ml == pytest.approx(1 / 6)
    assert quality.volume_error_fraction == pytest.approx(1000 / 6 / 160 - 1)
    assert quality.scaled_jacobian_median == pytest.approx(np.sqrt(2) / 2)
    assert quality.dihedral_max_deg == pytest.approx(90)
    assert quality.edge_mm == pytest.approx((10 + 10 * np.sqrt(2)) / 2)
    assert quality.pieces_left_out_ml == (2.0,)
    assert quality_of(mesh).volume_error_fraction is None


def test_a_box_has_right_angles_and_a_leaning_one_has_not():
    corners = np.array([(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0)], float)
    upright = np.vstack([corners, corners + [0, 0, 3]])
    quality = quality_of(mesh_of(upright, np.arange(8)[None]))
    assert quality.scaled_jacobian_min == pytest.approx(1)
    assert (quality.dihedral_min_deg, quality.dihedral_max_deg) == pytest.approx((90, 90))
    leaning = np.vstack([corners, corners + [3, 0, 3]])
    quality = quality_of(mesh_of(leaning, np.arange(8)[None]))
    assert quality.scaled_jacobian_min == pytest.approx(np.sqrt(0.5))
    assert (quality.dihedral_min_deg, quality.dihedral_max_deg) == pytest.approx((45, 135))
