"""Paints and erases: the stroke follows the hand, and is one step when it lets go."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from surgiplan.app import palette
from surgiplan.app.editing.editor import Editor
from surgiplan.errors import SurgiplanError
from surgiplan.imaging.editing.strokes import Stroke
from surgiplan.model import Points, Segment

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport
    from surgiplan.render import Painted

__all__ = ["BrushTool"]

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class BrushTool(Tool):
    """Left paints or erases, Control does the opposite, Shift and the wheel change the size."""

    name = "brush"
    cursor = Qt.CursorShape.BlankCursor
    draws = True

    def __init__(self, editor: Editor, *, erases: bool) -> None:
        super().__init__(editor.desk)
        self.editor, self.erases = editor, erases
        self._stroke: Stroke | None = None
        self._plane: Any = None
        self._over: Viewport | None = None
        self._at: Points | None = None
        self.desk.shown.connect(self._case_shown)

    def begun(self, *, is_other: bool) -> Stroke:
        """A new stroke; ``is_other`` while Control is held.  Raises PlanError without a segment."""
        return self.editor.stroke(erases=self.erases != is_other)

    def ended(self, stroke: Stroke, result: Segment, others: Sequence[Segment]) -> None:
        """Keep what a stroke has made."""
        word = "Erase from" if stroke.brush.erases else "Paint"
        self.editor.keep(result, f"{word} {self.editor.name}", others)

    def colour_of(self, stroke: Stroke | None) -> str:
        """``#rrggbb`` of a stroke, or of the circle before there is one."""
        erases = stroke.brush.erases if stroke is not None else self.erases
        return palette.FAIL if erases else self.editor.colour

    def is_current(self, stroke: Stroke) -> bool:
        """Whether what the stroke began on is still there."""
        return self.editor.target is stroke.segment

    def under(self) -> "tuple[Painted, ...]":
        """What is painted under the stroke while it is drawn."""
        return ()

    @property
    def is_painting(self) -> bool:
        """Whether a stroke is being drawn."""
        return self._stroke is not None

    def press(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d":
            return
        try:
            self._stroke = self.begun(is_other=bool(keys & CONTROL))
        except SurgiplanError as error:
            self.desk.notices.say(str(error))
            return
        self.desk.notices.clear()
        self._plane = None
        self._move(view, at)

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d":
            view.rotate(*by)  # type: ignore[attr-defined]
        elif self._stroke is not None:
            self._move(view, at)

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        stroke, self._stroke = self._stroke, None
        self.desk.view.paint(self.under())
        if stroke is None:
            return
        try:
            result, others = stroke.result(), stroke.others()
        except SurgiplanError as error:
            self.desk.notices.show(error)
            return
        if result is not None:
            self.ended(stroke, result, others)

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if view.kind == "3d":
            view.setCursor(Qt.CursorShape.ArrowCursor)
            return
        super().hover(view, at, keys)
        self._aim(view, at)

    def leave(self, view: "Viewport") -> None:
        self._over, self._at = None, None

    def wheel(self, view: "Viewport", steps: float, keys: Qt.KeyboardModifier) -> bool:
        if not keys & SHIFT:
            return False
        self.editor.resize(steps)
        view.update()
        return True

    def escape(self) -> bool:
        if self._stroke is None:
            return False
        self._drop()
        return True

    def cancel(self) -> None:
        self._stroke = None
        self.desk.view.paint(())
        self.desk.shown.disconnect(self._case_shown)

    def paint(self, view: "Viewport", painter: QPainter) -> None:
        """The circle in which the brush cuts this slice."""
        if self._over is None or self._at is None or view.kind == "3d":
            return
        radius_mm = self._radius_in(view)
        if radius_mm <= 0:
            return
        ratio = view.devicePixelRatioF()
        x, y = (value / ratio for value in view.scene.pixel_of(self._at))
        radius = radius_mm / view.scene.mm_per_px / ratio
        colour = QColor(self.colour_of(None))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 2.6), QPen(colour, 1.3)):
            painter.setPen(pen)
            painter.drawEllipse(QPointF(x, y), radius, radius)
        if view is self._over:
            painter.drawPoint(QPointF(x, y))

    def _radius_in(self, view: "Viewport") -> float:
        """Radius [mm] of the brush where it meets the slice of a view; 0 where it does not."""
        radius = self.editor.radius_mm
        if view is self._over:
            return radius
        if not self.editor.is_ball:
            return 0.0
        away = float(view.scene.plane.heights_mm(self._at))
        return float(np.sqrt(max(radius**2 - away**2, 0.0)))

    def _aim(self, view: "Viewport", at: "XY") -> None:
        self._over, self._at = view, view.point_at(at)
        if self.editor.is_ball:
            self.desk.view.painted_changed.emit()

    def _move(self, view: "Viewport", at: "XY") -> None:
        """Sweep on to a pixel and show what the stroke holds so far."""
        self._aim(view, at)
        stroke, plane = self._stroke, view.scene.plane
        if stroke is None or self._at is None:
            return
        if plane != self._plane:
            stroke.lift()
            self._plane = plane
        if stroke.move(self._at, plane.orientation.toward, plane.step_mm) is not None:
            self._show(stroke)
        view.probe(at)  # type: ignore[attr-defined]

    def _show(self, stroke: Stroke) -> None:
        from surgiplan.render import Painted

        if stroke.chosen is None:
            return
        painted = Painted(*stroke.chosen, self.colour_of(stroke))
        self.desk.view.paint((*self.under(), painted))

    def _drop(self) -> None:
        self._stroke = None
        self.desk.view.paint(self.under())

    def _case_shown(self, _case: object) -> None:
        if self._stroke is not None and not self.is_current(self._stroke):
            self._drop()
            self.desk.notices.say("The segment changed under the brush; the stroke was dropped.")
