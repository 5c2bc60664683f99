"""Letters at the edges of a view that say to which side of the patient each edge lies."""

from collections.abc import Mapping
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderer

from surgiplan.geometry.orientation import letters
from surgiplan.model import Points

from ._text import Label
from .colours import TEXT

__all__ = ["EdgeLetters"]

_MARGIN_PX = 8
_EDGES: tuple[Mapping[str, Any], ...] = (
    {"across": "centre", "up": "top"},
    {"across": "centre", "up": "bottom"},
    {"across": "left", "up": "centre"},
    {"across": "right", "up": "centre"},
)
"""How the letters at the top, the bottom, the left and the right are set."""


class EdgeLetters:
    """Four letters, from where the screen's directions point in the patient.

    ``level`` is how far down those at the sides stand, as a fraction of the height.
    """

    def __init__(self, overlay: vtkRenderer, *, level: float = 0.5) -> None:
        self._level = level
        self.labels = [Label(overlay, TEXT, bold=True, points=13, **edge) for edge in _EDGES]

    def lay(self, right: Points, up: Points, size: tuple[int, int], pixel_ratio: float) -> None:
        """Write them for a screen whose right and top point so in LPS, (3,) each."""
        width, height = size
        margin = _MARGIN_PX * pixel_ratio
        middle, level = width / 2, height * self._level
        places = (
            (middle, margin),
            (middle, height - margin),
            (margin, level),
            (width - margin, level),
        )
        for label, way, (x, y) in zip(self.labels, (up, -up, -right, right), places, strict=True):
            label.set(letters(way), x, y, height, pixel_ratio)

    def hide(self) -> None:
        """Write nothing: there is no patient to see."""
        for label in self.labels:
            label.set("", 0, 0, 1, 1.0)
