"""A small chart of a few lines with bands and points; where one clicks is where one looks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import palette

__all__ = ["Line", "LineChart"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 8, 20, 18


@dataclass(frozen=True, eq=False)
class Line:
    """Numbers ``y`` (n,) over ``x`` (n,), NaN where there is none; band from low to high."""

    name: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    colour: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    low: npt.NDArray[np.float64] | None = None
    high: npt.NDArray[np.float64] | None = None
    dots: bool = False
    """Whether each number is a dot, too: a computed one, not an interpolated one."""


class LineChart(QWidget):
    """Lines over a common axis, with the numbers where one looks; arrow keys move along."""

    chosen = Signal(float)
    """An x that was clicked, or reached by keys."""

    def __init__(self, name: str, title: str, x_unit: str, y_unit: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFixedHeight(138)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._x_unit, self._y_unit = x_unit, y_unit
        self._lines: tuple[Line, ...] = ()
        self._at: float | None = None
        self._from_zero = False

    def show_lines(
        self, lines: Sequence[Line], at: float | None = None, *, from_zero: bool = False
    ) -> None:
        """Show lines, and where we look; ``from_zero`` begins the upright axis at 0."""
        self._lines, self._at, self._from_zero = tuple(lines), at, from_zero
        self.setAccessibleDescription(self.readout())
        self.setToolTip(f"{self.accessibleName()}. {self.readout()}\nClick or use arrow keys.")
        self.update()

    def readout(self) -> str:
        """The numbers where we look."""
        if self._at is None or not self._lines:
            return ""
        numbers = [
            f"{line.name} {value:.3g}"
            for line in self._lines
            if np.isfinite(value := _at(line, self._at))
        ]
        return f"{self._at:.0f} {self._x_unit}: {', '.join(numbers)} {self._y_unit}"

    def x_of(self, x: float) -> float:
        """Where an x lies in this widget [pixels]."""
        low, high = self._span()
        return _LEFT + (x - low) / (high - low) * (self.width() - _LEFT - _RIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(palette.FIELD))
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        if self._lines:
            limits = self._limits()
            self._paint_axes(painter, *limits)
            for line in self._lines:
                self._paint_band(painter, line, *limits)
            for line in self._lines:
                self._paint_line(painter, line, *limits)
            self._paint_place(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.ACCENT), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if steps is None or not self._lines:
            super().keyPressEvent(event)
            return
        x = self._lines[0].x
        now = x[-1] if self._at is None else self._at
        row = int(np.argmin(np.abs(x - now))) + steps
        self.chosen.emit(float(x[min(max(row, 0), len(x) - 1)]))

    def _choose(self, event: QMouseEvent) -> None:
        if self._lines:
            low, high = self._span()
            share = (event.position().x() - _LEFT) / (self.width() - _LEFT - _RIGHT)
            self.chosen.emit(float(low + min(max(share, 0.0), 1.0) * (high - low)))

    def _span(self) -> tuple[float, float]:
        ends = [(line.x.min(), line.x.max()) for line in self._lines if len(line.x)]
        low, high = min(a for a, _ in ends), max(b for _, b in ends)
        return float(low), float(high if high > low else low + 1)

    def _limits(self) -> tuple[float, float]:
        """Round numbers below and above everything that is drawn."""
        parts = [
            part for line in self._lines for part in (line.y, line.low, line.high)
            if part is not None
        ]  # fmt: skip
        values = np.concatenate([part[np.isfinite(part)] for part in parts])
        if not values.size:
            return 0.0, 1.0
        low = 0.0 if self._from_zero else float(values.min())
        high = max(float(values.max()), low + 1e-6)
        step = 10 ** np.floor(np.log10(high - low)) / 2
        return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)

    def _y_of(self, y: float, low: float, high: float) -> float:
        return _TOP + (high - y) / (high - low) * (self.height() - _TOP - _BOTTOM)

    def _paint_axes(self, painter: QPainter, low: float, high: float) -> None:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in np.linspace(low, high, 3):
            y = self._y_of(value, low, high)
            painter.setPen(QColor(palette.LINE))
            painter.drawLine(QPointF(_LEFT, y), QPointF(self.width() - _RIGHT, y))
            painter.setPen(QColor(palette.HEADING))
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), right, f"{value:.3g}")
        first, last = self._span()
        below = QRectF(_LEFT, self.height() - _BOTTOM + 2, self.width() - _LEFT - _RIGHT, 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{first:.0f}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{last:.0f} {self._x_unit}")
        x = self.width() - _RIGHT
        for line in reversed(self._lines):
            width = painter.fontMetrics().horizontalAdvance(line.name)
            painter.setPen(QColor(line.colour))
            painter.drawText(QPointF(x - width, 13), line.name)
            pen = QPen(QColor(line.colour), 1.6, line.style)
            painter.setPen(pen)
            painter.drawLine(QPointF(x - width - 18, 9), QPointF(x - width - 4, 9))
            x -= width + 28
        painter.setPen(QColor(palette.HEADING))
        painter.drawText(QPointF(4, 13), self._y_unit)

    def _paint_band(self, painter: QPainter, line: Line, low: float, high: float) -> None:
        if line.low is None or line.high is None:
            return
        known = np.isfinite(line.low) & np.isfinite(line.high)
        colour = QColor(line.colour)
        colour.setAlpha(40)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        upper = self._points(line.x[known], line.high[known], low, high)
        lower = self._points(line.x[known], line.low[known], low, high)
        painter.drawPolygon(QPolygonF(upper + lower[::-1]))

    def _paint_line(self, painter: QPainter, line: Line, low: float, high: float) -> None:
        known = np.isfinite(line.y)
        points = self._points(line.x[known], line.y[known], low, high)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(line.colour), 1.6, line.style))
        painter.drawPolyline(QPolygonF(points))
        if line.dots:
            painter.setBrush(QColor(line.colour))
            for point in points:
                painter.drawEllipse(point, 2.0, 2.0)

    def _paint_place(self, painter: QPainter) -> None:
        if self._at is not None:
            x = self.x_of(self._at)
            painter.setPen(QPen(QColor(palette.ATTENTION), 1.2))
            painter.drawLine(QPointF(x, _TOP), QPointF(x, self.height() - _BOTTOM))

    def _points(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], low: float, high: float
    ) -> list[QPointF]:
        return [QPointF(self.x_of(a), self._y_of(b, low, high)) for a, b in zip(x, y, strict=True)]


def _at(line: Line, x: float) -> float:
    known = np.isfinite(line.y)
    if not known.any() or not line.x[known].min() <= x <= line.x[known].max():
        return float("nan")
    return float(np.interp(x, line.x[known], line.y[known]))
