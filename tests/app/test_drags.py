"""Dragging stents and planes: previews while the hand moves, one edit when it lets go."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from surgiplan.model import Case
from tests.app.bodies import planned_case
from tests.app.grabbing import grab

Open = Callable[[Case], Any]


def stent_spot(hands: Any, kind: str) -> QPoint:
    case = hands.window.desk.session.case
    branch = case.plan.centerlines["centerline"].branches[0]
    place = branch.point_at(case.plan.stents["stent"].at_mm)
    return grab(hands, kind, "stent", hands.pixel_of(kind, place))


@pytest.fixture
def planned(open_case: Open) -> Any:
    hands = open_case(planned_case())
    hands.until_idle()
    for path in ("segments/aorta_lumen", "segments/bone", "segments/liver"):
        hands.window.desk.view.style(path, path.partition("/")[2], visible=False)
    hands.settle()
    return hands


@pytest.mark.parametrize("kind", ["3d", "coronal"])
def test_a_stent_follows_the_hand_and_is_one_step(planned: Any, kind: str) -> None:
    if kind == "coronal":
        x, _, z = planned.window.desk.view.look.crosshair_lps
        planned.window.desk.view.change(crosshair_lps=(x, 12.0, z))
        planned.settle()
    start = stent_spot(planned, kind)
    numbers = []
    planned.window.desk.shown.connect(lambda case: numbers.append(case.plan.stents["stent"].at_mm))
    planned.drag(kind, start, start + QPoint(0, -60), release=False)
    assert planned.window.desk.session.case.plan.stents["stent"].at_mm == 70.0
    assert planned.window.desk.session.undo_label is None
    QTest.mouseRelease(planned.view(kind), Qt.MouseButton.LeftButton, pos=start + QPoint(0, -60))
    moved = planned.case.plan.stents["stent"].at_mm
    assert moved > 80.0
    assert len(set(numbers)) > 3, "it should have followed in small steps"
    assert planned.window.desk.session.undo_label == "Move stent"
    planned.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert planned.case.plan.stents["stent"].at_mm == 70.0
    assert planned.window.desk.session.undo_label is None


def test_escape_lets_go_of_a_stent_unchanged(planned: Any) -> None:
    case = planned.window.desk.session.case
    start = stent_spot(planned, "3d")
    planned.drag("3d", start, start + QPoint(0, -60), release=False)
    assert planned.case is not case
    planned.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(planned.view("3d"), Qt.MouseButton.LeftButton, pos=start)
    assert planned.case is case


def test_shift_turns_a_stent_about_its_axis(planned: Any) -> None:
    start = stent_spot(planned, "3d")
    view, shift = planned.view("3d"), Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(view, Qt.MouseButton.LeftButton, shift, start)
    QTest.mouseMove(view, start + QPoint(40, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, shift, start + QPoint(40, 0))
    assert planned.case.plan.stents["stent"].rotation_deg == pytest.approx(20.0)


def test_the_middle_of_a_plane_moves_it_and_the_volumes_follow(planned: Any) -> None:
    planned.window.desk.select("plan/resections/resection")
    planned.until(lambda: "Margin" in planned.find("resectionTable").text(), "measured")
    before = planned.find("resectionTable").text()
    resection = planned.case.plan.resections["resection"]
    start = grab(planned, "3d", "plane-handle", planned.pixel_of("3d", resection.point_lps))
    planned.drag("3d", start, start + QPoint(-25, 0), release=False)
    during = planned.find("resectionTable").text()
    assert during != before
    assert planned.window.desk.session.undo_label is None
    QTest.mouseRelease(planned.view("3d"), Qt.MouseButton.LeftButton, pos=start + QPoint(-25, 0))
    moved = planned.case.plan.resections["resection"]
    shift = moved.point_lps - resection.point_lps
    assert np.linalg.norm(shift) > 3
    assert abs(shift @ resection.normal) == pytest.approx(np.linalg.norm(shift), rel=1e-6)
    assert planned.window.desk.session.undo_label == "Move cutting plane"


def test_the_tip_of_a_plane_tilts_it(planned: Any) -> None:
    resection = planned.case.plan.resections["resection"]
    tip = resection.point_lps + 10 * resection.normal
    start = grab(planned, "3d", "normal-handle", planned.pixel_of("3d", tip))
    planned.drag("3d", start, start + QPoint(0, -25))
    moved = planned.case.plan.resections["resection"]
    assert moved.normal @ resection.normal < 0.999
    assert moved.point_lps == pytest.approx(resection.point_lps)


def test_a_plane_that_misses_is_refused_with_a_sentence(planned: Any) -> None:
    case = planned.window.desk.session.case
    planned.window.desk.view.change(crosshair_lps=(70.0, 0.0, 80.0))
    planned.window.desk.select("plan/resections/resection")
    planned.click("cutAgain")
    assert "misses" in planned.said
    assert planned.window.desk.session.case is case


def test_a_click_beside_everything_turns_the_anatomy_and_changes_nothing(planned: Any) -> None:
    case, view = planned.case, planned.view("3d")
    empty = QPoint(view.width() - 15, view.height() - 60)
    assert view.hit((empty.x(), empty.y())) is None
    before = view.picture().copy()
    planned.drag("3d", empty, empty - QPoint(60, 20))
    assert (view.picture() != before).any()
    assert planned.case is case
    assert planned.window.desk.session.undo_label is None
