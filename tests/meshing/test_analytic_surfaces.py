"""Surfaces have the volume, the place and the topology of the bodies that they are made of."""

from functools import partial

import numpy as np
import pytest

from surgiplan.errors import GeometryError
from surgiplan.meshing import decimated, is_manifold, surface_of, surfaces_of
from surgiplan.meshing.decimation import folded
from surgiplan.model import Segment, VoxelGrid
from tests.meshing.bodies import (
    CENTRE,
    OBLIQUE,
    grid,
    segment,
    to_ellipsoid,
    to_torus,
    to_tube,
)  # fmt: skip

CT = (1.0, 0.7, 0.7)
THICK = (5.0, 0.7, 0.7)
STANDARD = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
MIRRORED = ((0, 0, -1), (0, -1, 0), (-1, 0, 0))
SLANTED = (0.3, 0.4, 0.87)
BODIES = {
    "organ of 70 x 55 x 80 mm": (
        partial(to_ellipsoid, half_axes=(35, 27.5, 40)), 4 / 3 * np.pi * 35 * 27.5 * 40, 45, 0.005,
    ),
    "vessel of 4 mm radius": (
        partial(to_tube, direction=SLANTED, radius=4, half_length=20), np.pi * 16 * 40, 24, 0.015,
    ),
    "curved vessel of 4 mm radius": (
        partial(to_torus, radius=15, tube_radius=4), 2 * np.pi**2 * 15 * 16, 21, 0.015,
    ),
    "tumour of 5 mm radius": (
        partial(to_ellipsoid, half_axes=(5, 5, 5)), 4 / 3 * np.pi * 125, 8, 0.03,
    ),  # of which its voxels alone miss 0.018
}  # fmt: skip
"""Signed distance [mm], volume [mm3], half the room that it needs [mm], error of the volume."""


def around(reach_mm, spacing, axes=STANDARD):
    shape = tuple(int(2 * reach_mm * (1.2 if axes is OBLIQUE else 1) / step) for step in spacing)
    return grid(shape, spacing, axes)


def of_mask(mask, name="body", spacing=CT):
    return Segment(name, name, mask, VoxelGrid(mask.shape, np.diag([*spacing, 1.0])))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("axes", [STANDARD, OBLIQUE, MIRRORED], ids=["plain", "oblique", "mirror"])
def test_a_surface_has_volume_and_place_of_its_body(name, axes):
    to_body, volume_mm3, reach_mm, error = BODIES[name]
    made = segment(around(reach_mm, CT, axes), lambda points: to_body(points) < 0)
    surface = surface_of(made)
    assert is_manifold(surface.triangles)
    assert surface.volume_ml == pytest.approx(made.volume_ml, rel=0.002)
    assert surface.volume_ml * 1000 == pytest.approx(volume_mm3, rel=error)
    away = np.abs(to_body(surface.points_lps))
    assert away.max() < np.linalg.norm(CT) / 2, "half a voxel diagonal"
    assert np.sqrt(np.mean(away**2)) < 0.15


@pytest.mark.parametrize("name", list(BODIES)[:2])
def test_thick_slices_give_closed_surfaces_with_the_volume_of_the_voxels(name):
    to_body, _, reach_mm, _ = BODIES[name]
    made = segment(around(reach_mm + 5, THICK), lambda points: to_body(points) < 0)
    surface = surface_of(made)
    assert is_manifold(surface.triangles)
    assert surface.volume_ml == pytest.approx(made.volume_ml, rel=0.005)
    assert np.abs(to_body(surface.points_lps)).max() < np.linalg.norm(THICK) / 2


def test_a_slab_of_one_voxel_keeps_its_thickness():
    mask = np.zeros((3, 30, 30), bool)
    mask[1, 3:27, 3:27] = True
    surface = surface_of(of_mask(mask))
    assert is_manifold(surface.triangles)
    assert surface.volume_ml == pytest.approx(of_mask(mask).volume_ml, rel=0.01)


def test_blobs_that_touch_at_an_edge_or_a_corner_are_2_manifold():
    speckle = np.random.default_rng(3).random((12, 12, 12)) < 0.4
    edge, corner = np.zeros((2, 8, 8, 8), bool)
    edge[1:4, 1:4, 1:4] = edge[4:7, 4:7, 1:4] = True
    corner[1:4, 1:4, 1:4] = corner[4:7, 4:7, 4:7] = True
    for mask in (edge, corner, speckle):
        assert is_manifold(surface_of(of_mask(mask)).triangles)
        pair = [of_mask(mask, "a"), of_mask(~mask, "b")]
        for one in surfaces_of(pair, shared=True):
            assert is_manifold(one.triangles)


