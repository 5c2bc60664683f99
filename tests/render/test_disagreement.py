"""Two segmentations beside each other, in slices and in space."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.model import Case, Disagreement, Place
from surgiplan.render import AnatomyScene, Frame, Orientation, SliceScene, defaults_for
from surgiplan.render.slice_plane import SlicePlane, mask_quads
from tests.render.patient import (
    MIDDLE,
    ball,
    grid_from,
    marked_volume,
    octahedron,
    segment_of,
    surface_of,
)
from tests.render.test_slices import SIZE, tilted_grid


def compared(grid):
    """A reader who drew a ball 12 mm further to the left, and what the views show of it."""
    mine, theirs = ball(grid, MIDDLE, 16.0), ball(grid, MIDDLE + [12.0, 0, 0], 16.0)
    reference = segment_of(grid, mine, "liver", "Liver")
    test = segment_of(grid, theirs, "liver_b", "Liver (Dr B)")
    surface = octahedron(MIDDLE + [12.0, 0, 0], 16.0)
    return Disagreement(
        reference, test,
        missed=segment_of(grid, mine & ~theirs, "missed", "missed"),
        added=segment_of(grid, theirs & ~mine, "added", "added"),
        points_lps=surface.points_lps, triangles=surface.triangles,
        signed_mm=surface.points_lps[:, 0] - MIDDLE[0] - 12.0, limit_mm=10.0,
        places=(Place(MIDDLE, 12.0, 1.0, is_missed=True),),
    )  # fmt: skip


def picture(scene, case, look):
    scene.resize(*SIZE)
    scene.show(case, look)
    scene.fit()
    frame = Frame(*SIZE)
    try:
        return frame.picture(scene)[..., :3].astype(int)
    finally:
        frame.close()


@pytest.mark.parametrize("kind", ["standard", "tilted"])
@pytest.mark.parametrize("orientation", list(Orientation))
def test_what_is_shaded_has_the_area_of_the_voxels_in_the_slice(standard_grid, kind, orientation):
    grid = standard_grid if kind == "standard" else tilted_grid()
    segment = segment_of(grid, ball(grid, MIDDLE, 20.0), "liver", "Liver")
    corners = mask_quads(segment, SlicePlane(orientation, MIDDLE[orientation.axis], 2.0))
    across, up = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    area = np.abs(across[:, 0] * up[:, 1] - across[:, 1] * up[:, 0]).sum()
    assert area == pytest.approx(np.pi * 20.0**2, rel=0.05)
    middle = corners.mean(axis=(0, 1))
    plane = SlicePlane(orientation, MIDDLE[orientation.axis], 2.0)
    assert middle == pytest.approx(plane.flat(MIDDLE), abs=1.5)


@pytest.mark.parametrize("kind", ["standard", "tilted"])
def test_missed_is_blue_to_the_right_of_the_patient_and_added_red_to_the_left(standard_grid, kind):
    grid = standard_grid if kind == "standard" else tilted_grid()
    apart = compared(grid)
    case = Case().with_(marked_volume(grid), apart.reference, apart.test)
    look = defaults_for(case).with_(comparison=apart, crosshair_lps=tuple(MIDDLE), crosshair=False)
    scene = SliceScene(Orientation.AXIAL)
    shown = picture(scene, case, look)
    for offset, strong, weak in ((-10.0, 2, 0), (22.0, 0, 2)):
        x, y = scene.pixel_of(MIDDLE + [offset, 0, 0])
        red_green_blue = shown[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2]
        mean = red_green_blue.mean(axis=(0, 1))
        assert mean[strong] > mean[weak] + 20, offset
    texts = scene.texts()
    assert any("Liver (reference)" in text for text in texts)
    assert any(text.startswith("missed") and text.endswith("ml") for text in texts)


def test_space_shows_red_outside_blue_inside_and_a_legend_with_unit_and_range(standard_grid):
    apart = compared(standard_grid)
    case = Case().with_(marked_volume(standard_grid), apart.reference, apart.test)
    scene = AnatomyScene(surface_of=surface_of)
    look = defaults_for(case).with_(comparison=apart)
    shown = picture(scene, case, look)
    height, width = shown.shape[:2]
    body = shown[:, : int(0.7 * width)]
    strength = body[..., 0] - body[..., 2]
    rows, columns = np.nonzero(strength > 60)
    assert columns.mean() > np.nonzero(strength < -60)[1].mean(), "left of the patient is right"
    texts = " ".join(scene.texts())
    assert "Distance to reference [mm]" in texts
    assert "outside ≥ 10" in texts
    assert "inside ≥ 10" in texts
    assert not scene.show(case, look), "the same again draws nothing"
    scene.show(case, replace(look, comparison=None))
    assert "Distance" not in " ".join(scene.texts())
    assert len(rows) > 20
    assert height == SIZE[1]


def test_a_comparison_is_no_part_of_what_is_saved(standard_grid):
    look = defaults_for(Case()).with_(comparison=compared(standard_grid))
    assert "comparison" not in look.to_json()


def test_the_eye_sees_a_place_from_outside_with_the_head_up(standard_grid):
    scene = AnatomyScene(surface_of=surface_of)
    scene.resize(*SIZE)
    for outward in ([1.0, 0, 0], [0.3, -0.8, 0.2], [0, 0, 1.0], [0.0, 0, 0]):
        scene.face(MIDDLE, outward, 300.0)
        assert scene.pixel_of(MIDDLE) == pytest.approx((SIZE[0] / 2, SIZE[1] / 2), abs=0.5)
        away = np.array(scene.eye.camera.GetPosition()) - MIDDLE
        assert np.linalg.norm(away) == pytest.approx(300.0)
        if np.any(outward):
            assert away @ np.array(outward) / np.linalg.norm(outward) == pytest.approx(300.0)


def test_a_grid_that_is_only_turned_shades_the_same(standard_grid):
    turned = grid_from([[1.0, 0, 0], [0, 0, 2.0], [0, 1.0, 0]], (100, 41, 90))
    plane = SlicePlane(Orientation.CORONAL, MIDDLE[1], 1.0)
    areas = []
    for grid in (standard_grid, turned):
        segment = segment_of(grid, ball(grid, MIDDLE, 20.0), "liver", "Liver")
        corners = mask_quads(segment, plane)
        areas.append(np.ptp(corners, axis=1).prod(axis=1).sum())
    assert areas[0] == pytest.approx(areas[1], rel=0.03)
