"""A computed answer in 3D: the deformed shape in colours, its ghost, and what the colours mean."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer

from surgiplan.model import Finding, Points

from ._text import Label
from ._vtk import set_points, triangles
from .anatomy_actors import AnatomyActor, first_on_ray, locator_of
from .colours import TEXT, colour_map, rgb
from .look import ARRAYS, Coloured, Style

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = ["FindingActor", "Legend", "coloured_values", "lookup"]

_TITLES: dict[Coloured, tuple[str, str, str]] = {
    "displacement": ("Displacement", "mm", "viridis"),
    "stress": ("Von Mises stress", "kPa", "inferno"),
}
_HIGHEST_PERCENTILE = 99.0
"""Where the colours of stress end: one sharp corner must not make all else look alike."""
_GHOST = "#aab8c8"
_LEAST_MM, _LEAST_SHARE = 0.2, 0.08
"""A ghost is drawn where tissue moved further than this, and than this share of the most."""
_STRIP_PX, _ROWS = 10.0, 64


class FindingActor(AnatomyActor):
    """The response of tissue: colour is displacement or stress, the ghost is the shape before."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._ghost, self._deformed = self._actor(), self._actor()
        ghost = self._ghost.GetProperty()
        ghost.SetColor(*rgb(_GHOST))
        ghost.SetOpacity(0.02)
        self._deformed.GetProperty().BackfaceCullingOff()
        self._deformed.GetProperty().SetSpecular(0.1)
        self._deformed.GetProperty().SetAmbient(0.25)
        self._locator: vtkStaticCellLocator | None = None
        self.legend = Legend(scene)

    def update(self, finding: Finding, array: Coloured, style: Style, selected: bool) -> None:
        points = np.asarray(finding.arrays["points_lps"], float)
        corners = np.asarray(finding.arrays["triangles"], np.int64)
        moved = points + finding.arrays.get("displacement_mm", np.zeros(3))
        values = coloured_values(finding, array)
        title, unit, name = _TITLES[array]
        top = float(np.nanmax(values)) if values.size else 0.0
        if array == "stress" and values.size:
            top = float(np.nanpercentile(values, _HIGHEST_PERCENTILE))
        data = triangles(moved, corners)
        scalars = numpy_to_vtk(np.nan_to_num(values).astype(np.float32), deep=True)
        per_point = len(values) == len(points)
        (data.GetPointData() if per_point else data.GetCellData()).SetScalars(scalars)
        mapper = self._deformed.GetMapper()
        mapper.SetInputData(data)
        mapper.ScalarVisibilityOn()
        mapper.InterpolateScalarsBeforeMappingOn()
        mapper.SetLookupTable(lookup(name, 0.0, max(top, 1e-9)))
        mapper.UseLookupTableScalarRangeOn()
        self._deformed.GetProperty().SetOpacity(style.opacity)
        self._ghost.GetMapper().SetInputData(triangles(points, _left(points, moved, corners)))
        highest = float(np.nanmax(values)) if values.size else 0.0
        self.legend.set(f"{title} [{unit}]", name, top, more=highest > top * 1.001)
        self._locator = None

    def prepare(self) -> None:
        self.legend.prepare()

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._locator is None:
            self._locator = locator_of(self._deformed.GetMapper().GetInput())
        place = first_on_ray(self._locator, *self._scene.ray(x, y))
        return None if place is None else ("surface", place)

    def remove(self) -> None:
        super().remove()
        self.legend.remove()


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


def coloured_values(finding: Finding, array: Coloured) -> npt.NDArray[np.float64]:
    """What is shown as colour, at points (n,) or triangles (m,), in mm or kPa."""
    for name in ARRAYS[array]:
        if name in finding.arrays:
            values = np.asarray(finding.arrays[name], float)
            return np.linalg.norm(values, axis=1) if values.ndim == 2 else values
    return np.zeros(0)


def _left(points: Points, moved: Points, corners: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The triangles that moved enough for the ghost not to flicker through the colours."""
    way_mm = np.linalg.norm(moved - points, axis=1)
    least_mm = max(_LEAST_MM, _LEAST_SHARE * float(way_mm.max(initial=0.0)))
    left: npt.NDArray[np.int64] = corners[(way_mm[corners] > least_mm).all(axis=1)]
    return left


def lookup(name: str, low: float, high: float) -> vtkLookupTable:
    """A map of colours over a range of numbers."""
    table = vtkLookupTable()
    colours = np.full((256, 4), 255, np.uint8)
    colours[:, :3] = colour_map(name)
    table.SetTable(numpy_to_vtk(colours, deep=True))
    table.SetRange(low, high)
    return table


def _quads(data: vtkPolyData) -> None:
    set_points(data, np.zeros((2 * _ROWS + 2, 3)))
    cells = vtkCellArray()
    for n in range(_ROWS):
        corners: Any = (2 * n, 2 * n + 1, 2 * n + 3, 2 * n + 2)
        cells.InsertNextCell(4, corners)
    data.SetPolys(cells)
