"""A heading that folds what lies below it away, by mouse and by keys."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

__all__ = ["Fold"]


class Fold(QWidget):
    """A title with an arrow; ``content`` shows while it is open."""

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, name: str, *, is_open: bool = False) -> None:
        super().__init__()
        self._title = title
        self.content = content
        self.head = QToolButton(objectName=name)
        self.head.setProperty("role", "fold")
        self.head.setCheckable(True)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.head.toggled.connect(self._toggle)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.head)
        column.addWidget(content)
        self.head.setChecked(is_open)
        self._toggle(is_open)

    def say(self, remark: str) -> None:
        """Write a remark behind the title, for what is folded away."""
        self.head.setText(f"{self._title}   {remark}" if remark else self._title)

    def _toggle(self, is_open: bool) -> None:
        self.head.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.head.setText(self.head.text() or self._title)
        self.head.setToolTip("Folds this away." if is_open else "Unfolds this.")
        self.content.setVisible(is_open)
        self.toggled.emit(is_open)
