"""Drags a stent along its vessel: every move is a preview, the release is one edit."""

from typing import TYPE_CHECKING

from surgiplan.app.desk import Desk
from surgiplan.edits import Edit, MoveStent, TurnStent

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["StentDrag"]

_DEG_PER_PIXEL = 0.5


class StentDrag:
    """One drag of one stent; with ``turns`` the stent turns about its own axis instead."""

    def __init__(self, desk: Desk, path: str, start: "XY", *, turns: bool) -> None:
        self._desk = desk
        self._case = desk.session.case
        self._stent = self._case.at(path)
        self._start, self._turns = start, turns
        self._edit: Edit | None = None

    def move(self, view: "Viewport", at: "XY") -> None:
        """Show the stent where the mouse is."""
        self._edit = self._edit_at(view, at)
        self._desk.preview(self._edit)

    def finish(self) -> None:
        """Decide on it; a click that did not move changes nothing."""
        if self._edit is not None:
            self._desk.do(self._edit)

    def _edit_at(self, view: "Viewport", at: "XY") -> Edit:
        if self._turns:
            turned_deg = (at[0] - self._start[0]) * _DEG_PER_PIXEL
            return TurnStent(self._stent.id, self._stent.rotation_deg + turned_deg)
        station_mm = view.scene.dragged_station_mm(self._case, self._stent, self._start, at)
        return MoveStent(self._stent.id, station_mm)
