"""The surface of a shape that is known by its distance only."""

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.meshing import is_closed, surface_at_zero

BOUNDS = np.array([[-30.0, -30, -30], [30, 30, 30]])


def ball(points):
    return np.linalg.norm(points, axis=1) - 20.0


def test_a_ball_has_the_closed_surface_and_the_volume_of_a_ball():
    surface = surface_at_zero(ball, BOUNDS)
    assert is_closed(surface.triangles)
    assert surface.volume_ml == pytest.approx(4 / 3 * np.pi * 20**3 / 1000, rel=0.01)


def test_a_shape_cut_off_by_its_bounds_is_closed_there():
    below = BOUNDS - [0, 0, 30]
    assert is_closed(surface_at_zero(ball, below).triangles)


def test_crumbs_beside_an_organ_are_left_out():
    def with_a_crumb(points):
        return np.minimum(ball(points), np.linalg.norm(points - 26.0, axis=1) - 2.0)

    assert surface_at_zero(with_a_crumb, BOUNDS).points_lps.max() < 21


def test_nothing_has_no_surface():
    with pytest.raises(GeometryError, match="Nothing lies inside"):
        surface_at_zero(lambda points: np.ones(len(points)), BOUNDS)
