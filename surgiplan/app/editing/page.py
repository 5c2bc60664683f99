"""What every tool of the segment editor shows below the icons."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from surgiplan.app.forms import field_rows
from surgiplan.app.tools import Tool

from .editor import Editor

__all__ = ["Page"]

_FIELD_WIDTH = 172


class Page(QWidget):
    """The options of one tool; made when it is chosen first."""

    changed = Signal()
    """What can be applied has changed."""
    done = Signal()
    """It has acted, and is put away."""
    applies = ""
    """Text of the button that acts; empty for a tool that acts under the hand."""

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__()
        self.editor, self.name = editor, name
        self.tool: Tool | None = None
        """What the page has put into the hand."""
        self.is_taking = False
        self.setObjectName(f"page_{name}")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)

    def take(self, tool: Tool | None) -> None:
        """Put another tool into the hand, or none."""
        self.is_taking, self.tool = True, tool
        self.editor.desk.use(tool)
        self.is_taking = False

    def start(self) -> None:
        """The tool was chosen."""

    def stop(self) -> None:
        """Another one was, or none: leave nothing behind."""

    def refresh(self) -> None:
        """Show the present case and editor."""

    def why_not(self) -> str:
        """Why the button cannot act now; empty if it can."""
        return self.editor.why_not()

    def apply(self) -> None:
        """Do it, as one step."""

    def add_hint(self, text: str) -> QLabel:
        """A quiet sentence."""
        label = QLabel(text)
        label.setWordWrap(True)
        label.setProperty("role", "hint")
        self.column.addWidget(label)
        return label

    def add_rows(self, *pairs: tuple[str, QWidget]) -> None:
        """Labelled fields below one another, the fields in one column."""
        self.column.addWidget(field_rows(pairs, field_width=_FIELD_WIDTH))
