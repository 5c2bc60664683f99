"""The four views, two by two; a double click gives one of them all the room."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from surgiplan.model import Case, StentPlacement

from . import palette
from .anatomy_view import AnatomyView
from .desk import Desk
from .slice_view import SliceView
from .surfaces import Surfaces
from .tools import NavigateTool, Tool
from .turns import Turns
from .viewport import Viewport

__all__ = ["Views"]

_DRAGS = (
    ("plan/stents/", "drag the stent along the vessel; Shift turns it"),
    ("plan/resections/", "drag the plane: its middle moves it, its tip tilts it"),
)
_PLACES = {"axial": (0, 0), "3d": (0, 1), "coronal": (1, 0), "sagittal": (1, 1)}


class Views(QWidget):
    """Axial, 3D, coronal and sagittal, as large as possible."""

    drawn = Signal()

    def __init__(self, desk: Desk, surfaces: Surfaces, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from surgiplan.render import Orientation

        self.desk = desk
        self.turns = Turns(self)
        self._surfaces = surfaces
        self._navigate = NavigateTool(desk)
        slices = [SliceView(desk, side, self.turns, struts_of) for side in Orientation]
        self.anatomy = AnatomyView(desk, self.turns, surfaces.of, struts_of)
        self.all: dict[str, Viewport] = {view.kind: view for view in slices}
        self.all["3d"] = self.anatomy
        self._maximised = ""
        self._boxes: dict[str, QWidget] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        for kind, place in _PLACES.items():
            box = _with_bar(self.all[kind], palette.VIEW_BARS[kind])
            self._boxes[kind] = box
            self._grid.addWidget(box, *place)
            self.all[kind].maximise.connect(self._toggle_maximised)
        for n in (0, 1):
            self._grid.setRowStretch(n, 1)
            self._grid.setColumnStretch(n, 1)
        desk.tool_changed.connect(self._use)
        desk.selected.connect(self._guide)
        surfaces.ready.connect(self._surface_ready)
        self._use(desk.tool)

    def reset(self) -> None:
        """Show everything again, in all views."""
        for view in self.all.values():
            view.fit()

    def show_all(self) -> None:
        """Two by two again."""
        self._maximise("")

    def close_frames(self) -> None:
        """Give the off-screen windows back; call once, before the window goes."""
        self.turns.forget()
        for view in self.all.values():
            view.close_frame()

    def _use(self, tool: Tool | None) -> None:
        for view in self.all.values():
            view.tool = tool or self._navigate
        self._guide()

    def _guide(self, *_: object) -> None:
        """Say under the titles what the mouse does."""
        tool, path = self.desk.tool, self.desk.selection
        planned = next((text for home, text in _DRAGS if path.startswith(home)), "")
        for view in self.all.values():
            said = planned if view.kind == "3d" else ""
            if tool is not None:
                said = tool.hint if tool.view in ("", view.kind) else ""
            view.guidance = said
            view.update()

    def cancel_drag(self) -> None:
        """Let go of what is being dragged, unchanged."""
        self._navigate.cancel()

    def _surface_ready(self) -> None:
        if len(self.desk.case.segments) - len(self._surfaces.pending) == 1:
            self.anatomy.fit()
        # The same case has more to show now, which the scene cannot see by itself.
        self.anatomy.redraw()

    def _toggle_maximised(self, view: Viewport) -> None:
        self._maximise("" if self._maximised == view.kind else view.kind)

    def _maximise(self, kind: str) -> None:
        self._maximised = kind
        for other, box in self._boxes.items():
            box.setVisible(not kind or other == kind)
        for n in (0, 1):
            used = {_PLACES[k] for k in _PLACES if not kind or k == kind}
            self._grid.setRowStretch(n, int(any(place[0] == n for place in used)))
            self._grid.setColumnStretch(n, int(any(place[1] == n for place in used)))


def struts_of(case: Case, stent: StentPlacement) -> Any:
    """Polylines of a placed stent in LPS [mm]; none while its vessel is gone."""
    from surgiplan.planning import struts

    centerline = case.plan.centerlines.get(stent.centerline_id)
    return struts(centerline.branch(stent.branch), stent) if centerline else ()


def _with_bar(view: Viewport, colour: str) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    bar = QFrame()
    bar.setFixedHeight(3)
    bar.setStyleSheet(f"background: {colour};")
    column.addWidget(bar)
    column.addWidget(view, 1)
    return box
