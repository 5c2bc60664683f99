"""What belongs to a response besides its surface: what lies inside, and what was assumed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkFiltersCore import vtkTubeFilter
from vtkmodules.vtkRenderingCore import vtkActor

from surgiplan.model import Finding, Points

from ._lines import Dots, Lines
from ._vtk import pieces, triangles
from .anatomy_actors import shaded
from .colours import CAUTION, mixed, rgb
from .finding_marks import Corners, Ghost, evenly

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = ["Assumed", "Carried", "Inside", "carried_ids", "has_assumptions", "has_inside"]

_EMBEDDED, _DEVICE = "embedded/", "device/points_lps"
_METAL = "#dfe7ee"
_STRUT_RADIUS_MM = 0.35
_SOFT, _STIFF, _GROWN = "#7fd1e8", "#ff9f68", "#b08d6e"
_STROKES, _DOTS = 320, 220
_STROKE_SHARE = (0.018, 0.04)
"""Lengths of strokes for the softest and the stiffest spring, of the size of the body."""
_MUCH_STIFFER = 3.0
_GROWN_OPACITY = 0.55


class Carried(NamedTuple):
    """A structure that moves with the tissue around it: its id, name and ``#rrggbb``."""

    id: str
    name: str
    colour: str


def carried_ids(finding: Finding) -> tuple[str, ...]:
    """The segments of which a finding keeps fine surfaces, carried along."""
    ends = "/points_lps"
    names = [n for n in finding.arrays if n.startswith(_EMBEDDED) and n.endswith(ends)]
    return tuple(name[len(_EMBEDDED) : -len(ends)] for name in names)


def has_inside(finding: Finding) -> bool:
    """Whether something lies inside that the surface would hide."""
    return _DEVICE in finding.arrays or bool(carried_ids(finding))


def has_assumptions(finding: Finding) -> bool:
    """Whether something was assumed that has a place."""
    arrays = finding.arrays
    names = ("spring_kpa_per_mm", "fixed", "thickness_assumed")
    return any(name in arrays and np.any(arrays[name]) for name in names)


class Inside:
    """Tumours and vessels where they lie now, outlined where they were, and the device."""

    def __init__(self, scene: "AnatomyScene") -> None:
        self._scene = scene
        self._bodies: dict[str, tuple[vtkActor, Ghost]] = {}
        self._tubes = vtkTubeFilter()
        self._tubes.SetRadius(_STRUT_RADIUS_MM)
        self._tubes.SetNumberOfSides(6)
        self._device = shaded()
        self._device.GetMapper().SetInputConnection(self._tubes.GetOutputPort())
        self._device.GetProperty().SetColor(*rgb(_METAL))
        self._device.GetProperty().SetSpecular(0.9)
        self._device.GetProperty().BackfaceCullingOff()
        self._device.SetVisibility(0)
        scene.renderer.AddActor(self._device)

    def set(
        self, finding: Finding, carried: Sequence[Carried], fraction: float, *, scanned: bool
    ) -> None:
        """Draw what is carried along at a fraction of the loading; the device at its end only."""
        for gone in set(self._bodies) - {one.id for one in carried}:
            self._drop(gone)
        for one in carried:
            self._draw(finding.arrays, one, fraction, scanned=scanned)
        has_device = _DEVICE in finding.arrays and fraction == 1
        self._device.SetVisibility(has_device)
        if has_device:
            points = np.asarray(finding.arrays[_DEVICE], float)
            struts = np.asarray(finding.arrays["device/lines"], np.int64)
            self._tubes.SetInputData(pieces(points[struts]))

    def hide(self) -> None:
        """Draw nothing."""
        self._device.SetVisibility(0)
        for known in tuple(self._bodies):
            self._drop(known)

    def prepare(self) -> None:
        """Find the outlines that this eye sees."""
        for _, ghost in self._bodies.values():
            ghost.prepare()

    def remove(self) -> None:
        """Take all of it off the view for good."""
        self.hide()
        self._scene.renderer.RemoveActor(self._device)

    def _draw(
        self, arrays: Mapping[str, Points], one: Carried, fraction: float, *, scanned: bool
    ) -> None:
        if one.id not in self._bodies:
            actor = shaded()
            self._scene.renderer.AddActor(actor)
            self._bodies[one.id] = actor, Ghost(self._scene)
        actor, ghost = self._bodies[one.id]
        points = arrays[f"{_EMBEDDED}{one.id}/points_lps"]
        corners = np.asarray(arrays[f"{_EMBEDDED}{one.id}/triangles"], np.int64)
        moved = points + fraction * arrays[f"{_EMBEDDED}{one.id}/displacement_mm"]
        actor.GetMapper().SetInputData(triangles(np.asarray(moved, float), corners))
        actor.GetProperty().SetColor(*rgb(one.colour))
        if scanned:
            ghost.set(points, corners, colour=mixed(one.colour, "#ffffff", 0.55))
        else:
            ghost.hide()

    def _drop(self, known: str) -> None:
        actor, ghost = self._bodies.pop(known)
        self._scene.renderer.RemoveActor(actor)
        ghost.remove()


