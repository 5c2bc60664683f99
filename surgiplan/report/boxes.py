"""Boxes of many cases and differences of groups, as vector drawings."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from surgiplan.validation import LabelSummary, SubgroupGap

from .style import ACCENT, ATTENTION, FONT, LINE, MUTED, TEXT

__all__ = ["boxes", "forest"]

_WIDTH, _LEFT, _RIGHT, _ROW, _FOOT = 500.0, 150.0, 12.0, 19.0, 26.0
_ON_A_PAGE = 30
_MOST_DOTS = 400
"""Beyond that the dots would be a smear; the box says it all."""


def boxes(summaries: Sequence[LabelSummary]) -> list[Any]:
    """One row for each structure and reader, all of one number, on one scale."""
    if not summaries:
        return []
    metric = summaries[0].metric
    ends = [value for one in summaries for value in one.values]
    # Wide enough that cases which are all alike still have a scale.
    if metric.larger_is_better is None:
        low, high = min(*ends, -0.05), max(*ends, 0.05)
    elif metric.larger_is_better:
        low, high = min(*ends, 0.9), 1.0
    else:
        low, high = 0.0, max(*ends, 1.0)
    unit = f", {metric.unit}" if metric.unit else ""
    return _pages(summaries, (low, high), f"{metric.title}{unit}", _box)


def forest(gaps: Sequence[SubgroupGap]) -> list[Any]:
    """One row for each difference of medians, with its interval and the line of no difference."""
    ends = [-0.01, 0.01, *(end for one in gaps for end in (one.gap.low, one.gap.high))]
    title = f"difference of median {gaps[0].metric.title}"
    return _pages(gaps, (min(ends), max(ends)), title, _interval)


Drawn = Callable[[Any, Any, float, Callable[[float], float]], str]
"""Draws one row at a height, and answers what to write before it."""


def _pages(rows: Sequence[Any], ends: tuple[float, float], title: str, draw: Drawn) -> list[Any]:
    ticks = _ticks(*ends)
    pages = [rows[n : n + _ON_A_PAGE] for n in range(0, len(rows), _ON_A_PAGE)]
    return [_page(page, ticks, title, draw) for page in pages]


def _page(rows: Sequence[Any], ticks: Any, title: str, draw: Drawn) -> Any:
    from reportlab.graphics.shapes import Drawing, Line

    height = _FOOT + _ROW * len(rows) + 6
    drawing = Drawing(_WIDTH, height)
    span = max(float(ticks[-1] - ticks[0]), 1e-9)

    def at(value: float) -> float:
        return float(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - ticks[0]) / span)

    digits = max(0, -int(np.floor(np.log10(ticks[1] - ticks[0]) + 1e-9)))
    for tick in ticks:
        is_zero = abs(tick) < 1e-9
        drawing.add(
            Line(at(tick), _FOOT - 4, at(tick), height, strokeWidth=0.8 if is_zero else 0.3,
                 strokeColor=_colour(MUTED if is_zero else LINE))
        )  # fmt: skip
        drawing.add(_text(at(tick), _FOOT - 13, f"{tick:.{digits}f}", "middle"))
    drawing.add(_text((_LEFT + _WIDTH) / 2, 2, title, "middle"))
    for n, row in enumerate(rows):
        y = height - 4 - _ROW * (n + 0.5)
        drawing.add(_text(_LEFT - 8, y - 2.5, draw(drawing, row, y, at), "end", TEXT))
    return drawing


def _box(drawing: Any, one: LabelSummary, y: float, at: Callable[[float], float]) -> str:
    from reportlab.graphics.shapes import Circle, Line, Rect

    s = one.spread
    assert s is not None
    for n, value in enumerate(one.values if len(one.values) <= _MOST_DOTS else ()):
        drawing.add(
            Circle(at(value), y - 2 + 1.6 * (n % 3 - 1), 1.0, fillColor=_colour(MUTED),
                   strokeColor=None, fillOpacity=0.55)
        )  # fmt: skip
    drawing.add(
        Rect(at(s.q1), y - 6, max(at(s.q3) - at(s.q1), 0.5), 8, fillColor=_colour(ACCENT),
             fillOpacity=0.18, strokeColor=_colour(ACCENT), strokeWidth=0.8)
    )  # fmt: skip
    drawing.add(
        Line(at(s.median), y - 6, at(s.median), y + 2, strokeColor=_colour(ACCENT), strokeWidth=2)
    )
    drawing.add(
        Line(at(s.low), y + 5, at(s.high), y + 5, strokeColor=_colour(TEXT), strokeWidth=1.4)
    )
    failed = f" ({one.failures} failed)" if one.failures else ""
    return _short(f"{one.label}, {one.reader}") + failed


def _interval(drawing: Any, one: SubgroupGap, y: float, at: Callable[[float], float]) -> str:
    from reportlab.graphics.shapes import Circle, Line

    colour = _colour(ATTENTION if one.p_holm < 0.05 else TEXT)
    drawing.add(Line(at(one.gap.low), y, at(one.gap.high), y, strokeColor=colour, strokeWidth=1.2))
    drawing.add(Circle(at(one.gap.difference), y, 2.6, fillColor=colour, strokeColor=None))
    sign = " *" if one.p_holm < 0.05 else ""
    return _short(f"{one.label}, {one.reader}: {one.column} {one.group}") + sign


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _ticks(low: float, high: float) -> Any:
    """Round numbers from at or below ``low`` to at or above ``high``, four to nine."""
    span = max(high - low, 1e-3)
    power = 10.0 ** np.floor(np.log10(span))
    step = next(power * s for s in (0.1, 0.2, 0.5, 1.0, 2.0) if span / (power * s) <= 7)
    return step * np.arange(np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9) + 1)


def _text(x: float, y: float, text: str, anchor: str, colour: str = MUTED) -> Any:
    from reportlab.graphics.shapes import String

    return String(
        x, y, text, fontName=FONT, fontSize=6.5, fillColor=_colour(colour), textAnchor=anchor
    )


def _colour(code: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(code)
