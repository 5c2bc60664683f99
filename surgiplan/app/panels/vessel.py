"""Vessel: trace its centreline, place a stent on it, and read what it means for this patient."""

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from surgiplan.app.chart import DiameterChart
from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.app.freshness import Freshness
from surgiplan.app.palette import ATTENTION
from surgiplan.app.prepared import Prepared
from surgiplan.app.section import SectionPicture
from surgiplan.app.tools import PointsTool
from surgiplan.app.words import shown_name
from surgiplan.app.work import traced
from surgiplan.edits import AddCenterline, MoveStent, ResizeStent, TurnStent
from surgiplan.errors import SurgiplanError
from surgiplan.jobs_report import Report
from surgiplan.model import Branch, Case, Centerline, Quantity, StentDesign, StentPlacement
from surgiplan.workflow import design, place_stent

from .fit_table import fit_rows
from .panel import NumberTable, Panel, enable

__all__ = ["VesselPanel"]


class VesselPanel(Panel):
    """The lumen and its ends, the stent, its fit, and the diameters along the vessel."""

    def __init__(self, desk: Desk, prepared: Prepared, freshness: Freshness, simulate: Any) -> None:
        super().__init__(desk)
        self._prepared, self._freshness, self._simulate = prepared, freshness, simulate
        self._tool: PointsTool | None = None
        self._is_tracing = False
        self._lay_out_vessel()
        self._lay_out_stent()
        self.act_button = self.primary("Trace centreline", "planButton")
        self.act_button.clicked.connect(self._act)
        self.other_button = self.secondary("Other vessel", "otherVessel")
        self.other_button.clicked.connect(self._trace_another)
        prepared.ready.connect(self.invalidate)
        freshness.changed.connect(self.invalidate)
        desk.view.changed.connect(self._look_changed)
        desk.tool_changed.connect(self._tool_changed)
        desk.opened.connect(self._forget)

    def refresh(self, case: Case) -> None:
        centerline, stent = self._subject(case)
        is_tracing = self._is_tracing or centerline is None
        for widget in self._vessel_widgets:
            widget.setVisible(is_tracing)
        for widget in self._stent_widgets:
            widget.setVisible(not is_tracing)
        self.other_button.setText("Back" if self._is_tracing else "Other vessel")
        self.other_button.setVisible(centerline is not None)
        if is_tracing:
            self._show_tracing(case)
            return
        assert centerline is not None
        self._fill_designs()
        self._show_stent(case, centerline, stent)
        self._show_numbers(case, centerline, stent)

    def _lay_out_vessel(self) -> None:
        heading = self.heading("Vessel")
        self.lumen = ChoiceBox("lumenChoice")
        self.lumen.setAccessibleName("Lumen to trace")
        self.body.addWidget(self.lumen)
        self._trace_hint = self.hint("", "traceHint")
        self.pick_button = QPushButton("Click start and end", objectName="pickEnds")
        self.pick_button.setCheckable(True)
        self.pick_button.clicked.connect(self._pick)
        self.body.addWidget(self.pick_button)
        self._vessel_widgets: list[QWidget] = [
            heading, self.lumen, self._trace_hint, self.pick_button
        ]  # fmt: skip

    def _lay_out_stent(self) -> None:
        before = self.body.count()
        self.heading("Stent graft")
        self.design = ChoiceBox("designChoice")
        self.design.setAccessibleName("Device")
        self.design.activated.connect(self._design_chosen)
        self.body.addWidget(self.design)
        self.diameter = _field("mm", 2, 60, "free diameter of the stent", 24.0, "stentDiameter")
        self.length = _field("mm", 5, 400, "free length of the stent", 60.0, "stentLength")
        self.proximal = _field("mm", 0, 1000, "station of the proximal end", 0.0, "stentProximal")
        self.rotation = _field("°", 0, 360, "turn about its own axis", 0.0, "stentRotation")
        fields = (self.diameter, self.length, self.proximal, self.rotation)
        names = ("Diameter", "Length", "Proximal end", "Rotation")
        self.rows(list(zip(names, fields, strict=True)))
        self.diameter.valueChanged.connect(self._size_changed)
        self.length.valueChanged.connect(self._size_changed)
        self.proximal.valueChanged.connect(self._place_changed)
        self.rotation.valueChanged.connect(self._turn_changed)
        self.heading("Fit")
        self.fit_table = NumberTable()
        self.fit_table.setObjectName("fitTable")
        self.body.addWidget(self.fit_table)
        self._fit_hint = self.hint("", "fitHint")
        self.heading("Diameter along the vessel")
        self.chart = DiameterChart()
        self.chart.station_chosen.connect(self._look_at)
        self.body.addWidget(self.chart)
        self.heading("Section where you look")
        self.section = SectionPicture()
        self.body.addWidget(self.section)
        items = [self.body.itemAt(n).widget() for n in range(before, self.body.count())]
        self._stent_widgets = [widget for widget in items if widget is not None]

    def _subject(self, case: Case) -> tuple[Centerline | None, StentPlacement | None]:
        """The vessel and the stent that are meant: selected, or else the newest."""
        chosen = case.at(self.desk.selection) if self.desk.selection else None
        if isinstance(chosen, StentPlacement):
            return case.plan.centerlines.get(chosen.centerline_id), chosen
        lines = list(case.plan.centerlines.values())
        line = chosen if isinstance(chosen, Centerline) else (lines[-1] if lines else None)
        if line is None:
            return None, None
        stents = [s for s in case.plan.stents.values() if s.centerline_id == line.id]
        return line, (stents[-1] if stents else None)

    def _show_tracing(self, case: Case) -> None:
        names = [(shown_name(s, case), s.id) for s in case.segments.values()]
        if [self.lumen.itemData(n) for n in range(self.lumen.count())] != [i for _, i in names]:
            self.lumen.clear()
            for name, segment_id in names:
                self.lumen.addItem(name, segment_id)
            likely = [n for n, (name, _) in enumerate(names) if _is_vessel(name)]
            self.lumen.setCurrentIndex(likely[-1] if likely else 0)
        self.lumen.setVisible(bool(names))
        points = len(self._tool.points) if self._tool else 0
        self._trace_hint.setText(
            "Segment the vessel's lumen in Anatomy first." if not names
            else f"{points} of 2 clicked: where the path starts, then where it ends, in the "
            "slices or on the surface."
        )  # fmt: skip
        self.act_button.setText("Trace centreline")
        why_not = "" if names else "Segment the vessel's lumen in Anatomy first."
        enable(self.pick_button, why_not, hint="Two clicks in the lumen.")
        if not why_not and self.desk.is_running("centreline"):
            why_not = "A centreline is being traced."
        if not why_not and points < 2:
            why_not = "Click the start and the end of the path first."
        enable(self.act_button, why_not, hint="Path and sections of the lumen.")

    def _fill_designs(self) -> None:
        if self.design.count():
            return
        from surgiplan.planning import catalogue

        for device in catalogue():
            self.design.addItem(device.title, device.name)
        self._show_usual_size()

    def _show_stent(self, case: Case, line: Centerline, stent: StentPlacement | None) -> None:
        if stent is None:
            self.act_button.setText("Place stent")
            enable(self.act_button, hint="In the middle of where you look.")
            if not self.proximal.hasFocus():
                self.proximal.show_number(max(self._station(line) - self.length.value() / 2, 0.0))
            return
        for n in range(self.design.count()):
            if stent.design.name.startswith(self.design.itemText(n)):
                self.design.setCurrentIndex(n)
        self.diameter.show_number(stent.design.diameter_mm)
        self.length.show_number(stent.design.length_mm)
        self.proximal.show_number(stent.span_mm[0])
        self.rotation.show_number(stent.rotation_deg)
        self.act_button.setText("Simulate deployment")
        busy = "A simulation is running." if self.desk.is_running("simulate") else ""
        enable(self.act_button, busy, hint="How the vessel's wall responds.")

    def _show_numbers(self, case: Case, line: Centerline, stent: StentPlacement | None) -> None:
        branch = line.branches[stent.branch if stent else 0]
        if not self._prepared.has_sections(branch):
            self.fit_table.show_rows([])
            self._say("Measuring the sections…")
            self.chart.show_vessel(None, None, None)
            self.section.show_section(None, (1.0, 0.0), ())
            return
        from surgiplan.planning import fit, sections

        span = stent.span_mm if stent else None
        station_mm = self._station(line)
        self.chart.show_vessel(sections(branch), span, station_mm, branch.gaps_mm)
        self._show_section(case, line, branch, station_mm)
        if stent is None:
            self.fit_table.show_rows([])
            self._say("Place a stent to see how it fits.")
            return
        try:
            fits = fit(branch, stent)
            rows, unconfirmed = fit_rows(fits)
        except SurgiplanError as error:
            self.fit_table.show_rows([])
            self._say(str(error))
            return
        self.fit_table.show_rows(rows)
        said = ["* limits unconfirmed"] if unconfirmed else []
        if self._freshness.is_stale(case, line):
            said.insert(0, "!  Stale: the lumen has changed; trace its centreline again.")
        said[:0] = [f"!  {remark}" for remark in fits.remarks]
        self._say("\n".join(said))

    def _show_section(
        self, case: Case, line: Centerline, branch: Branch, station_mm: float
    ) -> None:
        """The scan across the vessel, wide enough for its widest section."""
        from surgiplan.planning import section_view, sections

        measured = sections(branch)
        lumen = case.segments.get(line.segment_id)
        volume = case.volume(lumen.volume_id if lumen else "")
        widest_mm = float(np.nanmax(measured.d_max_mm)) if measured.is_measured.any() else 30.0
        view = section_view(volume, branch, station_mm, width_mm=1.8 * widest_mm)
        lines = [f"at {station_mm:.0f} mm"]
        if len(view.contour_mm):
            for name, title in (("d_min_mm", "min"), ("d_max_mm", "max"), ("d_area_mm", "area Ø")):
                lines.append(f"{title}  {float(measured.at(name, station_mm)):.1f} mm")
        elif branch.is_in_gap(station_mm):
            lines += ["not measured:", "slices are missing here", "and were interpolated"]
        else:
            lines += ["not measured:", "the vessel divides", "or has no border here"]
        self.section.show_section(view, self.desk.view.look.window_level, tuple(lines))

    def _say(self, hint: str) -> None:
        self._fit_hint.setText(hint)
        self._fit_hint.setVisible(bool(hint))

    def _station(self, line: Centerline) -> float:
        """Station of the place we look at."""
        crosshair = self.desk.view.look.crosshair_lps
        branch = line.branches[0]
        if crosshair is None:
            return branch.length_mm / 2
        return branch.nearest_station_mm(np.array(crosshair))

    def _look_at(self, station_mm: float) -> None:
        line, stent = self._subject(self.desk.case)
        if line is not None:
            point = line.branches[stent.branch if stent else 0].point_at(station_mm)
            x, y, z = (float(value) for value in point)
            self.desk.view.change(crosshair_lps=(x, y, z))

    def _look_changed(self) -> None:
        if self.isVisible() and not self._is_tracing:
            self.invalidate()

    def _pick(self, is_on: bool) -> None:
        if not is_on:
            self.desk.use(None)
            return
        self._tool = PointsTool(
            self.desk, ("start", "end"), ATTENTION, self.invalidate, most=2,
            hint="click the start, then the end, inside the vessel",
        )  # fmt: skip
        self.desk.use(self._tool)

    def _tool_changed(self, tool: object) -> None:
        if self._tool is not None and tool is not self._tool:
            self._tool = None
        self.pick_button.setChecked(self._tool is not None)
        self.invalidate()

    def _forget(self) -> None:
        self._is_tracing = False

    def _trace_another(self) -> None:
        self._is_tracing = not self._is_tracing
        self.desk.use(None)
        self.invalidate()

    def _act(self) -> None:
        case = self.desk.session.case
        line, stent = self._subject(case)
        if line is None or self._is_tracing:
            self._trace(case)
        elif stent is None:
            self._place(case, line)
        else:
            self._simulate(f"plan/stents/{stent.id}")

    def _trace(self, case: Case) -> None:
        assert self._tool is not None
        start, end = self._tool.points
        work = partial(traced, case, self.lumen.currentData(), start, end)
        self.desk.run("centreline", f"Centreline of {self.lumen.currentText()}", work, self._traced)

    def _traced(self, edit: AddCenterline) -> None:
        # What is drawn and listed needs the sections, and measuring them takes a moment.
        work = partial(_measured, edit)
        self.desk.run("sections", "Measure the sections", work, self._keep, quick=True)

    def _keep(self, edit: AddCenterline) -> None:
        if self.desk.do(edit):
            self._is_tracing = False
            self.desk.use(None)
            self.desk.select(f"plan/centerlines/{edit.centerline.id}")

    def _place(self, case: Case, line: Centerline) -> None:
        with self.desk.notices.shown_here():
            stent = self._chosen_design()
            half_mm = stent.length_mm / 2
            length_mm = line.branches[0].length_mm
            at_mm = self.proximal.value() + half_mm
            if stent.length_mm <= length_mm:
                at_mm = min(max(at_mm, half_mm), length_mm - half_mm)
            edit = place_stent(case, stent, line.id, at_mm)
            if self.desk.do(edit):
                self.desk.select(f"plan/stents/{edit.stent.id}")

    def _chosen_design(self) -> StentDesign:
        return design(self.design.currentData(), self.diameter.value(), self.length.value())

    def _design_chosen(self, *_: object) -> None:
        self._show_usual_size()
        self._size_changed()

    def _show_usual_size(self) -> None:
        from surgiplan.planning import catalogue

        chosen = next(d for d in catalogue() if d.name == self.design.currentData())
        self.diameter.show_number(chosen.usual_diameter_mm)
        self.length.show_number(chosen.usual_length_mm)

    def _size_changed(self, *_size: object) -> None:
        _, stent = self._subject(self.desk.session.case)
        if stent is None or self._is_tracing:
            return
        with self.desk.notices.shown_here():
            self.desk.do(ResizeStent(stent.id, self._chosen_design()))
        self.invalidate()

    def _place_changed(self, proximal_mm: float) -> None:
        _, stent = self._subject(self.desk.session.case)
        if stent is not None:
            self.desk.do(MoveStent(stent.id, proximal_mm + stent.design.length_mm / 2))
            self.invalidate()

    def _turn_changed(self, rotation_deg: float) -> None:
        _, stent = self._subject(self.desk.session.case)
        if stent is not None:
            self.desk.do(TurnStent(stent.id, rotation_deg))


def _measured(edit: AddCenterline, report: Report) -> AddCenterline:
    """Runs on a thread."""
    from surgiplan.planning import sections

    for number, branch in enumerate(edit.centerline.branches):
        report(number / len(edit.centerline.branches), "measuring")
        sections(branch)
    return edit


def _is_vessel(name: str) -> bool:
    words = ("aorta", "lumen", "vessel", "artery", "vein", "iliac")
    return any(word in name.lower() for word in words)


def _field(
    unit: str, low: float, high: float, meaning: str, value: float, name: str
) -> NumberField:
    field = NumberField(Quantity(unit, low, high, meaning), value, decimals=1)
    field.setObjectName(name)
    return field
