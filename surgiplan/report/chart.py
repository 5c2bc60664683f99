"""The diameter along a vessel, measured or after a simulation, as a vector drawing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .style import ACCENT, ATTENTION, FONT, LINE, MUTED

__all__ = ["diameter_profile", "station_profile"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 480.0, 120.0, 30.0, 22.0


def diameter_profile(
    measured: Any,
    spans_mm: Sequence[tuple[float, float]],
    gaps_mm: Sequence[tuple[float, float]] = (),
) -> Any:
    """Largest and smallest diameter over distance; stents are shaded, gaps of the scan hatched."""
    from reportlab.graphics.shapes import Drawing, Line, Rect

    drawing = Drawing(_WIDTH, _HEIGHT)
    length = max(float(measured.s_mm[-1]), 1e-6)
    top = 5 * np.ceil(1.05 * np.nanmax(measured.d_max_mm) / 5)

    def at(s_mm: float, d_mm: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - 8) * s_mm / length
        return float(x), float(_BOTTOM + (_HEIGHT - _BOTTOM - 14) * d_mm / top)

    for low, high in spans_mm:
        (x0, y0), (x1, y1) = at(low, 0), at(high, top)
        drawing.add(Rect(x0, y0, x1 - x0, y1 - y0, fillColor=_colour("#dcebe9"), strokeColor=None))
    for low, high in gaps_mm:
        (x0, y0), (x1, y1) = at(low, 0), at(high, top)
        for x in np.arange(x0, x1, 4.0):
            rise = min(x1 - x, y1 - y0)
            drawing.add(
                Line(x, y0, x + rise, y0 + rise, strokeColor=_colour(ATTENTION), strokeWidth=0.4)
            )
        drawing.add(_text((x0 + x1) / 2, y1 + 1, "interpolated", "middle"))
    for d_mm in np.linspace(0, top, 5):
        (x0, y), (x1, _) = at(0, d_mm), at(length, d_mm)
        drawing.add(Line(x0, y, x1, y, strokeColor=_colour(LINE), strokeWidth=0.3))
        drawing.add(_text(x0 - 4, y - 2.5, f"{d_mm:.0f}", "end"))
    for s_mm in np.arange(0, length, _step(length)):
        x, y = at(s_mm, 0)
        drawing.add(_text(x, y - 10, f"{s_mm:.0f}", "middle"))
    drawing.add(_text(_WIDTH - 8, 2, "mm along the vessel", "end"))
    drawing.add(
        _text(_LEFT, _HEIGHT - 8, "diameter, mm: largest (solid), smallest (dashed)", "start")
    )
    for diameters, dashed in ((measured.d_max_mm, False), (measured.d_min_mm, True)):
        for run in _runs(measured.s_mm, diameters):
            drawing.add(_line([at(s, d) for s, d in run], [3, 2] if dashed else None))
    return drawing


def station_profile(stations: Sequence[Mapping[str, Any]]) -> Any:
    """Diameter before and after at the stations of a simulation; its band is shaded."""
    from reportlab.graphics.shapes import Drawing, Line, Polygon

    def column(name: str) -> Any:
        return np.array([np.nan if one.get(name) is None else one[name] for one in stations], float)

    s_mm, after = column("s_mm"), column("d_area_after_mm")
    before, planned = column("d_area_before_mm"), column("d_area_planned_mm")
    low, high = column("d_area_after_low_mm"), column("d_area_after_high_mm")
    everything = np.concatenate([after, before, planned, low, high])
    bottom, top = np.floor(np.nanmin(everything) - 0.5), np.ceil(np.nanmax(everything) + 0.5)
    drawing = Drawing(_WIDTH, _HEIGHT)

    def at(s: float, d_mm: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - 8) * (s - s_mm[0]) / max(s_mm[-1] - s_mm[0], 1e-6)
        y = _BOTTOM + (_HEIGHT - _BOTTOM - 14) * (d_mm - bottom) / (top - bottom)
        return float(x), float(y)

    if np.isfinite(low).all() and np.isfinite(high).all():
        edge = [at(*p) for p in zip(s_mm, low, strict=True)]
        edge += [at(*p) for p in zip(s_mm[::-1], high[::-1], strict=True)]
        flat = [value for xy in edge for value in xy]
        drawing.add(Polygon(flat, fillColor=_colour("#dcebe9"), strokeColor=None))
    for d_mm in np.linspace(bottom, top, 4):
        (x0, y), (x1, _) = at(s_mm[0], d_mm), at(s_mm[-1], d_mm)
        drawing.add(Line(x0, y, x1, y, strokeColor=_colour(LINE), strokeWidth=0.3))
        drawing.add(_text(x0 - 4, y - 2.5, f"{d_mm:.1f}", "end"))
    step = _step(float(s_mm[-1] - s_mm[0]))
    for s in np.arange(np.ceil(s_mm[0] / step) * step, s_mm[-1], step):
        drawing.add(_text(at(s, bottom)[0], _BOTTOM - 10, f"{s:.0f}", "middle"))
    said = "diameter, mm: after (solid, all scenarios shaded), before (dashed)"
    said += ", planned (dotted)" * bool(np.isfinite(planned).any())
    drawing.add(_text(_WIDTH - 8, 2, "mm along the vessel", "end"))
    drawing.add(_text(_LEFT, _HEIGHT - 8, said, "start"))
    for values, dash in ((after, None), (before, [3, 2]), (planned, [1, 2])):
        for run in _runs(s_mm, values):
            drawing.add(_line([at(s, d) for s, d in run], dash))
    return drawing


def _runs(s_mm: Any, d_mm: Any) -> list[list[tuple[float, float]]]:
    """Stretches without a gap."""
    runs: list[list[tuple[float, float]]] = [[]]
    for s, d in zip(s_mm, d_mm, strict=True):
        if np.isfinite(d):
            runs[-1].append((float(s), float(d)))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _step(length_mm: float) -> float:
    """A round distance between the marks of the axis."""
    return next(s for s in (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 1e9) if length_mm / s <= 12)


def _line(points: list[tuple[float, float]], dash: list[int] | None) -> Any:
    from reportlab.graphics.shapes import PolyLine

    flat = [value for xy in points for value in xy]
    colour = _colour(MUTED if dash else ACCENT)
    return PolyLine(flat, strokeColor=colour, strokeWidth=1.1, strokeDashArray=dash)


def _text(x: float, y: float, text: str, anchor: str) -> Any:
    from reportlab.graphics.shapes import String

    colour = _colour(MUTED)
    return String(x, y, text, fontName=FONT, fontSize=6.5, fillColor=colour, textAnchor=anchor)


def _colour(code: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(code)
