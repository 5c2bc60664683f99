"""Segments and surfaces become tetrahedra in one call, or are refused in a sentence."""

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.meshing import surface_of
from surgiplan.model import Segment, Surface
from surgiplan.workflow import tetrahedra_of
from tests.meshing.bodies import CENTRE, GRIDS, ball, grid, segment

BALL_ML = 4 / 3 * np.pi * 20**3 / 1000
FEW = 800


@pytest.fixture(scope="module")
def skin():
    return surface_of(segment(GRIDS["standard"], ball))


def box(a, b, c, at=(0, 0, 0)):
    corners = np.array([(x, y, z) for z in (0, c) for y in (0, b) for x in (0, a)], float) + at
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [t for p, q, r, s in sides for t in ((p, r, q), (p, s, r))]
    return Surface(corners, np.array(faces, np.int32))


def joined(*surfaces):
    starts = np.cumsum([0, *(len(one.points_lps) for one in surfaces)])
    faces = [one.triangles + n for one, n in zip(surfaces, starts, strict=False)]
    return Surface(np.vstack([one.points_lps for one in surfaces]), np.vstack(faces))


@pytest.mark.parametrize("name", ["standard", "oblique"])
def test_a_segment_becomes_sound_elements_with_its_volume(name):
    body = segment(GRIDS[name], ball)
    made = tetrahedra_of(body, elements=FEW)
    quality = made.quality
    assert quality.volume_ml == pytest.approx(body.volume_ml, rel=0.005)
    assert quality.volume_error_fraction == pytest.approx(0, abs=0.005)
    assert 0.6 * FEW < quality.elements < 1.7 * FEW
    assert quality.scaled_jacobian_min >= 0.099
    assert quality.dihedral_min_deg > 5
    assert quality.dihedral_max_deg < 170
    assert quality.surface_miss_mm < 1.0
    assert made.mesh.nodes_mm.mean(axis=0) == pytest.approx(CENTRE, abs=0.5)
    again = tetrahedra_of(body, elements=FEW)
    assert np.array_equal(again.mesh.nodes_mm, made.mesh.nodes_mm)


def test_specks_beside_an_organ_are_left_out_and_said():
    mask = segment(GRIDS["standard"], ball).mask.copy()
    mask[1:4, 1:4, 1:4] = True
    speckled = Segment(id="liver", name="liver", mask=mask, grid=GRIDS["standard"])
    quality = tetrahedra_of(speckled, elements=FEW).quality
    assert quality.pieces_left_out_ml == pytest.approx([27 * 2 * 0.64 / 1000], rel=0.01)
    assert quality.volume_ml == pytest.approx(speckled.volume_ml - 27 * 1.28 / 1000, rel=0.005)


def test_a_closed_surface_becomes_elements_with_its_volume(skin):
    made = tetrahedra_of(skin, elements=FEW)
    assert made.quality.volume_ml == pytest.approx(skin.volume_ml, rel=0.005)
    assert not made.mended
    bent = tetrahedra_of(box(40, 30, 20), elements=FEW).quality
    assert bent.volume_ml == pytest.approx(24.0, rel=0.005)


def test_a_surface_inside_out_is_turned(skin):
    made = tetrahedra_of(Surface(skin.points_lps, skin.triangles[:, ::-1]), elements=FEW)
    assert made.quality.volume_ml == pytest.approx(skin.volume_ml, rel=0.005)
    assert any("outwards" in done for done in made.mended)


def test_a_small_hole_is_filled_and_said(skin):
    made = tetrahedra_of(Surface(skin.points_lps, skin.triangles[3:]), elements=FEW)
    assert made.quality.volume_ml == pytest.approx(skin.volume_ml, rel=0.005)
    assert any("hole" in done for done in made.mended)
    assert any("mm" in done for done in made.mended)


