"""How surfaces, vessels' axes, devices and distances show in 3D."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkFiltersCore import vtkTubeFilter
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from surgiplan.model import (
    Centerline,
    Finding,
    Measurement,
    Points,
    Resection,
    Segment,
    StentPlacement,
    Surface,
)

from ._lines import Dots, Lines
from ._text import Label
from ._vtk import polylines, set_points, triangles
from .colours import MEASURED, SPECIMEN, mixed, rgb
from .drags import nearest_on_polyline
from .look import Style

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = [
    "REACH_PX",
    "AnatomyActor",
    "CenterlineActor",
    "MeasurementActor",
    "StentActor",
    "SurfaceActor",
    "first_on_ray",
    "locator_of",
    "shaded",
]

REACH_PX = 8.0
"""How near the mouse must be to grab something."""

_STRUT_RADIUS_MM = 0.35
_STRUT_SIDES = 6
_FAINT = 0.35
"""How much of its opacity a surface keeps behind a coloured finding."""

_COVERED_MM = 4.0
"""A surface this near to a coloured finding is the finding's own, and left out."""
_CELL_KEY = np.array([1, 1 << 20, 1 << 40])

_GLASS = """//VTK::Light::Impl
  float facing = abs(normalVCVSOutput.z);
  float rim = 1.0 - facing;
  fragOutput0.a = mix(fragOutput0.a, 1.0, 0.75 * rim * rim);
"""
"""Translucent surfaces grow opaque where they turn away, so that their shape stays clear."""


class AnatomyActor:
    """What all have in common: props of one renderer."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._props: list[vtkActor] = []
        self._parts: list[Lines | Dots | Label] = []

    def prepare(self) -> None:
        """Nothing depends on the zoom."""

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        """Nothing to grab."""
        return None

    def bounds(self) -> tuple[float, ...] | None:
        """The box around its surfaces, (xmin, xmax, ymin, ...) in LPS [mm]; None if hidden."""
        boxes = [prop.GetBounds() for prop in self._props if prop.GetVisibility()]
        low = [min(box[n] for box in boxes) for n in (0, 2, 4)] if boxes else [1.0]
        high = [max(box[n] for box in boxes) for n in (1, 3, 5)] if boxes else [0.0]
        if low[0] > high[0]:
            return None
        return low[0], high[0], low[1], high[1], low[2], high[2]

    def remove(self) -> None:
        """Take all of it off the view."""
        for prop in self._props:
            self._scene.renderer.RemoveActor(prop)
            self._scene.front.RemoveActor(prop)
        for part in self._parts:
            part.remove()

    def _lines(self, *, in_front: bool = False) -> Lines:
        scene = self._scene
        lines = Lines(scene.front if in_front else scene.renderer, rim="none")
        self._parts.append(lines)
        return lines

    def _actor(self, *, in_front: bool = False) -> vtkActor:
        actor = shaded()
        (self._scene.front if in_front else self._scene.renderer).AddActor(actor)
        self._props.append(actor)
        return actor


class SurfaceActor(AnatomyActor):
    """A structure as smooth glass; what a resection takes away in another colour."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._kept, self._taken = self._actor(), self._actor()
        self._surface: Surface | None = None
        self._covered_by: Finding | None = None
        self._locator: vtkStaticCellLocator | None = None
        self._planes = (vtkPlane(), vtkPlane())

    def update(
        self,
        segment: Segment,
        surface: Surface,
        cut: Resection | None,
        covered_by: Finding | None,
        aside: bool,
        style: Style,
        selected: bool,
    ) -> None:
        """``aside``: a finding is shown, which everything else gives way to."""
        if surface is not self._surface or covered_by is not self._covered_by:
            self._take(surface, covered_by)
        opacity = style.opacity * (_FAINT if aside and not selected else 1.0)
        colour = mixed(style.colour, "#ffffff", 0.15) if selected else style.colour
        for actor, shown, part in (
            (self._kept, True, colour),
            (self._taken, cut is not None, mixed(SPECIMEN, style.colour, 0.2)),
        ):
            actor.SetVisibility(shown and opacity > 0)
            look = actor.GetProperty()
            look.SetColor(*rgb(part))
            look.SetOpacity(min(1.0, opacity + (0.15 if selected else 0.0)))
        self._divide(cut)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._surface is None or not self._kept.GetVisibility():
            return None
        if self._locator is None:
            self._locator = locator_of(self._kept.GetMapper().GetInput())
        place = first_on_ray(self._locator, *self._scene.ray(x, y))
        return None if place is None else ("surface", place)

    def _take(self, surface: Surface, covered_by: Finding | None) -> None:
        self._surface, self._covered_by, self._locator = surface, covered_by, None
        corners = surface.triangles
        if covered_by is not None:
            corners = corners[~_near(surface, covered_by)]
        data = triangles(surface.points_lps, corners)
        for actor in (self._kept, self._taken):
            actor.GetMapper().SetInputData(data)

    def _divide(self, cut: Resection | None) -> None:
        mappers = [actor.GetMapper() for actor in (self._kept, self._taken)]
        if cut is None:
            for mapper in mappers:
                mapper.RemoveAllClippingPlanes()
            return
        for mapper, plane, sign in zip(mappers, self._planes, (-1.0, 1.0), strict=True):
            plane.SetOrigin(*cut.point_lps)
            plane.SetNormal(*(sign * cut.normal))
            if not mapper.GetNumberOfClippingPlanes():
                mapper.AddClippingPlane(plane)


