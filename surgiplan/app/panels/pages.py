"""Several panels in one place, and the switch between them."""

from collections.abc import Mapping

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

__all__ = ["Pages"]


class Pages(QWidget):
    """The buttons above are called ``prefix`` and the name of their page; the first page shows."""

    def __init__(self, prefix: str, pages: Mapping[str, QWidget]) -> None:
        super().__init__()
        self._by_name = dict(pages)
        self._pages = QStackedWidget()
        switch = QHBoxLayout()
        switch.setContentsMargins(12, 10, 12, 0)
        switch.setSpacing(4)
        group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for name, page in self._by_name.items():
            button = QPushButton(name, objectName=f"{prefix}{name}")
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
        self.buttons[next(iter(self._by_name))].setChecked(True)

    @property
    def page(self) -> QWidget:
        """The one that shows."""
        return self._pages.currentWidget()

    def show_page(self, name: str) -> None:
        """Show the page of that name."""
        self.buttons[name].setChecked(True)
        self._pages.setCurrentWidget(self._by_name[name])
