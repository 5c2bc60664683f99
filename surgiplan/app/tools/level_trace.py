"""Follows the edge under the mouse around, within its slice; a click takes what it encloses."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from surgiplan.app.editing.editor import Editor
from surgiplan.errors import SurgiplanError
from surgiplan.model import Points

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["LevelTraceTool"]

CONTROL = Qt.KeyboardModifier.ControlModifier
_REST_MS = 15

Chosen = Callable[[Points, int, bool], None]
"""Gets the point in LPS [mm], the axis of the slice, and whether Control was held."""


class LevelTraceTool(Tool):
    """The line is seen before it is taken."""

    name = "level_trace"
    cursor = Qt.CursorShape.CrossCursor
    draws = True

    def __init__(self, editor: Editor, chosen: Chosen) -> None:
        super().__init__(editor.desk)
        self._editor, self._chosen = editor, chosen
        self._line: Points | None = None
        self._view: Viewport | None = None
        self._at: XY = (0.0, 0.0)
        self._timer = QTimer(editor)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._trace)

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d":
            view.rotate(*by)  # type: ignore[attr-defined]

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d":
            return
        point, axis = view.point_at(at), self._axis(view)
        if axis is None:
            self.desk.notices.say(
                "This scan lies askew to the view; trace in a view along its own slices."
            )
        elif point is not None:
            self._chosen(point, axis, bool(keys & CONTROL))

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        super().hover(view, at, keys)
        if view.kind == "3d":
            return
        self._view, self._at = view, at
        # The line takes longer than a move of the mouse: only the last place counts.
        if not self._timer.isActive():
            self._timer.start()

    def leave(self, view: "Viewport") -> None:
        self._line = None

    def paint(self, view: "Viewport", painter: QPainter) -> None:
        if view is not self._view or self._line is None:
            return
        ratio = view.devicePixelRatioF()
        line = QPolygonF([QPointF(x, y) for x, y in view.scene.pixels_of(self._line) / ratio])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 3), QPen(QColor(self._editor.colour), 1.5)):
            painter.setPen(pen)
            painter.drawPolygon(line)

    def cancel(self) -> None:
        self._timer.stop()
        view, self._view, self._line = self._view, None, None
        if view is not None:
            view.update()

    def _axis(self, view: "Viewport") -> int | None:
        from surgiplan.render import slice_axis

        volume = self._editor.volume()
        return slice_axis(volume.grid, view.scene.orientation) if volume is not None else None

    def _trace(self) -> None:
        from surgiplan.imaging.editing.tracing import level_line

        view, volume = self._view, self._editor.volume()
        if view is None or volume is None:
            return
        point, axis = view.point_at(self._at), self._axis(view)
        self._line = None
        if point is not None and axis is not None and volume.grid.contains(point):
            try:
                self._line = level_line(volume, point, axis)
            except SurgiplanError:
                # No line closes here: nothing is drawn, and a click says why.
                self._line = None
        view.update()
