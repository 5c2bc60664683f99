"""Two segmentations beside each other: distance painted in 3D, both borders in the slices."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from surgiplan.model import Disagreement, Points, Surface

from ._text import Label
from ._vtk import quads, triangles
from .anatomy_actors import AnatomyActor, first_on_ray, locator_of
from .colours import ADDED, MISSED, READER, REFERENCE, rgb
from .legend import Legend, lookup
from .slice_actors import SliceActor
from .slice_plane import SlicePlane, mask_outline, mask_quads

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene
    from .slice_scene import SliceScene

__all__ = ["DisagreementOutlines", "DisagreementSurface"]

_GHOST_OPACITY = 0.14
_FILL_OPACITY = 0.3
_FILL_LIFT_MM, _LINE_LIFT_MM = 0.12, 0.25
_DASH_MM = 4.0
_KEY_LINE_PX, _KEY_TOP_PX, _KEY_RIGHT_PX = 17.0, 26.0, 9.0


class DisagreementSurface(AnatomyActor):
    """The reader's surface: red lies outside the reference, blue inside; the reference as glass."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._ghost, self._painted = self._actor(), self._actor()
        look = self._ghost.GetProperty()
        look.SetColor(*rgb(REFERENCE))
        look.SetOpacity(_GHOST_OPACITY)
        # Where the two lie on each other the reader's is seen, not a flicker of both.
        ghost = self._ghost.GetMapper()
        ghost.SetResolveCoincidentTopologyToPolygonOffset()
        ghost.SetRelativeCoincidentTopologyPolygonOffsetParameters(4.0, 4.0)
        # Dull, so that a highlight is never taken for a small distance.
        self._painted.GetProperty().SetSpecular(0.0)
        self._painted.GetProperty().SetAmbient(0.12)
        self._painted.GetProperty().SetDiffuse(0.72)
        self._locator: vtkStaticCellLocator | None = None
        self.legend = Legend(scene)

    def update(self, apart: Disagreement, reference: Surface | None) -> None:
        data = triangles(apart.points_lps, apart.triangles)
        data.GetPointData().SetScalars(numpy_to_vtk(apart.signed_mm.astype(np.float32), deep=True))
        limit = apart.limit_mm
        mapper = self._painted.GetMapper()
        mapper.SetInputData(data)
        mapper.ScalarVisibilityOn()
        mapper.InterpolateScalarsBeforeMappingOn()
        mapper.SetLookupTable(lookup("coolwarm", -limit, limit))
        mapper.UseLookupTableScalarRangeOn()
        self._ghost.SetVisibility(reference is not None)
        if reference is not None:
            self._ghost.GetMapper().SetInputData(
                triangles(reference.points_lps, reference.triangles)
            )
        reached = np.array([apart.signed_mm.max(initial=0.0), -apart.signed_mm.min(initial=0.0)])
        above, below = ("≥ " if value > limit * 1.001 else "" for value in reached)
        ticks = (f"outside {above}{limit:g}", "on it 0", f"inside {below}{limit:g}")
        self.legend.write("Distance to reference [mm]", "coolwarm", ticks)
        self._locator = None

    @property
    def labels(self) -> list[Label]:
        """All that it writes."""
        return self.legend.labels

    def prepare(self) -> None:
        self.legend.prepare()

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._locator is None:
            self._locator = locator_of(self._painted.GetMapper().GetInput())
        place = first_on_ray(self._locator, *self._scene.ray(x, y))
        return None if place is None else ("painted", place)

    def remove(self) -> None:
        super().remove()
        self.legend.remove()


