"""What is drawn around a finding: its scanned shape, arrows, the edge of a cut, a marked place."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkActor

from surgiplan.model import Points

from ._lines import Dots, Lines
from ._text import Label
from ._vtk import point_normals, triangles
from .colours import CAUTION, MEASURED, SPECIMEN, TEXT, rgb

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = [
    "ARROW",
    "GHOST",
    "Arrows",
    "Corners",
    "CutEdge",
    "Ghost",
    "HandleMark",
    "PlaceMark",
    "evenly",
]

Corners = npt.NDArray[np.int64]

GHOST, ARROW = "#c9d5e4", "#ffd166"
_GLASS_OPACITY = 0.1
_IN_FRONT_PX = 4.0
"""The outline lies so far before the surface, or the colours would cut it to pieces."""
_ARROWS = 260
_LEAST_ARROW_MM = 0.15
_HEAD_SHARE, _HEAD_PX = 0.35, 9.0
"""Heads take this share of short arrows, and this length of long ones."""
_LINE_PX = 15.0


class Ghost:
    """The scanned shape: its outline as a line, and glass where tissue left it."""

    def __init__(self, scene: "AnatomyScene", glass: vtkActor | None = None) -> None:
        self._scene, self._glass = scene, glass
        self._outline = Lines(scene.renderer, rim="none")
        self._shape: tuple[Points, Corners, Points] | None = None
        self._eye: Points | None = None
        if glass is None:
            return
        glass.GetProperty().SetColor(*rgb(GHOST))
        glass.GetProperty().SetOpacity(_GLASS_OPACITY)
        # Where both lie on each other the colours are seen, not a flicker of both.
        mapper = glass.GetMapper()
        mapper.SetResolveCoincidentTopologyToPolygonOffset()
        mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(4.0, 4.0)

    def set(self, points: Points, corners: Corners, *, colour: str = GHOST) -> None:
        """Draw a surface as it was scanned."""
        if self._shape is None or self._shape[0] is not points:
            self._shape = points, corners, point_normals(points, corners)
            if self._glass:
                self._glass.GetMapper().SetInputData(triangles(points, corners))
            self._eye = None
        if self._glass:
            self._glass.SetVisibility(1)
        self._outline.style(colour, 1.6 * self._scene.pixel_ratio, opacity=0.9)

    def hide(self) -> None:
        """Draw nothing."""
        if self._glass:
            self._glass.SetVisibility(0)
        self._outline.set(np.zeros((0, 2, 3)))
        self._shape = self._eye = None

    def prepare(self) -> None:
        """Find the outline that this eye sees."""
        if self._shape is None:
            return
        eye = np.array(self._scene.eye.camera.GetPosition())
        if self._eye is None or not np.array_equal(eye, self._eye):
            self._eye = eye
            pieces = _outline(*self._shape, eye)
            ahead = eye - pieces
            ahead *= _IN_FRONT_PX * self._scene.mm_per_px / np.linalg.norm(ahead, axis=2)[..., None]
            self._outline.set(pieces + ahead)

    def remove(self) -> None:
        """Take it off the view for good; the glass belongs to who made it."""
        self._outline.remove()


class Arrows:
    """Displacements of evenly spread points in their true length, those that face the eye."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._lines = Lines(scene.front, rim="dark")
        self._tails, self._tips = np.zeros((0, 3)), np.zeros((0, 3))
        self._normals = np.zeros((0, 3))
        self._chosen: tuple[Points, npt.NDArray[np.int64]] | None = None

    def set(self, points: Points, moved: Points, normals: Points) -> None:
        """Arrows from points (n, 3) to where they are now; normals of the surface there."""
        if self._chosen is None or self._chosen[0] is not points:
            self._chosen = points, evenly(points, _ARROWS)
        few = self._chosen[1]
        few = few[np.linalg.norm(moved[few] - points[few], axis=1) > _LEAST_ARROW_MM]
        self._tails, self._tips, self._normals = points[few], moved[few], normals[few]
        self._lines.style(ARROW, 1.6 * self._scene.pixel_ratio)

    def hide(self) -> None:
        """Draw nothing."""
        self._tails = self._tips = self._normals = np.zeros((0, 3))

    def prepare(self) -> None:
        """Lay the heads flat for this eye."""
        eye = np.array(self._scene.eye.camera.GetPosition())
        seen = ((eye - self._tips) * self._normals).sum(axis=1) > 0
        tails, tips = self._tails[seen], self._tips[seen]
        way = tips - tails
        length = np.linalg.norm(way, axis=1, keepdims=True)
        along = way / np.maximum(length, 1e-9)
        across = np.cross(along, eye - tips)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        head = np.minimum(_HEAD_SHARE * length, _HEAD_PX * self._scene.mm_per_px)
        feet = [tips - head * along + side * 0.45 * head * across for side in (-1, 1)]
        ends = [(tails, tips), *((tips, foot) for foot in feet)]
        self._lines.set(np.concatenate([np.stack(pair, axis=1) for pair in ends]))

    @property
    def drawn(self) -> int:
        """How many arrows are seen."""
        return self._lines.pieces // 3

    def remove(self) -> None:
        """Take them off the view for good."""
        self._lines.remove()


