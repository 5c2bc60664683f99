"""Lines and dots in the patient, with edges that are soft or stand out on bright images."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from surgiplan.model import Points

from ._vtk import pieces as straight_pieces
from .colours import rgb

__all__ = ["Dots", "Lines", "Rim"]

_RIM = {"soft": (1.4, 0.4), "dark": (1.4, 0.45)}
"""How much wider than the line its rim is in pixels, and how opaque."""

Rim = Literal["soft", "dark", "none"]


class Lines:
    """Straight pieces of one colour, on a wider translucent rim.

    A soft rim of the same colour does for these what multisampling would, at a tenth of its time
    without a graphics card, and leaves the image alone.
    """

    def __init__(self, renderer: vtkRenderer, *, rim: Rim = "dark") -> None:
        self._renderer = renderer
        self._data = vtkPolyData()
        self._rim = rim
        self.line = _actor(self._data)
        self._halo = _actor(self._data) if rim != "none" else None
        if self._halo:
            renderer.AddActor(self._halo)
        renderer.AddActor(self.line)

    def set(self, pieces: Points, *, away: npt.ArrayLike = (0.0, 0.0, 0.0)) -> None:
        """Draw pieces given by their ends, shape (n, 2, 3) in LPS [mm].

        ``away`` is the small vector in LPS [mm] by which the rim lies behind the line.
        """
        for prop in self._props:
            prop.SetVisibility(len(pieces) > 0)
        if not len(pieces):
            self._data.Initialize()
            return
        self._data.ShallowCopy(straight_pieces(pieces))
        if self._halo:
            self._halo.SetPosition(*np.asarray(away, float))

    def style(self, colour: str, width_px: float, *, opacity: float = 1.0) -> None:
        """Colour, width in device pixels, and opacity."""
        look = self.line.GetProperty()
        look.SetColor(*rgb(colour))
        look.SetLineWidth(width_px)
        look.SetOpacity(opacity)
        if self._halo:
            wider_px, share = _RIM[self._rim]
            self._halo.GetProperty().SetColor(*rgb(colour if self._rim == "soft" else "#000000"))
            self._halo.GetProperty().SetLineWidth(width_px + wider_px)
            self._halo.GetProperty().SetOpacity(share * opacity)

    @property
    def pieces(self) -> int:
        """Number of straight pieces drawn."""
        return int(self._data.GetNumberOfLines())

    def remove(self) -> None:
        """Take them off the view for good."""
        for prop in self._props:
            self._renderer.RemoveActor(prop)

    @property
    def _props(self) -> list[vtkActor]:
        return [self.line, self._halo] if self._halo else [self.line]


class Dots:
    """Round dots of a size in pixels."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._data = vtkPolyData()
        self.prop = _actor(self._data)
        self.prop.GetProperty().SetRepresentationToPoints()
        self.prop.GetProperty().SetRenderPointsAsSpheres(True)
        renderer.AddActor(self.prop)

    def set(self, points_lps: Points) -> None:
        """Draw dots at points (n, 3) in LPS [mm]."""
        points = np.asarray(points_lps, float).reshape(-1, 3)
        self.prop.SetVisibility(len(points) > 0)
        self._data.ShallowCopy(straight_pieces(np.repeat(points[:, None], 2, axis=1)))

    def style(self, colour: str, size_px: float) -> None:
        """Colour, and diameter in device pixels."""
        self.prop.GetProperty().SetColor(*rgb(colour))
        self.prop.GetProperty().SetPointSize(size_px)

    def remove(self) -> None:
        """Take them off the view for good."""
        self._renderer.RemoveActor(self.prop)


def _actor(data: vtkPolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().LightingOff()
    return actor
