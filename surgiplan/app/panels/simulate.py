"""Simulate: what is computed with which settings, what came out, and how far to trust it."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from surgiplan.app.desk import Desk
from surgiplan.app.folds import Fold
from surgiplan.app.forms import ChoiceBox, SettingsForm
from surgiplan.app.freshness import Freshness
from surgiplan.app.tools.pull import PullTool
from surgiplan.app.words import shown_name
from surgiplan.app.work import simulated
from surgiplan.edits import RecordFinding
from surgiplan.model import Case, Finding

from .evidence import EvidenceState
from .finding_rows import (
    HEADLINE_HINTS,
    band_words,
    detail_rows,
    headline_rows,
    more_rows,
    scenario_rows,
    station_rows,
)
from .handle import HANDLE, HandleBox
from .panel import NumberTable, Panel, enable
from .response_charts import LoadingChart, StationsChart
from .response_view import ResponseView

__all__ = ["SimulatePanel"]


class SimulatePanel(Panel):
    """What is simulated, with which settings, and what came out."""

    def __init__(self, desk: Desk, freshness: Freshness) -> None:
        super().__init__(desk)
        self._freshness = freshness
        self._forms: dict[type, SettingsForm] = {}
        self._form: SettingsForm | None = None
        self._shown_settings: tuple[Any, ...] = ()
        self.heading("Tissue response")
        self.subject = ChoiceBox("subjectChoice")
        self.subject.setAccessibleName("What is simulated")
        self.subject.activated.connect(self._subject_chosen)
        self.body.addWidget(self.subject)
        self._hint = self.hint("", "simulateHint")
        self._settings = QWidget()
        self._form_place = QVBoxLayout(self._settings)
        self._form_place.setContentsMargins(0, 0, 0, 0)
        self._settings_fold = Fold("SETTINGS", self._settings, "fold_settings", is_open=True)
        self.body.addWidget(self._settings_fold)
        self.handle = HandleBox(desk)
        self.handle.pulled.connect(self._pulled)
        self.handle.let_go.connect(lambda: self._pulled({}))
        self.handle.hand_wanted.connect(self.pull)
        self._handle_fold = Fold("PULL ASIDE", self.handle, "fold_handle")
        self.body.addWidget(self._handle_fold)
        self._answer = self._lay_out_answer()
        self.run_button = self.primary("Simulate", "simulateButton")
        self.run_button.clicked.connect(lambda: self.start(self.subject.currentData()))
        freshness.changed.connect(self.invalidate)
        desk.selected.connect(self._selected)

    def start(self, path: str) -> None:
        """Simulate the stent or resection at ``path``."""
        case = self.desk.session.case
        subject = case.at(path)
        self._show_form(path)
        values = self._values(path)
        self.evidence.drop()
        work = partial(simulated, case, path, values, beside=self.desk.writable_path)
        title = f"Response to {shown_name(subject, case)}"
        self.desk.run("simulate", title, work, self._done, otherwise=self._no_answer)

    def pull(self) -> None:
        """Take what stays after the resection in the hand, or put it back."""
        path = self.subject.currentData() or ""
        if self.desk.tool is not None and self.desk.tool.name == "pull":
            self.desk.use(None)
        elif path.startswith("plan/resections/"):
            values = {n: v for n, v in self._values(path).items() if n not in HANDLE}
            self._handle_fold.head.setChecked(True)
            self.desk.use(PullTool(self.desk, path, values, self._pulled))

    def pull_newest(self) -> None:
        """Pull at the resection that is shown, or at the newest."""
        if not str(self.subject.currentData()).startswith("plan/resections/"):
            self.desk.select(f"plan/resections/{list(self.desk.case.plan.resections)[-1]}")
        self.pull()

    def refresh(self, case: Case) -> None:
        paths = [p for p in case.paths() if p.startswith(("plan/stents/", "plan/resections/"))]
        self._fill(case, paths)
        path = self.subject.currentData() or ""
        has_subject = bool(path)
        self.subject.setVisible(has_subject)
        self._settings_fold.setVisible(has_subject)
        self._hint.setVisible(not has_subject)
        self._hint.setText(
            "Place a stent or plan a resection first; its tissue response is computed here."
        )
        if has_subject:
            self._show_form(path)
        why_not = "" if has_subject else "Place a stent or plan a resection in Plan first."
        if self.desk.is_running("simulate"):
            why_not = "A simulation is running; Cancel stops it."
        enable(self.run_button, why_not, hint="Runs beside the window; Cancel stops it at once.")
        self._handle_fold.setVisible(path.startswith("plan/resections/"))
        self._show_answer(case, self._finding(case, path))

    def _lay_out_answer(self) -> list[QWidget]:
        before = self.body.count()
        self.heading("Response")
        self._stale = self.hint("", "staleMark")
        self._stale.setProperty("role", "attention")
        self.table = NumberTable()
        self.table.setObjectName("responseTable")
        self.body.addWidget(self.table)
        self._band_words = self.hint("", "bandWords")
        self.evidence = EvidenceState(self.desk)
        self.body.addWidget(self.evidence)
        self.heading("In the 3D view")
        self.shown = ResponseView(self.desk)
        self.body.addWidget(self.shown)
        self.stations, self.loading = StationsChart(self.desk), LoadingChart(self.desk)
        self._stations_table, self._scenarios, self._more, self._details = (
            NumberTable() for _ in range(4)
        )
        self._folds = {
            name: Fold(title, content, f"fold_{name}", is_open=name == "stations")
            for name, title, content in (
                ("stations", "DIAMETER ALONG THE VESSEL", self.stations),
                ("table", "STATION BY STATION", self._stations_table),
                ("loading", "ALONG THE LOADING", self.loading),
                ("scenarios", "SCENARIOS", self._scenarios),
                ("more", "MORE NUMBERS", self._more),
                ("details", "HOW IT WAS COMPUTED", self._details),
            )
        }
        for fold in self._folds.values():
            self.body.addWidget(fold)
        items = [self.body.itemAt(n).widget() for n in range(before, self.body.count())]
        return [widget for widget in items if widget not in (self._stale, self._band_words)]

    def _fill(self, case: Case, paths: list[str]) -> None:
        shown = [(self.subject.itemData(n)) for n in range(self.subject.count())]
        if shown != paths:
            before = self.subject.currentData()
            self.subject.clear()
            for path in paths:
                self.subject.addItem(shown_name(case.at(path), case), path)
            wanted = self._meant(case) or before
            self.subject.setCurrentIndex(max(self.subject.findData(wanted), 0))

    def _meant(self, case: Case) -> str:
        path = self.desk.selection
        noun = case.at(path) if path else None
        return noun.subject if isinstance(noun, Finding) else path

    def _selected(self, _path: str) -> None:
        row = self.subject.findData(self._meant(self.desk.case))
        if row >= 0:
            self.subject.setCurrentIndex(row)
        self.invalidate()

    def _show_form(self, path: str) -> None:
        from surgiplan.workflow import simulation_settings

        settings = simulation_settings(self.desk.case, path)
        if settings not in self._forms:
            form = self._forms[settings] = SettingsForm(settings)
            form.changed.connect(self._say_changes)
            self._form_place.addWidget(form)
        self._form = self._forms[settings]
        for form in self._forms.values():
            form.setVisible(form is self._form)
        self._say_changes()

    def _say_changes(self) -> None:
        count = len(self._form.changes()) if self._form else 0
        self._settings_fold.say(f"·  {count} changed" if count else "")

    def _finding(self, case: Case, path: str) -> Finding | None:
        """The newest answer about what stands at ``path``."""
        found = [f for f in case.findings.values() if f.subject == path]
        return found[-1] if found else None

    def _show_answer(self, case: Case, finding: Finding | None) -> None:
        is_stale = finding is not None and self._freshness.is_stale(case, finding)
        for widget in self._answer:
            widget.setVisible(finding is not None)
        self._stale.setVisible(is_stale)
        self._stale.setText("!  Stale: the plan has changed since. Simulate again.")
        if finding is None:
            self._band_words.hide()
            return
        self._show_settings_of(finding)
        self.table.show_rows(headline_rows(finding), HEADLINE_HINTS)
        words = band_words(finding)
        self._band_words.setText(words)
        self._band_words.setVisible(bool(words))
        self.evidence.show_finding(finding, is_stale=is_stale)
        self.shown.show_finding(finding)
        self._show_folds(case, finding)

    def _show_folds(self, case: Case, finding: Finding) -> None:
        stations, scenarios = station_rows(finding), scenario_rows(finding)
        self._stations_table.show_rows(stations)
        self._scenarios.show_rows(scenarios)
        more = more_rows(finding)
        self._more.show_rows(more)
        self._details.show_rows(detail_rows(finding))
        has_stations = self.stations.show_finding(case, finding)
        has_loading = self.loading.show_finding(finding)
        for name, there in (
            ("stations", has_stations), ("table", bool(stations)), ("loading", has_loading),
            ("scenarios", bool(scenarios)),
            ("more", bool(more)),
        ):  # fmt: skip
            self._folds[name].setVisible(there)

    def _values(self, path: str) -> dict[str, Any]:
        """The settings of the form and the pull that is meant."""
        pull = self.handle.handle if path.startswith("plan/resections/") else {}
        return {**(self._form.values() if self._form else {}), **pull}

    def _pulled(self, handle: dict[str, Any]) -> None:
        """Compute the response to another pull, or to none."""
        self.handle.show_settings(handle)
        self.start(self.subject.currentData())

    def _show_settings_of(self, finding: Finding) -> None:
        """Start from the settings of a stored answer, once, so that it can be varied."""
        chosen = {n: v for n, v in finding.settings.items() if n not in HANDLE}
        shown = (finding.id, chosen)
        if shown != self._shown_settings and self._form is not None:
            self._shown_settings = shown
            self._form.show_values(finding.settings)
            self._settings_fold.head.setChecked(False)
        if not self.desk.is_previewing:
            self.handle.show_settings(finding.settings)

    def _subject_chosen(self) -> None:
        self.desk.select(self.subject.currentData())
        self.invalidate()

    def _no_answer(self) -> None:
        """Show the last answer again; a pull that found none is not kept."""
        self.desk.preview(None)
        self._shown_settings = ()
        self.invalidate()

    def _done(self, edit: RecordFinding) -> None:
        if self.desk.do(edit):
            path = f"findings/{edit.finding.id}"
            look: Any = self.desk.view.look
            response = replace(look.response, fraction=1.0)
            self.desk.view.change(finding=path, response=response)
            self.desk.select(path)
            self.evidence.start(edit.finding)