def test_a_surface_with_a_flap_and_slivers_loses_them(skin):
    a, b, c = skin.triangles[0]
    count = len(skin.points_lps)
    middle = skin.points_lps[[a, b]].mean(axis=0)
    points = np.vstack([skin.points_lps, skin.points_lps[a] + [0, 0, 9.0], middle])
    slivers = [(a, count + 1, c), (count + 1, b, c), (a, b, count + 1), (a, b, count)]
    faces = np.vstack([skin.triangles[1:], slivers]).astype(np.int32)
    made = tetrahedra_of(Surface(points, faces), elements=FEW)
    assert made.quality.volume_ml == pytest.approx(skin.volume_ml, rel=0.005)


def test_bodies_that_cross_each_other_are_one(skin):
    other = Surface(skin.points_lps + [15.3, 1.0, 0], skin.triangles)
    quality = tetrahedra_of(joined(skin, other), elements=FEW).quality
    apart = np.linalg.norm([15.3, 1.0])
    lens = np.pi * (40 - apart) ** 2 * (apart**2 + 80 * apart) / (12 * apart) / 1000
    assert quality.volume_ml == pytest.approx(2 * BALL_ML - lens, rel=0.01)
    assert quality.pieces_left_out_ml == ()


def test_bodies_that_touch_along_an_edge_are_two_and_the_smaller_is_left_out():
    two = joined(box(20, 20, 20), box(15, 20, 20, at=(20, 20, 0)))
    quality = tetrahedra_of(two, elements=FEW).quality
    assert quality.volume_ml == pytest.approx(8.0, rel=0.02)
    assert quality.pieces_left_out_ml == pytest.approx([6.0], rel=0.1)


def test_a_noisy_surface_still_gives_sound_elements(skin):
    noise = np.random.default_rng(2).normal(0, 0.5, skin.points_lps.shape)
    quality = tetrahedra_of(Surface(skin.points_lps + noise, skin.triangles), elements=FEW).quality
    assert quality.scaled_jacobian_min >= 0.05
    assert quality.volume_ml == pytest.approx(skin.volume_ml, rel=0.02)


def test_an_open_surface_is_refused_with_its_place(skin):
    upper = skin.triangles[skin.points_lps[skin.triangles].mean(axis=1)[:, 2] > CENTRE[2]]
    with pytest.raises(GeometryError, match=r"The spleen stays open at .* mm wide"):
        tetrahedra_of(Surface(skin.points_lps, upper), name="the spleen")


def test_a_thin_plate_gets_more_elements_and_one_too_thin_is_refused_with_its_place():
    plate = tetrahedra_of(box(40, 30, 2.5), elements=FEW).quality
    assert plate.volume_ml == pytest.approx(3.0, rel=0.005)
    assert plate.elements > FEW
    with pytest.raises(GeometryError, match=r"surface is too thin for .*LPS.* mm thick"):
        tetrahedra_of(box(40, 30, 1.2), elements=200)
    with pytest.raises(GeometryError, match=r"thicker than .* more elements"):
        tetrahedra_of(box(40, 30, 0.2), elements=FEW)


def test_two_lobes_that_meet_at_a_corner_are_refused_with_the_place():
    mask = np.zeros((20, 20, 40), bool)
    mask[2:10, 2:10, 2:10] = mask[10:18, 10:18, 10:18] = True
    lobes = Segment(id="p", name="pancreas", mask=mask, grid=grid((20, 20, 40), (3.0, 3.0, 3.0)))
    with pytest.raises(GeometryError, match="Pancreas hangs together by less than a voxel at"):
        tetrahedra_of(lobes, elements=FEW)
    mask[10:18, 10:18, 10:18] = False
    mask[10:12, 10:12, 10:12] = True
    tail = Segment(id="p", name="pancreas", mask=mask, grid=lobes.grid)
    quality = tetrahedra_of(tail, elements=FEW).quality
    assert quality.pieces_left_out_ml == pytest.approx([8 * 0.027], rel=0.01)
    assert quality.volume_ml == pytest.approx(512 * 0.027, rel=0.005)


def test_a_number_of_elements_that_makes_no_mesh_is_refused(skin):
    with pytest.raises(GeometryError, match="50 to"):
        tetrahedra_of(skin, elements=3)
