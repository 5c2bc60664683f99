"""Draws a closed outline with the hand: a lasso in a slice, scissors also in the 3D view."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from surgiplan.app import palette
from surgiplan.app.desk import Desk
from surgiplan.model import Points

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["OutlineTool"]

_STEP_PX = 2.0
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

Finished = Callable[[Points, dict[str, Any], bool], None]
"""Gets the outline (n, 3) in LPS [mm], how it was seen, and whether Control was held."""


class OutlineTool(Tool):
    """Left draws the outline; in the 3D view Shift and left turn the anatomy."""

    name = "outline"
    cursor = Qt.CursorShape.CrossCursor
    draws = True

    def __init__(self, desk: Desk, finished: Finished, colour: str, *, in_space: bool) -> None:
        super().__init__(desk)
        self._finished, self._colour, self._in_space = finished, colour, in_space
        self._view: Viewport | None = None
        self._pixels: list[XY] = []

    def press(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        self._drop()
        if view.kind == "3d" and (not self._in_space or keys & SHIFT):
            return
        if view.point_at(at) is None and view.kind != "3d":
            return
        self._view, self._pixels = view, [at]

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        if view is self._view:
            if np.hypot(at[0] - self._pixels[-1][0], at[1] - self._pixels[-1][1]) >= _STEP_PX:
                self._pixels.append(at)
                view.update()
        elif view.kind == "3d":
            view.rotate(*by)  # type: ignore[attr-defined]

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        pixels = self._pixels
        was_drawn = view is self._view
        self._drop()
        if not was_drawn:
            return
        if len(pixels) < 3:
            self.desk.notices.say("Keep the button down and draw around what you mean.")
            return
        points, seen = _in_patient(view, pixels)
        self._finished(points, seen, bool(keys & CONTROL))

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d" and not self._in_space:
            view.setCursor(Qt.CursorShape.ArrowCursor)
            return
        super().hover(view, at, keys)

    def paint(self, view: "Viewport", painter: QPainter) -> None:
        if view is not self._view or len(self._pixels) < 2:
            return
        ratio = view.devicePixelRatioF()
        line = QPolygonF([QPointF(x / ratio, y / ratio) for x, y in self._pixels])
        inside = QColor(self._colour)
        inside.setAlpha(40)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inside)
        painter.drawPolygon(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 3), QPen(QColor(self._colour), 1.5)):
            painter.setPen(pen)
            painter.drawPolyline(line)
        closing = QPen(QColor(palette.SECONDARY), 1, Qt.PenStyle.DashLine)
        painter.setPen(closing)
        painter.drawLine(line.last(), line.first())

    def escape(self) -> bool:
        if not self._pixels:
            return False
        self._drop()
        return True

    def cancel(self) -> None:
        self._drop()

    def _drop(self) -> None:
        view, self._view, self._pixels = self._view, None, []
        if view is not None:
            view.update()


def _in_patient(view: "Viewport", pixels: "list[XY]") -> tuple[Points, dict[str, Any]]:
    """The outline in LPS [mm] (n, 3) in one plane, and from where it was seen."""
    if view.kind != "3d":
        return np.array([view.point_at(at) for at in pixels]), {}
    eye = view.scene.eye
    ahead, depth = np.asarray(eye.axes[2]), float(eye.camera.GetDistance())
    rays = [view.scene.ray(*at) for at in pixels]
    points = np.array([origin + way * (depth / (way @ ahead)) for origin, way in rays])
    x, y, z = (float(value) for value in eye.camera.GetPosition())
    return points, {"eye_lps": (x, y, z)}
