"""The tool one always comes back to: crosshair, turning in space, and grabbing what is planned."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from .plane import PlaneDrag
from .stent import StentDrag
from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["NavigateTool"]

_PLANE_PARTS = ("plane-handle", "normal-handle", "plane")


class NavigateTool(Tool):
    """Left button: crosshair in slices, rotation in 3D, or a drag of a stent or plane."""

    name = "navigate"

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._drag: StentDrag | PlaneDrag | None = None
        self._pressed: Any = None
        """The response that was pressed and not turned since: a click marks a place on it."""

    def press(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        found = view.hit(at)
        self._pressed = found if found is not None and found.part == "response" else None
        self._drag = self._grabbed(view, found, at, keys)
        if self._drag is not None:
            self.desk.select(found.path)
            view.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        if found is not None and view.kind == "3d":
            self.desk.select(found.path)
            if found.part == "painted":
                # What is wrong there is to be seen in the slices.
                x, y, z = (float(value) for value in found.point_lps)
                self.desk.view.change(crosshair_lps=(x, y, z))
        _aim(view, at)

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        self._pressed = None
        if self._drag is not None:
            self._drag.move(view, at)
        elif view.kind == "3d":
            view.rotate(*by)  # type: ignore[attr-defined]
        else:
            _aim(view, at)

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        if self._drag is not None:
            drag, self._drag = self._drag, None
            drag.finish()
            view.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._pressed is not None:
            pressed, self._pressed = self._pressed, None
            _mark(view, pressed)

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        super().hover(view, at, keys)
        found = view.hit(at)
        if found is not None and (found.part == "stent" or found.part in _PLANE_PARTS):
            view.setCursor(Qt.CursorShape.OpenHandCursor)
        elif view.kind != "3d":
            view.setCursor(Qt.CursorShape.CrossCursor)

    def cancel(self) -> None:
        if self._drag is not None:
            self._drag = None
            self.desk.preview(None)

    def _grabbed(
        self, view: "Viewport", found: Any, at: "XY", keys: Qt.KeyboardModifier
    ) -> StentDrag | PlaneDrag | None:
        if found is None or self.desk.case.at(found.path) is None:
            return None
        if found.part == "stent":
            turns = bool(keys & Qt.KeyboardModifier.ShiftModifier)
            return StentDrag(self.desk, found.path, at, turns=turns)
        if found.part in _PLANE_PARTS and found.path.startswith("plan/resections/"):
            return PlaneDrag(self.desk, found.path, found.part, at)
        return None


def _mark(view: "Viewport", hit: Any) -> None:
    """Keep a marker, with all that is known there, on a place of a response."""
    point = view.scene.scanned_point(hit)
    if point is not None:
        x, y, z = (float(value) for value in point)
        shown = view.desk.view
        shown.change(response=replace(shown.look.response, probe_lps=(x, y, z)))


def _aim(view: "Viewport", at: "XY") -> None:
    """Put the crosshair under the mouse; in 3D that would turn a click into a surprise."""
    point = view.point_at(at) if view.kind != "3d" else None
    if point is not None:
        x, y, z = (float(value) for value in point)
        view.desk.view.change(crosshair_lps=(x, y, z))
        view.probe(at)  # type: ignore[attr-defined]
