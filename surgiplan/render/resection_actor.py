"""A cutting plane in 3D, with handles to move and to tilt it."""

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkRenderingCore import vtkActor

from surgiplan.model import Points, Resection, Segment

from ._vtk import triangles
from .anatomy_actors import AnatomyActor
from .colours import SPECIMEN, mixed, rgb
from .look import Style

if TYPE_CHECKING:
    from .anatomy_scene import AnatomyScene

__all__ = ["ResectionActor", "handle_tip"]

_ARROW_PX = 62.0
_BALL_PX, _TIP_PX = 7.0, 6.0
_GRAB_PX = 5.0
"""How far beside a handle it can still be grabbed."""
_ROUND = 72
_BEYOND_MM = 6.0
"""How far the disc reaches beyond the organ."""
_LEAST_MM, _MOST_MM = 20.0, 160.0


class ResectionActor(AnatomyActor):
    """A translucent disc with a rim, a ball to move it and an arrow to the specimen to tilt it."""

    def __init__(self, scene: "AnatomyScene") -> None:
        super().__init__(scene)
        self._disc_data = vtkPolyData()
        self._disc = self._actor()
        self._disc.GetMapper().SetInputData(self._disc_data)
        self._disc.GetShaderProperty().ClearAllShaderReplacements()
        self._disc.GetProperty().BackfaceCullingOff()
        self._disc.GetProperty().LightingOff()
        self._rim, self._arrow = self._lines(), self._lines(in_front=True)
        self._ball, self._tip = self._handle(), self._handle()

    def update(self, resection: Resection, organ: Segment, style: Style, selected: bool) -> None:
        self._resection = resection
        self.radius_mm = _radius_mm(resection, organ)
        circle = _circle(resection, self.radius_mm)
        fan = np.arange(_ROUND)
        corners = np.stack([np.full(_ROUND, _ROUND), fan, (fan + 1) % _ROUND], axis=1)
        points = np.vstack([circle, resection.point_lps])
        self._disc_data.ShallowCopy(triangles(points, corners))
        self._rim.set(np.stack([circle, np.roll(circle, -1, axis=0)], axis=1))
        ratio = self._scene.pixel_ratio
        self._rim.style(style.colour, (2.6 if selected else 1.8) * ratio)
        self._arrow.style(SPECIMEN, 2.2 * ratio)
        opacity = min(1.0, style.opacity + (0.1 if selected else 0.0))
        self._disc.GetProperty().SetColor(*rgb(style.colour))
        self._disc.GetProperty().SetOpacity(opacity)
        self._ball.GetProperty().SetColor(*rgb(mixed(style.colour, "#ffffff", 0.3)))
        self._tip.GetProperty().SetColor(*rgb(SPECIMEN))

    def prepare(self) -> None:
        """Handles keep their size on the screen."""
        centre, tip = self._resection.point_lps, handle_tip(self._scene, self._resection)
        self._arrow.set(np.stack([centre, tip])[None])
        for handle, place, size_px in (
            (self._ball, centre, _BALL_PX),
            (self._tip, tip, _TIP_PX),
        ):
            handle.SetPosition(*place)
            size_mm = size_px * self._scene.pixel_ratio * self._scene.mm_per_px_at(centre)
            handle.SetScale(size_mm)

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        """Handles before the disc: grabbing one must not depend on what lies in front."""
        ratio = self._scene.pixel_ratio
        centre, tip = self._resection.point_lps, handle_tip(self._scene, self._resection)
        for part, place, size_px in (
            ("normal-handle", tip, _TIP_PX),
            ("plane-handle", centre, _BALL_PX),
        ):
            gap = np.linalg.norm(self._scene.pixels_of(place) - [x, y])
            if gap <= (size_px + _GRAB_PX) * ratio:
                return part, place
        return None

    def hit_disc(self, x: float, y: float) -> tuple[str, Points] | None:
        """The disc itself."""
        origin, direction = self._scene.ray(x, y)
        slope = float(direction @ self._resection.normal)
        if abs(slope) < 1e-3:
            return None
        height = float((self._resection.point_lps - origin) @ self._resection.normal)
        place = origin + height / slope * direction
        if np.linalg.norm(place - self._resection.point_lps) <= self.radius_mm:
            return "plane", place
        return None

    def _handle(self) -> vtkActor:
        ball = vtkSphereSource()
        ball.SetRadius(1.0)
        ball.SetThetaResolution(24)
        ball.SetPhiResolution(16)
        actor = self._actor(in_front=True)
        actor.GetMapper().SetInputConnection(ball.GetOutputPort())
        return actor


def handle_tip(scene: "AnatomyScene", resection: Resection) -> Points:
    """Where the arrow towards the specimen ends in LPS [mm]."""
    length_mm = _ARROW_PX * scene.pixel_ratio * scene.mm_per_px_at(resection.point_lps)
    tip: Points = resection.point_lps + length_mm * resection.normal
    return tip


def _circle(resection: Resection, radius_mm: float) -> Points:
    normal = resection.normal
    side = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    side /= np.linalg.norm(side)
    angles = 2 * np.pi * np.arange(_ROUND) / _ROUND
    ring = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(normal, side)
    circle: Points = resection.point_lps + radius_mm * ring
    return circle


def _radius_mm(resection: Resection, organ: Segment) -> float:
    """As far as the organ's box reaches within the plane, roughly."""
    offsets = organ.grid.corners_lps() - resection.point_lps
    middle = offsets.mean(axis=0)
    within = middle - (middle @ resection.normal) * resection.normal
    half_mm = 0.42 * float(np.linalg.norm(np.ptp(organ.grid.corners_lps(), axis=0)))
    reach = float(np.linalg.norm(within)) * 0.5 + half_mm * 0.6 + _BEYOND_MM
    return float(np.clip(reach, _LEAST_MM, _MOST_MM))
