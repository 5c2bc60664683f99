"""Finds a pixel where a part of the plan can be grabbed."""

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint


def grab(hands: Any, kind: str, part: str, around: QPoint) -> QPoint:
    """A pixel near ``around`` where ``part`` can be grabbed, as a hand would find it."""
    view = hands.view(kind)
    ratio = view.devicePixelRatioF()
    for reach in range(0, 60, 2):
        for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
            spot = around + QPoint(round(reach * np.cos(angle)), round(reach * np.sin(angle)))
            hit = view.hit((spot.x() * ratio, spot.y() * ratio))
            if hit is not None and hit.part == part:
                return spot
    raise AssertionError(f"no {part} near {around}")
