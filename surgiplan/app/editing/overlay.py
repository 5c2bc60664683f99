"""Lays painted voxels over the picture of a slice, without drawing the slice itself again."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

if TYPE_CHECKING:
    from surgiplan.render import Painted

__all__ = ["Overlay"]


class Overlay:
    """The painted voxels of one slice view.  A hand that paints asks VTK for nothing."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self.cuts = 0
        """Slices cut through painted voxels so far."""

    def paint(self, painter: QPainter, painted: "tuple[Painted, ...]", ratio: float) -> None:
        """Draw them; ``ratio`` is device pixels by logical ones."""
        from surgiplan.render import painted_in

        for one in painted:
            found = painted_in(one, self._scene)
            self.cuts += 1
            if found is None:
                continue
            cut, to_pixels = found
            (a, b, dx), (c, d, dy) = to_pixels / ratio
            pixels = np.ascontiguousarray(cut).view(np.uint8)
            rows, columns = pixels.shape
            image = QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
            image.setColorTable([0, _argb(one.colour, one.opacity)])
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.setTransform(QTransform(a, c, b, d, dx, dy), True)
            painter.drawImage(0, 0, image)
            painter.restore()


def _argb(colour: str, opacity: float) -> int:
    made = QColor(colour)
    made.setAlphaF(opacity)
    return int(made.rgba())
