"""How each noun shows in a slice."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.model import (
    Centerline,
    Measurement,
    Points,
    Resection,
    Segment,
    StentPlacement,
)

from ._lines import Dots, Lines, Rim
from ._text import Label
from .colours import MEASURED, SPECIMEN
from .look import Style
from .slice_plane import SlicePlane, mask_outline

if TYPE_CHECKING:
    from .slice_scene import SliceScene

__all__ = [
    "CenterlineTrace",
    "MeasurementTrace",
    "Outline",
    "ResectionTrace",
    "SliceActor",
    "StentTrace",
    "plane_line",
]

REACH_PX = 7.0
"""How near the mouse must be to grab something."""

_LIFT_MM = {"outline": 0.2, "centerline": 0.4, "stent": 0.6, "plane": 0.8, "measurement": 1.0}
_HALO_MM = 0.1
_NEAR_MM = 2.5
"""Devices and lines within this distance of a slice are drawn in it, at least."""
_LEAST_SLOPE = 0.05
"""Sine of the angle below which a cutting plane counts as parallel to the slice."""
_TICK_MM, _TICK_EVERY_MM = 4.0, 8.0
_BEYOND_MM = 8.0
"""How far the line of a cutting plane reaches beyond the organ's box."""


class SliceActor:
    """What all have in common: lines above the image, and a hit test in pixels."""

    def __init__(self, scene: "SliceScene") -> None:
        self._scene = scene
        self._parts: list[Lines | Dots | Label] = []

    def prepare(self) -> None:
        """Nothing depends on the zoom."""

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        """Nothing to grab."""
        return None

    def remove(self) -> None:
        """Take all of it off the view."""
        for part in self._parts:
            part.remove()

    def _lines(self, rim: Rim = "dark") -> Lines:
        lines = Lines(self._scene.renderer, rim=rim)
        self._parts.append(lines)
        return lines

    def _dots(self) -> Dots:
        dots = Dots(self._scene.renderer)
        self._parts.append(dots)
        return dots

    def _away(self, plane: SlicePlane) -> Points:
        return -_HALO_MM * plane.orientation.toward

    def _is_near(self, pieces: Points, x: float, y: float) -> bool:
        """Whether a pixel lies within reach of pieces (n, 2, 3) in LPS."""
        if not len(pieces):
            return False
        start, end = (self._scene.pixels_of(pieces[:, n]) for n in (0, 1))
        along, offset = end - start, np.array([x, y]) - start
        length2 = np.maximum(np.einsum("ij,ij->i", along, along), 1e-12)
        t = np.clip(np.einsum("ij,ij->i", along, offset) / length2, 0, 1)
        gaps = np.linalg.norm(offset - t[:, None] * along, axis=1)
        return bool(gaps.min() <= REACH_PX * self._scene.pixel_ratio)


