"""A computed answer in 3D: the deformed shape in colours, the scanned one, and what is meant."""

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

from surgiplan.model import Finding, Points

from ._text import Label
from ._vtk import point_normals, triangles
from .anatomy_actors import AnatomyActor, first_on_ray, locator_of
from .colours import CAUTION, SPECIMEN, TEXT
from .fields import (
    FIELDS,
    Coloured,
    coloured_values,
    displacement_at_mm,
    fraction_words,
    place_of,
    range_of,
    readings,
)
from .finding_marks import ARROW, GHOST, Arrows, Corners, CutEdge, Ghost, HandleMark, PlaceMark
from .finding_parts import Assumed, Carried, Inside, has_inside
from .legend import Key, Legend, lookup
from .look import ResponseLook, Style

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = ["FindingActor"]

_SEEN_THROUGH = 0.5
"""How opaque a surface is at most while what lies inside it is shown."""


class FindingActor(AnatomyActor):
    """The response of tissue at a fraction of its loading, and whatever else the look asks for."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._ghost, self._deformed = Ghost(scene, self._actor()), self._actor()
        self._deformed.GetProperty().BackfaceCullingOff()
        self._deformed.GetProperty().SetSpecular(0.1)
        self._deformed.GetProperty().SetAmbient(0.25)
        self._arrows, self._cut, self._mark = Arrows(scene), CutEdge(scene), PlaceMark(scene)
        self._inside, self._assumed = Inside(scene), Assumed(scene, self._actor())
        self._handle = HandleMark(scene)
        self.legend, self._key = Legend(scene), Key(scene)
        self._locator: vtkStaticCellLocator | None = None
        self._points, self._moved = np.zeros((0, 3)), np.zeros((0, 3))
        self._finding: Finding | None = None

    def update(
        self,
        finding: Finding,
        array: Coloured,
        response: ResponseLook,
        carried: tuple[Carried, ...],
        style: Style,
        selected: bool,
    ) -> None:
        if finding is not self._finding:
            self._finding = finding
            self._points = np.asarray(finding.arrays["points_lps"], float)
        self._response = response
        corners = np.asarray(finding.arrays["triangles"], np.int64)
        self._moved = self._points + displacement_at_mm(finding, response.fraction)
        self._colour(finding, array, corners)
        is_open = response.inside and has_inside(finding)
        self._deformed.GetProperty().SetOpacity(min(style.opacity, _SEEN_THROUGH if is_open else 1))
        # Unsorted glass shows its far side as blots.
        self._deformed.GetProperty().SetBackfaceCulling(is_open)
        if is_open:
            self._inside.set(finding, carried, response.fraction, scanned=response.scanned)
        else:
            self._inside.hide()
        said = self._draw_around(finding, corners)
        names = [
            (one.name.capitalize().replace("_", " "), one.colour) for one in carried if is_open
        ]
        self._key.set([*_key_lines(finding, response), *said, *names])
        self._locator = None

    @property
    def labels(self) -> list[Label]:
        """All that it writes."""
        return [*self.legend.labels, *self._key.labels, *self._mark.labels]

    def prepare(self) -> None:
        for part in (
            self.legend, self._key, self._ghost, self._inside, self._arrows, self._mark,
        ):  # fmt: skip
            part.prepare()

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        if self._locator is None:
            self._locator = locator_of(self._deformed.GetMapper().GetInput())
        place = first_on_ray(self._locator, *self._scene.ray(x, y))
        return None if place is None else ("response", place)

    def scanned_point(self, place_lps: Points) -> Points:
        """Where the tissue now at a place of the deformed surface was scanned, LPS [mm]."""
        assert self._finding is not None
        arrays = {**self._finding.arrays, "points_lps": self._moved}
        now = Finding("now", "", "", {}, arrays=arrays)
        scanned: Points = place_of(now, place_lps).of(self._points)
        return scanned

    def remove(self) -> None:
        super().remove()
        for part in (
            self._ghost, self._inside, self._assumed, self._arrows, self._cut, self._mark,
            self._handle, self.legend, self._key,
        ):  # fmt: skip
            part.remove()

    def _colour(self, finding: Finding, array: Coloured, corners: Corners) -> None:
        values = coloured_values(finding, array, self._response.fraction)
        field = FIELDS[array]
        top, highest = range_of(finding, array)
        data = triangles(self._moved, corners)
        scalars = numpy_to_vtk(values.astype(np.float32), deep=True)
        per_point = len(values) == len(self._moved)
        (data.GetPointData() if per_point else data.GetCellData()).SetScalars(scalars)
        mapper = self._deformed.GetMapper()
        mapper.SetInputData(data)
        mapper.ScalarVisibilityOn()
        mapper.InterpolateScalarsBeforeMappingOn()
        mapper.SetLookupTable(lookup(field.colours, 0.0, max(top, 1e-9)))
        mapper.UseLookupTableScalarRangeOn()
        at_end = self._response.fraction < 1 and array != "displacement"
        title = f"{field.title} [{field.unit}]" + (" at 100 %" if at_end else "")
        self.legend.set(title, field.colours, top, more=highest > top * 1.001)

    def _draw_around(self, finding: Finding, corners: Corners) -> list[tuple[str, str]]:
        """Draw what the look asks for; what it means, line by line, with colours."""
        response = self._response
        normals = point_normals(self._moved, corners)
        if response.scanned:
            self._ghost.set(self._points, corners)
        else:
            self._ghost.hide()
        if response.arrows:
            self._arrows.set(self._points, self._moved, normals)
        else:
            self._arrows.hide()
        if "cut" in finding.arrays:
            self._cut.set(self._moved, corners, np.asarray(finding.arrays["cut"], bool))
        else:
            self._cut.hide()
        if response.probe_lps is None:
            self._mark.hide()
        else:
            place = place_of(finding, response.probe_lps)
            rows = readings(finding, place, response.fraction)
            self._mark.set(place.of(self._moved), [f"{name}: {value}" for name, value in rows])
        said = self._draw_handle(finding)
        if response.assumed:
            return said + self._assumed.set(finding, self._moved, normals, corners)
        self._assumed.hide()
        return said

    def _draw_handle(self, finding: Finding) -> list[tuple[str, str]]:
        place, pull = (finding.settings.get(name) for name in ("handle_lps", "pull_mm"))
        if place is None or pull is None:
            self._handle.hide()
            return []
        return [(self._handle.set(place, pull, self._response.fraction), CAUTION)]


def _key_lines(finding: Finding, response: ResponseLook) -> list[tuple[str, str]]:
    """What stands at the lower left, each line with its colour."""
    lines = [(fraction_words(finding, response.fraction), TEXT)] if response.fraction < 1 else []
    if response.scanned:
        lines.append(("Outline: as scanned", GHOST))
    if response.arrows:
        lines.append(("Arrows: from scanned to computed place, in true length", ARROW))
    if "cut" in finding.arrays:
        lines.append(("Line: edge of the cut", SPECIMEN))
    return lines
