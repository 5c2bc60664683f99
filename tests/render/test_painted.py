"""Voxels that are painted over a slice lie where the slice shows them."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.model import Case, Volume, VoxelGrid
from surgiplan.render import Look, Orientation, Painted, SliceScene, painted_in


def scan(turned_deg: float) -> Volume:
    """Values that grow towards the left, on slices turned about the body's axis."""
    angle = np.deg2rad(turned_deg)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, 1.0], [0, 1.0, 0], [2.0, 0, 0]])
    affine[:3, 3] = turn @ [-20.0, -20.0, 0.0]
    values = np.broadcast_to(np.arange(41, dtype=np.int16), (20, 41, 41)).copy()
    return Volume("ct", values, VoxelGrid((20, 41, 41), affine, "1.2"))


def scene_of(volume: Volume, orientation: Orientation) -> SliceScene:
    scene = SliceScene(orientation)
    scene.resize(400, 300)
    scene.show(Case().with_(volume), Look(volume_id="ct", crosshair_lps=(0.0, 0.0, 20.0)))
    return scene


@pytest.mark.parametrize("turned_deg", [0.0, 30.0])
@pytest.mark.parametrize("orientation", list(Orientation))
def test_a_painted_voxel_lies_where_its_slice_shows_it(
    turned_deg: float, orientation: Orientation
) -> None:
    volume = scan(turned_deg)
    scene = scene_of(volume, orientation)
    voxel = np.rint(volume.grid.to_index((0.0, 0.0, 20.0))).astype(int)
    mask = np.zeros(volume.grid.shape, bool)
    mask[tuple(voxel)] = True
    found = painted_in(Painted(mask, volume.grid, "#ffffff"), scene)
    assert found is not None
    cut, to_pixels = found
    row, column = np.argwhere(cut).mean(axis=0)
    shown = to_pixels @ [column + 0.5, row + 0.5, 1.0]
    wanted = scene.pixel_of(volume.grid.to_lps(voxel))
    assert np.hypot(*(shown - wanted)) * scene.mm_per_px < 1.0


@pytest.mark.parametrize("turned_deg", [0.0, 30.0])
def test_a_range_paints_the_values_in_it_and_nothing_outside_the_scan(turned_deg: float) -> None:
    volume = scan(turned_deg)
    scene = scene_of(volume, Orientation.AXIAL)
    whole = Painted(None, volume.grid, "#ffffff", values=volume.values, low=-500, high=9.0)
    cut, _ = painted_in(whole, scene)
    assert cut.sum() == pytest.approx(41 * 10, rel=0.05)
    mask = np.zeros(volume.grid.shape, bool)
    mask[:, :20] = True
    part, _ = painted_in(replace(whole, mask=mask), scene)
    assert part.sum() == pytest.approx(20 * 10, rel=0.05)
    assert painted_in(replace(whole, low=100.0, high=200.0), scene) is None
