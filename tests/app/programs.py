"""The window's desk and documents without the window, to end as a killed program does."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from surgiplan.app.desk import Desk
from surgiplan.app.documents import Documents
from surgiplan.edits import MoveStent

__all__ = ["Buttons", "Program"]

Buttons = QMessageBox.StandardButton


class Program:
    """A desk with its documents, as the window has them, and what it said."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.desk = Desk(self.window)
        self.documents = Documents(self.desk, self.window)
        self.autosave = self.documents.autosave
        self.autosave.interval_s = self.autosave.soon_s = 0.02
        self.said: list[str] = []
        self.kept: list[int] = []
        self.asked: list[str] = []
        self.desk.notices.shown.connect(lambda _kind, text, _details: self.said.append(text))
        self.autosave.kept.connect(self.kept.append)

    def until(self, is_so: Callable[[], object]) -> None:
        for _ in range(6000):
            QApplication.processEvents()
            if is_so():
                return
            QTest.qWait(5)
        raise AssertionError(f"never; said {self.said}")

    def open(self, path: Path) -> None:
        before = self.desk.case
        self.documents.open(path)
        self.until(lambda: self.desk.running is None)
        assert self.desk.case is not before, self.said

    def move(self, *stations_mm: float) -> None:
        for at_mm in stations_mm:
            assert self.desk.do(MoveStent("stent", at_mm))

    def until_kept(self, steps: int) -> None:
        self.until(lambda: steps in self.kept)

    def answer(self, button: Buttons) -> None:
        """Press a button of the question that is about to appear."""

        def press() -> None:
            box = QApplication.activeModalWidget()
            if box is None:
                QTimer.singleShot(20, press)
                return
            assert isinstance(box, QMessageBox)
            self.asked.append(box.text())
            QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)

        QTimer.singleShot(20, press)

    def die(self) -> None:
        """End as a killed program does: nothing is released, nothing more is written."""
        self.autosave.pause()
        self.desk.close()
        for lock in (self.documents._lock, self.autosave._own and self.autosave._own[1]):
            if lock:
                (lock._root / "lock").write_text("")

    @property
    def at_mm(self) -> float:
        return self.desk.case.plan.stents["stent"].at_mm