class Assumed:
    """Springs as strokes, held places as dots, and the wall that no scan shows in brown."""

    def __init__(self, scene: "AnatomyScene", grown: vtkActor) -> None:
        self._scene, self._grown = scene, grown
        self._soft, self._stiff = (Lines(scene.renderer, rim="none") for _ in range(2))
        self._dots = Dots(scene.renderer)
        grown.GetProperty().SetColor(*rgb(_GROWN))
        grown.GetProperty().SetOpacity(_GROWN_OPACITY)
        mapper = grown.GetMapper()
        mapper.SetResolveCoincidentTopologyToPolygonOffset()
        mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(-2.0, -2.0)

    def set(
        self, finding: Finding, moved: Points, normals: Points, corners: Corners
    ) -> list[tuple[str, str]]:
        """Draw it on points (n, 3) with outward normals; lines that say it, with their colours."""
        said = self._springs(finding, moved, normals)
        held = np.flatnonzero(np.asarray(finding.arrays.get("fixed", ()), bool))
        self._dots.set(moved[held[evenly(moved[held], _DOTS)]] if len(held) else moved[:0])
        self._dots.style(CAUTION, 5.0 * self._scene.pixel_ratio)
        if len(held):
            said.append(("Dots: held in place", CAUTION))
        grown = np.asarray(finding.arrays.get("thickness_assumed", ()), bool)
        self._grown.SetVisibility(bool(grown.any()))
        if grown.any():
            self._grown.GetMapper().SetInputData(triangles(moved, corners[grown[corners].all(1)]))
            said.append(("Brown: wall grown outward, not seen on the scan", _GROWN))
        return said

    def hide(self) -> None:
        """Draw nothing."""
        for lines in (self._soft, self._stiff):
            lines.set(np.zeros((0, 2, 3)))
        self._dots.set(np.zeros((0, 3)))
        self._grown.SetVisibility(0)

    def remove(self) -> None:
        """Take it off the view for good; the wall's actor belongs to who made it."""
        for part in (self._soft, self._stiff, self._dots):
            part.remove()

    def _springs(self, finding: Finding, moved: Points, normals: Points) -> list[tuple[str, str]]:
        stiffness = np.asarray(finding.arrays.get("spring_kpa_per_mm", ()), float)
        sprung = np.flatnonzero(stiffness > 0)
        if not len(sprung):
            for lines in (self._soft, self._stiff):
                lines.set(np.zeros((0, 2, 3)))
            return []
        few = sprung[evenly(moved[sprung], _STROKES)]
        # Where a fine surface leaves a support, next to nothing of it is left.
        low, high = (float(end) for end in np.percentile(stiffness[sprung], (5, 100)))
        varies = high > _MUCH_STIFFER * low
        place = _between(stiffness[few], low, high) if varies else np.ones(len(few))
        shortest, longest = _STROKE_SHARE
        size = float(np.ptp(moved, axis=0).max())
        length = size * (shortest + (longest - shortest) * place)
        strokes = np.stack([moved[few], moved[few] + length[:, None] * normals[few]], axis=1)
        is_stiff = place > 0.5
        for lines, chosen, colour in (
            (self._soft, ~is_stiff, _SOFT), (self._stiff, is_stiff, _STIFF),
        ):  # fmt: skip
            lines.set(strokes[chosen])
            lines.style(colour, 2.0 * self._scene.pixel_ratio)
        if not varies:
            return [(f"Strokes: springs of {high:.3g} kPa/mm", _STIFF)]
        return [
            (f"Short strokes: soft springs, from {low:.2g} kPa/mm", _SOFT),
            (f"Long strokes: stiffer springs, up to {high:.2g} kPa/mm", _STIFF),
        ]


def _between(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Where values lie between two others, 0..1, by their ratios."""
    share: npt.NDArray[np.float64] = np.log(np.maximum(values, low) / low) / np.log(high / low)
    return share
