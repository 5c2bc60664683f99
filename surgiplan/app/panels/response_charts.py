"""Charts of a simulation: how it was loaded, and the vessel's diameter before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from surgiplan.app import palette
from surgiplan.app.desk import Desk
from surgiplan.app.line_chart import Line, LineChart
from surgiplan.model import Case, Finding, StentPlacement

__all__ = ["LoadingChart", "StationsChart", "loading_lines", "station_lines"]

Floats = npt.NDArray[np.float64]


class LoadingChart(QWidget):
    """Displacement along the loading; a click goes there."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._finding: Finding | None = None
        self.chart = LineChart(
            "loadingChart", "Displacement along the loading", "% of the loading", "mm"
        )
        self.chart.chosen.connect(self._go_to)
        _only(self, self.chart)
        desk.view.changed.connect(self.refresh)

    def show_finding(self, finding: Finding) -> bool:
        """Show how a finding was loaded; whether there is more than its end to show."""
        self._finding = finding
        self.refresh()
        return len(loading_lines(finding)[0].x) > 2

    def refresh(self) -> None:
        """Show where we look now."""
        if self._finding is not None:
            response = self._desk.view.look.response
            lines = loading_lines(self._finding, response.probe_lps)
            self.chart.show_lines(lines, 100 * response.fraction, from_zero=True)

    def _go_to(self, percent: float) -> None:
        view = self._desk.view
        view.change(response=replace(view.look.response, fraction=percent / 100))


class StationsChart(QWidget):
    """Diameters along the vessel: on the scan, planned and achieved."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._finding: Finding | None = None
        self.chart = LineChart("stationsChart", "Diameter along the vessel", "mm", "mm")
        self.chart.chosen.connect(self._look_at)
        _only(self, self.chart)
        self._at: float | None = None

    def show_finding(self, case: Case, finding: Finding) -> bool:
        """Show the stations of a finding; whether it has any."""
        if finding is not self._finding:
            self._finding, self._at = finding, None
        lines = station_lines(case, finding)
        if lines:
            self.chart.show_lines(lines, self._at)
        return bool(lines)

    def _look_at(self, station_mm: float) -> None:
        """Bring the slices to a station of the vessel."""
        case, finding = self._desk.case, self._finding
        stent = case.at(finding.subject) if finding is not None else None
        if finding is None or not isinstance(stent, StentPlacement):
            return
        self._at = station_mm
        line = case.plan.centerlines.get(stent.centerline_id)
        if line is not None:
            x, y, z = (float(v) for v in line.branch(stent.branch).point_at(station_mm))
            self._desk.view.change(crosshair_lps=(x, y, z))
        self.chart.show_lines(station_lines(case, finding), station_mm)


def loading_lines(finding: Finding, marked_lps: Any = None) -> list[Line]:
    """Displacement in mm over percent of the loading: the largest, and at a marked place."""
    from surgiplan.render import place_of, step_fractions

    fractions = np.array([0.0, *step_fractions(finding)])
    steps = finding.arrays.get("steps_mm", ())
    moved = [np.zeros_like(finding.arrays["displacement_mm"])]
    moved += list(steps) if len(fractions) > 1 else [finding.arrays["displacement_mm"]]
    if len(fractions) == 1:
        fractions = np.array([0.0, 1.0])
    largest = np.array([np.linalg.norm(one, axis=1).max(initial=0.0) for one in moved])
    is_true = len(steps) > 0
    lines = [Line("largest", 100 * fractions, largest, palette.ACCENT, dots=is_true)]
    if marked_lps is not None:
        place = place_of(finding, marked_lps)
        marked = np.array([np.linalg.norm(place.of(one)) for one in moved])
        lines.append(Line("marked", 100 * fractions, marked, palette.ATTENTION, dots=is_true))
    return lines


def station_lines(case: Case, finding: Finding) -> list[Line]:
    """Equal-area diameters in mm over stations in mm; none for an organ."""
    stations = finding.numbers.get("stations_after")
    if not isinstance(stations, Sequence) or not stations:
        return []
    s = _column(stations, "s_mm")
    after = Line(
        "achieved", s, _column(stations, "d_area_after_mm"), palette.ACCENT,
        low=_column(stations, "d_area_after_low_mm"),
        high=_column(stations, "d_area_after_high_mm"),
    )  # fmt: skip
    before = Line("scan", s, _column(stations, "d_area_before_mm"), palette.HEADING)
    planned = _planned(case, finding, stations, s)
    dashed = Line("planned", s, planned, palette.ATTENTION, Qt.PenStyle.DashLine)
    return [before, dashed, after] if np.isfinite(planned).any() else [before, after]


def _planned(
    case: Case, finding: Finding, stations: Sequence[Mapping[str, Any]], s: Floats
) -> Floats:
    """The diameter that was planned: as computed, or the device's own along its span."""
    for name in ("d_planned_mm", "d_area_planned_mm"):
        known = _column(stations, name)
        if np.isfinite(known).any():
            return known
    stent = case.at(finding.subject)
    if not isinstance(stent, StentPlacement):
        return np.full(len(s), np.nan)
    first, last = stent.span_mm
    return np.where((s >= first) & (s <= last), stent.design.diameter_mm, np.nan)


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    return np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)


def _only(widget: QWidget, child: QWidget) -> None:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(child)
