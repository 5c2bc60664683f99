"""The eye of the 3D view: where it is, and what it sees under a pixel."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkCamera

from surgiplan.model import Points

__all__ = ["VIEWS", "Eye"]

_VIEW_ANGLE_DEG = 20.0
_TURN_DEG_PER_PX = 0.45
_NEAREST_MM, _FARTHEST_MM = 15.0, 8000.0
_STEEP = 0.95
"""Cosine to the body's axis from which the front is up, and not the head."""

VIEWS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "start": ((0.35, -1.0, 0.28), (0.0, 0.0, 1.0)),
    "A": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "P": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "L": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "R": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "S": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "I": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
}
"""From where the patient is seen, in LPS, and what is up."""


class Eye:
    """A perspective camera moved by pixels.  ``size`` is that of the view in device pixels."""

    def __init__(self, camera: vtkCamera) -> None:
        self.camera = camera
        self.size = (420, 400)
        camera.SetViewAngle(_VIEW_ANGLE_DEG)
        camera.SetFocalPoint(0.0, 0.0, 0.0)
        self._look_from("start", 500.0)

    @property
    def mm_per_px(self) -> float:
        """Size of a pixel at the distance of the focal point."""
        return 2 * self.camera.GetDistance() * self._slope / self.size[1]

    @property
    def axes(self) -> tuple[Points, Points, Points]:
        """Right, up and ahead on the screen as unit vectors in LPS."""
        ahead = np.array(self.camera.GetDirectionOfProjection())
        right = np.cross(ahead, self.camera.GetViewUp())
        right /= np.linalg.norm(right)
        return right, np.cross(right, ahead), ahead

    def view_from(self, name: str) -> None:
        """See the patient from ``A``, ``P``, ``L``, ``R``, ``S``, ``I`` or as at the ``start``."""
        self._look_from(name, self.camera.GetDistance())

    def fit(self, bounds: tuple[float, ...]) -> None:
        """Show a whole box, (xmin, xmax, ymin, ymax, zmin, zmax) in LPS [mm], from this side."""
        low, high = np.array(bounds[::2]), np.array(bounds[1::2])
        corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1)), axis=-1).reshape(-1, 3)
        centre = (low + high) / 2
        right, up, ahead = self.axes
        offsets = corners - centre
        slope = np.array([self._slope * self.size[0] / self.size[1], self._slope])
        across = np.abs(np.stack([offsets @ right, offsets @ up], axis=-1)) / slope
        distance = float((across.max(axis=1) - offsets @ ahead).max())
        self.camera.SetFocalPoint(*centre)
        self.camera.SetPosition(*(centre - max(distance, _NEAREST_MM) * 1.04 * ahead))

    def rotate(self, dx: float, dy: float) -> None:
        """Turn the patient under the hand by so many pixels to the right and down."""
        self.camera.Azimuth(-_TURN_DEG_PER_PX * dx)
        self.camera.Elevation(_TURN_DEG_PER_PX * dy)
        self.camera.OrthogonalizeViewUp()

    def pan(self, dx: float, dy: float) -> None:
        """Push the patient by so many pixels to the right and down."""
        right, up, _ = self.axes
        self._shift(self.mm_per_px * (dy * up - dx * right))

    def zoom(self, factor: float) -> None:
        """Come closer to the focal point (``factor`` above 1) or move away."""
        distance = self.camera.GetDistance()
        wanted = float(np.clip(distance / factor, _NEAREST_MM, _FARTHEST_MM))
        self.camera.Dolly(distance / wanted)

    def focus(self, point_lps: npt.ArrayLike) -> None:
        """Bring a point to the middle of the view."""
        self._shift(np.asarray(point_lps, float) - self.camera.GetFocalPoint())

    def face(self, point_lps: npt.ArrayLike, outward: npt.ArrayLike, distance_mm: float) -> None:
        """See a point from ``distance_mm`` away in the direction ``outward``; the head is up."""
        point, way = np.asarray(point_lps, float), np.asarray(outward, float)
        length = float(np.linalg.norm(way))
        way = way / length if length > 1e-6 else -self.axes[2]
        self.camera.SetFocalPoint(*point)
        self.camera.SetPosition(*(point + max(distance_mm, _NEAREST_MM) * way))
        is_steep = abs(way[2]) > _STEEP
        self.camera.SetViewUp(*((0.0, -1.0, 0.0) if is_steep else (0.0, 0.0, 1.0)))

    def ray(self, x: float, y: float) -> tuple[Points, Points]:
        """Origin and unit direction in LPS of what is seen through a pixel."""
        width, height = self.size
        right, up, ahead = self.axes
        slope = 2 * self._slope / height
        direction = ahead + slope * ((x - width / 2) * right + (height / 2 - y) * up)
        return np.array(self.camera.GetPosition()), direction / np.linalg.norm(direction)

    def pixels_of(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where points (..., 3) are seen, in pixels from the top left, (..., 2)."""
        right, up, ahead = self.axes
        offset = np.asarray(points_lps, float) - self.camera.GetPosition()
        depth = np.maximum(offset @ ahead, 1e-3)
        width, height = self.size
        px_per_slope = height / (2 * self._slope)
        x = width / 2 + px_per_slope * (offset @ right) / depth
        y = height / 2 - px_per_slope * (offset @ up) / depth
        return np.stack([x, y], axis=-1)

    @property
    def _slope(self) -> float:
        """Half the height of the view, seen at a distance of 1."""
        return float(np.tan(np.deg2rad(self.camera.GetViewAngle()) / 2))

    def _look_from(self, name: str, distance_mm: float) -> None:
        side, up = VIEWS[name]
        focus = np.array(self.camera.GetFocalPoint())
        unit = np.array(side) / np.linalg.norm(side)
        self.camera.SetPosition(*(focus + distance_mm * unit))
        self.camera.SetViewUp(*up)

    def _shift(self, by_mm: Points) -> None:
        self.camera.SetFocalPoint(*(np.array(self.camera.GetFocalPoint()) + by_mm))
        self.camera.SetPosition(*(np.array(self.camera.GetPosition()) + by_mm))
