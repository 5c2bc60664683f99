"""Axial, coronal and sagittal views: the scan, and on it what was found and planned."""

from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from surgiplan.model import (
    Case,
    Centerline,
    Measurement,
    Points,
    Resection,
    Segment,
    StentPlacement,
    Volume,
)

from ._gap_marks import GapMarks
from ._letters import EdgeLetters
from ._text import FlatLines, Label
from ._vtk import image_of, index_to_lps
from .colours import BEHIND_IMAGES, VIEW_COLOURS, rgb
from .disagreement_actors import DisagreementOutlines
from .drags import slid, turned
from .look import Look
from .scene import Hit, Scene, StrutsOf, Wanted
from .slice_actors import (
    CenterlineTrace,
    MeasurementTrace,
    Outline,
    ResectionTrace,
    StentTrace,
    plane_line,
)
from .slice_plane import Orientation, SlicePlane, nearest_slice, slice_axis, slices

__all__ = ["SLICE_DRAWN_BY", "SliceScene"]

"""Gives the struts of a placed stent as polylines (k, 3) in LPS [mm]."""

SLICE_DRAWN_BY: dict[type, type] = {
    Segment: Outline,
    Centerline: CenterlineTrace,
    StentPlacement: StentTrace,
    Resection: ResectionTrace,
    Measurement: MeasurementTrace,
}
"""What draws which noun in a slice."""

_GRAB_ORDER = (ResectionTrace, StentTrace, MeasurementTrace, CenterlineTrace, Outline)
_CAMERA_MM = 2000.0
_GAP_PX = 14.0
"""Room left free around the point of the crosshair."""


