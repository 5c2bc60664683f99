"""How far the review of a segment is: chosen in the editor, seen in the tree."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt

from surgiplan.model import Case
from surgiplan.workflow import segment
from tests.app.bodies import scanned_case, segmented_case

Open = Callable[[Case], Any]


def test_a_review_is_chosen_in_the_editor_and_seen_in_the_tree(open_case: Open) -> None:
    hands = open_case(segmented_case())
    hands.window.desk.select("segments/liver")
    hands.click("anatomyEdit")
    row = hands.window.tree._rows["segments/liver"]
    assert row.icon(1).isNull()
    hands.choose("reviewChoice", "In progress")
    assert hands.case.segments["liver"].review == "in_progress"
    assert not row.icon(1).isNull()
    assert row.toolTip(1) == "Review: in progress"
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hands.case.segments["liver"].review == "not_started"
    assert row.icon(1).isNull()


def test_a_segment_is_made_again_on_the_other_scan(open_case: Open) -> None:
    case = scanned_case()
    other = replace(case.volumes["ct"], id="late", name="CT late", values=case.volumes["ct"].values)
    case = case.with_(other)
    case = segment(
        case, "threshold", volume_id="ct", name="bone", settings={"low_hu": 400.0, "high_hu": 900.0}
    ).apply(case)
    hands = open_case(case)
    hands.window.desk.select("segments/bone")
    hands.click("anatomyEdit")
    hands.click("remakeSegment")
    hands.until(lambda: "bone2" in hands.case.segments, "made again")
    hands.until_idle()
    again = hands.case.segments["bone2"]
    assert (again.volume_id, again.voxels) == ("late", case.segments["bone"].voxels)
    assert hands.window.desk.selection == "segments/bone2"


def test_what_cannot_be_made_again_says_why(open_case: Open) -> None:
    hands = open_case(segmented_case())
    hands.window.desk.select("segments/liver")
    hands.click("anatomyEdit")
    button = hands.find("remakeSegment")
    assert not button.isEnabled()
    assert "no other scan" in button.toolTip()
