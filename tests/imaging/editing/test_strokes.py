"""What a stroke of the brush takes, and how little of the scan it looks at."""

from typing import Any

import numpy as np
import pytest

from surgiplan.errors import GeometryError, SegmentationError
from surgiplan.geometry import mask_on
from surgiplan.imaging import cropped_segment
from surgiplan.imaging.editing import Brush, Stroke
from surgiplan.model import Segment, Volume, VoxelGrid

SPACING_MM = (2.0, 0.8, 0.8)


def scan(shape: tuple[int, int, int] = (40, 100, 120), turned_deg: float = 0.0) -> Volume:
    """A scan of 50 HU with a bright half towards the left, turned about the body's axis."""
    k, j, i = SPACING_MM
    angle = np.deg2rad(turned_deg)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, i], [0, j, 0], [k, 0, 0]])
    affine[:3, 3] = (-40.0, -30.0, 10.0)
    values = np.full(shape, 50, np.int16)
    values[:, :, shape[2] // 2 :] = 200
    return Volume("ct", values, VoxelGrid(shape, affine, "1.2"))


def cube(volume: Volume, low: Any, high: Any, name: str = "organ") -> Segment:
    mask = np.zeros(volume.grid.shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return cropped_segment(mask, volume.grid, segment_id=name, volume_id=volume.id)


def on_scan(segment: Segment, volume: Volume) -> np.ndarray:
    whole = np.zeros(volume.grid.shape, bool)
    whole[segment.grid.box_in(volume.grid)] = segment.mask
    return whole


def places(volume: Volume) -> np.ndarray:
    axes = [np.arange(n) for n in volume.grid.shape]
    return volume.grid.to_lps(np.stack(np.meshgrid(*axes, indexing="ij"), -1))


def painted(stroke: Stroke, *points: Any, **how: Any) -> Segment:
    for point in points:
        stroke.move(point, **how)
    result = stroke.result()
    assert result is not None
    return result


@pytest.mark.parametrize("turned_deg", [0.0, 17.0])
def test_a_ball_takes_the_voxels_within_its_radius_of_the_way(turned_deg: float) -> None:
    volume = scan(turned_deg=turned_deg)
    organ = cube(volume, (0, 0, 0), (1, 2, 2))
    a, b = volume.grid.to_lps([[18, 40, 40], [22, 55, 60]])
    result = painted(Stroke(volume, organ, Brush(7.0, is_ball=True)), a, b)
    away = places(volume) - a
    along = np.clip(away @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    distance = np.linalg.norm(away - along[..., None] * (b - a), axis=-1)
    expected = (distance <= 7.0) | on_scan(organ, volume)
    assert np.count_nonzero(on_scan(result, volume) != expected) <= 2


def test_a_disc_stays_in_its_slice_and_is_round_in_millimetres() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    centre = volume.grid.to_lps((20, 50, 60))
    result = on_scan(
        painted(Stroke(volume, organ, Brush(6.0)), centre, toward=(0, 0, -1), thickness_mm=2.0),
        volume,
    )
    assert set(np.flatnonzero(result.any(axis=(1, 2)))) == {0, 20}
    assert result[20].sum() * 0.8 * 0.8 == pytest.approx(np.pi * 36, rel=0.03)


def test_a_disc_in_a_coronal_slice_is_round_although_slices_are_thick() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    centre = volume.grid.to_lps((20, 50, 60))
    result = on_scan(
        painted(Stroke(volume, organ, Brush(9.0)), centre, toward=(0, -1, 0), thickness_mm=0.8),
        volume,
    )
    assert set(np.flatnonzero(result.any(axis=(0, 2)))) == {0, 50}
    assert result[:, 50].sum() * 2.0 * 0.8 == pytest.approx(np.pi * 81, rel=0.05)


def test_the_smallest_brush_takes_the_voxel_under_it() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    result = painted(
        Stroke(volume, organ, Brush(0.1)), volume.grid.to_lps((5.3, 7.4, 9.2)), thickness_mm=2.0
    )
    assert on_scan(result, volume)[5, 7, 9]
    assert result.voxels == 2


def test_a_threshold_brush_leaves_the_other_tissue_alone() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    brush = Brush(8.0, is_ball=True, values=(150.0, 300.0))
    result = painted(Stroke(volume, organ, brush), volume.grid.to_lps((20, 50, 60)))
    taken = on_scan(result, volume)
    taken[0, 0, 0] = False
    assert taken.any()
    assert (volume.values[taken] == 200).all()


def test_the_rules_keep_the_brush_outside_some_and_inside_another() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    vessel = cube(volume, (10, 40, 50), (30, 60, 60), "vessel")
    lobe = cube(volume, (0, 45, 0), (40, 100, 120), "lobe")
    stroke = Stroke(volume, organ, Brush(9.0, is_ball=True), outside=[vessel], inside=lobe)
    result = on_scan(painted(stroke, volume.grid.to_lps((20, 50, 60))), volume)
    assert not (result & on_scan(vessel, volume)).any()
    result[0, 0, 0] = False
    assert result.any()
    assert not (result & ~on_scan(lobe, volume)).any()


def test_erasing_takes_away_only_what_was_there_and_crops_what_is_left() -> None:
    volume = scan()
    organ = cube(volume, (10, 40, 40), (20, 60, 60))
    stroke = Stroke(volume, organ, Brush(5.0, is_ball=True, erases=True))
    result = painted(stroke, volume.grid.to_lps((15, 50, 60)), volume.grid.to_lps((15, 50, 80)))
    before, after = on_scan(organ, volume), on_scan(result, volume)
    assert not (after & ~before).any()
    distance = np.linalg.norm(places(volume) - volume.grid.to_lps((15, 50, 60)), axis=-1)
    assert (before & (distance < 4.9)).any()
    assert not (after & (distance < 4.9)).any()
    assert organ.voxels == 10 * 20 * 20
    assert result.made_by == "erased by hand"


def test_erasing_everything_is_refused() -> None:
    volume = scan()
    organ = cube(volume, (10, 40, 40), (12, 44, 44))
    stroke = Stroke(volume, organ, Brush(30.0, is_ball=True, erases=True))
    stroke.move(volume.grid.to_lps((11, 42, 42)))
    with pytest.raises(SegmentationError, match="remove the segment"):
        stroke.result()


def test_a_stroke_beside_the_scan_or_over_what_is_painted_changes_nothing() -> None:
    volume = scan()
    organ = cube(volume, (10, 40, 40), (20, 60, 60))
    beside = Stroke(volume, organ, Brush(5.0, is_ball=True))
    assert beside.move((900.0, 0.0, 0.0)) is None
    assert beside.result() is None
    again = Stroke(volume, organ, Brush(1.0, is_ball=True))
    again.move(volume.grid.to_lps((15, 50, 50)))
    assert again.result() is None


def test_a_segment_of_other_voxels_can_be_kept_free_but_not_painted() -> None:
    volume = scan()
    organ = cube(volume, (0, 0, 0), (1, 1, 1))
    affine = np.diag([1.1, 1.1, 1.5, 1.0])[:, [2, 1, 0, 3]]
    affine[:3, 3] = volume.grid.to_lps((18.3, 48.2, 57.7))
    vessel = Segment("v", "Vessel", np.ones((3, 4, 5), bool), VoxelGrid((3, 4, 5), affine, "1.2"))
    stroke = Stroke(volume, organ, Brush(8.0, is_ball=True), outside=[vessel])
    result = painted(stroke, vessel.grid.to_lps((1, 2, 2)))
    assert not (on_scan(result, volume) & mask_on(volume.grid, vessel.mask, vessel.grid)).any()
    assert result.voxels > 500
    with pytest.raises(GeometryError, match="own grid"):
        Stroke(volume, vessel, Brush())


def test_segments_that_are_painted_over_give_way() -> None:
    volume = scan()
    organ = cube(volume, (10, 40, 20), (30, 60, 60))
    tumour = cube(volume, (10, 40, 60), (30, 60, 80), "tumour")
    far = cube(volume, (0, 0, 0), (2, 2, 2), "far")
    stroke = Stroke(volume, organ, Brush(4.0, is_ball=True), over=[tumour, far])
    result = on_scan(painted(stroke, volume.grid.to_lps((20, 50, 60))), volume)
    (smaller,) = stroke.others()
    assert smaller.id == "tumour"
    assert not (result & on_scan(smaller, volume)).any()
    both = on_scan(organ, volume) | on_scan(tumour, volume)
    assert ((result | on_scan(smaller, volume)) == both).all()


def test_a_move_looks_at_the_box_of_the_brush_however_large_the_scan() -> None:
    looked_at = []
    for shape in ((40, 100, 120), (160, 300, 300)):
        volume = scan(shape)
        stroke = Stroke(volume, cube(volume, (0, 0, 0), (1, 1, 1)), Brush(6.0, is_ball=True))
        before = 0
        for n in range(5):
            box = stroke.move(volume.grid.to_lps((20, 40, 40 + 2 * n)))
            assert box is not None
            assert stroke.looked_at - before == np.prod(box.shape)
            before = stroke.looked_at
        looked_at.append(stroke.looked_at)
        k, j, i = (2 * 6.0 / step + 1 for step in SPACING_MM)
        assert stroke.looked_at <= 5 * k * j * (i + 2)
        chosen = stroke.chosen
        assert chosen is not None
        assert chosen[0].size < 60**3
    assert looked_at[0] == looked_at[1]