class DisagreementOutlines(SliceActor):
    """Both borders in a slice, the reference's dashed; between them what was missed or added."""

    def __init__(self, scene: "SliceScene") -> None:
        super().__init__(scene)
        self._fills = {colour: _Fill(scene, colour) for colour in (MISSED, ADDED)}
        self._reader, self._reference = self._lines("soft"), self._lines("dark")
        self._key = [
            Label(scene.overlay, colour, across="right")
            for colour in (REFERENCE, READER, MISSED, ADDED)
        ]
        self._parts += self._key
        self._texts: tuple[str, ...] = ()

    @property
    def labels(self) -> list[Label]:
        """What the colours mean."""
        return self._key

    def update(self, apart: Disagreement, plane: SlicePlane) -> None:
        ratio, away = self._scene.pixel_ratio, self._away(plane)
        for segment, colour in ((apart.missed, MISSED), (apart.added, ADDED)):
            corners = plane.at(mask_quads(segment, plane), lift_mm=_FILL_LIFT_MM)
            self._fills[colour].set(corners)
        theirs = mask_outline(apart.test, plane)
        self._reader.set(plane.at(theirs, lift_mm=_LINE_LIFT_MM), away=away)
        self._reader.style(READER, 1.6 * ratio)
        mine = _dashed(mask_outline(apart.reference, plane))
        self._reference.set(plane.at(mine, lift_mm=2 * _LINE_LIFT_MM), away=away)
        self._reference.style(REFERENCE, 1.6 * ratio)
        self._texts = (
            f"– –  {_short(apart.reference.name)} (reference)",
            f"——  {_short(apart.test.name)}",
            f"missed {apart.missed.volume_ml:.1f} ml",
            f"added {apart.added.volume_ml:.1f} ml",
        )

    def prepare(self) -> None:
        (width, height), ratio = self._scene.size, self._scene.pixel_ratio
        for n, (label, text) in enumerate(zip(self._key, self._texts, strict=True)):
            down = (_KEY_TOP_PX + _KEY_LINE_PX * n) * ratio
            label.set(text, width - _KEY_RIGHT_PX * ratio, down, height, ratio)

    def remove(self) -> None:
        super().remove()
        for fill in self._fills.values():
            fill.remove()


class _Fill:
    """Translucent voxels of one colour."""

    def __init__(self, scene: "SliceScene", colour: str) -> None:
        self._scene = scene
        self._data = vtkPolyData()
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._data)
        mapper.ScalarVisibilityOff()
        self._actor = vtkActor()
        self._actor.SetMapper(mapper)
        look = self._actor.GetProperty()
        look.LightingOff()
        look.SetColor(*rgb(colour))
        look.SetOpacity(_FILL_OPACITY)
        scene.renderer.AddActor(self._actor)

    def set(self, corners_lps: Points) -> None:
        """Fill quadrangles given by their corners in LPS [mm], shape (n, 4, 3)."""
        self._actor.SetVisibility(len(corners_lps) > 0)
        self._data.ShallowCopy(quads(corners_lps))

    def remove(self) -> None:
        """Take it off the view for good."""
        self._scene.renderer.RemoveActor(self._actor)


def _short(name: str) -> str:
    words = name.replace("_", " ")
    return words if len(words) <= 24 else f"{words[:23]}…"


def _dashed(pieces: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Every other stretch of ``_DASH_MM`` of an outline given in pieces (n, 2, 2) [mm]."""
    kept = np.zeros(len(pieces), bool)
    for chain in _chains(pieces):
        lengths = np.linalg.norm(pieces[chain, 1] - pieces[chain, 0], axis=1)
        middle = np.cumsum(lengths) - lengths / 2
        kept[chain] = (middle // _DASH_MM) % 2 == 0
    return pieces[kept]


def _chains(pieces: npt.NDArray[np.float64]) -> list[list[int]]:
    """The pieces in the order in which a pen would draw them, one list for each closed line."""
    at: dict[Any, list[int]] = {}
    keys = np.rint(pieces * 1000).astype(np.int64)
    ends = [(tuple(a), tuple(b)) for a, b in keys.tolist()]
    for n, pair in enumerate(ends):
        for end in pair:
            at.setdefault(end, []).append(n)
    left, chains = set(range(len(pieces))), []
    while left:
        n = left.pop()
        chain, end = [n], ends[n][1]
        while (following := next((m for m in at[end] if m in left), None)) is not None:
            left.remove(following)
            chain.append(following)
            first, second = ends[following]
            end = second if first == end else first
        chains.append(chain)
    return chains
