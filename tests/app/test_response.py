"""A simulation's answer is handled: slid along its loading, marked, coloured, by hand and keys."""

import time
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from surgiplan.app.panels import evidence
from surgiplan.edits import RecordFinding
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
    assert "Towards L 3.0 mm" in answered.find("placeTable").text()
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
    assert "Towards L 3.0 mm" in answered.view("3d").readout


def test_how_a_response_was_looked_at_is_kept_with_the_case(answered):
    answered.click("show_arrows")
    answered.settle()
    look = answered.window.desk.view.look
    assert type(look).from_json(look.to_json()) == look
    assert look.response.arrows


BAND = {
    "scenario_band": {"displacement_max_mm": {"low": 4.5, "value": 6.0, "high": 9.0}},
    "discretisation": {"displacement_max_mm": 0.031},
    "scenarios": [
        {"name": "soft tissue", "converged": True, "displacement_max_mm": 9.0},
        {"name": "low pressure", "converged": False, "reason": "It changes nothing."},
    ],
}


def evidenced(
    _case: Case, finding: Finding, report: Any, *, seconds: float = 0.0, beside: Any = None
) -> RecordFinding:
    """Stands in for the minutes of a second mesh and of scenarios; runs in the worker."""
    for n in range(int(100 * seconds)):
        report(n / (100 * seconds), "Soft tissue: load step 1")
        time.sleep(0.01)
    return RecordFinding(replace(finding, numbers={**finding.numbers, **BAND}))


def test_every_number_stands_with_its_band_and_error_once_they_are_known(answered, monkeypatch):
    monkeypatch.setattr(evidence, "substantiated", evidenced)
    assert "no error and no band yet" in answered.find("evidenceState").text()
    answered.click("evidenceButton")
    answered.until(lambda: "scenario_band" in answered.case.findings["answer"].numbers, "known")
    answered.until_idle()
    assert "6 mm (4.5–9) ±3.1%" in answered.find("responseTable").text()
    assert "lowest to the highest" in answered.find("bandWords").text()
    answered.click("fold_scenarios")
    assert "Soft tissue 9 mm" in answered.window.panels["Simulate"]._scenarios.text()
    assert "It changes nothing" in answered.window.panels["Simulate"]._scenarios.text()


def test_stopping_the_second_stage_leaves_the_first_answer(answered, monkeypatch):
    monkeypatch.setattr(evidence, "substantiated", partial(evidenced, seconds=60.0))
    first = answered.case.findings["answer"]
    answered.click("evidenceButton")
    answered.until(lambda: "Soft tissue" in answered.find("evidenceState").text(), "under way")
    assert "6 mm" in answered.find("responseTable").text()
    answered.click("evidenceButton")
    answered.until(lambda: answered.window.desk.running is None, "stopped")
    assert answered.case.findings["answer"] is first
    assert answered.find("evidenceButton").text() == "Compute"


def test_a_vessel_shows_what_was_planned_beside_what_was_achieved(answered):
    stations = [
        {"s_mm": s, "d_area_before_mm": 18.0, "d_area_after_mm": 20.0 + s / 100,
         "d_area_after_low_mm": 19.0, "d_area_after_high_mm": 21.5} for s in range(30, 111, 2)
    ]  # fmt: skip
    case = answered.case
    vessel = Finding(
        "wall", "vessel response", "plan/stents/stent", case.made_from("plan/stents/stent"),
        numbers={"converged": True, "displacement_max_mm": 1.0, "stations_after": stations},
        arrays=case.findings["answer"].arrays,
    )  # fmt: skip
    answered.window.desk.do(RecordFinding(vessel))
    answered.window.desk.select("findings/wall")
    answered.settle()
    chart = answered.find("stationsChart")
    names = [line.name for line in chart._lines]
    assert names == ["scan", "planned", "achieved"]
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.readout() == "108 mm: scan 18, achieved 21.1 mm"
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(round(chart.x_of(70)), 60))
    assert "planned 22" in chart.readout()
    here = answered.window.desk.view.look.crosshair_lps
    assert here[2] == pytest.approx(74, abs=1.5), "the slices went to that station"
    answered.click("fold_table")
    assert "At 30 mm 18.0 → 20.3 (19.0 to 21.5)" in (
        answered.window.panels["Simulate"]._stations_table.text()
    )
