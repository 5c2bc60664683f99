"""What the window shows of a case, and what mouse and keys do to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from surgiplan.edits import AddSegments, MoveStent
from surgiplan.model import Case
from tests.app.bodies import planned_case, scanned_case, segmented_case

Open = Callable[[Case], Any]


def test_an_empty_window_says_what_to_do_next(hands: Any) -> None:
    assert "Open the folder" in hands.find("scanHint").text()
    assert not hands.find("importButton").isEnabled()
    assert "choose a series" in hands.find("importButton").toolTip()


def test_the_title_names_pseudonym_series_and_scan_date(open_case: Open) -> None:
    title = open_case(scanned_case()).window.windowTitle()
    for part in ("K-4071", "CT torso, split bolus", "2024-03-02"):
        assert part in title


def test_the_research_use_line_is_always_there(hands: Any) -> None:
    assert hands.find("researchUse").text() == "Research use only. Not for clinical use."


def test_the_tree_lists_everything_with_one_telling_number(open_case: Open) -> None:
    case = planned_case()
    rows = open_case(case).window.tree.row_texts()
    assert set(rows) == set(case.paths())
    assert rows["segments/liver"][1] == f"{case.segments['liver'].volume_ml:.0f} ml"
    assert rows["plan/centerlines/centerline"][1].endswith("mm")


def test_a_click_on_the_colour_hides_and_shows(open_case: Open) -> None:
    hands = open_case(segmented_case())
    tree, view = hands.window.tree, hands.window.desk.view
    for is_visible in (False, True):
        place = tree.swatch_point("segments/liver")
        QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert view.look.style("segments/liver", "Liver").visible is is_visible


def test_stages_are_ticked_when_done(open_case: Open) -> None:
    hands = open_case(planned_case())
    texts = [button.text() for button in hands.window.top.stages.values()]
    assert [text.startswith("✓") for text in texts] == [True, True, True, True, False, False]


def test_the_wheel_scrolls_one_slice(open_case: Open) -> None:
    hands = open_case(scanned_case())
    hands.wheel("axial", 1)
    before = hands.window.desk.view.look.crosshair_lps
    hands.wheel("axial", 1)
    after = hands.window.desk.view.look.crosshair_lps
    assert np.subtract(after, before) == pytest.approx([0, 0, 2.5])


def test_a_click_puts_the_crosshair_there_in_all_views(open_case: Open) -> None:
    hands = open_case(scanned_case())
    x, y, z = hands.window.desk.view.look.crosshair_lps
    hands.click_at("coronal", (x + 20, y, z + 30))
    assert hands.window.desk.view.look.crosshair_lps == pytest.approx((x + 20, y, z + 30), abs=1.0)


def test_page_keys_and_arrows_scroll(open_case: Open) -> None:
    hands = open_case(scanned_case())
    hands.wheel("axial", 1)
    z = hands.window.desk.view.look.crosshair_lps[2]
    hands.view("axial").setFocus()
    hands.key(Qt.Key.Key_Up)
    hands.key(Qt.Key.Key_PageDown)
    assert hands.window.desk.view.look.crosshair_lps[2] == pytest.approx(z - 4 * 2.5)


def test_window_and_level_follow_the_left_button_only_with_their_tool(open_case: Open) -> None:
    hands = open_case(scanned_case())
    before = hands.window.desk.view.look.window_level
    hands.drag("axial", QPoint(100, 100), QPoint(160, 80))
    assert hands.window.desk.view.look.window_level == before
    hands.click("stage_images")
    hands.click("windowTool")
    hands.drag("axial", QPoint(100, 100), QPoint(160, 80))
    width, level = hands.window.desk.view.look.window_level
    assert width > before[0]
    assert level > before[1]


def test_presets_are_on_alt_and_a_figure(open_case: Open) -> None:
    hands = open_case(scanned_case())
    hands.view("axial").setFocus()
    hands.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert hands.window.desk.view.look.window_level == (2000.0, 300.0)


def test_two_clicks_measure_a_distance(open_case: Open) -> None:
    hands = open_case(scanned_case())
    x, y, z = hands.window.desk.view.look.crosshair_lps
    hands.click("stage_images")
    hands.click("distanceTool")
    hands.click_at("axial", (x - 20, y, z))
    hands.click_at("axial", (x + 20, y, z))
    (measured,) = hands.case.plan.measurements.values()
    assert measured.length_mm == pytest.approx(40, abs=1.0)
    assert hands.window.desk.session.undo_label == "Measure distance"


def test_undo_keys_work_from_inside_a_text_field(open_case: Open) -> None:
    hands = open_case(planned_case())
    hands.window.desk.do(MoveStent("stent", 50.0))
    hands.window.go_to("Patient")
    field = hands.find("pseudonym")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    QTest.keyClicks(field, "x")
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hands.case.plan.stents["stent"].at_mm == 70.0
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert hands.case.plan.stents["stent"].at_mm == 50.0


def test_the_search_finds_an_action_by_the_beginning_of_its_words(open_case: Open) -> None:
    hands = open_case(scanned_case())
    hands.click("searchButton")
    line = hands.window.palette_dialog.line
    QTest.keyClicks(line, "win bone")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert hands.window.desk.view.look.window_level == (2000.0, 300.0)


def test_what_cannot_be_done_says_why_in_the_search(hands: Any) -> None:
    palette = hands.window.palette_dialog
    palette.open_over(hands.window)
    QTest.keyClicks(palette.line, "measure")
    assert "import a scan first" in palette.list.item(0).text()
    palette.close()


def test_typing_another_length_changes_the_placed_stent(open_case: Open) -> None:
    hands = open_case(planned_case())
    hands.window.desk.select("plan/stents/stent")
    hands.until(lambda: "Oversize" in hands.find("fitTable").text(), "measured")
    before = hands.find("fitTable").text()
    hands.type_number("stentDiameter", "24")
    assert hands.case.plan.stents["stent"].design.diameter_mm == 24.0
    assert hands.find("fitTable").text() != before


def test_the_margin_is_shown_with_its_verdict(open_case: Open) -> None:
    hands = open_case(planned_case())
    hands.window.desk.select("plan/resections/resection")
    hands.until(lambda: "Margin" in hands.find("resectionTable").text(), "measured")
    text = hands.find("resectionTable").text()
    assert "Removed" in text
    assert "✕" in text, "3 mm are less than the 10 mm wanted"


def test_an_error_is_one_sentence_that_can_be_dismissed(open_case: Open) -> None:
    hands = open_case(planned_case())
    case = hands.case
    hands.window.desk.select("plan/stents/stent")
    hands.type_number("stentLength", "300")
    assert "300" in hands.said
    assert hands.case is case
    hands.click("noticeDismiss")
    assert not hands.said


def test_a_double_click_gives_one_view_all_the_room(open_case: Open) -> None:
    hands = open_case(scanned_case())
    width = hands.view("sagittal").width()
    QTest.mouseDClick(hands.view("sagittal"), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    hands.settle()
    assert hands.view("sagittal").width() > 1.8 * width
    assert not hands.view("axial").isVisible()
    QTest.mouseDClick(hands.view("sagittal"), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert hands.view("axial").isVisible()


def test_a_lumen_drawn_anew_makes_its_centreline_and_stent_stale(open_case: Open) -> None:
    hands = open_case(planned_case())
    rows = hands.window.tree.row_texts
    assert rows()["plan/centerlines/centerline"][1].endswith("mm")
    lumen = hands.case.segments["aorta_lumen"]
    shorter = lumen.mask.copy()
    shorter[:3] = False
    hands.window.desk.do(AddSegments((replace(lumen, mask=shorter),)))
    hands.until(lambda: rows()["plan/centerlines/centerline"][1] == "stale", "the stale mark")
    hands.until(lambda: rows()["plan/stents/stent"][1] == "stale", "the stent's stale mark")
    hands.window.desk.undo()
    hands.until(lambda: rows()["plan/stents/stent"][1].endswith("mm"), "the number again")
