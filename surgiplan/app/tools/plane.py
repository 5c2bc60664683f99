"""Drags a cutting plane by its handles: every move is a preview, the release is one edit."""

from typing import TYPE_CHECKING

from surgiplan.app.desk import Desk
from surgiplan.edits import MovePlane

if TYPE_CHECKING:
    from surgiplan.app.viewport import XY, Viewport

__all__ = ["PlaneDrag"]


class PlaneDrag:
    """One drag: the middle moves the plane along its normal, the tip tilts it."""

    def __init__(self, desk: Desk, path: str, part: str, start: "XY") -> None:
        self._desk = desk
        self._resection = desk.session.case.at(path)
        self._part, self._start = part, start
        self._edit: MovePlane | None = None

    def move(self, view: "Viewport", at: "XY") -> None:
        """Show the plane where the mouse is, as far as it still cuts the organ."""
        point, normal = view.scene.dragged_plane(self._resection, self._part, self._start, at)
        edit = MovePlane(self._resection.id, point, normal)
        if self._desk.preview(edit):
            self._edit = edit

    def finish(self) -> None:
        """Decide on it; a click that did not move changes nothing."""
        if self._edit is not None:
            self._desk.do(self._edit)
