"""Anatomy: structures are found by a method, edited by hand, and compared with a reader's."""

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from surgiplan.app.desk import Desk

from .anatomy import AnatomyPanel
from .edit import EditPanel
from .validation import ValidationPanel

__all__ = ["AnatomyPages"]


class AnatomyPages(QWidget):
    """Three pages and the switch between them; a tool in the hand stays on its page."""

    def __init__(
        self, desk: Desk, find: AnatomyPanel, edit: EditPanel, compare: ValidationPanel
    ) -> None:
        super().__init__()
        self.find, self.edit, self.compare = find, edit, compare
        self._by_name = {"Find": find, "Edit": edit, "Compare": compare}
        self._desk = desk
        self._pages = QStackedWidget()
        switch = QHBoxLayout()
        switch.setContentsMargins(12, 10, 12, 0)
        switch.setSpacing(4)
        group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for name, page in self._by_name.items():
            button = QPushButton(name, objectName=f"anatomy{name}")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, chosen=name: self.show_page(chosen))
            group.addButton(button)
            switch.addWidget(button, 1)
            self.buttons[name] = button
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(switch)
        column.addWidget(self._pages, 1)
        self.show_page("Find")

    def show_page(self, name: str) -> None:
        """Show the methods, the editor or the readers; leaving one puts its tool away."""
        self.buttons[name].setChecked(True)
        page = self._by_name[name]
        if page is not self._pages.currentWidget():
            self._desk.use(None)
            self._pages.setCurrentWidget(page)
