"""What lies between the nodes of coarse elements goes with them."""

import numpy as np
import pytest

from surgiplan.mechanics.carried import nearest_on_surface, shape_weights
from surgiplan.mechanics.fields import surface_triangles
from tests.mechanics import canonical

MESH, _ = canonical.box((20, 10, 10), (4, 2, 2))


def test_a_quadratic_displacement_is_carried_exactly_to_points_inside():
    inside = np.random.default_rng(5).uniform([0, 0, 0], [20, 10, 10], (500, 3))

    def field(p):
        return np.stack([p[:, 0] ** 2 - p[:, 1], p[:, 1] * p[:, 2], 3 * p[:, 2]], axis=1)

    carried = shape_weights(MESH, inside) @ field(MESH.nodes_mm)
    assert carried == pytest.approx(field(inside), abs=1e-9)


def test_a_turn_is_carried_to_points_a_little_beside_the_mesh_and_never_blown_up_far_from_it():
    turned = np.cross([0.0, 0.0, 0.1], MESH.nodes_mm)
    beside = np.array([[21.0, 5, 5], [10, 11, 5], [10, 5, -1.0]])
    assert shape_weights(MESH, beside) @ turned == pytest.approx(
        np.cross([0.0, 0.0, 0.1], beside), abs=1e-9
    )
    far = shape_weights(MESH, np.array([[200.0, 5, 5]])) @ turned
    assert np.linalg.norm(far) < 1.5 * np.linalg.norm(turned, axis=1).max()


def test_stress_is_that_of_the_nearest_place_on_the_surface():
    nodes, triangles = surface_triangles(MESH)
    points = MESH.nodes_mm[nodes]
    above = np.array([[7.3, 4.1, 12.0], [13.2, 8.8, 10.4]])
    weights = nearest_on_surface(points, triangles, above)
    assert weights @ points == pytest.approx(above * [1, 1, 0] + [0, 0, 10], abs=1e-9)
