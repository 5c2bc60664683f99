"""Diameters along a vessel, drawn: largest, smallest, the stent's span and where we look."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import palette

__all__ = ["DiameterChart"]

Floats = npt.NDArray[np.float64]

_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 18, 18


class DiameterChart(QWidget):
    """A click or drag says at which station to look."""

    station_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("diameterChart")
        self.setAccessibleName("Diameter along the vessel")
        self.setFixedHeight(134)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self._sections: Any = None
        self._span_mm: tuple[float, float] | None = None
        self._gaps_mm: tuple[tuple[float, float], ...] = ()
        self._station_mm: float | None = None

    def show_vessel(
        self,
        sections: Any,
        span_mm: tuple[float, float] | None,
        station_mm: float | None,
        gaps_mm: tuple[tuple[float, float], ...] = (),
    ) -> None:
        """Show Sections, the stent's span if there is one, where we look, and the scan's gaps."""
        shown = (self._sections, self._span_mm, self._station_mm, self._gaps_mm)
        if (sections, span_mm, station_mm, gaps_mm) != shown:
            self._sections, self._span_mm, self._station_mm = sections, span_mm, station_mm
            self._gaps_mm = gaps_mm
            self.update()

    def x_of(self, station_mm: float) -> float:
        """Where a station lies in this widget [pixels]."""
        length_mm = float(self._sections.s_mm[-1])
        return _LEFT + station_mm / length_mm * (self.width() - _LEFT - _RIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(palette.FIELD))
        if self._sections is None or not self._sections.is_measured.any():
            painter.setPen(QColor(palette.FAINT))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "no section measured yet")
            return
        low, high = _limits(self._sections)
        self._paint_span(painter)
        self._paint_axes(painter, low, high)
        self._paint_gaps(painter)
        s = self._sections.s_mm
        largest, smallest = self._sections.d_max_mm, self._sections.d_min_mm
        self._paint_band(painter, s, smallest, largest, low, high)
        solid = QPen(QColor(palette.ACCENT), 1.6)
        self._paint_line(painter, s, largest, low, high, solid)
        dashed = QPen(QColor(palette.HEADING), 1.2, Qt.PenStyle.DashLine)
        self._paint_line(painter, s, smallest, low, high, dashed)
        self._paint_station(painter)
        painter.end()

    def _y_of(self, diameter_mm: float, low: float, high: float) -> float:
        room = self.height() - _TOP - _BOTTOM
        return _TOP + (high - diameter_mm) / (high - low) * room

    def _paint_span(self, painter: QPainter) -> None:
        if self._span_mm is None:
            return
        left, right = (self.x_of(s) for s in self._span_mm)
        painter.fillRect(
            QRectF(left, _TOP, right - left, self.height() - _TOP - _BOTTOM),
            QColor(255, 255, 255, 22),
        )

    def _paint_gaps(self, painter: QPainter) -> None:
        hatched = QBrush(QColor(palette.ATTENTION), Qt.BrushStyle.BDiagPattern)
        for start_mm, end_mm in self._gaps_mm:
            left, right = self.x_of(start_mm), self.x_of(end_mm)
            box = QRectF(left, _TOP, right - left, self.height() - _TOP - _BOTTOM)
            painter.setOpacity(0.5)
            painter.fillRect(box, hatched)
            painter.setOpacity(1.0)

    def _paint_axes(self, painter: QPainter, low: float, high: float) -> None:
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        for value in np.linspace(low, high, 3):
            y = self._y_of(value, low, high)
            painter.setPen(QColor(palette.LINE))
            painter.drawLine(QPointF(_LEFT, y), QPointF(self.width() - _RIGHT, y))
            painter.setPen(QColor(palette.HEADING))
            box = QRectF(0, y - 8, _LEFT - 6, 16)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.0f}"
            )
        length_mm = float(self._sections.s_mm[-1])
        bottom = QRectF(_LEFT, self.height() - _BOTTOM + 2, self.width() - _LEFT - _RIGHT, 14)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(bottom, Qt.AlignmentFlag.AlignRight, f"{length_mm:.0f} mm")
        legend = QRectF(_LEFT, 1, self.width() - _LEFT - _RIGHT, 14)
        painter.drawText(legend, Qt.AlignmentFlag.AlignRight, "mm    max ─    min ╌")

    def _paint_band(
        self, painter: QPainter, s: Floats, small: Floats, large: Floats, low: float, high: float
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        colour = QColor(palette.ACCENT)
        colour.setAlpha(36)
        painter.setBrush(colour)
        for run in _runs(np.isfinite(small) & np.isfinite(large)):
            upper = [
                QPointF(self.x_of(x), self._y_of(d, low, high))
                for x, d in zip(s[run], large[run], strict=True)
            ]
            lower = [
                QPointF(self.x_of(x), self._y_of(d, low, high))
                for x, d in zip(s[run], small[run], strict=True)
            ]
            painter.drawPolygon(QPolygonF(upper + lower[::-1]))

    def _paint_line(
        self, painter: QPainter, s: Floats, d: Floats, low: float, high: float, pen: QPen
    ) -> None:
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for run in _runs(np.isfinite(d)):
            points = zip(s[run], d[run], strict=True)
            painter.drawPolyline(
                QPolygonF([QPointF(self.x_of(x), self._y_of(y, low, high)) for x, y in points])
            )

    def _paint_station(self, painter: QPainter) -> None:
        if self._station_mm is None:
            return
        x = self.x_of(self._station_mm)
        painter.setPen(QPen(QColor(palette.ATTENTION), 1.2))
        painter.drawLine(QPointF(x, _TOP), QPointF(x, self.height() - _BOTTOM))
        box = QRectF(_LEFT, 1, 160, 14)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, self.readout())

    def readout(self) -> str:
        """Both diameters at the station we look at; no number where none was measured."""
        nearest = int(np.argmin(np.abs(self._sections.s_mm - self._station_mm)))
        if not self._sections.is_measured[nearest]:
            return f"{self._station_mm:.0f} mm: not measured"
        largest, smallest = (
            float(self._sections.at(name, self._station_mm)) for name in ("d_max_mm", "d_min_mm")
        )
        return f"{self._station_mm:.0f} mm: {largest:.1f} / {smallest:.1f}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        if self._sections is None:
            return
        length_mm = float(self._sections.s_mm[-1])
        room = self.width() - _LEFT - _RIGHT
        station_mm = (event.position().x() - _LEFT) / room * length_mm
        self.station_chosen.emit(min(max(station_mm, 0.0), length_mm))


def _limits(sections: Any) -> tuple[float, float]:
    """Round diameters below and above everything that is drawn [mm]."""
    low = 4 * np.floor((np.nanmin(sections.d_min_mm) - 0.5) / 4)
    high = 4 * np.ceil((np.nanmax(sections.d_max_mm) + 0.5) / 4)
    return float(max(low, 0.0)), float(high)


def _runs(known: npt.NDArray[np.bool_]) -> list[slice]:
    """Unbroken stretches of at least two known values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [slice(int(a), int(b)) for a, b in pairs if b - a > 1]
