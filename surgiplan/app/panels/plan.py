"""Plan: a vessel or an organ, whichever is being worked on."""

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from surgiplan.app.desk import Desk

from .organ import OrganPanel
from .vessel import VesselPanel

__all__ = ["PlanPages"]


class PlanPages(QWidget):
    """Two pages and the switch between them; a selection in the tree switches too."""

    def __init__(self, desk: Desk, vessel: VesselPanel, organ: OrganPanel) -> None:
        super().__init__()
        self._desk = desk
        self.vessel, self.organ = vessel, organ
        self._pages = QStackedWidget()
        switch = QHBoxLayout()
        switch.setContentsMargins(12, 10, 12, 0)
        switch.setSpacing(4)
        group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for name, page in (("Vessel", vessel), ("Organ", organ)):
            button = QPushButton(name, objectName=f"plan{name}")
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
        desk.selected.connect(self._selected)
        self.show_page("Vessel")

    def show_page(self, name: str) -> None:
        """Show the page of a vessel or of an organ."""
        self.buttons[name].setChecked(True)
        self._pages.setCurrentWidget(self.vessel if name == "Vessel" else self.organ)

    def _selected(self, path: str) -> None:
        if path.startswith("plan/resections/"):
            self.show_page("Organ")
        elif path.startswith(("plan/centerlines/", "plan/stents/")):
            self.show_page("Vessel")