class StentActor(AnatomyActor):
    """Struts as metal wires; moving them keeps the same tubes."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._wires = vtkPolyData()
        self._tubes = vtkTubeFilter()
        self._tubes.SetInputData(self._wires)
        self._tubes.SetRadius(_STRUT_RADIUS_MM)
        self._tubes.SetNumberOfSides(_STRUT_SIDES)
        self.prop = self._actor()
        self.prop.GetMapper().SetInputConnection(self._tubes.GetOutputPort())
        metal = self.prop.GetProperty()
        metal.SetAmbient(0.18)
        metal.SetDiffuse(0.75)
        metal.SetSpecular(0.9)
        metal.SetSpecularPower(45)
        metal.BackfaceCullingOff()
        self._lengths: list[int] = []

    def update(
        self, stent: StentPlacement, centerline: Centerline, style: Style, selected: bool
    ) -> None:
        struts = self._scene.struts(stent, centerline)
        lengths = [len(strut) for strut in struts]
        if lengths and lengths == self._lengths:
            set_points(self._wires, np.concatenate(struts))
        else:
            self._wires.ShallowCopy(polylines(struts))
        self._wires.Modified()
        self._lengths = lengths
        self.prop.SetVisibility(bool(lengths))
        colour = mixed(style.colour, "#ffffff", 0.5) if selected else style.colour
        self.prop.GetProperty().SetColor(*rgb(colour))
        self.prop.GetProperty().SetOpacity(style.opacity)
        self._radius_mm = stent.design.diameter_mm / 2
        branch = centerline.branch(stent.branch)
        self._axis = branch.point_at(np.linspace(*stent.span_mm, 48))

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        flat = self._scene.pixels_of(self._axis)
        n, t, gap = nearest_on_polyline(flat, (x, y))
        place = self._axis[n] + t * (self._axis[n + 1] - self._axis[n])
        if gap <= self._radius_mm / self._scene.mm_per_px_at(place) + 2:
            return "stent", place
        return None


class CenterlineActor(AnatomyActor):
    """The axis of a vessel as a fine line."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._line = self._lines()

    def update(self, centerline: Centerline, style: Style, selected: bool) -> None:
        self._paths = [branch.points_lps for branch in centerline.branches]
        ends = [np.stack([path[:-1], path[1:]], axis=1) for path in self._paths]
        self._line.set(np.concatenate(ends) if ends else np.zeros((0, 2, 3)))
        width = (3.0 if selected else 2.0) * self._scene.pixel_ratio
        self._line.style(style.colour, width, opacity=style.opacity)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        for path in self._paths:
            n, t, gap = nearest_on_polyline(self._scene.pixels_of(path), (x, y))
            if gap <= REACH_PX * 0.6 * self._scene.pixel_ratio:
                return "centerline", path[n] + t * (path[n + 1] - path[n])
        return None


