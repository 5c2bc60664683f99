"""Painting and erasing in the slices: previewed under the hand, one step when it lets go."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from surgiplan.app.editing.editor import Where
from surgiplan.app.tools.brush import BrushTool
from surgiplan.edits import Remove
from surgiplan.model import Case
from tests.app.bodies import scanned_case, segmented_case
from tests.app.conftest import show_case

Open = Callable[[Case], Any]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLACE = (30.0, -20.0, 75.0)
"""Soft tissue beside the liver, to the left of it."""


PATIENT = segmented_case()
"""One for all tests: its surfaces are made once."""


@pytest.fixture
def open_case(kept_hands: Any) -> Open:
    """Opens a case in the one window of these tests."""
    return partial(show_case, kept_hands)


@pytest.fixture
def brush(open_case: Open) -> Any:
    """The liver chosen, and a brush in the hand over a slice with it."""
    hands = open_case(PATIENT)
    hands.window.editor.set(radius_mm=6.0, is_ball=False)
    hands.window.desk.view.change(crosshair_lps=PLACE)
    hands.window.desk.select("segments/liver")
    hands.until_idle()
    hands.key(Qt.Key.Key_B)
    return hands


def drag(hands: Any, start: Any, end: Any, **how: Any) -> None:
    hands.settle()
    hands.drag("axial", hands.pixel_of("axial", start), hands.pixel_of("axial", end), **how)


def liver(hands: Any) -> Any:
    return hands.window.desk.session.case.segments["liver"]


def test_a_stroke_is_seen_while_it_is_drawn_and_is_one_step(brush: Any) -> None:
    before, case = liver(brush), brush.window.desk.session.case
    drag(brush, PLACE, (40.0, 0.0, 75.0), release=False)
    (painted,) = brush.window.desk.view.painted
    assert painted.mask.any()
    assert brush.window.desk.session.case is case
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)
    assert brush.window.desk.view.painted == ()
    assert liver(brush).voxels > before.voxels
    assert brush.window.desk.session.undo_label == "Paint Liver"
    brush.key(Qt.Key.Key_Z, CONTROL)
    assert liver(brush) is before
    assert brush.window.desk.session.undo_label is None


def test_the_stroke_is_where_the_hand_was_in_all_three_slices(brush: Any) -> None:
    brush.window.editor.set(is_ball=True)
    drag(brush, PLACE, PLACE, release=False)
    brush.settle()
    for kind in ("axial", "coronal", "sagittal"):
        view = brush.view(kind)
        bare = view.picture()[..., :3].astype(int)
        shown = view.grab().toImage()
        spot = brush.pixel_of(kind, PLACE) + QPoint(3, 3)
        red, _, blue, _ = shown.pixelColor(spot).getRgb()
        ratio = view.devicePixelRatioF()
        grey = bare[round(spot.y() * ratio), round(spot.x() * ratio)]
        assert red - blue > grey[0] - grey[2] + 15, f"no paint is seen in the {kind} slice"
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)


def test_control_erases_and_the_eraser_takes_away(brush: Any) -> None:
    before = liver(brush)
    inside = (-30.0, -12.0, 75.0)
    place = brush.pixel_of("axial", inside)
    QTest.mousePress(brush.view("axial"), Qt.MouseButton.LeftButton, CONTROL, place)
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton, CONTROL, place)
    once = liver(brush)
    assert once.voxels < before.voxels
    assert brush.window.desk.session.undo_label == "Erase from Liver"
    brush.key(Qt.Key.Key_E)
    drag(brush, (-20.0, -30.0, 75.0), (-20.0, -30.0, 75.0))
    assert liver(brush).voxels < once.voxels


def test_escape_drops_a_stroke_and_leaves_nothing(brush: Any) -> None:
    case = brush.window.desk.session.case
    drag(brush, PLACE, (40.0, 0.0, 75.0), release=False)
    brush.key(Qt.Key.Key_Escape)
    assert brush.window.desk.view.painted == ()
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)
    assert brush.window.desk.session.case is case
    assert isinstance(brush.window.desk.tool, BrushTool), "the brush should stay in the hand"
    brush.key(Qt.Key.Key_Escape)
    assert brush.window.desk.tool is None
    assert not brush.find("tool_paint").isChecked()


def test_keys_and_wheel_change_the_size_and_the_field_follows(brush: Any) -> None:
    before = brush.window.editor.radius_mm
    brush.key(Qt.Key.Key_BracketRight)
    assert brush.window.editor.radius_mm == pytest.approx(before * 1.2)
    brush.key(Qt.Key.Key_BracketLeft)
    brush.wheel("axial", -1, SHIFT)
    assert brush.find("brushRadius").value() == pytest.approx(before / 1.2, abs=0.05)
    z = brush.window.desk.view.look.crosshair_lps[2]
    brush.wheel("axial", 1)
    assert brush.window.desk.view.look.crosshair_lps[2] != z, "the wheel alone turns slices"


def test_quick_clicks_paint_and_enlarge_no_view(brush: Any) -> None:
    place = brush.pixel_of("axial", PLACE)
    QTest.mouseClick(brush.view("axial"), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(brush.view("axial"), Qt.MouseButton.LeftButton, pos=place)
    assert brush.view("coronal").isVisible()
    assert brush.window.desk.session.undo_label == "Paint Liver"


def test_a_threshold_brush_takes_the_range_of_the_histogram(brush: Any) -> None:
    brush.key(Qt.Key.Key_T)
    low, high = brush.window.editor.values
    assert 60 < low < 100 < high < 150, "it should start with what the liver holds"
    histogram = brush.find("rangeHistogram")
    start = QPoint(round(histogram.x_of(low)), 30)
    end = QPoint(round(histogram.x_of(0.0)), 30)
    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(histogram, end)
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=end)
    low, high = brush.window.editor.values
    assert low == pytest.approx(0.0, abs=4)
    assert brush.find("brushLow").value() == low
    drag(brush, (8.0, -5.0, 75.0), (8.0, 12.0, 75.0))
    volume, changed = brush.case.volumes["ct"], liver(brush)
    values = volume.values[changed.grid.box_in(volume.grid)][changed.mask]
    assert np.count_nonzero(values > 250) == 0, "the aorta is outside the range"
    assert changed.voxels > PATIENT.segments["liver"].voxels, brush.said


def test_a_brush_kept_outside_the_others_leaves_them_alone(brush: Any) -> None:
    brush.window.editor.set(where=Where.OUTSIDE)
    drag(brush, (8.0, -5.0, 75.0), (8.0, 30.0, 75.0))
    case = brush.window.desk.session.case
    aorta, changed = case.segments["aorta_lumen"], liver(brush)
    points = changed.grid.to_lps(np.argwhere(changed.mask))
    index = np.rint(aorta.grid.to_index(points)).astype(int)
    inside = np.all((index >= 0) & (index < np.array(aorta.grid.shape)), axis=1)
    assert not aorta.mask[tuple(index[inside].T)].any()
    assert changed.voxels > PATIENT.segments["liver"].voxels


def test_what_is_painted_over_gives_way_in_the_same_step(brush: Any) -> None:
    brush.choose("brushWhere", "Over the others")
    before = brush.case.segments["aorta_lumen"]
    drag(brush, (8.0, -5.0, 75.0), (8.0, 30.0, 75.0))
    assert brush.case.segments["aorta_lumen"].voxels < before.voxels
    brush.key(Qt.Key.Key_Z, CONTROL)
    assert brush.case.segments["aorta_lumen"] is before


def test_a_new_segment_joins_the_case_with_its_first_stroke(open_case: Open) -> None:
    hands = open_case(scanned_case())
    hands.window.go_to("Anatomy")
    hands.click("anatomyEdit")
    assert "make a new one" in hands.find("editTargetHow").text()
    hands.click("newSegment")
    QTest.keyClicks(hands.find("newSegmentName"), "kidney left")
    assert "left" in hands.find("newSegmentCode").text()
    hands.click("beginSegment")
    assert not hands.case.segments
    hands.click("tool_ball")
    hands.window.desk.view.change(crosshair_lps=PLACE)
    drag(hands, PLACE, PLACE)
    (made,) = hands.case.segments.values()
    assert (made.id, made.name, made.volume_id) == ("kidney_left", "kidney left", "ct")
    assert made.anatomy.side.meaning == "Left"
    assert made.volume_ml == pytest.approx(4 / 3 * np.pi * 0.6**3, rel=0.15)
    assert hands.window.desk.selection == "segments/kidney_left"
    hands.key(Qt.Key.Key_Z, CONTROL)
    assert not hands.case.segments


def test_without_a_segment_the_brush_says_what_to_do(open_case: Open) -> None:
    hands = open_case(PATIENT)
    hands.key(Qt.Key.Key_B)
    case = hands.window.desk.session.case
    drag(hands, PLACE, PLACE)
    assert "make a new one" in hands.said
    assert hands.window.desk.session.case is case


def test_switching_tools_in_the_middle_of_a_stroke_drops_it(brush: Any) -> None:
    case = brush.window.desk.session.case
    drag(brush, PLACE, (40.0, 0.0, 75.0), release=False)
    brush.key(Qt.Key.Key_E)
    assert brush.window.desk.view.painted == ()
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)
    assert brush.window.desk.session.case is case
    assert brush.find("tool_erase").isChecked()


def test_removing_the_segment_in_the_middle_of_a_stroke_drops_it(brush: Any) -> None:
    drag(brush, PLACE, (40.0, 0.0, 75.0), release=False)
    brush.window.desk.do(Remove("segments/liver"))
    assert brush.window.desk.view.painted == ()
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)
    assert "liver" not in brush.window.desk.session.case.segments
    assert brush.window.desk.session.undo_label == "Remove"


def test_another_case_puts_the_brush_away(brush: Any, open_case: Open) -> None:
    drag(brush, PLACE, (40.0, 0.0, 75.0), release=False)
    hands = open_case(scanned_case())
    QTest.mouseRelease(hands.view("axial"), Qt.MouseButton.LeftButton)
    assert hands.window.desk.view.painted == ()
    assert hands.window.desk.tool is None
    assert not hands.case.segments


def test_a_segment_of_other_voxels_asks_for_a_copy(open_case: Open) -> None:
    case = segmented_case()
    whole = case.segments["liver"]
    affine = whole.grid.affine.copy()
    affine[:3, 3] += 0.4
    case = case.with_(replace(whole, grid=replace(whole.grid, affine=affine)))
    hands = open_case(case)
    hands.window.desk.select("segments/liver")
    hands.click("anatomyEdit")
    assert "duplicate it" in hands.find("editTargetHow").text()
    hands.click("duplicateSegment")
    copy = hands.case.segments["liver_copy"]
    copy.grid.box_in(hands.case.volumes["ct"].grid)
    assert copy.voxels == pytest.approx(whole.voxels, rel=0.02)


def test_a_move_of_the_brush_draws_no_slice_anew_and_cuts_each_once(brush: Any) -> None:
    drag(brush, PLACE, PLACE, release=False)
    pictures = [brush.view(kind).picture() for kind in ("axial", "coronal", "sagittal")]
    cuts = [brush.view(kind).overlay.cuts for kind in ("axial", "coronal", "sagittal")]
    QTest.mouseMove(brush.view("axial"), brush.pixel_of("axial", (32.0, -18.0, 75.0)))
    brush.settle()
    QTest.qWait(20)
    kinds = ("axial", "coronal", "sagittal")
    assert all(brush.view(k).picture() is p for k, p in zip(kinds, pictures, strict=True))
    assert all(brush.view(k).overlay.cuts - n <= 2 for k, n in zip(kinds, cuts, strict=True))
    QTest.mouseRelease(brush.view("axial"), Qt.MouseButton.LeftButton)