class SliceScene(Scene):
    """One slice through the patient, in step with the crosshair of the look."""

    samples = 0

    def __init__(self, orientation: Orientation, *, struts_of: StrutsOf | None = None) -> None:
        super().__init__(orientation.title, VIEW_COLOURS[orientation.key], struts_of)
        self.orientation = orientation
        self._look = Look()
        self._volume: Volume | None = None
        self._image = vtkImageSlice()
        self._image.VisibilityOff()
        self._image.GetProperty().SetInterpolationTypeToLinear()
        self.renderer.AddViewProp(self._image)
        self.renderer.SetBackground(*rgb(BEHIND_IMAGES))
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.plane = SlicePlane(orientation, 0.0, 1.0)
        self._centre = np.zeros(2)
        self._half_height_mm = 200.0
        self._crosshair = {
            key: FlatLines(self.overlay, VIEW_COLOURS[key], opacity=0.85)
            for key in ("axial", "coronal", "sagittal")
            if key != orientation.key
        }
        self._letters = EdgeLetters(self.overlay)
        self._gaps = GapMarks(self.overlay)

    @property
    def mm_per_px(self) -> float:
        """Size of a pixel in the patient."""
        return 2 * self._half_height_mm / self._size[1]

    @property
    def step_mm(self) -> float:
        """Distance between slices."""
        return self.plane.step_mm

    @property
    def slice_number(self) -> tuple[int, int]:
        """Number of this slice, from 1, and how many there are."""
        if self._volume is None:
            return 0, 0
        grid = self._volume.grid
        index = nearest_slice(grid, self.orientation, self.plane.position_mm)
        return index + 1, slices(grid, self.orientation)[2]

    def show(self, case: Case, look: Look) -> bool:
        """Draw what changed.  Whether a new picture is needed."""
        before = self.updates
        # How a finding is shown in 3D concerns no slice.
        changed = look.with_(response=self._look.response) != self._look
        self._case, self._look = case, look
        self._show_volume(case, look)
        self._keep(self._wanted(case, look))
        return changed or self.updates != before

    def fit(self) -> None:
        """Show the whole slice."""
        if self._volume is None:
            return
        flat = self.plane.flat(self._volume.grid.corners_lps())
        self._centre = (flat.min(axis=0) + flat.max(axis=0)) / 2
        width, height = np.ptp(flat, axis=0)
        self._half_height_mm = float(max(height, width * self._size[1] / self._size[0])) / 2

    def zoom(self, factor: float, x: float, y: float) -> None:
        """Come closer (``factor`` above 1) to what lies under a pixel, which stays there."""
        fixed = self._flat_of(x, y)
        wanted = self._half_height_mm / factor
        self._half_height_mm = float(np.clip(wanted, 1.0, 2000.0))
        self._centre = self._centre + fixed - self._flat_of(x, y)

    def pan(self, dx: float, dy: float) -> None:
        """Push the slice by so many pixels to the right and down."""
        self._centre = self._centre - self.mm_per_px * np.array([dx, -dy])

    def center_on(self, point_lps: npt.ArrayLike, within_mm: float = np.inf) -> None:
        """Bring a point to the middle of the view, no more than ``within_mm`` from its rims."""
        self._centre = self.plane.flat(point_lps)
        self._half_height_mm = min(self._half_height_mm, within_mm)

    def scrolled(self, steps: int) -> tuple[float, float, float]:
        """The crosshair after so many slices towards the head, the back or the left."""
        point = list(self._look.crosshair_lps or (0.0, 0.0, 0.0))
        if self._volume is not None:
            first, step, count = slices(self._volume.grid, self.orientation)
            index = nearest_slice(self._volume.grid, self.orientation, self.plane.position_mm)
            index = min(max(index + (steps if step > 0 else -steps), 0), count - 1)
            point[self.orientation.axis] = first + step * index
        x, y, z = (float(value) for value in point)
        return x, y, z

    def pick(self, x: float, y: float) -> Points:
        """The place under a pixel on this slice in LPS [mm], shape (3,)."""
        return self.plane.at(self._flat_of(x, y))

    def pixels_of(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where points (..., 3) are seen, in pixels from the top left, (..., 2)."""
        offset = (self.plane.flat(points_lps) - self._centre) / self.mm_per_px
        width, height = self._size
        return np.stack([width / 2 + offset[..., 0], height / 2 - offset[..., 1]], axis=-1)

    def hit(self, x: float, y: float) -> Hit | None:
        """What can be grabbed under a pixel; a segment only where nothing else is."""
        for kind in _GRAB_ORDER:
            for path, (drawn_by, _, drawn) in self._drawn.items():
                found = drawn.hit(x, y) if drawn_by is kind else None
                if found is not None:
                    return Hit(path, *found)
        return None

    def dragged_plane(
        self,
        resection: Resection,
        part: str,
        start: tuple[float, float],
        now: tuple[float, float],
    ) -> tuple[Points, Points]:
        """Point and normal of a cutting plane after its line or one of its ends was dragged."""
        begun, at = self.pick(*start), self.pick(*now)
        if part != "normal-handle":
            return slid(resection, float((at - begun) @ resection.normal))
        line = plane_line(resection, self._case.segment(resection.target_id), self.plane)
        if line is None:
            return resection.point_lps, resection.normal
        pivot = line.mean(axis=0)
        a, b = self.plane.flat(begun - pivot), self.plane.flat(at - pivot)
        angle = np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)
        return pivot, turned(resection.normal, self.orientation.toward, float(angle))

    def prepare(self) -> None:
        """Place camera, letters and lines; ``Frame`` calls it before each picture."""
        self._place_camera()
        super().prepare()
        self._lay_crosshair()
        self._lay_letters()
        self._gaps.lay(self, self._volume)

    def _show_volume(self, case: Case, look: Look) -> None:
        volume = case.volumes.get(look.volume_id) or next(iter(case.volumes.values()), None)
        self._image.SetVisibility(volume is not None)
        if volume is None:
            self.updates += self._volume is not None
            self._volume = None
            self.say("")
            return
        new = volume is not self._volume
        if new:
            self._take_volume(volume)
        point = look.crosshair_lps or tuple(volume.grid.corners_lps().mean(axis=0))
        first, step, _ = slices(volume.grid, self.orientation)
        index = nearest_slice(volume.grid, self.orientation, point[self.orientation.axis])
        plane = SlicePlane(self.orientation, first + index * step, abs(step))
        if new or plane != self.plane:
            self.plane = plane
            self._place_image(volume, index)
            self.updates += 1
        width, centre = look.window_level
        self._image.GetProperty().SetColorWindow(width)
        self._image.GetProperty().SetColorLevel(centre)
        if new:
            self.fit()

    def _take_volume(self, volume: Volume) -> None:
        self._volume = volume
        axis = slice_axis(volume.grid, self.orientation)
        mapper = vtkImageSliceMapper() if axis is not None else vtkImageResliceMapper()
        mapper.SetInputData(image_of(volume))
        mapper.BorderOn()
        if axis is not None:
            mapper.SetOrientation(2 - axis)
        else:
            mapper.SliceFacesCameraOff()
            mapper.SliceAtFocalPointOff()
            mapper.AutoAdjustImageQualityOff()
            mapper.SetSlicePlane(vtkPlane())
        self._image.SetMapper(mapper)
        self._image.SetUserMatrix(index_to_lps(volume.grid))

    def _place_image(self, volume: Volume, index: int) -> None:
        mapper = self._image.GetMapper()
        if isinstance(mapper, vtkImageSliceMapper):
            mapper.SetSliceNumber(index)
            return
        cut = mapper.GetSlicePlane()
        cut.SetOrigin(*self.plane.at(np.zeros(2)))
        cut.SetNormal(*self.orientation.toward)

    def _wanted(self, case: Case, look: Look) -> Wanted:
        wanted: dict[str, tuple[type, tuple[Any, ...]]] = {}
        for path in case.paths():
            noun = case.at(path)
            drawn_by = SLICE_DRAWN_BY.get(type(noun))
            style = look.style(path, getattr(noun, "name", ""))
            inputs = self._inputs(case, look, noun) if drawn_by and style.visible else None
            if look.comparison and isinstance(noun, Segment):
                continue
            if drawn_by and inputs is not None:
                common = (style, look.selected == path, self.plane)
                wanted[path] = (drawn_by, (noun, *inputs, *common))
        if look.comparison:
            path = f"segments/{look.comparison.test.id}"
            wanted[path] = (DisagreementOutlines, (look.comparison, self.plane))
        return wanted

    def _inputs(self, case: Case, look: Look, noun: Any) -> tuple[Any, ...] | None:
        """What a noun is drawn from besides itself; None if it cannot be drawn."""
        if isinstance(noun, Segment):
            return (cut_of(case, look, noun),)
        if isinstance(noun, StentPlacement):
            centerline = case.plan.centerlines.get(noun.centerline_id)
            return (centerline,) if centerline is not None else None
        if isinstance(noun, Resection):
            organ = case.segments.get(noun.target_id)
            return (organ,) if organ is not None else None
        return ()

    def _flat_of(self, x: float, y: float) -> npt.NDArray[np.float64]:
        width, height = self._size
        offset = np.array([x - width / 2, height / 2 - y])
        flat: npt.NDArray[np.float64] = self._centre + self.mm_per_px * offset
        return flat

    def _place_camera(self) -> None:
        camera = self.renderer.GetActiveCamera()
        focus = self.plane.at(self._centre)
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*(focus + _CAMERA_MM * self.orientation.toward))
        camera.SetViewUp(*self.orientation.up)
        camera.SetParallelScale(self._half_height_mm)
        camera.SetClippingRange(_CAMERA_MM - 100, _CAMERA_MM + 100)

    def _lay_crosshair(self) -> None:
        point = self._look.crosshair_lps
        if point is None or not self._look.crosshair or self._volume is None:
            for lines in self._crosshair.values():
                lines.hide()
            return
        x, y = self.pixel_of(point)
        width, height = self._size
        gap = _GAP_PX * self.pixel_ratio
        level = [[[0, y], [x - gap, y]], [[x + gap, y], [width, y]]]
        upright = [[[x, 0], [x, y - gap]], [[x, y + gap], [x, height]]]
        for key, lines in self._crosshair.items():
            axis = Orientation[key.upper()].axis
            is_level = abs(self.orientation.up[axis]) > 0.5
            lines.set(level if is_level else upright, height)

    def _lay_letters(self) -> None:
        if self._volume is None:
            self._letters.hide()
            return
        way = self.orientation
        self._letters.lay(way.right, way.up, self._size, self.pixel_ratio)

    def _subtitle(self) -> str:
        number, count = self.slice_number
        return f"{self.step_mm:.2f} mm  ·  {number}/{count}" if count else ""

    def _corner(self) -> str:
        if self._volume is None:
            return ""
        width, centre = self._look.window_level
        return f"W {width:g}  L {centre:g}"

    def _all_labels(self) -> list[Label]:
        keys = [d for _, _, d in self._drawn.values() if isinstance(d, DisagreementOutlines)]
        meanings = [label for key in keys for label in key.labels]
        return super()._all_labels() + [*self._letters.labels, self._gaps.caption, *meanings]


def cut_of(case: Case, look: Look, segment: Segment) -> Resection | None:
    """The first visible resection of a segment."""
    for resection in case.plan.resections.values():
        path = f"plan/resections/{resection.id}"
        if resection.target_id == segment.id and look.style(path, resection.name).visible:
            return resection
    return None
