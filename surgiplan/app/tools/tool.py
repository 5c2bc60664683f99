"""What every mouse tool answers to."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from surgiplan.app.desk import Desk

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from surgiplan.app.viewport import XY, Viewport

__all__ = ["Tool"]


class Tool:
    """Turns pressing, dragging and clicking with the left button into edits.

    ``press``, ``drag`` and ``release`` get device pixels of the view they happen in.
    """

    name = ""
    hint = ""
    view = ""
    """The kind of view that it works in; empty for all."""
    cursor = Qt.CursorShape.ArrowCursor
    draws = False
    """Whether quick clicks belong to the drawing, so that a double click enlarges no view."""

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

    def leave(self, view: "Viewport") -> None:
        """The mouse left a view."""

    def wheel(self, view: "Viewport", steps: float, keys: Qt.KeyboardModifier) -> bool:
        """Whether the tool took a turn of the wheel, which then does nothing else."""
        return False

    def paint(self, view: "Viewport", painter: "QPainter") -> None:
        """Draw over a view, in its logical pixels."""

    def escape(self) -> bool:
        """Whether Escape only drops what is being drawn, and the tool stays in the hand."""
        return False

    def cancel(self) -> None:
        """Escape was pressed, or another tool was chosen: leave nothing behind."""


def _probe(view: "Viewport", at: "XY") -> None:
    probe = getattr(view, "probe", None)
    if probe is not None:
        probe(at)