def test_a_body_that_fills_the_scan_to_its_border_is_closed_there():
    mask = np.ones((10, 20, 30), bool)
    surface = surface_of(of_mask(mask))
    assert is_manifold(surface.triangles)
    assert surface.volume_ml == pytest.approx(of_mask(mask).volume_ml, rel=0.005)


@pytest.fixture(scope="module")
def liver():
    on = around(25, CT)
    return segment(on, lambda points: to_ellipsoid(points, (22, 18, 20)) < 0)


def part_of(whole, name, inside):
    index = np.stack(np.meshgrid(*map(np.arange, whole.grid.shape), indexing="ij"), axis=-1)
    mask = whole.mask & inside(whole.grid.to_lps(index))
    return Segment(name, name, mask, whole.grid)


def common(one, other):
    return set(map(tuple, one.points_lps)) & set(map(tuple, other.points_lps))


def test_a_tumour_lies_in_a_hollow_of_its_liver_without_gap_or_overlap(liver):
    tumour = part_of(
        liver, "tumour", lambda points: np.linalg.norm(points - CENTRE - [4, 3, 0], axis=-1) < 7
    )
    low, high = np.argwhere(tumour.mask).min(axis=0), np.argwhere(tumour.mask).max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    cropped = Segment("tumour", "tumour", tumour.mask[box], liver.grid.cropped(low, high))
    around_it, lesion = surfaces_of([liver, cropped], shared=True)
    assert is_manifold(around_it.triangles)
    assert is_manifold(lesion.triangles)
    assert common(around_it, lesion) == set(map(tuple, lesion.points_lps))
    assert lesion.volume_ml == pytest.approx(tumour.volume_ml, rel=0.005)
    assert around_it.volume_ml + lesion.volume_ml == pytest.approx(liver.volume_ml, rel=0.005)


def test_lobes_meet_in_the_same_points_and_add_up_to_the_organ(liver):
    left = part_of(liver, "left", lambda points: points[..., 0] > CENTRE[0] + 3)
    right = part_of(liver, "right", lambda points: points[..., 0] <= CENTRE[0] + 3)
    one, other = surfaces_of([left, right], shared=True)
    shared = np.array(sorted(common(one, other)))
    assert is_manifold(one.triangles)
    assert is_manifold(other.triangles)
    assert len(shared) > 500
    assert np.abs(shared[:, 0] - CENTRE[0] - 3).max() < 0.7
    assert one.volume_ml == pytest.approx(left.volume_ml, rel=0.005)
    assert one.volume_ml + other.volume_ml == pytest.approx(liver.volume_ml, rel=0.005)


def test_shared_borders_need_one_scan_and_voxels_of_their_own(liver):
    shifted = Segment("b", "b", liver.mask, VoxelGrid(liver.grid.shape, liver.grid.affine + 0.3))
    with pytest.raises(GeometryError, match="different voxels"):
        surfaces_of([liver, shifted], shared=True)
    with pytest.raises(GeometryError, match="belong to smaller"):
        surfaces_of([liver, part_of(liver, "b", lambda _: True)], shared=True)


def test_a_tenth_of_the_triangles_is_still_closed_unfolded_and_in_place(liver):
    surface = surface_of(liver)
    thin = decimated(surface, len(surface.triangles) // 10)
    assert len(thin.triangles) <= len(surface.triangles) // 10
    assert is_manifold(thin.triangles)
    assert folded(thin) == 0
    assert thin.volume_ml == pytest.approx(liver.volume_ml, rel=0.005)
    assert np.abs(to_ellipsoid(thin.points_lps, (22, 18, 20))).max() < np.linalg.norm(CT) / 2


def test_ragged_structures_stay_2_manifold_when_thinned_out():
    ragged = np.random.default_rng(5).random((14, 16, 18)) < 0.35
    surface = surface_of(of_mask(ragged))
    thin = decimated(surface, len(surface.triangles) // 6)
    assert is_manifold(thin.triangles)
    assert len(thin.triangles) < len(surface.triangles)
