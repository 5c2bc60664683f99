"""Words and lines that lie flat on a view, placed in pixels."""

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkPolyDataMapper2D,
    vtkRenderer,
    vtkTextActor,
)

from ._vtk import pieces
from .colours import rgb

__all__ = ["FlatLines", "Label"]

_ACROSS = {"left": 0, "centre": 1, "right": 2}
_UP = {"bottom": 0, "centre": 1, "top": 2}


class Label:
    """One line of text at a pixel of a view."""

    def __init__(
        self,
        overlay: vtkRenderer,
        colour: str,
        *,
        across: str = "left",
        up: str = "top",
        bold: bool = False,
        points: float = 12.0,
    ) -> None:
        self.prop = vtkTextActor()
        self._overlay = overlay
        self._points = points
        self._shown: tuple[object, ...] = ()
        style = self.prop.GetTextProperty()
        style.SetFontFamilyToArial()
        style.SetColor(*rgb(colour))
        style.SetBold(bold)
        style.SetShadow(1)
        style.SetShadowOffset(1, -1)
        style.SetJustification(_ACROSS[across])
        style.SetVerticalJustification(_UP[up])
        overlay.AddViewProp(self.prop)

    def set(self, text: str, x: float, y: float, height: int, pixel_ratio: float) -> None:
        """Write ``text`` at a pixel, counted from the top left of a view so many pixels high."""
        wanted = (text, round(x), round(height - y), pixel_ratio)
        if wanted == self._shown:
            return
        self._shown = wanted
        self.prop.SetInput(text)
        self.prop.SetVisibility(bool(text))
        self.prop.GetTextProperty().SetFontSize(round(self._points * pixel_ratio))
        self.prop.SetDisplayPosition(round(x), round(height - y))

    def hide(self) -> None:
        """Show nothing."""
        self._shown = ()
        self.prop.SetVisibility(0)

    @property
    def text(self) -> str:
        """What is to be read now; empty when hidden."""
        return self.prop.GetInput() if self.prop.GetVisibility() else ""

    def remove(self) -> None:
        """Take it off the view for good."""
        self._overlay.RemoveViewProp(self.prop)


class FlatLines:
    """Straight lines in pixels, drawn over everything."""

    def __init__(self, overlay: vtkRenderer, colour: str, *, opacity: float = 1.0) -> None:
        self._data = vtkPolyData()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._data)
        self.prop = vtkActor2D()
        self.prop.SetMapper(mapper)
        self.prop.GetProperty().SetColor(*rgb(colour))
        self.prop.GetProperty().SetOpacity(opacity)
        self._shown: bytes = b""
        overlay.AddViewProp(self.prop)

    def set(self, lines: npt.ArrayLike, height: int, *, width: float = 1.0) -> None:
        """Draw lines given by their ends, shape (n, 2, 2), in pixels from the top left."""
        ends = np.asarray(lines, float).reshape(-1, 2, 2)
        wanted = ends.tobytes() + bytes(str((height, width)), "ascii")
        if wanted == self._shown:
            return
        self._shown = wanted
        points = np.zeros((len(ends), 2, 3))
        points[..., 0] = np.floor(ends[..., 0]) + 0.5
        points[..., 1] = np.floor(height - ends[..., 1]) + 0.5
        self._data.ShallowCopy(pieces(points))
        self.prop.GetProperty().SetLineWidth(width)
        self.prop.SetVisibility(bool(len(ends)))

    def hide(self) -> None:
        """Show nothing."""
        self._shown = b""
        self.prop.SetVisibility(0)
