"""Two clicks make a distance; between them the line follows the mouse."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from surgiplan.edits import MeasureDistance
from surgiplan.errors import SurgiplanError
from surgiplan.model import Points
from surgiplan.workflow import measure_distance

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["DistanceTool"]


class DistanceTool(Tool):
    """The first click begins, the second ends and keeps the distance."""

    name = "distance"
    hint = "click where the distance begins, then where it ends"
    cursor = Qt.CursorShape.CrossCursor

    _start: Points | None = None

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        point = view.point_at(at)
        if point is None:
            self.desk.notices.say("There is nothing here to measure; click in the scan.")
            return
        if self._start is None:
            self._start = point
            return
        edit = self._measured(point)
        self._start = None
        if edit is not None and self.desk.do(edit):
            self.desk.select(f"plan/measurements/{edit.measurement.id}")

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        super().hover(view, at, keys)
        point = view.point_at(at) if self._start is not None else None
        if point is None or self._start is None:
            return
        if not np.allclose(point, self._start, atol=1e-6):
            self.desk.preview(self._measured(point))

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        self.hover(view, at, keys)

    def cancel(self) -> None:
        if self._start is not None:
            self._start = None
            self.desk.preview(None)

    def _measured(self, point: Points) -> MeasureDistance | None:
        case = self.desk.session.case
        number = len(case.plan.measurements) + 1
        points = np.array([self._start, point], float)
        try:
            shown = self.desk.view.look.volume_id
            return measure_distance(
                case, points, f"Distance {number}", volume_id=shown if shown in case.volumes else ""
            )
        except SurgiplanError as error:
            self.desk.notices.show(error)
            return None
