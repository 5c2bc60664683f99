"""The section across the vessel at the place we look at, with both diameters beside it."""

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import palette

__all__ = ["SectionPicture"]

_SIDE = 132


class SectionPicture(QWidget):
    """A grey picture, the lumen's contour on it, and the numbers measured there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sectionPicture")
        self.setAccessibleName("Section across the vessel")
        self.setFixedHeight(_SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._view: Any = None
        self._image: QImage | None = None
        self._lines: tuple[str, ...] = ()

    def show_section(
        self, view: Any, window_level: tuple[float, float], lines: tuple[str, ...]
    ) -> None:
        """Show a SectionView in this window and level, with lines of text; None shows nothing."""
        self._view, self._lines = view, lines
        self._image = None if view is None else _grey(view.values, window_level)
        self.update()

    def text(self) -> str:
        """The numbers shown."""
        return "\n".join(self._lines)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.FIELD))
        if self._image is None:
            return
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.drawImage(QRectF(0, 0, _SIDE, _SIDE), self._image)
        scale = _SIDE / self._view.width_mm
        if len(self._view.contour_mm):
            middle = _SIDE / 2
            points = [QPointF(middle + x * scale, middle - y * scale)
                      for x, y in self._view.contour_mm]  # fmt: skip
            painter.setPen(QPen(QColor(palette.ACCENT), 1.4))
            painter.drawPolygon(QPolygonF(points))
        painter.setPen(QColor(palette.TEXT))
        for n, line in enumerate(self._lines):
            where = QRectF(_SIDE + 12, 8 + 20 * n, self.width() - _SIDE - 18, 18)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight, line)


def _grey(values: Any, window_level: tuple[float, float]) -> QImage:
    width, level = window_level
    share = np.clip((values - level) / max(width, 1.0) + 0.5, 0, 1)
    grey = np.ascontiguousarray(share * 255, np.uint8)
    rows, columns = grey.shape
    # The picture keeps its own copy of the pixels.
    return QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()
