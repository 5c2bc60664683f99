"""What slices and the 3D view have in common: they keep in step with a case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderer

from surgiplan.model import Case, Centerline, Points, StentPlacement

from ._text import FlatLines, Label
from .colours import MUTED_TEXT, TEXT, mixed
from .drags import station_mm
from .look import Look

__all__ = ["NOTICE", "Drawn", "Hit", "Scene", "StrutsOf", "Wanted"]

NOTICE = "Research use only"
_MARGIN_PX = 9
_LINE_PX = 17
_SCALE_LENGTHS_MM = (1, 2, 5, 10, 20, 30, 50, 100, 200, 300)
_SCALE_BAR_PX = 80
"""About how long the scale bar is."""


@dataclass(frozen=True, eq=False)
class Hit:
    """What lies under a pixel."""

    path: str
    """Path in the case, ``plan/stents/stent1``."""
    part: str
    """``plane-handle``, ``normal-handle``, ``plane``, ``stent``, ``surface``, ..."""
    point_lps: Points
    """The place that was hit in LPS [mm], shape (3,)."""


class Drawn(Protocol):
    """One noun on the screen."""

    def update(self, *inputs: Any) -> None:
        """Draw it as its inputs say."""

    def prepare(self) -> None:
        """Adjust what depends on the zoom, just before a picture is taken."""

    def hit(self, x: float, y: float) -> tuple[str, Points] | None:
        """The part and the point in LPS under a pixel."""

    def remove(self) -> None:
        """Take it off the screen for good."""


StrutsOf = Callable[[Case, StentPlacement], Sequence[Points]]
"""The struts of a stent as polylines (k, 3) in LPS [mm]."""

Wanted = Mapping[str, tuple[type, tuple[Any, ...]]]
"""Path: class that draws it, and the inputs of its ``update``."""


class Scene:
    """Adds, updates and removes what is drawn so that it shows exactly one case."""

    samples = 0
    """How many samples a pixel has, 0 for one."""

    def __init__(self, title: str, colour: str, struts_of: StrutsOf | None) -> None:
        self._struts_of = struts_of
        self._struts: dict[str, tuple[StentPlacement, Centerline, list[Points]]] = {}
        self._case = Case()
        self.renderer = vtkRenderer()
        self.overlay = vtkRenderer()
        self.overlay.SetLayer(1)
        self.overlay.InteractiveOff()
        self.updates = 0
        self.pixel_ratio = 1.0
        self._size = (420, 400)
        self._title = title
        self._drawn: dict[str, tuple[type, tuple[Any, ...], Drawn]] = {}
        self._readout = ""
        self._labels = {
            "title": Label(self.overlay, mixed(colour, "#ffffff", 0.25), bold=True, points=13),
            "subtitle": Label(self.overlay, TEXT),
            "notice": Label(self.overlay, MUTED_TEXT, across="right", points=11),
            "readout": Label(self.overlay, TEXT, across="right", up="bottom"),
            "corner": Label(self.overlay, TEXT, across="right", up="bottom"),
            "scale": Label(self.overlay, TEXT, up="centre"),
        }
        self._scale_bar = FlatLines(self.overlay, TEXT)

    @property
    def layers(self) -> Sequence[vtkRenderer]:
        """The renderers, from back to front."""
        return (self.renderer, self.overlay)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self._size

    @property
    def mm_per_px(self) -> float:
        """Size of a pixel in the patient."""
        raise NotImplementedError

    def resize(self, width: int, height: int, pixel_ratio: float = 1.0) -> None:
        """Lay out for a view of so many device pixels; texts grow with ``pixel_ratio``."""
        self._size = (max(int(width), 1), max(int(height), 1))
        self.pixel_ratio = float(pixel_ratio)

    def show(self, case: Case, look: Look) -> bool:
        """Draw what changed.  Whether a new picture is needed."""
        raise NotImplementedError

    def pixels_of(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where points (..., 3) in LPS [mm] are seen, in pixels from the top left, (..., 2)."""
        raise NotImplementedError

    def pixel_of(self, point_lps: npt.ArrayLike) -> tuple[float, float]:
        """Where a point, or its foot on a slice, is seen, in pixels from the top left."""
        x, y = self.pixels_of(point_lps)
        return float(x), float(y)

    def dragged_station_mm(
        self,
        case: Case,
        stent: StentPlacement,
        start: tuple[float, float],
        now: tuple[float, float],
    ) -> float:
        """Station of a stent's middle after it was dragged along its vessel."""
        branch = case.plan.centerlines[stent.centerline_id].branch(stent.branch)
        flat = self.pixels_of(branch.points_lps)
        return stent.at_mm + station_mm(branch, flat, now) - station_mm(branch, flat, start)

    def struts(self, stent: StentPlacement, centerline: Centerline) -> list[Points]:
        """The struts of a stent; asked for once for each place."""
        known = self._struts.get(stent.id)
        if known is None or known[0] is not stent or known[1] is not centerline:
            lines = list(self._struts_of(self._case, stent)) if self._struts_of else []
            known = self._struts[stent.id] = (stent, centerline, lines)
        return known[2]

    def say(self, text: str) -> None:
        """Show ``text`` at the bottom right; an empty one clears it."""
        self._readout = text

    def prepare(self) -> None:
        """Place what is measured in pixels; ``Frame`` calls it before each picture."""
        for _, _, drawn in self._drawn.values():
            drawn.prepare()
        self._write("title", self._title, 0)
        self._write("subtitle", self._subtitle(), 1)
        self._write("notice", NOTICE, 0)
        self._write("corner", self._corner(), 0)
        self._write("readout", self._readout, 1 if self._corner() else 0)
        self._lay_scale_bar()

    def took(self, seconds: float) -> None:
        """Hear how long the last picture took."""

    def texts(self) -> tuple[str, ...]:
        """All that is to be read on the view, as of the last picture."""
        return tuple(label.text for label in self._all_labels() if label.text)

    def _subtitle(self) -> str:
        return ""

    def _corner(self) -> str:
        """What stands at the bottom right."""
        return ""

    def _all_labels(self) -> list[Label]:
        return list(self._labels.values())

    def _keep(self, wanted: Wanted) -> bool:
        """Make what is drawn equal to what is wanted; the same inputs are left alone."""
        before = self.updates
        for path in self._drawn.keys() - wanted.keys():
            self._drawn.pop(path)[2].remove()
            self.updates += 1
        for path, (kind, inputs) in wanted.items():
            known = self._drawn.get(path)
            if known is not None and known[0] is not kind:
                known[2].remove()
                known = None
            if known is not None and known[1] == inputs:
                continue
            drawn = known[2] if known is not None else kind(self)
            drawn.update(*inputs)
            self._drawn[path] = (kind, inputs, drawn)
            self.updates += 1
        return self.updates != before

    def _write(self, which: str, text: str, line: int) -> None:
        width, height = self._size
        ratio = self.pixel_ratio
        left, right = _MARGIN_PX * ratio, width - _MARGIN_PX * ratio
        down = (_MARGIN_PX + _LINE_PX * line) * ratio
        if which in ("title", "subtitle"):
            self._labels[which].set(text, left, down, height, ratio)
        elif which == "notice":
            self._labels[which].set(text, right, down, height, ratio)
        else:
            self._labels[which].set(text, right, height - down, height, ratio)

    def _lay_scale_bar(self) -> None:
        ratio, (_, height) = self.pixel_ratio, self._size
        per_px = self.mm_per_px
        length_mm = min(_SCALE_LENGTHS_MM, key=lambda mm: abs(mm / per_px - _SCALE_BAR_PX * ratio))
        left, y = _MARGIN_PX * ratio, height - (_MARGIN_PX + 5) * ratio
        right, tick = left + length_mm / per_px, 4 * ratio
        bar = [[[left, y], [right, y]]]
        bar += [[[x, y - tick], [x, y + tick]] for x in (left, right)]
        self._scale_bar.set(bar, height, width=max(1.0, ratio))
        self._labels["scale"].set(f"{length_mm} mm", right + 6 * ratio, y, height, ratio)
