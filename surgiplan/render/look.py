"""How a case is looked at: everything on the screen that is not in the case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from surgiplan.model import Case, Disagreement, Volume

from .colours import default_colour, default_opacity, rgb
from .fields import FIELDS, Coloured

__all__ = ["WINDOW_PRESETS", "Look", "ResponseLook", "Style", "defaults_for"]

WINDOW_PRESETS: Mapping[str, tuple[float, float]] = {
    "Abdomen": (350.0, 50.0),
    "Liver": (150.0, 90.0),
    "Vessels": (650.0, 160.0),
    "Stent": (1200.0, 300.0),
    "Mediastinum": (350.0, 25.0),
    "Lung": (1500.0, -600.0),
    "Bone": (2000.0, 300.0),
}
"""Width and centre in HU, by what they show well."""


@dataclass(frozen=True)
class Style:
    """How one part of a case is drawn."""

    colour: str
    """``#rrggbb``."""
    opacity: float
    """0..1, in the 3D view."""
    visible: bool = True


@dataclass(frozen=True)
class ResponseLook:
    """How the finding that is shown is shown."""

    fraction: float = 1.0
    """How far along its loading, 0..1."""
    scanned: bool = True
    """Whether the scanned shape is drawn, too."""
    arrows: bool = False
    """Whether arrows show the displacement."""
    inside: bool = True
    """Whether the surface is glass so that device, tumours and vessels in it are seen."""
    assumed: bool = False
    """Whether springs, held places and the wall that no scan shows are drawn."""
    probe_lps: tuple[float, float, float] | None = None
    """The marked place of the tissue, where it was scanned, in LPS [mm]."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**vars(self), "probe_lps": list(self.probe_lps) if self.probe_lps else None}


@dataclass(frozen=True)
class Look:
    """The state of the views.  Immutable like the case; kept in ``view.json`` beside it."""

    volume_id: str = ""
    crosshair_lps: tuple[float, float, float] | None = None
    window_level: tuple[float, float] = (400.0, 40.0)
    """Width and centre in the volume's unit."""
    styles: Mapping[str, Style] = field(default_factory=dict)
    """Path in the case, and its style where the user changed it."""
    finding: str = ""
    """Path of the finding whose colours the 3D view shows; empty for none."""
    array: Coloured = "displacement"
    response: ResponseLook = ResponseLook()
    selected: str = ""
    """Path of what is drawn a little stronger."""
    crosshair: bool = True
    """Whether the slices show the lines of the other slices."""
    comparison: Disagreement | None = None
    """Two segmentations being compared: of the anatomy they alone are drawn.  Not saved."""

    def style(self, path: str, name: str = "") -> Style:
        """The user's style of what stands at ``path``, or the one that suits its name."""
        known = self.styles.get(path)
        if known is not None:
            return known
        return Style(default_colour(path, name), default_opacity(path, name))

    def with_style(
        self,
        path: str,
        name: str = "",
        *,
        colour: str | None = None,
        opacity: float | None = None,
        visible: bool | None = None,
    ) -> "Look":
        """A look in which the part at ``path`` is drawn another way."""
        changes = {"colour": colour, "opacity": opacity, "visible": visible}
        given: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
        style = replace(self.style(path, name), **given)
        return replace(self, styles={**self.styles, path: style})

    def with_(self, **changes: Any) -> "Look":
        """A look with other values."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "volume_id": self.volume_id,
            "crosshair_lps": list(self.crosshair_lps) if self.crosshair_lps else None,
            "window_level": list(self.window_level),
            "styles": {path: dict(vars(style)) for path, style in self.styles.items()},
            "finding": self.finding,
            "array": self.array,
            "response": self.response.to_json(),
            "selected": self.selected,
            "crosshair": self.crosshair,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Look":
        """The look kept in JSON.  What is unknown or damaged is as in a new look."""
        readers: dict[str, Callable[[Any], Any]] = {
            "volume_id": str,
            "crosshair_lps": _point,
            "window_level": _window_level,
            "styles": _styles,
            "finding": str,
            "array": _coloured,
            "response": _response,
            "selected": str,
            "crosshair": bool,
        }
        values: dict[str, Any] = {}
        for key, read in readers.items():
            try:
                values[key] = read(content[key])
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
        return cls(**values)


def defaults_for(case: Case) -> Look:
    """How a case looks when it is opened first: its first scan, from the middle."""
    if not case.volumes:
        return Look()
    volume = case.volume()
    x, y, z = volume.grid.to_lps((np.array(volume.grid.shape) - 1) / 2)
    return Look(
        volume_id=volume.id,
        crosshair_lps=(float(x), float(y), float(z)),
        window_level=_window_for(volume),
    )


def _window_for(volume: Volume) -> tuple[float, float]:
    suggested = volume.source.window_level
    if suggested is not None and suggested[0] > 0:
        return float(suggested[0]), float(suggested[1])
    if volume.unit == "HU":
        return WINDOW_PRESETS["Abdomen"]
    sample = volume.values[:: max(1, volume.grid.shape[0] // 32), ::4, ::4]
    low, high = np.percentile(sample, [0.1, 99.9])
    return float(max(high - low, 1e-6)), float((high + low) / 2)


def _point(value: Any) -> tuple[float, float, float] | None:
    if value is None:
        return None
    x, y, z = (float(number) for number in value)
    if not np.isfinite([x, y, z]).all():
        raise ValueError("a point is three finite numbers")
    return x, y, z


def _window_level(value: Any) -> tuple[float, float]:
    width, centre = (float(number) for number in value)
    if not (0 < width < np.inf and np.isfinite(centre)):
        raise ValueError("a window has a positive width")
    return width, centre


def _styles(value: Mapping[str, Any]) -> dict[str, Style]:
    styles = {}
    for path, entry in value.items():
        rgb(entry["colour"])
        opacity = min(max(float(entry["opacity"]), 0.0), 1.0)
        styles[str(path)] = Style(entry["colour"], opacity, bool(entry.get("visible", True)))
    return styles


def _coloured(value: Any) -> Coloured:
    for name in FIELDS:
        if name == value:
            return name
    raise ValueError(f"{value!r} cannot be shown as colour")


_SWITCHES = ("scanned", "arrows", "inside", "assumed")


def _response(value: Mapping[str, Any]) -> ResponseLook:
    fraction = float(value.get("fraction", 1.0))
    if not 0 <= fraction <= 1:
        raise ValueError("a fraction lies between 0 and 1")
    return ResponseLook(
        fraction=fraction,
        **{name: bool(value[name]) for name in _SWITCHES if name in value},
        probe_lps=_point(value.get("probe_lps")),
    )
