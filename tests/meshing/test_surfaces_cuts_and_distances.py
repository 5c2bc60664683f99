"""Surfaces of bodies whose shape is known, on slanted and mirrored grids."""

import itertools

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.meshing import cut_by_plane, decimated, is_closed, signed_distance, surface_of
from surgiplan.model import Segment
from tests.meshing.bodies import CENTRE, GRIDS, ball, grid, segment


@pytest.mark.parametrize("name", GRIDS)
def test_ball_becomes_a_closed_ball_in_the_patient(name):
    surface = surface_of(segment(GRIDS[name], ball))
    radii = np.linalg.norm(surface.points_lps - CENTRE, axis=1)
    assert is_closed(surface.triangles)
    assert surface.volume_ml == pytest.approx(4 / 3 * np.pi * 20**3 / 1000, rel=0.01)
    assert np.sqrt(np.mean((radii - 20) ** 2)) < 0.2


@pytest.mark.parametrize("axes", list(itertools.permutations(np.eye(3).tolist()))[:6])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_body_with_a_bump_on_its_left_keeps_it_on_its_left(axes, signs):
    on = grid((46, 46, 46), (1.0, 1.0, 1.0), np.array(axes) * np.array(signs)[:, None])

    def lopsided(points):
        bump = np.linalg.norm(points - CENTRE - [14, 0, 0], axis=-1) < 6
        return ball(points, 12.0) | bump

    surface = surface_of(segment(on, lopsided))
    reach = surface.points_lps - CENTRE
    assert reach[:, 0].max() == pytest.approx(20, abs=0.7)
    assert reach[:, 0].min() == pytest.approx(-12, abs=0.7)
    assert surface.volume_ml > 0


def test_thin_vessel_keeps_its_width():
    on = grid((40, 40, 40), (1.0, 0.7, 0.7))
    axis = np.array([0.4, 0.3, 0.87]) / np.linalg.norm([0.4, 0.3, 0.87])

    def tube(points):
        offset = points - CENTRE
        along = offset @ axis
        across = np.linalg.norm(offset - along[..., None] * axis, axis=-1)
        return (across < 3.0) & (np.abs(along) < 14)

    surface = surface_of(segment(on, tube, "iliac_artery_left"))
    offset = surface.points_lps - CENTRE
    along = offset @ axis
    across = np.linalg.norm(offset - along[:, None] * axis, axis=1)[np.abs(along) < 9]
    assert across.mean() == pytest.approx(3.0, abs=0.07)
    assert np.abs(across - 3.0).max() < 0.5


def test_voxels_that_touch_at_corners_still_have_a_closed_surface():
    speckle = np.random.default_rng(3).random((12, 12, 12)) < 0.4
    surface = surface_of(
        Segment(id="bone", name="bone", mask=speckle, grid=grid((12, 12, 12), (1.0, 1.0, 1.0)))
    )
    assert is_closed(surface.triangles)


def test_empty_segment_has_no_surface():
    empty = segment(GRIDS["standard"], lambda points: np.zeros(points.shape[:-1], bool))
    with pytest.raises(GeometryError, match="empty"):
        surface_of(empty)
    with pytest.raises(GeometryError, match="empty"):
        signed_distance(empty)


def test_thinner_surface_is_closed_and_as_large():
    surface = surface_of(segment(GRIDS["standard"], ball))
    thin = decimated(surface, 1000)
    assert len(thin.triangles) <= 1000
    assert is_closed(thin.triangles)
    assert thin.volume_ml == pytest.approx(surface.volume_ml, rel=0.01)
    assert decimated(surface, 10**7) is surface


def test_cut_ball_gives_two_closed_caps_that_add_up():
    surface = surface_of(segment(GRIDS["oblique"], ball))
    normal = np.array([2.0, -1.0, 0.5])
    height = 12.0
    point = CENTRE + normal / np.linalg.norm(normal) * (20 - height)
    remnant, specimen = cut_by_plane(surface, point, normal)
    assert is_closed(remnant.triangles)
    assert is_closed(specimen.triangles)
    assert remnant.volume_ml + specimen.volume_ml == pytest.approx(surface.volume_ml, rel=1e-6)
    cap_ml = np.pi * height**2 * (20 - height / 3) / 1000
    assert specimen.volume_ml == pytest.approx(cap_ml, rel=0.02)
    assert ((specimen.points_lps - point) @ normal).min() > -1e-6


def test_plane_that_misses_the_organ_is_an_error():
    surface = surface_of(segment(GRIDS["standard"], ball))
    with pytest.raises(GeometryError, match="misses"):
        cut_by_plane(surface, (100, 0, 0), [1, 0, 0])
    with pytest.raises(GeometryError, match="normal"):
        cut_by_plane(surface, CENTRE, [0, 0, 0])


@pytest.mark.parametrize("name", ["standard", "oblique", "upside down"])
def test_signed_distance_to_a_ball_is_that_of_a_ball(name):
    distance = signed_distance(segment(GRIDS[name], ball))
    directions = np.random.default_rng(5).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for offset in (-10.0, -1.0, 0.0, 1.0, 6.0):
        found = distance(CENTRE + directions * (20 + offset))
        assert np.abs(found - offset).max() < 1.0, "half the coarsest voxel"
    at_surface = distance(CENTRE + directions * 20)
    assert abs(at_surface.mean()) < 0.1
    assert np.sqrt(np.mean(at_surface**2)) < 0.25
    far = np.array([60.0, 0, 0])
    assert distance(CENTRE + far) == pytest.approx(40, rel=0.1)
    low, high = distance.bounds_mm
    assert np.all(low < CENTRE - 20)
    assert np.all(high > CENTRE + 20)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 3.0, 3.0), (5.0, 0.8, 0.8)])
def test_as_much_lies_inside_a_signed_distance_as_the_segment_has_voxels(spacing):
    shape = tuple(int(60 / step) for step in spacing)
    body = segment(grid(shape, spacing), ellipsoid)
    distance = signed_distance(body)
    step = 0.8
    axes = [np.arange(low, high, step) for low, high in distance.bounds_mm.T]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = np.clip(0.5 - distance(points) / step, 0, 1).sum() * step**3 / 1000
    assert inside == pytest.approx(body.volume_ml, rel=0.002)


def ellipsoid(points):
    return np.linalg.norm((points - CENTRE) / [25.0, 15.0, 9.0], axis=-1) < 1
