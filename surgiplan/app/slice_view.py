"""Axial, coronal or sagittal: the wheel goes through the body, the keys do too."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from .desk import Desk
from .editing.overlay import Overlay
from .turns import Turns
from .viewport import XY, Viewport

__all__ = ["SliceView"]

_STEPS = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_PageUp: 5,
    Qt.Key.Key_PageDown: -5,
}


class SliceView(Viewport):
    """A plane through the patient at the crosshair."""

    guidance_y = 45.0

    def __init__(
        self, desk: Desk, orientation: Any, turns: Turns, struts_of: Any,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        from surgiplan.render import SliceScene

        scene = SliceScene(orientation, struts_of=struts_of)
        self.kind = orientation.title.lower()
        super().__init__(desk, scene, turns, f"view_{self.kind}", parent)
        self.orientation = orientation
        self.overlay = Overlay(scene)
        self.setAccessibleName(f"{orientation.title} slices")
        desk.view.painted_changed.connect(self.update)

    def point_at(self, xy: XY) -> npt.NDArray[np.float64] | None:
        """The point in LPS [mm] under a pixel; None without a scan."""
        return np.asarray(self.scene.pick(*xy)) if self.desk.case.volumes else None

    def hit(self, xy: XY) -> Any:
        """What can be grabbed at a pixel."""
        return self.scene.hit(*xy) if self.desk.case.volumes else None

    def scroll(self, steps: int) -> None:
        """Go through the slices; + is towards head, back or left."""
        if self.desk.case.volumes:
            self.desk.view.change(crosshair_lps=tuple(self.scene.scrolled(steps)))

    def probe(self, xy: XY) -> None:
        """Say where the mouse is and what is there."""
        self.readout = _readout(self.desk, self.point_at(xy))
        self.update()

    def _paint_over(self, painter: QPainter) -> None:
        if self._picture is not None:
            self.overlay.paint(painter, self.desk.view.painted, self.devicePixelRatioF())

    def _is_near(self, point_lps: npt.NDArray[np.float64]) -> bool:
        crosshair = self.desk.view.look.crosshair_lps
        if crosshair is None:
            return False
        axis = self.orientation.axis
        return bool(abs(point_lps[axis] - crosshair[axis]) <= max(self.scene.step_mm, 1.0))

    def _zoom(self, factor: float, at: XY) -> None:
        self.scene.zoom(factor, *at)
        self.redraw()

    def _wheel(self, steps: float, at: XY) -> None:
        self.scroll(round(steps) or (1 if steps > 0 else -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _STEPS.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.desk.case.volumes:
            number, count = self.scene.slice_number
            self.scroll(count - number if event.key() == Qt.Key.Key_Home else 1 - number)
        elif steps is not None:
            self.scroll(steps)
        else:
            super().keyPressEvent(event)


def _readout(desk: Desk, point_lps: npt.NDArray[np.float64] | None) -> str:
    """Position, value and structure at a point, in words."""
    if point_lps is None:
        return ""
    look, case = desk.view.look, desk.case
    x, y, z = point_lps
    text = f"LPS {x:.1f}  {y:.1f}  {z:.1f}"
    volume = case.volumes.get(look.volume_id) or next(iter(case.volumes.values()))
    if not volume.grid.contains(point_lps):
        return text + "   outside the scan"
    value = volume.values[_voxel(volume.grid, point_lps)]
    text += f"   {value:.0f} {volume.unit}"
    names = [
        segment.name
        for path, segment in ((f"segments/{s.id}", s) for s in case.segments.values())
        if look.style(path, segment.name).visible
        and segment.grid.contains(point_lps)
        and segment.mask[_voxel(segment.grid, point_lps)]
    ]
    return f"{text}   {names[-1]}" if names else text


def _voxel(grid: Any, point_lps: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    k, j, i = np.clip(np.rint(grid.to_index(point_lps)).astype(int), 0, np.array(grid.shape) - 1)
    return int(k), int(j), int(i)
