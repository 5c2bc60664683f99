"""The values of a scan as a histogram, with a range that is dragged on it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from surgiplan.app import palette
from surgiplan.model import Volume

__all__ = ["Histogram", "RangeHistogram", "histogram_of"]

_VOXELS = 2_000_000
"""About so many are counted; the shape does not change with more."""
_HU_SHOWN = (-250.0, 700.0)
"""What of a CT is seen first: fat to cortical bone."""
_GRIP_PX = 9.0
_FOOT_PX = 18.0


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often each value occurs."""

    counts: npt.NDArray[np.int64]
    first: float
    """Value of the first bin's middle."""
    step: float
    unit: str

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value."""
        return self.first, self.first + self.step * (len(self.counts) - 1)

    @property
    def shown(self) -> tuple[float, float]:
        """The part that is looked at first."""
        low, high = self.ends
        if self.unit == "HU":
            low, high = max(low, _HU_SHOWN[0]), min(high, _HU_SHOWN[1])
        return (low, high) if high > low else self.ends


def histogram_of(volume: Volume) -> Histogram:
    """The histogram of a scan, from every so many voxels of it."""
    stride = max(1, round((volume.values.size / _VOXELS) ** (1 / 3)))
    values = volume.values[::stride, ::stride, ::stride]
    if values.dtype.kind == "i":
        low = int(values.min())
        counts = np.bincount(values.ravel().astype(np.int32) - low)
        return Histogram(counts, low, 1.0, volume.unit)
    counts, edges = np.histogram(values, 2048)
    step = float(edges[1] - edges[0])
    return Histogram(counts, float(edges[0]) + step / 2, step, volume.unit)


class RangeHistogram(QWidget):
    """Drag either end, or the range between them; the wheel shows more or less of the values."""

    dragged = Signal(float, float)
    """Low and high while the hand moves."""
    chosen = Signal(float, float)
    """Low and high when the hand lets go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rangeHistogram")
        self.setAccessibleName("Histogram of the scan's values with the range chosen")
        self.setToolTip("Drag the ends of the range; the wheel shows more or less of the values.")
        self.setFixedHeight(104)
        self.setMouseTracking(True)
        self._histogram: Histogram | None = None
        self._shown = (0.0, 1.0)
        self._range = (0.0, 1.0)
        self._grip = ""
        self._from = 0.0

    @property
    def range(self) -> tuple[float, float]:
        """Low and high."""
        return self._range

    def show_histogram(self, histogram: Histogram | None) -> None:
        """Show another scan's values."""
        if histogram is not self._histogram:
            self._histogram = histogram
            if histogram is not None:
                self._shown = histogram.shown
            self.update()

    def show_range(self, low: float, high: float) -> None:
        """Show a range without saying that the user changed it."""
        self._range = (low, high)
        self.update()

    def x_of(self, value: float) -> float:
        """Where a value lies, in pixels from the left."""
        low, high = self._shown
        return (value - low) / (high - low) * self.width()

    def _value_at(self, x: float) -> float:
        low, high = self._shown
        return low + x / max(self.width(), 1) * (high - low)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._histogram is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        self._grip = self._grip_at(x)
        self._from = self._value_at(x)
        if self._grip == "new":
            self._range = (self._from, self._from)
            self._grip = "high"
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if not self._grip:
            is_end = self._grip_at(x) in ("low", "high")
            self.setCursor(
                Qt.CursorShape.SizeHorCursor if is_end else Qt.CursorShape.PointingHandCursor
            )
            return
        value = self._value_at(x)
        low, high = self._range
        if self._grip == "both":
            low, high, self._from = low + value - self._from, high + value - self._from, value
        elif self._grip == "low":
            low = value
        else:
            high = value
        if low > high:
            low, high = high, low
            self._grip = "high" if self._grip == "low" else "low"
        self._range = (low, high)
        self.update()
        self.dragged.emit(*self._rounded())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._grip:
            self._grip = ""
            self.chosen.emit(*self._rounded())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._histogram is None:
            return
        middle, (low, high), (least, most) = (
            self._value_at(event.position().x()), self._shown, self._histogram.ends,
        )  # fmt: skip
        factor = 0.8 ** (event.angleDelta().y() / 120)
        spread = max((high - low) * factor, 20 * self._histogram.step)
        share = (middle - low) / (high - low)
        low = max(middle - share * spread, least)
        self._shown = (low, max(min(low + spread, most), low + self._histogram.step))
        self.update()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(palette.FIELD))
        if self._histogram is None:
            return
        foot = self.height() - _FOOT_PX
        low, high = (self.x_of(value) for value in self._range)
        band = QColor(palette.ACCENT)
        band.setAlpha(46)
        painter.fillRect(QRectF(low, 0, max(high - low, 1.0), foot), band)
        heights = self._heights()
        line = [QPointF(x, foot - 2 - h * (foot - 8)) for x, h in enumerate(heights)]
        painter.setPen(QPen(QColor(palette.SECONDARY), 1.2))
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(QPen(QColor(palette.ACCENT), 2))
        for x in (low, high):
            painter.drawLine(QPointF(x, 0), QPointF(x, foot))
        self._write_ends(painter, foot)

    def _write_ends(self, painter: QPainter, foot: float) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(palette.HEADING))
        assert self._histogram is not None
        unit = self._histogram.unit if self._histogram.unit != "1" else ""
        box = QRectF(4, foot, self.width() - 8, _FOOT_PX)
        for value, side in zip(
            self._shown, (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True
        ):
            text = f"{value:.0f} {unit}" if self._histogram.step == 1 else f"{value:.3g} {unit}"
            painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter), text.strip())

    def _heights(self) -> Any:
        """Height of the curve at each pixel, 0..1: the logarithm, for small organs count too."""
        assert self._histogram is not None
        edges = self._value_at(np.arange(self.width() + 1))  # type: ignore[arg-type]
        bins = (np.asarray(edges) - self._histogram.first) / self._histogram.step + 0.5
        total = np.concatenate([[0], np.cumsum(self._histogram.counts)]).astype(float)
        at = np.interp(bins, np.arange(len(total)), total)
        heights = np.log1p(np.diff(at))
        kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
        heights = np.convolve(heights, kernel, mode="same")
        return heights / max(float(heights.max()), 1e-9)

    def _grip_at(self, x: float) -> str:
        low, high = (self.x_of(value) for value in self._range)
        nearest = min(("low", abs(x - low)), ("high", abs(x - high)), key=lambda end: end[1])
        if nearest[1] <= _GRIP_PX:
            return nearest[0]
        return "both" if low < x < high else "new"

    def _rounded(self) -> tuple[float, float]:
        low, high = self._range
        if self._histogram is not None and self._histogram.step == 1.0:
            return float(round(low)), float(round(high))
        return low, high
