"""What could mislead about a series: each kind in words, to be accepted one by one."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

__all__ = ["Problems"]


class Problems(QWidget):
    """A sentence and a tick for each problem; without all ticks there is no import."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._ticks: dict[str, QCheckBox] = {}
        self._never: list[str] = []

    @property
    def accepted(self) -> tuple[str, ...]:
        """The kinds that the user accepts."""
        return tuple(kind for kind, tick in self._ticks.items() if tick.isChecked())

    def why_not(self) -> str:
        """Why this series cannot be imported yet; empty if it can."""
        if self._never:
            return self._never[0]
        if len(self.accepted) < len(self._ticks):
            return "Accept each problem above first, or choose another series."
        return ""

    def show_problems(self, problems: Sequence[Any]) -> None:
        """Show the problems of another series; nothing is accepted yet."""
        while self._column.count():
            widget = self._column.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._ticks, self._never = {}, []
        for problem in problems:
            sentence = QLabel(f"!  {problem.detail}")
            sentence.setWordWrap(True)
            sentence.setProperty("role", "attention")
            self._column.addWidget(sentence)
            if not problem.action:
                self._never.append(f"{problem.detail} Choose another series, or export it again.")
                continue
            tick = QCheckBox(f"Accept: {problem.action}")
            tick.setObjectName(f"accept_{problem.kind}")
            tick.setToolTip("It stays written in the case and in the report.")
            tick.toggled.connect(lambda _: self.changed.emit())
            self._column.addWidget(tick)
            self._ticks[problem.kind] = tick
