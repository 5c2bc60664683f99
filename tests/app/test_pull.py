"""The remnant is pulled aside with the mouse or by numbers: one step, and Escape lets go."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.app.bodies import planned_case
from tests.app.conftest import Hands, show_case

PATH = "plan/resections/resection"


@pytest.fixture(scope="module")
def prepared(kept_hands: Hands) -> Hands:
    """A window in which the remnant was settled with few elements."""
    hands = show_case(kept_hands, planned_case())
    hands.window.go_to("Simulate")
    hands.window.desk.select(PATH)
    hands.settle()
    panel = hands.window.panels["Simulate"]
    panel._form.fields["elements"].setValue(300)
    hands.click("simulateButton")
    hands.until(lambda: hands.case.findings, "settled", timeout_s=240)
    hands.until(lambda: hands.window.desk.is_running("evidence"), "going on")
    hands.click("evidenceButton")
    hands.window.views.anatomy.look_from("A")
    hands.until_idle()
    return hands


@pytest.fixture
def in_hand(prepared: Hands) -> Iterator[Hands]:
    """With the remnant in the hand."""
    prepared.window.actions_by_name["toolPull"].trigger()
    tool = prepared.window.desk.tool
    prepared.until(lambda: tool.hand is not None, "in hand", timeout_s=240)
    prepared.settle()
    yield prepared
    prepared.window.desk.use(None)
    prepared.until_idle()


def front(hands: Hands) -> QPoint:
    """A pixel of the remnant's surface, well within it."""
    arrays = next(iter(hands.case.findings.values())).arrays
    lies = np.asarray(arrays["points_lps"]) + arrays["displacement_mm"]
    return hands.pixel_of("3d", lies[np.argmin(lies[:, 1])])


def largest_mm(hands: Hands) -> float:
    """What the window shows as the largest displacement."""
    return float(next(iter(hands.case.findings.values())).numbers["displacement_max_mm"])


def test_tissue_follows_the_hand_and_escape_lets_it_go(in_hand):
    before, session = largest_mm(in_hand), in_hand.window.desk.session
    last = session.case
    in_hand.drag("3d", front(in_hand), front(in_hand) + QPoint(0, 40), release=False)
    in_hand.until(lambda: largest_mm(in_hand) > before + 3, "following")
    assert "Handle force" in in_hand.find("responseTable").text()
    in_hand.until(
        lambda: any("Handle: pulled" in text for text in in_hand.view("3d").scene.texts()), "drawn"
    )
    in_hand.window.cancel()
    in_hand.settle()
    assert largest_mm(in_hand) == pytest.approx(before, abs=0.5)
    assert session.case is last
    assert in_hand.window.desk.tool is not None, "the tool stays in the hand"
    QTest.mouseRelease(in_hand.view("3d"), Qt.MouseButton.LeftButton, pos=front(in_hand))
    assert session.case is last


def test_a_pull_is_one_step_with_settings_that_the_shell_knows(in_hand):
    desk = in_hand.window.desk
    last = desk.session.case
    in_hand.drag("3d", front(in_hand), front(in_hand) + QPoint(0, 30))
    in_hand.until(lambda: desk.session.case is not last, "kept", timeout_s=240)
    desk.drop("evidence")
    in_hand.until_idle()
    kept = next(iter(desk.session.case.findings.values()))
    assert kept.settings["pull_mm"][2] < -3, "down on the screen is to the feet"
    assert len(kept.settings["handle_lps"]) == 3
    assert in_hand.find("pullS").value() == pytest.approx(kept.settings["pull_mm"][2], abs=0.05)
    desk.use(None)
    desk.undo()
    assert desk.session.case is last


def test_the_view_turns_beside_the_tissue(in_hand):
    eye = in_hand.view("3d").scene.eye.camera.GetPosition()
    in_hand.drag("3d", QPoint(12, 200), QPoint(60, 200))
    assert in_hand.view("3d").scene.eye.camera.GetPosition() != eye
    assert not in_hand.window.desk.tool.is_pulling
    in_hand.window.views.anatomy.look_from("A")


def test_numbers_pull_the_marked_place_without_a_mouse(prepared):
    desk = prepared.window.desk
    desk.select(f"findings/{next(iter(prepared.case.findings))}")
    prepared.settle()
    prepared.window.panels["Simulate"]._handle_fold.head.setChecked(True)
    assert not prepared.find("pullAtMark").isEnabled()
    assert "Mark a place" in prepared.find("pullAtMark").toolTip()
    prepared.find("markHighest").setFocus()
    prepared.key(Qt.Key.Key_Space)
    prepared.type_number("pullP", "-6")
    last = desk.session.case
    prepared.click("pullAtMark")
    prepared.until(lambda: desk.session.case is not last, "pulled", timeout_s=240)
    desk.drop("evidence")
    prepared.until_idle()
    kept = next(iter(prepared.case.findings.values()))
    assert kept.settings["pull_mm"] == pytest.approx((0.0, -6.0, 0.0))
    assert "Pulled at LPS" in prepared.find("handleWords").text()