class CutEdge:
    """The line around the face of a cut."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._lines = Lines(scene.renderer, rim="none")

    def set(self, moved: Points, corners: Corners, cut: npt.NDArray[np.bool_]) -> None:
        """Draw the border of the triangles that are ``cut`` (m,)."""
        edges = np.sort(corners[cut][:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        once, counts = np.unique(edges, axis=0, return_counts=True)
        self._lines.set(moved[once[counts == 1]])
        self._lines.style(SPECIMEN, 2.6 * self._scene.pixel_ratio)

    def hide(self) -> None:
        """Draw nothing."""
        self._lines.set(np.zeros((0, 2, 3)))

    def remove(self) -> None:
        """Take it off the view for good."""
        self._lines.remove()


class HandleMark:
    """Where tissue is pulled: a line from where it was scanned to where the hand holds it."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._line, self._dot = Lines(scene.front, rim="dark"), Dots(scene.front)

    def set(self, scanned_lps: npt.ArrayLike, pull_mm: npt.ArrayLike, fraction: float) -> str:
        """Draw a pull (3,) at a fraction of the loading, and say how far it goes."""
        start, way = np.asarray(scanned_lps, float), np.asarray(pull_mm, float)
        self._line.set(np.stack([start, start + fraction * way])[None])
        self._line.style(CAUTION, 3.0 * self._scene.pixel_ratio)
        self._dot.set(start + fraction * way)
        self._dot.style(CAUTION, 12.0 * self._scene.pixel_ratio)
        return f"Handle: pulled by {np.linalg.norm(fraction * way):.0f} mm"

    def hide(self) -> None:
        """Draw nothing."""
        self._line.set(np.zeros((0, 2, 3)))
        self._dot.set(np.zeros((0, 3)))

    def remove(self) -> None:
        """Take it off the view for good."""
        self._line.remove()
        self._dot.remove()


class PlaceMark:
    """A dot that moves with the tissue, and what is known there beside it."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._dot = Dots(scene.front)
        self.labels: list[Label] = []
        self._texts: tuple[str, ...] = ()
        self._point: Points | None = None

    def set(self, point_lps: Points, texts: Sequence[str]) -> None:
        """Stand at a point in LPS [mm] with lines of text."""
        self._point = np.asarray(point_lps, float)
        self._dot.set(self._point)
        self._dot.style(MEASURED, 10.0 * self._scene.pixel_ratio)
        if tuple(texts) != self._texts:
            self._clear()
            self._texts = tuple(texts)
            self.labels = [Label(self._scene.overlay, TEXT) for _ in texts]

    def hide(self) -> None:
        """Draw nothing."""
        self._point = None
        self._dot.set(np.zeros((0, 3)))
        self._clear()

    def prepare(self) -> None:
        """Write beside the dot."""
        if self._point is None:
            return
        x, y = self._scene.pixels_of(self._point)
        ratio, height = self._scene.pixel_ratio, self._scene.size[1]
        for n, (label, text) in enumerate(zip(self.labels, self._texts, strict=True)):
            label.set(text, x + 11 * ratio, y + (n * _LINE_PX - 8) * ratio, height, ratio)

    def remove(self) -> None:
        """Take it off the view for good."""
        self._dot.remove()
        self._clear()

    def _clear(self) -> None:
        for label in self.labels:
            label.remove()
        self.labels, self._texts = [], ()


def evenly(points: Points, about: int) -> npt.NDArray[np.int64]:
    """Indices of about so many of the points, spread evenly over where they lie."""
    if len(points) <= about:
        return np.arange(len(points))
    low, size = points.min(axis=0), float(np.ptp(points, axis=0).max())
    fine, coarse = size / 400, size
    for _ in range(18):
        step = np.sqrt(fine * coarse)
        chosen = _one_per_cell(points - low, step)
        fine, coarse = (step, coarse) if len(chosen) > about else (fine, step)
    return chosen


def _one_per_cell(offsets: Points, step: float) -> npt.NDArray[np.int64]:
    """The point nearest to the middle of each cell of a grid of ``step`` [mm]."""
    cells = np.floor(offsets / step).astype(np.int64)
    off_middle = ((offsets / step - cells - 0.5) ** 2).sum(axis=1)
    order = np.lexsort((off_middle, cells @ np.array([1, 1 << 20, 1 << 40])))
    _, first = np.unique((cells @ np.array([1, 1 << 20, 1 << 40]))[order], return_index=True)
    return np.sort(order[first])


def _outline(points: Points, corners: Corners, normals: Points, eye: Points) -> Points:
    """Where a smooth surface turns away from the eye, as pieces (k, 2, 3)."""
    facing = ((eye - points) * normals).sum(axis=1)
    values = facing[corners]
    front = values > 0
    crossed = front.any(axis=1) & ~front.all(axis=1)
    corners, values, front = corners[crossed], values[crossed], front[crossed]
    alone = np.where(front.sum(axis=1) == 1, front.argmax(axis=1), (~front).argmax(axis=1))
    rows = np.arange(len(corners))
    ends = []
    for step in (1, 2):
        other = (alone + step) % 3
        a, b = values[rows, alone], values[rows, other]
        share = (a / (a - b))[:, None]
        ends.append(
            (1 - share) * points[corners[rows, alone]] + share * points[corners[rows, other]]
        )
    return np.stack(ends, axis=1)