class Outline(SliceActor):
    """The edge of a segment's voxels; what a resection takes away in another colour."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._kept, self._taken = self._lines("soft"), self._lines("soft")

    def update(
        self,
        segment: Segment,
        resection: Resection | None,
        style: Style,
        selected: bool,
        plane: SlicePlane,
    ) -> None:
        self._segment = segment
        pieces = plane.at(mask_outline(segment, plane), lift_mm=_LIFT_MM["outline"])
        taken = np.zeros(len(pieces), bool)
        if resection is not None and len(pieces):
            middles = plane.projected(pieces.mean(axis=1))
            taken = (middles - resection.point_lps) @ resection.normal > 0
        width = (2.0 if selected else 1.2) * self._scene.pixel_ratio
        for lines, chosen, colour in (
            (self._kept, ~taken, style.colour),
            (self._taken, taken, SPECIMEN),
        ):
            lines.set(pieces[chosen], away=self._away(plane))
            lines.style(colour, width)
        self.drawn_lps = pieces

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        point = self._scene.pick(x, y)
        index = np.rint(self._segment.grid.to_index(point)).astype(int)
        inside = np.all((index >= 0) & (index < np.array(self._segment.grid.shape)))
        if inside and self._segment.mask[tuple(index)]:
            return "outline", point
        return None


class StentTrace(SliceActor):
    """The struts within the slice, and those just before and behind it more faintly."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._strong, self._faint = self._lines(), self._lines("none")
        self._pieces = np.zeros((0, 2, 3))

    def update(
        self,
        stent: StentPlacement,
        centerline: Centerline,
        style: Style,
        selected: bool,
        plane: SlicePlane,
    ) -> None:
        struts = self._scene.struts(stent, centerline)
        lift = _LIFT_MM["stent"]
        within = plane.pieces_near(struts, max(_NEAR_MM, plane.step_mm / 2))
        around = plane.pieces_near(struts, 4 * _NEAR_MM)
        self._pieces = plane.projected(within, lift_mm=lift)
        self._strong.set(self._pieces, away=self._away(plane))
        self._faint.set(plane.projected(around, lift_mm=lift / 2))
        ratio = self._scene.pixel_ratio
        self._strong.style(style.colour, (2.2 if selected else 1.6) * ratio)
        self._faint.style(style.colour, 1.0 * ratio, opacity=0.22)
        branch = centerline.branch(stent.branch)
        axis = branch.point_at(np.linspace(*stent.span_mm, 64))
        self._axis = plane.projected(plane.pieces_near([axis], 4 * _NEAR_MM))

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._is_near(self._pieces, x, y) or self._is_near(self._axis, x, y):
            return "stent", self._scene.pick(x, y)
        return None


class CenterlineTrace(SliceActor):
    """The centreline near the slice, with a dot where it passes through."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._line, self._dot = self._lines(), self._dots()
        self._pieces = np.zeros((0, 2, 3))

    def update(
        self, centerline: Centerline, style: Style, selected: bool, plane: SlicePlane
    ) -> None:
        lift, ratio = _LIFT_MM["centerline"], self._scene.pixel_ratio
        paths = [branch.points_lps for branch in centerline.branches]
        near = plane.pieces_near(paths, max(_NEAR_MM, plane.step_mm / 2))
        self._pieces = plane.projected(near, lift_mm=lift)
        self._line.set(self._pieces, away=self._away(plane))
        self._line.style(style.colour, (2.0 if selected else 1.3) * ratio)
        through = np.concatenate([plane.crossings(path) for path in paths])
        self._dot.set(plane.projected(through, lift_mm=lift))
        self._dot.style(style.colour, 6.0 * ratio)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._is_near(self._pieces, x, y):
            return "centerline", self._scene.pick(x, y)
        return None


class ResectionTrace(SliceActor):
    """The cutting plane as a line with handles; ticks point to the specimen."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._line, self._ticks = self._lines(), self._lines()
        self._ends = self._dots()
        self._reach: Points | None = None

    def update(
        self,
        resection: Resection,
        organ: Segment,
        style: Style,
        selected: bool,
        plane: SlicePlane,
    ) -> None:
        self._reach = plane_line(resection, organ, plane)
        empty = np.zeros((0, 2, 3))
        line = empty if self._reach is None else self._reach[None]
        lift, ratio = _LIFT_MM["plane"], self._scene.pixel_ratio
        self._line.set(plane.projected(line, lift_mm=lift), away=self._away(plane))
        ticks = empty if self._reach is None else _ticks(self._reach, resection, plane)
        self._ticks.set(plane.projected(ticks, lift_mm=lift), away=self._away(plane))
        self._ends.set(plane.projected(line.reshape(-1, 3), lift_mm=lift))
        self._line.style(style.colour, (2.4 if selected else 1.8) * ratio)
        self._ticks.style(SPECIMEN, 1.4 * ratio)
        self._ends.style(style.colour, 9.0 * ratio)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._reach is None:
            return None
        ends = self._scene.pixels_of(self._reach)
        gaps = np.linalg.norm(ends - [x, y], axis=1)
        if gaps.min() <= 1.3 * REACH_PX * self._scene.pixel_ratio:
            return "normal-handle", self._scene.pick(x, y)
        if self._is_near(self._reach[None], x, y):
            return "plane-handle", self._scene.pick(x, y)
        return None


