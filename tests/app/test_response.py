"""A simulation's answer is handled: slid along its loading, marked, coloured, by hand and keys."""

from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from surgiplan.model import Case, Finding
from tests.app.bodies import planned_case
from tests.app.conftest import Hands, show_case

MIDDLE = np.array([-45.0, -12.0, 90.0])


@cache
def answered_case() -> Case:
    """The planned patient with an answer: a box that leans to the left, with its numbers."""
    corners = np.array([[x, y, z] for x in (-15, 15) for y in (-20, 20) for z in (-25, 25)], float)
    faces = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)]
    faces += [(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    lean = np.zeros((8, 3))
    lean[:, 0] = 6.0 * (corners[:, 2] > 0)
    known = {
        "points_lps": MIDDLE + corners, "triangles": np.array(faces, np.int32),
        "displacement_mm": lean, "von_mises_kpa": np.linspace(1, 8, 8),
    }  # fmt: skip
    case = planned_case()
    made_from = case.made_from("plan/resections/resection", "segments/liver")
    numbers = {"converged": True, "displacement_max_mm": 6.0, "stress_p99_kpa": 7.9}
    return case.with_(
        Finding("answer", "remnant response", "plan/resections/resection", made_from,
                numbers=numbers, arrays=known)
    )  # fmt: skip


@pytest.fixture
def answered(kept_hands: Hands) -> Hands:
    hands = show_case(kept_hands, answered_case())
    hands.window.desk.select("findings/answer")
    hands.until_idle()
    return hands


def response(hands: Hands):
    return hands.window.desk.view.look.response


def test_keys_slide_the_response_and_the_window_says_what_is_shown(answered):
    slider = answered.find("responseFraction")
    slider.setFocus()
    for _ in range(4):
        QTest.keyClick(slider, Qt.Key.Key_PageDown)
    answered.settle()
    assert response(answered).fraction == pytest.approx(0.6)
    assert "60 % of the response, scaled" in answered.find("responseHow").text()
    assert any("60 %" in text for text in answered.view("3d").scene.texts())
    drawn = answered.view("3d").scene._drawn["findings/answer"][2]._moved
    assert drawn[:, 0].max() == pytest.approx(MIDDLE[0] + 15 + 0.6 * 6)
    answered.click("stepOn")
    assert response(answered).fraction == pytest.approx(0.7)


def test_playing_goes_to_the_computed_end_and_stops(answered):
    answered.find("responseFraction").setValue(90)
    answered.click("playResponse")
    answered.until(lambda: 0.9 < response(answered).fraction < 1, "moving")
    answered.until(lambda: response(answered).fraction == 1, "at the end")
    assert not answered.find("playResponse").isChecked()


def test_a_click_on_the_surface_marks_a_place_and_a_turn_does_not(answered):
    answered.window.views.anatomy.look_from("A")
    answered.settle()
    front = MIDDLE + [3.0, -20, 0]
    place = answered.pixel_of("3d", front)
    answered.drag("3d", place, place + answered.view("3d").rect().center() / 20)
    assert response(answered).probe_lps is None
    answered.window.views.anatomy.look_from("A")
    answered.click_at("3d", front)
    marked = np.array(response(answered).probe_lps)
    assert marked == pytest.approx(MIDDLE + [0.0, -20, 0], abs=2.0)
    assert "Displacement 2.9" in answered.find("placeTable").text()
    assert "3.0 left" in answered.find("placeTable").text()
    answered.click("clearMark")
    assert response(answered).probe_lps is None


def test_the_highest_number_is_found_without_a_mouse(answered):
    answered.choose("colouring", "stress")
    QTest.keyClick(answered.find("colouring"), Qt.Key.Key_Return)
    assert answered.window.desk.view.look.array == "stress"
    answered.find("markHighest").setFocus()
    answered.key(Qt.Key.Key_Space)
    assert "Von Mises stress 8 kPa" in answered.find("placeTable").text()


def test_hovering_over_the_response_reads_it(answered):
    answered.window.views.anatomy.look_from("A")
    answered.settle()
    QTest.mouseMove(answered.view("3d"), answered.pixel_of("3d", MIDDLE + [3.0, -20, 0]))
    answered.settle()
    assert "Towards 3.0 left" in answered.view("3d").readout


def test_how_a_response_was_looked_at_is_kept_with_the_case(answered):
    answered.click("show_arrows")
    answered.settle()
    look = answered.window.desk.view.look
    assert type(look).from_json(look.to_json()) == look
    assert look.response.arrows
