"""Makes the panel of each stage and ties together what they share."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from surgiplan.app.comparing import Comparing
from surgiplan.app.deeds import edit_with
from surgiplan.app.prepared import Prepared

from .anatomy import AnatomyPanel
from .anatomy_pages import AnatomyPages
from .edit import EditPanel
from .images import ImagesPanel
from .organ import OrganPanel
from .patient import PatientPanel
from .plan import PlanPages
from .report import ReportPanel
from .simulate import SimulatePanel
from .validation import ValidationPanel
from .vessel import VesselPanel

if TYPE_CHECKING:
    from surgiplan.app.window import MainWindow

__all__ = ["panels_for"]


def panels_for(window: "MainWindow") -> dict[str, QWidget]:
    """The panels by stage."""
    desk, freshness = window.desk, window.freshness
    prepared = Prepared(desk, window)
    simulation = SimulatePanel(desk, freshness)

    def simulate(path: str) -> None:
        window.go_to("Simulate")
        desk.select(path)
        simulation.start(path)

    def report_written() -> None:
        window.top.has_report = True
        window.top.refresh()

    def edit_place() -> None:
        desk.select(f"segments/{window.comparing.test_id}")
        edit_with(window, "paint")

    def leave() -> None:
        anatomy.show_page("Find")

    window.comparing = Comparing(desk, window.views, window)
    compare = ValidationPanel(desk, window.comparing, leave, edit_place)
    anatomy = AnatomyPages(desk, AnatomyPanel(desk), EditPanel(window.editor), compare)
    vessel = VesselPanel(desk, prepared, freshness, simulate)
    organ = OrganPanel(desk, prepared, simulate)
    return {
        "Patient": PatientPanel(desk),
        "Images": ImagesPanel(desk, prepared),
        "Anatomy": anatomy,
        "Plan": PlanPages(desk, vessel, organ),
        "Simulate": simulation,
        "Report": ReportPanel(desk, freshness, report_written),
    }
