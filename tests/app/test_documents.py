"""Saving, opening and closing, without losing work and without two writers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from surgiplan import io
from surgiplan.edits import MoveStent
from surgiplan.model import Case
from tests.app.bodies import planned_case

Open = Callable[[Case], Any]
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def changed(open_case: Open) -> Any:
    hands = open_case(planned_case())
    hands.window.desk.do(MoveStent("stent", 50.0))
    return hands


def answer(button: QMessageBox.StandardButton) -> None:
    """Press a button of the question that is about to appear."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)

    QTimer.singleShot(200, press)


def test_a_saved_case_opens_again_with_its_view(
    changed: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    path = tmp_path / "plan.splan"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(path))
    changed.window.desk.view.change(window_level=(1234.0, 56.0))
    changed.key(Qt.Key.Key_S, CONTROL)
    changed.until(lambda: not changed.window.desk.has_changes, "saved")
    assert "plan" in changed.window.windowTitle()
    before = changed.case
    changed.window.desk.view.change(window_level=(100.0, 0.0))
    changed.key(Qt.Key.Key_O, CONTROL)
    changed.until(lambda: changed.case is not before, "opened")
    assert changed.case.plan.stents["stent"].at_mm == 50.0
    assert changed.case.segments["liver"].digest == before.segments["liver"].digest
    assert changed.window.desk.view.look.window_level == (1234.0, 56.0)
    assert not changed.window.desk.is_read_only


def test_closing_asks_about_unsaved_work_and_cancel_keeps_the_window(changed: Any) -> None:
    answer(QMessageBox.StandardButton.Cancel)
    changed.window.close()
    assert changed.window.isVisible()
    assert changed.window.desk.has_changes


def test_closing_with_discard_closes(changed: Any) -> None:
    answer(QMessageBox.StandardButton.Discard)
    changed.window.close()
    changed.until(lambda: not changed.window.isVisible(), "closed")
    assert changed.window.desk.has_changes, "discarded, so never saved"


def test_closing_with_save_saves_first(changed: Any, monkeypatch: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.splan"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    answer(QMessageBox.StandardButton.Save)
    changed.window.close()
    changed.until(lambda: not changed.window.isVisible(), "closed")
    assert io.load(path).plan.stents["stent"].at_mm == 50.0


def test_a_case_that_is_open_elsewhere_is_read_only(hands: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.splan"
    io.save(planned_case(), path)
    with io.CaseLock(path):
        hands.window.open_paths([path])
        hands.until(lambda: hands.case.volumes, "opened")
        assert hands.window.desk.is_read_only
        assert "open in another program" in hands.said
        assert "read only" in hands.find("whoLabel").text()


def test_a_seed_beside_the_scan_is_one_sentence_and_changes_nothing(open_case: Open) -> None:
    hands = open_case(planned_case())
    case = hands.case
    x, y, z = hands.window.desk.view.look.crosshair_lps
    hands.click("stage_anatomy")
    box = hands.find("methodChoice")
    hands.choose("methodChoice", box.itemText(box.findData("liver")))
    hands.click("pickSeeds")
    hands.view("axial").scene.zoom(0.3, 200, 200)
    hands.view("axial").redraw()
    hands.click_at("axial", (x + 90, y, z))
    hands.click("segmentButton")
    hands.until(lambda: hands.said, "answered")
    assert "outside the scan" in hands.said
    assert hands.case is case
