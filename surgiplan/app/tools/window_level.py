"""Brightness and contrast under the left button, when this tool is chosen and never otherwise."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from .tool import Tool

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["WindowTool"]


class WindowTool(Tool):
    """Left and right change the width, up and down the centre."""

    name = "window"
    hint = "drag: width ↔, level ↕"
    cursor = Qt.CursorShape.SizeAllCursor

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        width, centre = self.desk.view.look.window_level
        speed = max(width, 50.0) / 300
        width = min(max(width + by[0] * speed, 1.0), 8000.0)
        centre = min(max(centre - by[1] * speed, -4000.0), 8000.0)
        self.desk.view.change(window_level=(width, centre))
