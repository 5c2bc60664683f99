"""A window on a made-up patient, and the hands that use it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget

from surgiplan.app.palette import dress
from surgiplan.app.window import MainWindow
from surgiplan.model import Case
from tests.app.programs import Program

watchdog_lines: list[str] = []
"""What the watchdogs saw, printed at the end."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in watchdog_lines:
        terminalreporter.write_line(line)


class Hands:
    """Clicks and drags on real widgets, and waits for what follows."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def find(self, name: str) -> Any:
        """The visible widget of that object name."""
        found = [w for w in self.window.findChildren(QWidget, name) if w.isVisible()]
        assert found, f"no visible widget is called {name}"
        return found[0]

    def click(self, name: str) -> None:
        QApplication.processEvents()
        widget = self.find(name)
        assert widget.isEnabled(), f"{name} is disabled: {widget.toolTip()}"
        # A tick box answers on its square and its words, not on the room beside them.
        place = QPoint(8, widget.height() // 2) if isinstance(widget, QCheckBox) else QPoint()
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)

    def choose(self, name: str, text: str) -> None:
        """Choose an entry of a box with the keyboard, as a user would."""
        box = self.find(name)
        row = next((n for n in range(box.count()) if text in box.itemText(n)), -1)
        assert row >= 0, f"{name} has no {text}: {[box.itemText(n) for n in range(box.count())]}"
        box.setFocus()
        while box.currentIndex() != row:
            down = Qt.Key.Key_Down if box.currentIndex() < row else Qt.Key.Key_Up
            QTest.keyClick(box, down)

    def type_number(self, name: str, text: str) -> None:
        field = self.find(name)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def view(self, kind: str) -> Any:
        return self.window.views.all[kind]

    def pixel_of(self, kind: str, point_lps: Any) -> QPoint:
        """Where a point in LPS [mm] lies in a view."""
        view = self.view(kind)
        ratio = view.devicePixelRatioF()
        x, y = view.scene.pixel_of(point_lps)
        return QPoint(round(x / ratio), round(y / ratio))

    def click_at(self, kind: str, point_lps: Any) -> None:
        """Click on a point of the patient in a view."""
        self.settle()
        place = self.pixel_of(kind, point_lps)
        QTest.mouseClick(self.view(kind), Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def drag(
        self, kind: str, start: QPoint, end: QPoint, *, steps: int = 6,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton, release: bool = True,
    ) -> None:  # fmt: skip
        view = self.view(kind)
        QTest.mousePress(view, button, pos=start)
        for n in range(1, steps + 1):
            QTest.mouseMove(view, start + (end - start) * n / steps, delay=5)
            self.settle()
        if release:
            QTest.mouseRelease(view, button, pos=end)
            self.settle()

    def wheel(self, kind: str, steps: int, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
        view = self.view(kind)
        middle = QPointF(view.rect().center())
        event = QWheelEvent(
            middle, middle, QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
        self.settle()

    def key(self, keys: Any, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, keys, modifiers)
        self.settle()

    def settle(self) -> None:
        """Let the window draw what was asked for."""
        self.until(lambda: self.window.views.turns.are_done, "drawn")

    def until(self, is_so: Callable[[], object], what: str, *, timeout_s: float = 60) -> None:
        """Wait until something is so."""
        for _ in range(int(timeout_s * 100)):
            QApplication.processEvents()
            if is_so():
                return
            QTest.qWait(10)
        raise AssertionError(f"not {what} after {timeout_s} s; said: {self.said}")

    def until_idle(self, *, timeout_s: float = 180) -> None:
        """Wait until no job runs and everything is drawn."""
        self.until(
            lambda: self.window.desk.running is None and not self.window.surfaces.pending,
            "idle", timeout_s=timeout_s,
        )  # fmt: skip
        self.settle()

    @property
    def said(self) -> str:
        """The sentence above the views."""
        notice = self.window.notice
        return notice.text.text() if notice.isVisible() else ""

    @property
    def case(self) -> Case:
        return self.window.desk.case


@pytest.fixture
def hands(qapp: QApplication) -> Iterator[Hands]:
    """A window that was just opened."""
    yield from _opened_window(qapp)


@pytest.fixture(scope="module")
def kept_hands(qapp: QApplication) -> Iterator[Hands]:
    """A window that stays open for all tests of a module, each of which opens its own case."""
    yield from _opened_window(qapp)


def _opened_window(qapp: QApplication) -> Iterator[Hands]:
    dress(qapp)
    window = MainWindow()
    window.resize(1600, 980)
    window.show()
    window.finish_starting()
    pair = Hands(window)
    surprises: list[str] = []
    window.desk.notices.shown.connect(lambda _kind, _text, details: surprises.append(details))
    yield pair
    # A test may have closed it and opened another one.
    window = pair.window
    window.desk.session.mark_saved(len(window.desk.session.unsaved))
    window.close()
    QTest.qWait(20)
    window.close()
    window.deleteLater()
    QTest.qWait(1)
    assert not any(surprises), "\n".join(surprises)


@pytest.fixture
def open_case(hands: Hands) -> Callable[[Case], Hands]:
    """Opens a case in the window."""

    return partial(show_case, hands)


def show_case(hands: Hands, case: Case) -> Hands:
    """Put a case on the desk of a window."""
    hands.window.desk.open(case)
    hands.window.desk.view.begin(case)
    hands.settle()
    return hands


@pytest.fixture
def program(
    qapp: QApplication, monkeypatch: Any, tmp_path: Path
) -> Iterator[Callable[[], Program]]:
    """Starts programs, one after the other, that find what an earlier one has left."""
    monkeypatch.setenv("SURGIPLAN_STATE", str(tmp_path / "state"))
    started: list[Program] = []

    def start() -> Program:
        started.append(Program())
        return started[-1]

    yield start
    for one in started:
        one.autosave.pause()
        one.desk.close()
        one.window.deleteLater()
    QTest.qWait(1)
