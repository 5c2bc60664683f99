"""The 3D view: anatomy as glass, devices as metal, planes with handles, findings in colour."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderer

from surgiplan.model import (
    Case,
    Centerline,
    Finding,
    Measurement,
    Points,
    Resection,
    Segment,
    StentPlacement,
    Surface,
)

from ._letters import EdgeLetters
from ._lights import light, orientation_cube
from ._text import Label
from .anatomy_actors import CenterlineActor, MeasurementActor, StentActor, SurfaceActor
from .camera import Eye
from .colours import GROUND, SKY, VIEW_COLOURS, rgb
from .disagreement_actors import DisagreementSurface
from .drags import line_offset_mm, on_sphere, slid, turned_between
from .fields import coloured_values
from .finding_actor import FindingActor
from .finding_parts import Carried, carried_ids
from .look import Look
from .resection_actor import ResectionActor, handle_tip
from .scene import Hit, Scene, StrutsOf, Wanted
from .slice_scene import cut_of

__all__ = ["DRAWN_BY", "AnatomyScene", "SurfaceOf"]

SurfaceOf = Callable[[Segment], Surface | None]
"""Gives the surface of a segment, or None while it is being made."""

DRAWN_BY: dict[type, type] = {
    Segment: SurfaceActor,
    Centerline: CenterlineActor,
    StentPlacement: StentActor,
    Resection: ResectionActor,
    Measurement: MeasurementActor,
    Finding: FindingActor,
}
"""Which actor draws which noun in 3D."""

_GRAB_ORDER = (StentActor, MeasurementActor)
_SURFACES = (SurfaceActor, FindingActor, DisagreementSurface)
_PEELS = 6
_QUICK_S = 0.02
"""A picture at rest that takes no longer gets its translucent layers sorted from now on."""
_PATIENCE_S = 0.06
"""A sorted picture at rest that takes longer was the last one with so much in it."""
_CUBE_PX = 58.0
_BELOW_LEGENDS = 0.81
"""Where the letters at the sides stand, as a fraction of the height."""
_NOTHING = (-150.0, 150.0, -150.0, 150.0, -150.0, 150.0)
"""The box that an empty view shows."""


class AnatomyScene(Scene):
    """Surfaces, devices and findings of a case, seen by an eye that the mouse moves."""

    def __init__(self, *, surface_of: SurfaceOf, struts_of: StrutsOf | None = None) -> None:
        super().__init__("3D", VIEW_COLOURS["3d"], struts_of)
        self._surface_of = surface_of
        self._look = Look()
        self._interacting = False
        self._eye_was_moved = False
        self._is_quick = False
        self._slow_with = 0
        self._patient = False
        self.hint = ""
        self.eye = Eye(self.renderer.GetActiveCamera())
        self._cube = orientation_cube()
        self._letters = EdgeLetters(self.overlay, level=_BELOW_LEGENDS)
        self.front = vtkRenderer()
        self.front.SetLayer(1)
        self.front.InteractiveOff()
        self.front.SetActiveCamera(self.renderer.GetActiveCamera())
        for renderer in (self.renderer, self.front):
            light(renderer)
        self.renderer.GradientBackgroundOn()
        self.renderer.SetBackground(*rgb(GROUND))
        self.renderer.SetBackground2(*rgb(SKY))
        self.renderer.SetOcclusionRatio(0.0)
        self.renderer.SetUseFXAA(True)
        self._sort_layers()

    @property
    def layers(self) -> Sequence[vtkRenderer]:
        """The renderers, from back to front: handles are never hidden."""
        return (self.renderer, self.front, self._cube, self.overlay)

    @property
    def mm_per_px(self) -> float:
        """Size of a pixel at the distance of the focal point."""
        return self.eye.mm_per_px

    @property
    def interacting(self) -> bool:
        """Whether the mouse is moving things, so that speed counts more than depth."""
        return self._interacting

    @interacting.setter
    def interacting(self, moving: bool) -> None:
        self._interacting = bool(moving)
        self._sort_layers()

    @property
    def patient(self) -> bool:
        """Whether translucent layers are sorted however long it takes, as for printed pictures."""
        return self._patient

    @patient.setter
    def patient(self, patient: bool) -> None:
        self._patient = bool(patient)
        self._sort_layers()

    def took(self, seconds: float) -> None:
        """Hear how long a picture took: only a quick machine sorts translucent layers.

        Sorting takes two thirds of a picture's time without a graphics card, so it begins when
        plain pictures prove quick, and ends when a sorted one does not.
        """
        if self._interacting:
            return
        if self._is_quick and seconds > _PATIENCE_S:
            self._is_quick, self._slow_with = False, len(self._drawn)
        elif not self._is_quick and seconds < _QUICK_S and not self._slow_with:
            self._is_quick = True
        self._sort_layers()

    def resize(self, width: int, height: int, pixel_ratio: float = 1.0) -> None:
        """Lay out for a view of so many device pixels; texts grow with ``pixel_ratio``."""
        super().resize(width, height, pixel_ratio)
        self.eye.size = self.size

    def show(self, case: Case, look: Look) -> bool:
        """Draw what changed.  Whether a new picture is needed."""
        changed = look != self._look
        self._case, self._look = case, look
        before = set(self._drawn)
        changed = self._keep(self._wanted(case, look)) or changed
        if len(self._drawn) < self._slow_with:
            self._slow_with = 0
        # What only changes its shape, under a brush say, must not make the view jump.
        if set(self._drawn) != before and not self._eye_was_moved:
            self._fit()
        return changed

    def fit(self) -> None:
        """Show everything, from this side."""
        self._eye_was_moved = False
        self._fit()

    def fit_box(self, box_lps: Points | None) -> None:
        """Show a box (low, high), shape (2, 3) in LPS [mm], from this side; None for all."""
        if box_lps is None:
            self._fit()
        else:
            self.eye.fit(tuple(np.asarray(box_lps, float).T.ravel().tolist()))

    def approach(self, finding: Finding) -> None:
        """See a finding closely, from this side."""
        points = np.asarray(finding.arrays["points_lps"], float)
        self.fit_box(np.stack([points.min(axis=0), points.max(axis=0)]))
        self._eye_was_moved = True

    def view_from(self, side: str) -> None:
        """See all from ``A``, ``P``, ``L``, ``R``, ``S``, ``I`` or as at the ``start``."""
        self.eye.view_from(side)
        self._fit()

    def rotate(self, dx: float, dy: float) -> None:
        """Turn the patient by so many pixels to the right and down."""
        self._eye_was_moved = True
        self.eye.rotate(dx, dy)

    def pan(self, dx: float, dy: float) -> None:
        """Push the patient by so many pixels to the right and down."""
        self._eye_was_moved = True
        self.eye.pan(dx, dy)

    def zoom(self, factor: float) -> None:
        """Come closer (``factor`` above 1) or move away."""
        self._eye_was_moved = True
        self.eye.zoom(factor)

    def focus(self, point_lps: npt.ArrayLike) -> None:
        """Bring a point to the middle of the view; turning then goes about it."""
        self._eye_was_moved = True
        self.eye.focus(point_lps)

    def face(self, point_lps: npt.ArrayLike, outward: npt.ArrayLike, distance_mm: float) -> None:
        """See a point from outside: ``outward`` is a direction in LPS that leads to the eye."""
        self._eye_was_moved = True
        self.eye.face(point_lps, outward, distance_mm)

    def ray(self, x: float, y: float) -> tuple[Points, Points]:
        """Origin and unit direction in LPS of what is seen through a pixel."""
        return self.eye.ray(x, y)

    def pixels_of(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where points (..., 3) are seen, in pixels from the top left, (..., 2)."""
        return self.eye.pixels_of(points_lps)

    def mm_per_px_at(self, point_lps: Points) -> float:
        """Size of a pixel at the distance of a point."""
        depth = float((point_lps - self.eye.camera.GetPosition()) @ self.eye.axes[2])
        return self.mm_per_px * max(depth, 1.0) / float(self.eye.camera.GetDistance())

    def pick(self, x: float, y: float) -> Hit | None:
        """What lies under a pixel: handles first, then devices, surfaces and planes by depth."""
        found = self._hit_by((ResectionActor,), x, y) or self._hit_by(_GRAB_ORDER, x, y)
        if found:
            return found[0]
        solid = self._hit_by(_SURFACES, x, y) + self._discs(x, y)
        eye = np.array(self.eye.camera.GetPosition())
        if solid:
            return min(solid, key=lambda hit: float(np.linalg.norm(hit.point_lps - eye)))
        lines = self._hit_by((CenterlineActor,), x, y)
        return lines[0] if lines else None

    def scanned_point(self, hit: Hit) -> Points | None:
        """Where tissue that was hit on a finding was scanned, LPS [mm]; None for all else."""
        drawn = self._drawn[hit.path][2] if hit.path in self._drawn else None
        return drawn.scanned_point(hit.point_lps) if isinstance(drawn, FindingActor) else None

    def dragged_plane(
        self,
        resection: Resection,
        part: str,
        start: tuple[float, float],
        now: tuple[float, float],
    ) -> tuple[Points, Points]:
        """Point and normal of a cutting plane after one of its handles was dragged."""
        centre, normal = resection.point_lps, resection.normal
        if part == "normal-handle":
            tip = handle_tip(self, resection)
            radius_mm = float(np.linalg.norm(tip - centre))
            a, b = (
                (on_sphere(*self.ray(*pixel), centre, radius_mm, tip) - centre) / radius_mm
                for pixel in (start, now)
            )
            return centre, turned_between(normal, a, b)
        offsets = [line_offset_mm(*self.ray(*pixel), centre, normal) for pixel in (start, now)]
        if offsets[0] is None or offsets[1] is None:
            # Seen along the normal the hand cannot point along it: down is away from the reader.
            sign = float(np.sign(normal @ self.eye.axes[2]))
            return slid(resection, sign * (start[1] - now[1]) * self.mm_per_px_at(centre))
        return slid(resection, offsets[1] - offsets[0])

    def prepare(self) -> None:
        """Place what is measured in pixels; ``Frame`` calls it before each picture."""
        super().prepare()
        bounds = np.array(self._bounds()).reshape(3, 2)
        reach = 3 * float(np.linalg.norm(np.diff(bounds, axis=1))) + 500
        middle = float((bounds.mean(axis=1) - self.eye.camera.GetPosition()) @ self.eye.axes[2])
        self.eye.camera.SetClippingRange(max(middle - reach, 5.0), max(middle + reach, 100.0))
        self._place_cube()
        self._lay_letters()

    def _wanted(self, case: Case, look: Look) -> Wanted:
        wanted: dict[str, tuple[type, tuple[Any, ...]]] = {}
        for path in case.paths():
            noun = case.at(path)
            drawn_by = DRAWN_BY.get(type(noun))
            style = look.style(path, getattr(noun, "name", ""))
            if look.comparison and isinstance(noun, Segment):
                continue
            inputs = self._inputs(case, look, path, noun) if drawn_by and style.visible else None
            if drawn_by and inputs is not None:
                wanted[path] = (drawn_by, (noun, *inputs, style, look.selected == path))
        if look.comparison:
            ghost = self._surface_of(look.comparison.reference)
            path = f"segments/{look.comparison.test.id}"
            wanted[path] = (DisagreementSurface, (look.comparison, ghost))
        return wanted

    def _inputs(self, case: Case, look: Look, path: str, noun: Any) -> tuple[Any, ...] | None:
        """What a noun is drawn from besides itself; None if it cannot be drawn."""
        shown: Any = case.at(look.finding) if look.finding else None
        is_done = shown is not None and shown.subject == path and look.selected != path
        if isinstance(noun, Segment):
            surface = self._surface_of(noun)
            if shown is not None and noun.id in carried_ids(shown):
                return None
            covered_by = shown if shown is not None and path in shown.made_from else None
            if covered_by is not None and covered_by.subject.startswith("plan/resections"):
                return None
            if surface is None:
                return None
            return surface, cut_of(case, look, noun), covered_by, shown is not None
        if isinstance(noun, StentPlacement):
            centerline = case.plan.centerlines.get(noun.centerline_id)
            is_deployed = (
                is_done and look.response.fraction == 1 and "device/points_lps" in shown.arrays
            )
            return (centerline,) if centerline is not None and not is_deployed else None
        if isinstance(noun, Resection):
            organ = case.segments.get(noun.target_id)
            return (organ,) if organ is not None and not is_done else None
        if isinstance(noun, Finding):
            drawable = path == look.finding and len(coloured_values(noun, look.array))
            inputs = (look.array, look.response, _carried(case, look, noun))
            return inputs if drawable and "triangles" in noun.arrays else None
        return ()

    def _fit(self) -> None:
        self.eye.fit(self._bounds())

    def _sort_layers(self) -> None:
        sorts = self._patient or (self._is_quick and not self._interacting)
        self.renderer.SetUseDepthPeeling(sorts)
        self.renderer.SetMaximumNumberOfPeels(_PEELS)

    def _bounds(self) -> tuple[float, ...]:
        """The box around anatomy, devices and findings, in LPS [mm]."""
        solid = [d for _, _, d in self._drawn.values() if isinstance(d, (*_SURFACES, StentActor))]
        boxes = [box for drawn in solid if (box := drawn.bounds()) is not None]
        if not boxes:
            return _NOTHING
        table = np.array(boxes)
        low, high = table[:, ::2].min(axis=0), table[:, 1::2].max(axis=0)
        return tuple(np.stack([low, high], axis=1).ravel().tolist())

    def _hit_by(self, kinds: tuple[type, ...], x: float, y: float) -> list[Hit]:
        hits = []
        for kind in kinds:
            for path, (drawn_by, _, drawn) in self._drawn.items():
                found = drawn.hit(x, y) if drawn_by is kind else None
                if found is not None:
                    hits.append(Hit(path, *found))
        return hits

    def _discs(self, x: float, y: float) -> list[Hit]:
        hits = []
        for path, (_, _, drawn) in self._drawn.items():
            found = drawn.hit_disc(x, y) if isinstance(drawn, ResectionActor) else None
            if found is not None:
                hits.append(Hit(path, *found))
        return hits

    def _lay_letters(self) -> None:
        if self._drawn:
            right, up, _ = self.eye.axes
            self._letters.lay(right, up, self._size, self.pixel_ratio)
        else:
            self._letters.hide()

    def _place_cube(self) -> None:
        width, height = self._size
        side = _CUBE_PX * self.pixel_ratio
        right, top = width - 6 * self.pixel_ratio, height - 26 * self.pixel_ratio
        corners = (right - side) / width, (top - side) / height, right / width, top / height
        self._cube.SetViewport(*(min(max(value, 0.0), 1.0) for value in corners))
        camera, eye = self._cube.GetActiveCamera(), self.eye.camera
        ahead = self.eye.axes[2]
        camera.SetFocalPoint(0.0, 0.0, 0.0)
        camera.SetPosition(*(-5.0 * ahead))
        camera.SetViewUp(*eye.GetViewUp())
        camera.SetClippingRange(1.0, 10.0)

    def _subtitle(self) -> str:
        return self.hint

    def _all_labels(self) -> list[Label]:
        coloured = (FindingActor, DisagreementSurface)
        shown = [d for _, _, d in self._drawn.values() if isinstance(d, coloured)]
        written = [label for one in shown for label in one.labels]
        return super()._all_labels() + self._letters.labels + written


def _carried(case: Case, look: Look, finding: Finding) -> tuple[Carried, ...]:
    """What a finding carries along and the user has not hidden."""
    found = []
    for noun_id in carried_ids(finding):
        segment = case.segments.get(noun_id)
        name = segment.name if segment is not None else noun_id
        style = look.style(f"segments/{noun_id}", name)
        if style.visible:
            found.append(Carried(noun_id, name[:1].upper() + name[1:], style.colour))
    return tuple(found)
