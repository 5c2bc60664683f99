"""Encrypted cases in the window: asked for once, told when wrong, and nothing left lying open."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLabel

from surgiplan import io
from surgiplan.app.passphrase import PassphraseDialog
from surgiplan.edits import MoveStent
from surgiplan.model import Case
from tests.app.bodies import planned_case

Open = Callable[[Case], Any]
QUICK = io.Cost(n=1 << 10)
WORDS = "wandering otter, blue kettle"
OK, CANCEL = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel


class Answers:
    """Types into every passphrase dialog that appears, one answer after the other."""

    def __init__(self, *answers: tuple[str, ...] | None) -> None:
        self.left, self.asked = list(answers), []
        self._timer = QTimer(interval=50)
        self._timer.timeout.connect(self._answer)
        self._timer.start()

    def _answer(self) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, PassphraseDialog) or not self.left:
            return
        answer = self.left.pop(0)
        self.asked.append(dialog.findChild(QLabel, "passphraseText").text())
        for field, words in zip((dialog.field, dialog.again), answer or (), strict=False):
            QTest.keyClicks(field, words)
            assert words not in field.displayText()
        button = dialog.buttons.button(CANCEL if answer is None else OK)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "plan.splan"
    io.save(planned_case(), io.new_encrypted(path, WORDS, cost=QUICK))
    return path


def test_a_wrong_passphrase_is_told_and_asked_for_again(hands: Any, sealed: Path) -> None:
    answers = Answers(("some other words",), (WORDS,))
    hands.window.open_paths([sealed])
    hands.until(lambda: hands.case.volumes, "opened")
    assert ["encrypted" in answers.asked[0], "not the passphrase" in answers.asked[1]] == [True] * 2
    assert not hands.window.desk.is_read_only
    assert WORDS not in hands.said


def test_cancelling_leaves_the_open_case_as_it_was(open_case: Open, sealed: Path) -> None:
    hands = open_case(planned_case())
    case = hands.case
    answers = Answers(None)
    hands.window.documents.open(sealed)
    hands.until(lambda: answers.asked, "asked")
    hands.settle()
    assert hands.case is case
    assert not (sealed / "lock").exists()


def test_what_is_done_in_an_encrypted_case_stays_encrypted(
    hands: Any, sealed: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("SURGIPLAN_STATE", str(state))
    answers = Answers((WORDS,))
    hands.window.open_paths([sealed])
    hands.until(lambda: hands.case.volumes, "opened")
    assert not answers.left
    window = hands.window
    told: list[int] = []
    window.documents.autosave.kept.connect(told.append)
    window.documents.autosave.soon_s = 0.05
    window.desk.do(MoveStent("stent", 50.0))
    hands.until(lambda: told, "kept by itself")
    window.documents.save()
    hands.until(lambda: not window.desk.has_changes, "saved")
    copy = tmp_path / "copy.splan"
    window.desk.do(MoveStent("stent", 51.0))
    window.documents.save_to(copy)
    hands.until(lambda: not window.desk.has_changes, "saved elsewhere")
    window.documents.release()
    for path, station in ((sealed, 50.0), (copy, 51.0)):
        assert {p.name for p in path.iterdir()} == {"vault.json", "sealed"}
        assert io.load(io.unlock(path, WORDS)).plan.stents["stent"].at_mm == station
    assert not [p for p in state.rglob("*") if p.is_file()]


def test_the_open_case_is_encrypted_and_no_longer_from_the_search(
    open_case: Open, tmp_path: Path, monkeypatch: Any
) -> None:
    hands = open_case(planned_case())
    window, path = hands.window, tmp_path / "plan.splan"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    command = {c.name: c for c in window._commands}
    assert "save the case first" in command["encryptCase"].why_not()
    window.desk.do(MoveStent("stent", 50.0))
    window.documents.save()
    hands.until(lambda: not window.desk.has_changes, "saved")
    answers = Answers((WORDS, WORDS))
    window.actions_by_name["encryptCase"].trigger()
    hands.until(lambda: isinstance(window.desk.path, io.Place), "encrypted")
    assert "traces" in answers.asked[0]
    assert "is encrypted" in hands.said
    assert "already" in command["encryptCase"].why_not()
    window.desk.do(MoveStent("stent", 52.0))
    window.documents.save()
    hands.until(lambda: not window.desk.has_changes, "saved")
    assert io.load(io.unlock(path, WORDS)).plan.stents["stent"].at_mm == 52.0
    window.actions_by_name["decryptCase"].trigger()
    hands.until(lambda: isinstance(window.desk.path, Path), "decrypted")
    assert io.load(path).plan.stents["stent"].at_mm == 52.0
    assert io.verify(path) == ()


def test_two_fields_that_differ_cannot_be_accepted(qtbot: Any) -> None:
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    dialog = PassphraseDialog("Encrypt", "text", window, is_new=True)
    ok = dialog.buttons.button(OK)
    assert not ok.isEnabled()
    QTest.keyClicks(dialog.field, "one")
    QTest.keyClicks(dialog.again, "two")
    assert not ok.isEnabled()
    assert dialog.why_not.text() == "The two differ."
    dialog.again.setText("one")
    assert ok.isEnabled()
    dialog.deleteLater()
