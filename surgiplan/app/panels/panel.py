"""What every panel on the right has: headings, rows, hints and one button at its foot."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from surgiplan.app.desk import Desk
from surgiplan.app.forms import field_rows
from surgiplan.model import Case

__all__ = ["NumberTable", "Panel", "enable", "quiet_label"]


def enable(widget: QWidget, why_not: str = "", *, hint: str = "") -> None:
    """Enable a widget, or disable it and say in its tooltip what is missing."""
    if why_not and widget.hasFocus():
        # Otherwise the focus jumps into the next field and marks its number.
        widget.clearFocus()
    widget.setEnabled(not why_not)
    widget.setToolTip(why_not or hint)


def quiet_label(name: str = "", text: str = "") -> QLabel:
    """A quiet sentence that wraps."""
    label = QLabel(text, objectName=name)
    label.setWordWrap(True)
    label.setProperty("role", "hint")
    return label


class Panel(QWidget):
    """A column of settings and numbers for one stage; refreshed only while it is seen."""

    title = ""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self._is_old = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll = scroll
        inner = QWidget()
        inner.setObjectName("panelBody")
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(12, 12, 12, 8)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        whole.addLayout(self.body)
        whole.addStretch(1)
        scroll.setWidget(inner)
        # A scroll area fills what it is given; the panel's own colour shall be seen.
        inner.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(12, 8, 12, 12)
        self.foot.setSpacing(8)
        column.addLayout(self.foot)
        desk.shown.connect(self._case_shown)
        desk.selected.connect(self._case_shown)
        desk.jobs_changed.connect(self._case_shown)

    def refresh(self, case: Case) -> None:
        """Show ``case``; called only while the panel is seen."""

    def invalidate(self) -> None:
        """Refresh now if seen, otherwise as soon as it is."""
        self._is_old = True
        if self.isVisible():
            self._is_old = False
            self.refresh(self.desk.case)

    def heading(self, text: str) -> QLabel:
        """A small heading in capitals, added to the body."""
        label = QLabel(text.upper())
        label.setProperty("role", "heading")
        if self.body.count():
            label.setContentsMargins(0, 8, 0, 0)
        self.body.addWidget(label)
        return label

    def hint(self, text: str = "", name: str = "") -> QLabel:
        """A quiet sentence, added to the body."""
        label = quiet_label(name, text)
        self.body.addWidget(label)
        return label

    def rows(self, pairs: Sequence[tuple[str, QWidget]]) -> QWidget:
        """Labelled fields below one another, added to the body as one widget."""
        holder = field_rows(pairs)
        self.body.addWidget(holder)
        return holder

    def primary(self, text: str, name: str) -> QPushButton:
        """The one button that acts, at the foot."""
        button = QPushButton(text)
        button.setProperty("role", "primary")
        button.setObjectName(name)
        self.foot.addWidget(button, 1)
        return button

    def secondary(self, text: str, name: str) -> QPushButton:
        """A quieter button beside it."""
        button = QPushButton(text)
        button.setObjectName(name)
        self.foot.addWidget(button)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A long word must never push the numbers out of sight.
        self.scroll.widget().setMaximumWidth(self.width())

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.invalidate()

    def _case_shown(self, *_: object) -> None:
        self.invalidate()


_SIGNS = {"pass": "✓", "attention": "!", "fail": "✕", "": ""}


_LONGEST = 26
"""Letters of a cell; what is longer stands in its tooltip."""


class _Name(QLabel):
    """A name that gives way: what does not fit ends in dots, so that no number is ever cut."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)


class NumberTable(QWidget):
    """Names on the left, numbers right-aligned, and a rule with its sign where there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(0, 1)
        self._rows: list[tuple[QLabel, QLabel, QLabel]] = []

    def text(self) -> str:
        """Everything it says, for a test or a screen reader."""
        return "\n".join(
            " ".join(label.text() for label in row if label.text())
            for row in self._rows
            if not row[0].isHidden()
        )

    def show_rows(
        self,
        rows: Sequence[tuple[str, str, str, str]],
        hints: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Show (name, number, rule, verdict); the verdict is pass, attention, fail or empty.

        ``hints`` say what names mean, in their tooltips.
        """
        while len(self._rows) < len(rows):
            self._add_row()
        for shown, row in zip(self._rows, rows, strict=False):
            self._fill(shown, row)
            shown[0].setToolTip(f"{row[0]}: {hints[row[0]]}" if row[0] in hints else row[0])
        for shown in self._rows[len(rows) :]:
            for label in shown:
                label.hide()

    def _add_row(self) -> None:
        row = _Name(), QLabel(), QLabel()
        row[0].setProperty("role", "field")
        for column, label in enumerate(row):
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(label, len(self._rows), column)
        self._rows.append(row)

    def _fill(self, labels: tuple[QLabel, QLabel, QLabel], row: tuple[str, str, str, str]) -> None:
        from surgiplan.app.palette import ATTENTION, FAIL, PASS, TEXT

        name, number, rule, verdict = row
        colour = {"pass": PASS, "attention": ATTENTION, "fail": FAIL}.get(verdict, TEXT)
        labels[0].setText(name)
        labels[0].show()
        for label, text in zip(
            labels[1:], (number, f"{rule} {_SIGNS[verdict]}".strip()), strict=True
        ):
            shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
            if label.text() != shown:
                label.setText(shown)
                label.setToolTip("" if shown == text else text)
            label.show()
        labels[2].setStyleSheet(f"color: {colour};")
        labels[2].setAccessibleName(f"{name}: {verdict}" if verdict else name)
