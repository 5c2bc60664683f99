"""What colours and lines mean, written at the sides of a view."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer

from ._text import Label
from ._vtk import set_points
from .colours import TEXT, colour_map, rgb

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = ["NO_VALUE", "Key", "Legend", "lookup"]

NO_VALUE = "#6b7684"
"""Where there is no number."""
_STRIP_PX, _ROWS = 10.0, 64
_KEY_LINE_PX, _KEY_LEFT_PX, _KEY_TOP_PX = 16.0, 9.0, 50.0


class Legend:
    """A strip of colours with title, unit and range at the right of a view."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._overlay: vtkRenderer = scene.overlay
        self._strip = vtkPolyData()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._strip)
        self._prop = vtkActor2D()
        self._prop.SetMapper(mapper)
        self._overlay.AddViewProp(self._prop)
        self._title = Label(self._overlay, TEXT, across="right", up="bottom", bold=True)
        self._ticks = [Label(self._overlay, TEXT, across="right", up="centre") for _ in range(3)]
        self._texts = ("", "", "", "")

    @property
    def labels(self) -> list[Label]:
        """Title and ticks."""
        return [self._title, *self._ticks]

    def set(self, title: str, colours: str, top: float, *, more: bool) -> None:
        """Say what the colours mean, from 0 to ``top``; ``more`` where values lie above it."""
        sign = "> " if more else ""
        self.write(title, colours, (f"{sign}{top:.3g}", f"{top / 2:.3g}", "0"))

    def write(self, title: str, colours: str, ticks: tuple[str, str, str]) -> None:
        """Say what the colours mean at the top, in the middle and at the bottom."""
        self._texts = (title, *ticks)
        strip = colour_map(colours)[:: 256 // _ROWS]
        _quads(self._strip)
        table = numpy_to_vtk(np.ascontiguousarray(strip), deep=True)
        self._strip.GetCellData().SetScalars(table)

    def prepare(self) -> None:
        """Stand at the right of a view of this size."""
        width, height = self._scene.size
        ratio = self._scene.pixel_ratio
        right, wide = width - 12 * ratio, _STRIP_PX * ratio
        high, low = 0.36 * height, 0.74 * height
        levels = height - np.linspace(low, high, _ROWS + 1)
        points = np.zeros((_ROWS + 1, 2, 3))
        points[:, 0, 0], points[:, 1, 0] = right - wide, right
        points[..., 1] = levels[:, None]
        set_points(self._strip, points)
        self._strip.Modified()
        self._title.set(self._texts[0], right, high - 10 * ratio, height, ratio)
        beside = right - wide - 6 * ratio
        places = (high, (high + low) / 2, low)
        for label, text, y in zip(self._ticks, self._texts[1:], places, strict=True):
            label.set(text, beside, y, height, ratio)

    def remove(self) -> None:
        """Take it off the view."""
        self._overlay.RemoveViewProp(self._prop)
        for label in self.labels:
            label.remove()


class Key:
    """Lines at the upper left that say what else is drawn, each in the colour of what it names."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self.labels: list[Label] = []
        self._lines: tuple[tuple[str, str], ...] = ()

    def set(self, lines: Sequence[tuple[str, str]]) -> None:
        """Write lines of text, each with its colour, the first one on top."""
        if tuple(lines) == self._lines:
            return
        self.remove()
        self._lines = tuple(lines)
        overlay = self._scene.overlay
        self.labels = [Label(overlay, colour) for _, colour in lines]

    def prepare(self) -> None:
        """Stand below the title of a view of this size."""
        height, ratio = self._scene.size[1], self._scene.pixel_ratio
        for n, (label, (text, _)) in enumerate(zip(self.labels, self._lines, strict=True)):
            y = (_KEY_TOP_PX + n * _KEY_LINE_PX) * ratio
            label.set(text, _KEY_LEFT_PX * ratio, y, height, ratio)

    def remove(self) -> None:
        """Take it off the view."""
        for label in self.labels:
            label.remove()
        self.labels, self._lines = [], ()


def lookup(name: str, low: float, high: float) -> vtkLookupTable:
    """A map of colours over a range of numbers; grey where there is none."""
    table = vtkLookupTable()
    colours = np.full((256, 4), 255, np.uint8)
    colours[:, :3] = colour_map(name)
    table.SetTable(numpy_to_vtk(colours, deep=True))
    table.SetRange(low, high)
    table.SetNanColor(*rgb(NO_VALUE), 1.0)
    return table


def _quads(data: vtkPolyData) -> None:
    set_points(data, np.zeros((2 * _ROWS + 2, 3)))
    cells = vtkCellArray()
    for n in range(_ROWS):
        corners: Any = (2 * n, 2 * n + 1, 2 * n + 3, 2 * n + 2)
        cells.InsertNextCell(4, corners)
    data.SetPolys(cells)
