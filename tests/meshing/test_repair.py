"""Foreign surfaces are mended with a stated displacement, or refused with the place shown."""

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.meshing import (
    cut_by_plane,
    decimated,
    is_manifold,
    repaired,
    require_closed,
    surface_of,
    voxelised,
)  # fmt: skip
from surgiplan.model import Surface
from tests.meshing.bodies import CENTRE, GRIDS, ball, segment


@pytest.fixture(scope="module")
def organ():
    return decimated(surface_of(segment(GRIDS["standard"], ball)), 2000)


def soup(surface):
    """As STL has it: three points of its own for each triangle."""
    corners = surface.points_lps[surface.triangles].reshape(-1, 3)
    return Surface(corners, np.arange(len(corners)).reshape(-1, 3))


def test_a_sound_surface_stays_as_it_is(organ):
    done = repaired(organ)
    assert done.what == ()
    assert done.displacement_mm_max == 0
    assert done.surface.volume_ml == pytest.approx(organ.volume_ml, rel=1e-12)


def test_triangles_of_an_stl_are_welded_without_moving_anything(organ):
    done = repaired(soup(organ))
    assert is_manifold(done.surface.triangles)
    assert done.surface.volume_ml == pytest.approx(organ.volume_ml, rel=1e-9)
    assert done.displacement_mm_max == 0
    assert len(done.what) == 1
    assert "welded" in done.what[0]


def test_corners_that_rounding_moved_apart_are_welded_and_the_shift_is_told(organ):
    apart = soup(organ)
    noise = np.random.default_rng(1).uniform(-5e-5, 5e-5, apart.points_lps.shape)
    done = repaired(Surface(apart.points_lps + noise, apart.triangles))
    assert is_manifold(done.surface.triangles)
    assert 0 < done.displacement_mm_max < 4e-4
    assert any("loose borders" in one for one in done.what)


def test_triangles_that_face_either_way_are_turned_outwards(organ):
    mixed = organ.triangles.copy()
    some = np.random.default_rng(2).random(len(mixed)) < 0.7
    mixed[some] = mixed[some][:, ::-1]
    done = repaired(Surface(organ.points_lps, mixed))
    assert is_manifold(done.surface.triangles)
    assert done.surface.volume_ml == pytest.approx(organ.volume_ml, rel=1e-9)


def test_a_hollow_faces_inwards_and_what_lies_in_it_outwards(organ):
    def scaled(factor):
        return (organ.points_lps - CENTRE) * factor + CENTRE

    n = len(organ.points_lps)
    nested = Surface(
        np.concatenate([organ.points_lps, scaled(0.6), scaled(0.3)]),
        np.concatenate([organ.triangles, organ.triangles + n, organ.triangles + 2 * n]),
    )
    volume_ml = organ.volume_ml * (1 - 0.6**3 + 0.3**3)
    assert repaired(nested).surface.volume_ml == pytest.approx(volume_ml, rel=1e-9)


def test_repeated_flat_and_loose_triangles_and_flaps_are_dropped_and_named(organ):
    n = len(organ.points_lps)
    flap = CENTRE + [0, 0, 40.0]
    loose = CENTRE + np.array([[60, 0, 0], [61, 0, 0], [60, 1, 0]])
    a, b = organ.triangles[5, :2]
    worse = Surface(
        np.concatenate([organ.points_lps, [flap], loose]),
        np.concatenate(
            [organ.triangles, organ.triangles[3:9], [[a, a, b], [a, b, n], [n + 1, n + 2, n + 3]]]
        ),
    )
    done = repaired(worse)
    assert is_manifold(done.surface.triangles)
    assert done.surface.volume_ml == pytest.approx(organ.volume_ml, rel=1e-9)
    told = "; ".join(done.what)
    for word in ("1 triangle without area", "6 repeated", "flap", "1 loose piece"):
        assert word in told
    assert done.displacement_mm_max > 20, "the flap's far corner is gone"


def test_two_bodies_that_share_an_edge_are_parted():
    cube = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) * 10
    faces = np.array(
        [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
         [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    )  # fmt: skip
    pair = Surface(np.concatenate([cube, cube + [10, 10, 0]]), np.concatenate([faces, faces + 8]))
    done = repaired(pair)
    assert is_manifold(done.surface.triangles)
    assert done.surface.volume_ml == pytest.approx(2.0)
    assert any("parted" in one for one in done.what)


def without_a_patch(organ, radius_mm):
    top = CENTRE + [0, 0, 20.0]
    middle = organ.points_lps[organ.triangles].mean(axis=1)
    kept = np.linalg.norm(middle - top, axis=1) > radius_mm
    return Surface(organ.points_lps, organ.triangles[kept]), top


def test_a_small_hole_is_filled_and_its_width_told(organ):
    holed, _ = without_a_patch(organ, 2.5)
    done = repaired(holed)
    assert is_manifold(done.surface.triangles)
    assert done.surface.volume_ml == pytest.approx(organ.volume_ml, rel=0.005)
    assert any("filled 1 hole" in one for one in done.what)
    assert done.displacement_mm_max < 4


def test_a_wide_open_surface_is_refused_and_its_place_shown(organ):
    holed, top = without_a_patch(organ, 12)
    done = repaired(holed)
    with pytest.raises(GeometryError, match=r"stays open at .* mm \(LPS") as caught:
        require_closed(done.surface, "organ.stl")
    assert np.linalg.norm(np.array(caught.value.point_lps) - top) < 6
    with pytest.raises(GeometryError, match="stays open") as caught:
        cut_by_plane(holed, CENTRE, [1, 0, 0])
    assert caught.value.point_lps is not None


def test_a_surface_with_one_side_is_refused():
    ring = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    half = 3 * np.stack(
        [np.cos(ring / 2) * np.cos(ring), np.cos(ring / 2) * np.sin(ring), np.sin(ring / 2)], 1
    )
    middle = 20 * np.stack([np.cos(ring), np.sin(ring), 0 * ring], 1)
    a = np.arange(11)
    strip = [[a, a + 1, a + 12], [a + 1, a + 13, a + 12]]
    triangles = np.concatenate([np.stack(one, 1) for one in strip])
    last = [[11, 12, 23], [12, 0, 23]]
    with pytest.raises(GeometryError, match="one side"):
        repaired(Surface(np.concatenate([middle + half, middle - half]), [*triangles, *last]))


@pytest.mark.parametrize("name", GRIDS)
def test_a_surface_as_voxels_is_the_segment_that_it_was_made_of(name):
    made = segment(GRIDS[name], ball)
    mask, grid = voxelised(surface_of(made), made.grid)
    whole = np.zeros(made.grid.shape, bool)
    whole[grid.box_in(made.grid)] = mask
    both = np.count_nonzero(whole & made.mask)
    assert 2 * both / (np.count_nonzero(whole) + made.voxels) > 0.985
    assert np.count_nonzero(whole) == pytest.approx(made.voxels, rel=0.005)


def test_large_triangles_and_hollows_are_filled_exactly():
    cube = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    faces = np.array(
        [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
         [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    )  # fmt: skip
    on = GRIDS["standard"]
    outer, inner = (
        on.to_lps((14, 34, 34)) + (cube - 0.5) * 25,
        on.to_lps((14, 34, 34)) + (cube - 0.5) * 8.5,
    )
    hollow = Surface(np.concatenate([outer, inner]), np.concatenate([faces, faces[:, ::-1] + 8]))
    mask, _ = voxelised(hollow, on)
    assert mask.sum() == 13 * 31 * 31 - 5 * 11 * 11
