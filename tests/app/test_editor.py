"""The tools of the segment editor: previewed, kept by Apply as one step, or leaving nothing."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from surgiplan.model import Case
from tests.app.bodies import segmented_case
from tests.app.conftest import show_case

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


PATIENT = segmented_case()
"""One for all tests: its surfaces are made once."""


@pytest.fixture
def editor(kept_hands: Any) -> Any:
    """The editor with the liver chosen, and the slices through the tumour."""
    hands = show_case(kept_hands, PATIENT)
    hands.window.go_to("Anatomy")
    hands.window.editor.set(radius_mm=6.0, is_ball=False)
    hands.window.desk.view.change(crosshair_lps=(-18.0, -14.0, 92.5))
    hands.window.desk.select("segments/liver")
    hands.click("anatomyEdit")
    hands.until_idle()
    return hands


def page(hands: Any) -> Any:
    return hands.window.panels["Anatomy"].edit.page


def until_previewed(hands: Any) -> Any:
    hands.until(lambda: page(hands) is not None and page(hands)._found, "previewed")
    return page(hands)._found.edit


def draw(hands: Any, kind: str, pixels: list[QPoint], keys: Any = Qt.NoModifier) -> None:
    view = hands.view(kind)
    QTest.mousePress(view, LEFT, keys, pixels[0])
    for start, end in pairwise(pixels):
        for n in range(1, 5):
            QTest.mouseMove(view, start + (end - start) * n / 4)
    QTest.mouseRelease(view, LEFT, keys, pixels[-1])
    hands.settle()


def around(hands: Any, kind: str, *places: Any) -> list[QPoint]:
    return [hands.pixel_of(kind, place) for place in places]


def on_scan(case: Case, segment_id: str) -> np.ndarray:
    volume, segment = case.volumes["ct"], case.segments[segment_id]
    whole = np.zeros(volume.grid.shape, bool)
    whole[segment.grid.box_in(volume.grid)] = segment.mask
    return whole


def test_a_margin_is_previewed_and_apply_keeps_exactly_that(editor: Any) -> None:
    case = editor.window.desk.session.case
    editor.click("tool_margin")
    edit = until_previewed(editor)
    assert editor.window.desk.session.case is case
    assert "afterwards" in editor.find("previewState").text()
    assert editor.window.desk.view.painted
    editor.click("editApply")
    assert editor.window.desk.view.painted == ()
    assert (on_scan(editor.case, "liver") == on_scan(edit.apply(case), "liver")).all()
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert editor.window.desk.session.case is case


def test_other_settings_give_another_preview(editor: Any) -> None:
    editor.click("tool_margin")
    larger = until_previewed(editor).segment.voxels
    editor.type_number("setting_margin_mm", "-4")
    smaller = until_previewed(editor).segment.voxels
    assert smaller < editor.case.segments["liver"].voxels < larger


def test_apply_pressed_twice_in_haste_acts_once(editor: Any) -> None:
    before = editor.case.segments["liver"]
    editor.click("tool_margin")
    button = editor.find("editApply")
    for _ in range(2):
        QTest.mouseClick(button, LEFT)
    editor.until(lambda: editor.case.segments["liver"] is not before, "applied")
    editor.until_idle()
    QTest.mouseClick(button, LEFT)
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert editor.case.segments["liver"] is before
    assert editor.window.desk.session.undo_label is None


@pytest.mark.parametrize("way", ["escape", "cancel", "another tool", "another segment"])
def test_what_is_not_applied_leaves_nothing(editor: Any, way: str) -> None:
    case = editor.window.desk.session.case
    editor.click("tool_margin")
    until_previewed(editor)
    if way == "escape":
        editor.key(Qt.Key.Key_Escape)
    elif way == "cancel":
        editor.click("editCancel")
    elif way == "another tool":
        editor.click("tool_paint")
    else:
        editor.window.desk.select("segments/bone")
        assert until_previewed(editor).segment.id == "bone"
        editor.click("editCancel")
    assert editor.window.desk.view.painted == ()
    assert editor.window.desk.session.case is case
    editor.until_idle()
    assert editor.window.desk.view.painted == ()


def test_removing_the_segment_under_a_preview_drops_it(editor: Any) -> None:
    editor.click("tool_margin")
    until_previewed(editor)
    editor.window.tree.setFocus()
    editor.key(Qt.Key.Key_Delete)
    assert "liver" not in editor.case.segments
    assert editor.window.desk.view.painted == ()
    button = editor.find("editApply")
    assert not button.isEnabled()
    assert "Choose a segment" in button.toolTip()


def test_a_range_is_dragged_on_the_histogram_and_painted_under_the_hand(editor: Any) -> None:
    case = editor.window.desk.session.case
    editor.window.desk.select("segments/tumour")
    editor.click("tool_threshold")
    histogram = editor.find("rangeHistogram")
    _, high = page(editor).values
    start, end = (QPoint(round(histogram.x_of(value)), 30) for value in (high, 420))
    QTest.mousePress(histogram, LEFT, pos=start)
    QTest.mouseMove(histogram, end)
    (shown,) = editor.window.desk.view.painted
    assert shown.high == pytest.approx(420, abs=4)
    QTest.mouseRelease(histogram, LEFT, pos=end)
    assert editor.window.desk.session.case is case
    low, high = page(editor).values
    editor.click("editApply")
    editor.until(lambda: editor.window.desk.session.case is not case, "applied")
    values = editor.case.volumes["ct"].values
    wanted = on_scan(case, "tumour") | ((values >= low) & (values <= high))
    assert (on_scan(editor.case, "tumour") == wanted).all()
    assert editor.window.desk.view.painted == ()


def test_a_mask_by_values_keeps_a_part_of_the_segment(editor: Any) -> None:
    before = on_scan(editor.case, "liver")
    editor.click("tool_mask")
    editor.type_number("maskLow", "110")
    editor.type_number("maskHigh", "300")
    editor.click("editApply")
    editor.until(lambda: editor.window.desk.session.undo_label, "applied")
    values = editor.case.volumes["ct"].values
    assert (on_scan(editor.case, "liver") == (before & (values >= 110) & (values <= 300))).all()


def test_seeds_inside_and_outside_find_a_tumour(editor: Any) -> None:
    case = editor.window.desk.session.case
    editor.window.editor.begin("lesion")
    editor.window.editor.set(radius_mm=3.0)
    editor.click("tool_grow_cut")
    assert "inside" in editor.find("previewState").text()
    spots = {"Inside": [(-18.0, -14.0, 92.5)]}
    spots["Outside"] = [(-42.0, -14.0, 92.5), (-18.0, -38.0, 92.5), (-18.0, 8.0, 92.5)]
    for side, places in spots.items():
        editor.click(f"seeds{side}")
        for place in places:
            editor.drag("axial", *around(editor, "axial", place, place), steps=1)
    for z in (114.0, 70.0):
        editor.drag("coronal", *around(editor, "coronal", (-24, -14, z), (-10, -14, z)), steps=2)
    first = until_previewed(editor).segment
    editor.drag("axial", *around(editor, "axial", (0, -14, 92.5), (2, -14, 92.5)), steps=1)
    second = until_previewed(editor).segment
    assert second is not first, "another stroke should give another preview"
    assert editor.window.desk.session.case is case
    editor.click("editApply")
    found, truth = on_scan(editor.case, "lesion"), on_scan(editor.case, "tumour")
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert editor.window.desk.session.case is case


def test_scissors_in_3d_cut_all_the_way_through(editor: Any) -> None:
    before = editor.case.segments["liver"]
    editor.click("tool_scissors")
    middle = editor.pixel_of("3d", before.centroid_lps)
    corners = [middle + QPoint(x, y) for x, y in ((0, -170), (180, -170), (180, 170), (0, 170))]
    eye = np.array(editor.view("3d").scene.eye.camera.GetPosition())
    draw(editor, "3d", corners)
    editor.until(lambda: editor.case.segments["liver"] is not before, "cut")
    left = editor.case.segments["liver"]
    assert 0.35 < left.voxels / before.voxels < 0.65
    # Seen from the eye, what is left lies on one side of the cut.
    right, _, ahead = editor.view("3d").scene.eye.axes
    places = left.grid.to_lps(np.argwhere(left.mask))
    seen = (places - eye) @ right / ((places - eye) @ ahead)
    cut = (before.centroid_lps - eye) @ right / ((before.centroid_lps - eye) @ ahead)
    assert seen.max() < cut + 0.01
    editor.until_idle()
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert editor.case.segments["liver"] is before


def test_a_lasso_fills_its_outline_in_the_slice_and_control_erases(editor: Any) -> None:
    before = on_scan(editor.case, "liver")
    editor.click("tool_lasso")
    square = around(
        editor, "axial", (20, -40, 92.5), (40, -40, 92.5), (40, -20, 92.5), (20, -20, 92.5)
    )
    draw(editor, "axial", square)
    added = on_scan(editor.case, "liver") & ~before
    assert added.sum() * 1.5 * 1.5 == pytest.approx(400, rel=0.15)
    assert len(np.unique(np.argwhere(added)[:, 0])) == 1
    draw(editor, "axial", square, CONTROL)
    assert (on_scan(editor.case, "liver") == before).all()


def test_escape_drops_an_outline(editor: Any) -> None:
    case = editor.window.desk.session.case
    editor.click("tool_lasso")
    view = editor.view("axial")
    QTest.mousePress(view, LEFT, pos=QPoint(100, 100))
    QTest.mouseMove(view, QPoint(200, 100))
    QTest.mouseMove(view, QPoint(200, 200))
    editor.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(view, LEFT, pos=QPoint(200, 200))
    assert editor.window.desk.session.case is case
    assert editor.window.desk.tool is not None


def test_level_tracing_takes_what_the_edge_encloses(editor: Any) -> None:
    editor.window.editor.begin("vessel")
    editor.click("tool_level_trace")
    aorta = on_scan(editor.case, "aorta_lumen")
    k = 37
    j = round(np.argwhere(aorta[k])[:, 0].mean())
    edge = int(np.flatnonzero(aorta[k, j]).max())
    place = editor.case.volumes["ct"].grid.to_lps((k, j, edge + 0.5))
    QTest.mouseMove(editor.view("axial"), editor.pixel_of("axial", place))
    editor.until(lambda: editor.window.desk.tool._line is not None, "traced")
    QTest.mouseClick(editor.view("axial"), LEFT, pos=editor.pixel_of("axial", place))
    found = on_scan(editor.case, "vessel")
    assert set(np.flatnonzero(found.any(axis=(1, 2)))) == {k}
    assert 2 * (found[k] & aorta[k]).sum() / (found[k].sum() + aorta[k].sum()) > 0.85


def test_a_click_grows_a_region_into_the_segment(editor: Any) -> None:
    editor.window.editor.begin("vessel")
    editor.click("tool_grow")
    assert "Click inside" in editor.find("previewState").text()
    editor.click_at("axial", (8.0 + 6 * np.sin(92.5 / 40), 12.0, 92.5))
    until_previewed(editor)
    editor.click("editApply")
    found, truth = on_scan(editor.case, "vessel"), on_scan(editor.case, "aorta_lumen")
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9
    assert editor.window.desk.view.markers == ()


def test_what_lies_between_painted_slices_is_filled(editor: Any) -> None:
    editor.window.editor.begin("rod")
    editor.window.editor.set(radius_mm=8.0)
    editor.click("tool_paint")
    for z in (92.5, 117.5):
        editor.window.desk.view.change(crosshair_lps=(30.0, -30.0, z))
        editor.settle()
        editor.drag("axial", *around(editor, "axial", (30, -30, z), (30, -30, z)), steps=1)
    assert len(np.unique(np.argwhere(on_scan(editor.case, "rod"))[:, 0])) == 2
    editor.click("tool_fill_between")
    until_previewed(editor)
    editor.click("editApply")
    filled = on_scan(editor.case, "rod")
    assert np.ptp(np.flatnonzero(filled.any(axis=(1, 2)))) == 10
    assert len(np.unique(np.argwhere(filled)[:, 0])) == 11


def test_combining_asks_for_the_other_segment(editor: Any) -> None:
    liver, tumour = on_scan(editor.case, "liver"), on_scan(editor.case, "tumour")
    editor.click("tool_logic")
    editor.choose("operation_logic", "Difference")
    editor.choose("other_logic", "Tumour")
    until_previewed(editor)
    editor.click("editApply")
    assert (on_scan(editor.case, "liver") == (liver & ~tumour)).all()


def test_what_needs_a_segment_says_so_while_it_is_empty(editor: Any) -> None:
    editor.window.editor.begin("lesion")
    editor.click("tool_margin")
    button = editor.find("editApply")
    assert not button.isEnabled()
    assert "still empty" in button.toolTip()


def test_every_tool_opens_and_closes(editor: Any) -> None:
    case = editor.window.desk.session.case
    for name in editor.window.panels["Anatomy"].edit.tools:
        editor.click(f"tool_{name}")
        assert page(editor).name == name
        editor.settle()
    editor.key(Qt.Key.Key_Escape)
    assert page(editor) is None
    assert editor.window.desk.view.painted == ()
    assert editor.window.desk.session.case is case
