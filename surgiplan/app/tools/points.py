"""Clicks that collect points: seeds of a segmentation, the ends of a centreline."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from surgiplan.app.desk import Desk
from surgiplan.app.view_state import Marker
from surgiplan.model import Points

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["PointsTool"]


class PointsTool(Tool):
    """Each click adds a point; when there are enough, the first gives way to the newest."""

    name = "points"
    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self, desk: Desk, labels: Sequence[str], colour: str, changed: Callable[[], None],
        *, most: int, hint: str,
    ) -> None:  # fmt: skip
        super().__init__(desk)
        self.points: list[Points] = []
        self.hint = hint
        self._labels, self._colour, self._changed = tuple(labels), colour, changed
        self._most = most

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        point = view.point_at(at)
        if point is None:
            self.desk.notices.say(
                "There is nothing under the mouse here; click on a surface, or in a slice."
            )
            return
        self.desk.notices.clear()
        self.points = [*self.points, point][-self._most :]
        x, y, z = (float(value) for value in point)
        self.desk.view.change(crosshair_lps=(x, y, z))
        self.show_points()

    def clear(self) -> None:
        """Forget the points."""
        self.points = []
        self.show_points()

    def show_points(self) -> None:
        """Draw the points over the views."""
        last = len(self._labels) - 1
        self.desk.view.mark(
            [
                Marker(point, self._labels[min(n, last)], self._colour)
                for n, point in enumerate(self.points)
            ]
        )
        self._changed()

    def cancel(self) -> None:
        self.clear()
