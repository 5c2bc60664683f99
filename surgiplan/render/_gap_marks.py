"""Hatching over the part of a slice view where slices are missing and were interpolated."""

from typing import Protocol

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderer

from surgiplan.model import Points, Volume

from ._text import FlatLines, Label
from .colours import CAUTION

__all__ = ["GapMarks"]

Floats = npt.NDArray[np.float64]

_EVERY_PX = 11.0
_ASIDE_PX, _BELOW_PX = 30.0, 44.0
"""Room for the letter at the left edge, and for the title at the top."""
_CAPTION = "interpolated"


class _View(Protocol):
    """The slice view that is drawn on."""

    pixel_ratio: float

    @property
    def size(self) -> tuple[int, int]: ...

    def pick(self, x: float, y: float) -> Points: ...


class GapMarks:
    """Slanted lines and a word, so that nobody takes what is seen there for the patient."""

    def __init__(self, overlay: vtkRenderer) -> None:
        self._lines = FlatLines(overlay, CAUTION, opacity=0.55)
        self.caption = Label(overlay, CAUTION, bold=True, up="top")

    def lay(self, view: _View, volume: Volume | None) -> None:
        """Cover what ``view`` shows of the gaps of ``volume``; nothing where there are none."""
        gaps = volume.source.interpolated_k if volume is not None else ()
        ends = [_within(view, volume, low, high) for low, high in gaps] if volume else []
        lines = np.concatenate([*ends, np.zeros((0, 2, 2))])
        if not len(lines):
            self._lines.hide()
            self.caption.hide()
            return
        height, ratio = view.size[1], view.pixel_ratio
        self._lines.set(lines, height, width=max(1.0, ratio))
        first = next(part for part in ends if len(part)).reshape(-1, 2)
        x, y = 0.98 * first.min(axis=0) + 0.02 * first.max(axis=0)
        self.caption.set(
            _CAPTION,
            max(x, _ASIDE_PX * ratio),
            max(y + 6 * ratio, _BELOW_PX * ratio),
            height,
            ratio,
        )


def _within(view: _View, volume: Volume, low: int, high: int) -> Floats:
    """Slanted lines over a view, cut off at the slices of one gap, (n, 2, 2) in pixels."""
    width, height = view.size
    every = _EVERY_PX * view.pixel_ratio
    x = np.arange(-height, width, every)
    starts = np.stack([x, np.full_like(x, height)], axis=1)
    ends = np.stack([x + height, np.zeros_like(x)], axis=1)
    corner, right, down = (view.pick(*at) for at in ((0, 0), (width, 0), (0, height)))
    to_lps = np.stack([(right - corner) / width, (down - corner) / height])
    first, last = (volume.grid.to_index(corner + at @ to_lps) for at in (starts, ends))
    slices, rows, columns = volume.grid.shape
    lows = np.array([max(low, 0), 0, 0]) - 0.5
    highs = np.array([min(high, slices), rows, columns]) - 0.5
    along = last - first
    level = np.abs(along) < 1e-9
    steep = np.where(level, 1.0, along)
    bounds = np.sort(np.stack([(lows - first) / steep, (highs - first) / steep]), axis=0)
    inside = (first >= lows) & (first < highs)
    enter = np.where(level, np.where(inside, 0.0, np.inf), bounds[0]).max(axis=1).clip(0.0)
    leave = np.where(level, np.where(inside, 1.0, -np.inf), bounds[1]).min(axis=1).clip(max=1.0)
    shown = leave > enter
    t = np.stack([enter, leave], axis=1)[shown, :, None]
    cut: Floats = starts[shown, None] + t * (ends - starts)[shown, None]
    return cut
