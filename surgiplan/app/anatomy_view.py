"""The 3D view: left rotates or drags what lies under the mouse, right and wheel zoom."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from surgiplan.model import Finding

from .desk import Desk
from .turns import Turns
from .viewport import XY, Viewport, idle_timer

__all__ = ["AnatomyView"]


class AnatomyView(Viewport):
    """Surfaces, devices and planes in space."""

    kind = "3d"

    def __init__(
        self, desk: Desk, turns: Turns, surface_of: Any, struts_of: Any,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        from surgiplan.render import AnatomyScene

        scene = AnatomyScene(surface_of=surface_of, struts_of=struts_of)
        super().__init__(desk, scene, turns, "view_3d", parent)
        self.setAccessibleName("3D view")
        self._idle = idle_timer(self, self._at_rest)
        self._was_empty = True
        desk.opened.connect(self._case_opened)

    def point_at(self, xy: XY) -> npt.NDArray[np.float64] | None:
        """The point in LPS [mm] on the surface under a pixel; None beside it."""
        found = self.scene.pick(*xy)
        return None if found is None else np.asarray(found.point_lps)

    def hit(self, xy: XY) -> Any:
        """What lies at a pixel."""
        return self.scene.pick(*xy)

    def probe(self, xy: XY) -> None:
        """Say what a finding answers under the mouse."""
        finding = self.desk.case.at(self.desk.view.look.finding)
        found = self.scene.pick(*xy) if isinstance(finding, Finding) else None
        self.readout = ""
        if found is not None and found.part == "response":
            self.readout = _readout(self, finding, self.scene.scanned_point(found))
        self.update()

    def rotate(self, dx: float, dy: float) -> None:
        """Turn the anatomy under the hand."""
        self.scene.rotate(dx, dy)
        self.moving()

    def look_from(self, side: str) -> None:
        """Look from A, P, L, R, S or I."""
        self.scene.view_from(side)
        self.redraw()

    def approach(self, finding: Finding) -> None:
        """See a finding closely; R shows everything again."""
        self._fits = False
        self.scene.approach(finding)
        self.redraw()

    def moving(self) -> None:
        """Draw quickly until the hand rests."""
        self.scene.interacting = True
        self._idle.start()
        self.redraw()

    def render_now(self) -> None:
        empty = not (self.desk.case.segments or self.desk.case.findings)
        if self._was_empty and not empty:
            self._fits = True
        self._was_empty = empty
        if self.desk.is_previewing:
            self.scene.interacting = True
            self._idle.start()
        super().render_now()

    def _case_opened(self) -> None:
        self._was_empty = True

    def _at_rest(self) -> None:
        self.scene.interacting = False
        self.redraw()

    def _zoom(self, factor: float, at: XY) -> None:
        self.scene.zoom(factor)
        self.moving()

    def _drag_default(self, button: Any, dx: float, dy: float, at: XY) -> None:
        super()._drag_default(button, dx, dy, at)
        self.moving()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        letter = event.text().upper()
        if letter in tuple("APLSI") and not event.modifiers():
            self.look_from(letter)
        else:
            super().keyPressEvent(event)


def _readout(view: AnatomyView, finding: Finding, scanned_lps: npt.ArrayLike) -> str:
    """What is known at a place of the tissue, in one line."""
    from surgiplan.render import place_of, readings

    fraction = view.desk.view.look.response.fraction
    rows = readings(finding, place_of(finding, scanned_lps), fraction)
    return "   ".join(f"{name} {value}" for name, value in rows)
