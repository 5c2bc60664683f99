"""Plan: a vessel or an organ, whichever is being worked on."""

from surgiplan.app.desk import Desk

from .organ import OrganPanel
from .pages import Pages
from .vessel import VesselPanel

__all__ = ["PlanPages"]


class PlanPages(Pages):
    """Two pages; a selection in the tree switches too."""

    def __init__(self, desk: Desk, vessel: VesselPanel, organ: OrganPanel) -> None:
        super().__init__("plan", {"Vessel": vessel, "Organ": organ})
        self.vessel, self.organ = vessel, organ
        desk.selected.connect(self._selected)

    def _selected(self, path: str) -> None:
        if path.startswith("plan/resections/"):
            self.show_page("Organ")
        elif path.startswith(("plan/centerlines/", "plan/stents/")):
            self.show_page("Vessel")