class MeasurementActor(AnatomyActor):
    """A measured distance with its length beside it."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._line, self._dots = self._lines(), Dots(scene.renderer)
        self._label = Label(scene.overlay, MEASURED, up="bottom")
        self._parts += [self._dots, self._label]

    def update(self, measurement: Measurement, style: Style, selected: bool) -> None:
        self._measurement = measurement
        points, ratio = measurement.points_lps, self._scene.pixel_ratio
        self._line.set(np.stack([points[:-1], points[1:]], axis=1))
        self._line.style(style.colour, (3.0 if selected else 2.0) * ratio)
        self._dots.set(points)
        self._dots.style(style.colour, 7.0 * ratio)

    def prepare(self) -> None:
        x, y = self._scene.pixels_of(self._measurement.points_lps.mean(axis=0))
        ratio, (_, height) = self._scene.pixel_ratio, self._scene.size
        text = f"{self._measurement.length_mm:.1f} mm"
        self._label.set(text, x + 7 * ratio, y - 3 * ratio, height, ratio)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        points = self._measurement.points_lps
        n, t, gap = nearest_on_polyline(self._scene.pixels_of(points), (x, y))
        if gap <= REACH_PX * self._scene.pixel_ratio:
            return "measurement", points[n] + t * (points[n + 1] - points[n])
        return None


def shaded() -> vtkActor:
    """An actor of a smooth, slightly shiny surface."""
    actor = vtkActor()
    mapper = vtkPolyDataMapper()
    mapper.ScalarVisibilityOff()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.SetAmbient(0.1)
    look.SetDiffuse(0.95)
    look.SetSpecular(0.22)
    look.SetSpecularPower(24)
    look.BackfaceCullingOn()
    actor.GetShaderProperty().AddFragmentShaderReplacement(
        "//VTK::Light::Impl", True, _GLASS, False
    )
    return actor


def first_on_ray(locator: vtkStaticCellLocator, origin: Points, direction: Points) -> Points | None:
    """The first place in LPS [mm] where a ray meets a surface."""
    places, cells = vtkPoints(), vtkIdList()
    start, end = origin.tolist(), (origin + 1e4 * direction).tolist()
    locator.IntersectWithLine(start, end, places, cells)
    if not places.GetNumberOfPoints():
        return None
    found = np.array([places.GetPoint(n) for n in range(places.GetNumberOfPoints())])
    nearest: Points = found[np.argmin((found - origin) @ direction)]
    return nearest


def _near(surface: Surface, finding: Finding) -> npt.NDArray[np.bool_]:
    """Which triangles a coloured finding stands in for: those next to its points."""
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3)
    points = np.asarray(finding.arrays["points_lps"], float)
    cells = np.floor(points / _COVERED_MM).astype(np.int64)
    taken = np.unique((cells[:, None] + shifts).reshape(-1, 3) @ _CELL_KEY)
    middles = surface.points_lps[surface.triangles].mean(axis=1)
    return np.isin(np.floor(middles / _COVERED_MM).astype(np.int64) @ _CELL_KEY, taken)


def locator_of(data: vtkPolyData) -> vtkStaticCellLocator:
    """What finds triangles of a mesh along a ray within microseconds."""
    locator = vtkStaticCellLocator()
    locator.SetDataSet(data)
    locator.BuildLocator()
    return locator
