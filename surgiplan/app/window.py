"""The main window: the road above, the case on the left, the views, and what is selected."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from surgiplan.jobs_report import Report

from . import palette
from .bars import STAGES, BottomBar, TopBar
from .commands import Palette, UndoKeys, actions_of
from .deeds import commands_of
from .desk import Desk
from .documents import Documents
from .drops import Drops
from .editing.editor import Editor
from .errors import NoticeBar, install_excepthook
from .exchange import Exchange
from .freshness import Freshness
from .garbage import MainThreadGarbage
from .stages import stage_of
from .surfaces import Surfaces
from .tree import CaseTree

__all__ = ["MainWindow"]


_NEEDED_SOON = (
    "surgiplan.io",
    "surgiplan.workflow",
    "surgiplan.planning",
    "surgiplan.imaging",
    "surgiplan.mechanics",
    "surgiplan.meshing",
    "scipy.ndimage",
    "scipy.spatial",
)


class MainWindow(QMainWindow):
    """One window, one case.  Usable as soon as ``ready`` was sent."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.garbage = MainThreadGarbage(self)
        self.desk = Desk(self)
        self.surfaces = Surfaces(self.desk, self)
        self.freshness = Freshness(self.desk, self)
        self.documents = Documents(self.desk, self)
        self.exchange = Exchange(self.desk, self)
        self.editor = Editor(self.desk, self)
        self.views: Any = None
        self.comparing: Any = None
        self.panels: dict[str, QWidget] = {}
        self._stage = STAGES[0]
        self._is_closing = False
        self._approached = ""
        """The finding that the eye was brought to last."""
        self._commands = commands_of(self)
        self.actions_by_name = actions_of(self._commands, self)
        self.palette_dialog = Palette(self._commands, self.actions_by_name, self)
        self._undo_keys = UndoKeys(self)
        QApplication.instance().installEventFilter(self._undo_keys)
        install_excepthook(self.desk.notices)
        self._lay_out()
        self.resize(1600, 980)
        for signal in (self.desk.shown, self.desk.opened, self.desk.saved):
            signal.connect(self._show_title)
        self.desk.selected.connect(self._selected)
        self._show_title()
        self.go_to(STAGES[0])

    @property
    def stage(self) -> str:
        """The stage whose panel is shown."""
        return self._stage

    def go_to(self, stage: str) -> None:
        """Show the panel of a stage."""
        self._stage = stage
        self.top.show_stage(stage)
        if stage in self.panels:
            self.stack.setCurrentWidget(self.panels[stage])

    def compare(self) -> None:
        """Show two readers beside each other."""
        self.go_to("Anatomy")
        if "Anatomy" in self.panels:
            self.panels["Anatomy"].show_page("Compare")  # type: ignore[attr-defined]

    def finish_starting(self) -> None:
        """Load what is heavy and fill the middle; called after the first paint."""
        from .panels import panels_for
        from .views import Views

        self.views = Views(self.desk, self.surfaces)
        self._views_column.replaceWidget(self._placeholder, self.views)
        self._placeholder.deleteLater()
        self.notice.raise_()
        self.panels = panels_for(self)
        for panel in self.panels.values():
            self.stack.addWidget(panel)
        self.go_to(self._stage)
        self.desk.jobs.warm_up()
        self.desk.background.start(
            "load", _loaded, done=lambda _: None, failed=self.desk.notices.show, quick=True
        )
        self.views.all["axial"].setFocus()
        Drops(self, self.open_paths)
        self.ready.emit()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open a case, or look for scans in anything else."""
        case = next((path for path in paths if _is_case(path)), None)
        if case is not None:
            self.documents.after_saving(lambda: self.documents.open(case))
            return
        self.go_to("Patient")
        self.panels["Patient"].scans.look_for_scans(paths)  # type: ignore[attr-defined]

    def cancel(self) -> None:
        """Escape: let go of a drag, put the tool away, forget a preview."""
        if self.desk.tool is not None and self.desk.tool.escape():
            return
        if self.views:
            self.views.cancel_drag()
        self.desk.use(None)
        self.desk.preview(None)
        self.desk.notices.clear()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_closing:
            event.accept()
            self._end()
            return
        event.ignore()
        self.documents.after_saving(self._close_now)

    def _close_now(self) -> None:
        self._is_closing = True
        # From the slot of a job this must not run inside the job's own answer.
        QTimer.singleShot(0, self.close)

    def _end(self) -> None:
        self.desk.cancel_jobs()
        if self.views:
            self.views.close_frames()
        self.desk.close()
        self.documents.close()
        self.garbage.close()
        QApplication.instance().removeEventFilter(self._undo_keys)

    def _selected(self, path: str) -> None:
        stage = stage_of(path, self._stage)
        if stage != self._stage:
            self.go_to(stage)
        if self.views:
            self.desk.view.change(selected=path)
            if path.startswith("findings/"):
                self._show_finding(path)

    def _show_finding(self, path: str) -> None:
        look = self.desk.view.look
        if path != look.finding or path != self._approached:
            self.views.anatomy.approach(self.desk.case.at(path))
        if path != look.finding:
            # A place or a stage of another loading would be taken for one of this.
            response = replace(look.response, fraction=1.0, probe_lps=None)
            self.desk.view.change(finding=path, response=response)
        self._approached = path

    def _show_title(self, *_: object) -> None:
        self.setWindowTitle(_title(self.desk))

    def _lay_out(self) -> None:
        self.top = TopBar(self.desk, self.freshness, self.actions_by_name)
        self.top.stage_chosen.connect(self.go_to)
        self.bottom = BottomBar(self.desk, self.surfaces)
        self.tree = CaseTree(self.desk, self.freshness)
        self.stack = QStackedWidget()
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._tree_panel())
        middle.addWidget(self._view_area(), 1)
        middle.addWidget(self._inspector())
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(middle, 1)
        column.addWidget(self.bottom)
        self.setCentralWidget(centre)

    def _tree_panel(self) -> QWidget:
        panel = QFrame(objectName="treePanel")
        panel.setFixedWidth(292)
        column = QVBoxLayout(panel)
        column.setContentsMargins(12, 12, 8, 8)
        column.setSpacing(4)
        title = QLabel("CASE")
        title.setProperty("role", "heading")
        column.addWidget(title)
        column.addWidget(self.tree, 1)
        return panel

    def _inspector(self) -> QWidget:
        panel = QFrame(objectName="inspector")
        panel.setFixedWidth(348)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        return panel

    def _view_area(self) -> QWidget:
        area = QFrame(objectName="viewArea")
        self._views_column = QVBoxLayout(area)
        self._views_column.setContentsMargins(3, 3, 3, 3)
        self._views_column.setSpacing(3)
        self.notice = NoticeBar(self.desk.notices, area)
        self._placeholder = QWidget()
        self._placeholder.setAutoFillBackground(True)
        self._placeholder.setBackgroundRole(QPalette.ColorRole.Shadow)
        self._placeholder.setStyleSheet(f"background: {palette.BEHIND};")
        policy = QSizePolicy.Policy.Expanding
        self._placeholder.setSizePolicy(policy, policy)
        self._views_column.addWidget(self._placeholder, 1)
        return area


def _is_case(path: Path) -> bool:
    has_files = (path / "manifests").is_dir() or (path / "vault.json").is_file()
    return has_files or path.suffix in (".splan", ".splanz")


def _loaded(report: Report) -> None:
    """Runs on a thread: loads what the first click would otherwise wait for."""
    import importlib

    for number, name in enumerate(_NEEDED_SOON):
        report(number / len(_NEEDED_SOON), name)
        importlib.import_module(name)


def _title(desk: Desk) -> str:
    """Pseudonym, case, series and scan date, as every page has them."""
    case = desk.case
    if not case.volumes:
        return "surgiplan"
    volume = case.volume()
    parts = [
        case.patient.pseudonym or "no pseudonym",
        desk.path.stem if desk.path else "case not saved yet",
        volume.source.description or volume.name,
        volume.source.study_date,
    ]
    return "  ·  ".join(part for part in parts if part) + "  -  surgiplan"