class MeasurementTrace(SliceActor):
    """A measured distance that lies near the slice, with its length."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._line, self._dot = self._lines(), self._dots()
        self._label = Label(scene.overlay, MEASURED, up="bottom")
        self._parts.append(self._label)
        self._pieces = np.zeros((0, 2, 3))

    def update(
        self, measurement: Measurement, style: Style, selected: bool, plane: SlicePlane
    ) -> None:
        self._measurement = measurement
        lift, ratio = _LIFT_MM["measurement"], self._scene.pixel_ratio
        points = measurement.points_lps
        near = plane.pieces_near([points], max(_NEAR_MM, plane.step_mm))
        self._pieces = plane.projected(near, lift_mm=lift)
        self._line.set(self._pieces, away=self._away(plane))
        self._line.style(style.colour, (2.2 if selected else 1.5) * ratio)
        reach = max(_NEAR_MM, plane.step_mm)
        ends = points[np.abs(plane.heights_mm(points)) <= reach]
        self._dot.set(plane.projected(ends, lift_mm=lift))
        self._dot.style(style.colour, 6.0 * ratio)

    def prepare(self) -> None:
        if not len(self._pieces):
            self._label.hide()
            return
        x, y = self._scene.pixels_of(self._pieces.mean(axis=(0, 1)))
        ratio, (_, height) = self._scene.pixel_ratio, self._scene.size
        text = f"{self._measurement.length_mm:.1f} mm"
        self._label.set(text, x + 7 * ratio, y - 3 * ratio, height, ratio)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._is_near(self._pieces, x, y):
            return "measurement", self._scene.pick(x, y)
        return None


def plane_line(resection: Resection, organ: Segment, plane: SlicePlane) -> Points | None:
    """Ends in LPS [mm] of the line where a cutting plane meets a slice, shape (2, 3).

    It reaches a little beyond the organ's box; None where the two are parallel or the line passes
    beside the organ.
    """
    corners = organ.grid.corners_lps()
    reach = plane.heights_mm(corners)
    flat_normal = plane.flat(resection.normal)
    slope = float(np.linalg.norm(flat_normal))
    if slope < _LEAST_SLOPE or reach.min() > 0 or reach.max() < 0:
        return None
    foot = plane.projected(resection.point_lps)
    height = float((foot - resection.point_lps) @ resection.normal)
    middle = plane.flat(foot) - height * flat_normal / slope**2
    direction = np.array([-flat_normal[1], flat_normal[0]]) / slope
    flat = plane.flat(corners)
    low, high = flat.min(axis=0) - _BEYOND_MM, flat.max(axis=0) + _BEYOND_MM
    steep = np.where(np.abs(direction) < 1e-9, 1e-9, direction)
    ways = np.sort(np.stack([(low - middle) / steep, (high - middle) / steep]), axis=0)
    start, end = ways[0].max(), ways[1].min()
    if end <= start:
        return None
    ends: Points = plane.at(middle + np.outer([start, end], direction))
    return ends


def _ticks(line: Points, resection: Resection, plane: SlicePlane) -> npt.NDArray[np.float64]:
    """Short lines from the plane towards the specimen, shape (n, 2, 3)."""
    flat_normal = plane.flat(resection.normal)
    way = plane.at(flat_normal / np.linalg.norm(flat_normal)) - plane.at(np.zeros(2))
    length_mm = float(np.linalg.norm(line[1] - line[0]))
    count = max(2, int(length_mm / _TICK_EVERY_MM))
    feet = line[0] + np.linspace(0, 1, count + 2)[1:-1, None] * (line[1] - line[0])
    return np.stack([feet, feet + _TICK_MM * way], axis=1)
