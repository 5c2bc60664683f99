"""What every mouse tool answers to."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from surgiplan.app.desk import Desk

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["Tool"]


class Tool:
    """Turns pressing, dragging and clicking with the left button into edits.

    ``press``, ``drag`` and ``release`` get device pixels of the view they happen in.
    """

    name = ""
    hint = ""
    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def press(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        """The left button went down."""

    def drag(self, view: "Viewport", at: "XY", by: "XY", keys: Qt.KeyboardModifier) -> None:
        """The mouse moved with the left button down."""

    def release(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        """The left button went up."""

    def hover(self, view: "Viewport", at: "XY", keys: Qt.KeyboardModifier) -> None:
        """The mouse moved without a button."""
        view.setCursor(self.cursor)
        _probe(view, at)

    def cancel(self) -> None:
        """Escape was pressed, or another tool was chosen: leave nothing behind."""


def _probe(view: "Viewport", at: "XY") -> None:
    probe = getattr(view, "probe", None)
    if probe is not None:
        probe(at)
