"""Simulate: settings of the solve, its numbers, and which of them colours the surface."""

from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, SettingsForm
from surgiplan.app.freshness import Freshness
from surgiplan.app.words import shown_name
from surgiplan.app.work import simulated
from surgiplan.edits import RecordFinding
from surgiplan.model import Case, Finding

from .finding_rows import finding_rows
from .panel import NumberTable, Panel, enable
from .response_view import ResponseView

__all__ = ["SimulatePanel"]


class SimulatePanel(Panel):
    """What is simulated, with which settings, and what came out."""

    def __init__(self, desk: Desk, freshness: Freshness) -> None:
        super().__init__(desk)
        self._freshness = freshness
        self._forms: dict[type, SettingsForm] = {}
        self._form: SettingsForm | None = None
        self.heading("Tissue response")
        self.subject = ChoiceBox("subjectChoice")
        self.subject.setAccessibleName("What is simulated")
        self.subject.activated.connect(self._subject_chosen)
        self.body.addWidget(self.subject)
        self._hint = self.hint("", "simulateHint")
        self._settings_heading = self.heading("Settings")
        self._form_place = QVBoxLayout()
        self.body.addLayout(self._form_place)
        self._answer_heading = self.heading("Response")
        self._stale = self.hint("", "staleMark")
        self._stale.setProperty("role", "attention")
        self.table = NumberTable()
        self.table.setObjectName("responseTable")
        self.body.addWidget(self.table)
        self._view_heading = self.heading("In the 3D view")
        self.shown = ResponseView(desk)
        self.body.addWidget(self.shown)
        self.run_button = self.primary("Simulate", "simulateButton")
        self.run_button.clicked.connect(lambda: self.start(self.subject.currentData()))
        freshness.changed.connect(self.invalidate)
        desk.selected.connect(self._selected)

    def start(self, path: str) -> None:
        """Simulate the stent or resection at ``path``."""
        case = self.desk.session.case
        subject = case.at(path)
        self._show_form(path)
        values = self._form.values() if self._form else {}
        work = partial(simulated, case, path, values)
        self.desk.run("simulate", f"Response to {shown_name(subject, case)}", work, self._done)

    def refresh(self, case: Case) -> None:
        paths = [p for p in case.paths() if p.startswith(("plan/stents/", "plan/resections/"))]
        self._fill(case, paths)
        path = self.subject.currentData() or ""
        has_subject = bool(path)
        self.subject.setVisible(has_subject)
        self._settings_heading.setVisible(has_subject)
        self._hint.setVisible(not has_subject)
        self._hint.setText(
            "Place a stent or plan a resection first; its tissue response is computed here."
        )
        if has_subject:
            self._show_form(path)
        elif self._form is not None:
            self._form.hide()
        why_not = "" if has_subject else "Place a stent or plan a resection in Plan first."
        if self.desk.is_running("simulate"):
            why_not = "A simulation is running; Cancel stops it."
        enable(self.run_button, why_not, hint="Runs beside the window; Cancel stops it at once.")
        self._show_answer(case, self._finding(case, path))

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
            self._forms[settings] = SettingsForm(settings)
            self._form_place.addWidget(self._forms[settings])
        self._form = self._forms[settings]
        for form in self._forms.values():
            form.setVisible(form is self._form)

    def _finding(self, case: Case, path: str) -> Finding | None:
        """The newest answer about what stands at ``path``."""
        found = [f for f in case.findings.values() if f.subject == path]
        return found[-1] if found else None

    def _show_answer(self, case: Case, finding: Finding | None) -> None:
        is_stale = finding is not None and self._freshness.is_stale(case, finding)
        for widget in (self._answer_heading, self.table, self._view_heading, self.shown):
            widget.setVisible(finding is not None)
        self._stale.setVisible(is_stale)
        self._stale.setText("!  Stale: the plan has changed since. Simulate again.")
        if finding is None:
            return
        self.table.show_rows(finding_rows(finding))
        self.shown.show_finding(finding)

    def _subject_chosen(self) -> None:
        self.desk.select(self.subject.currentData())
        self.invalidate()

    def _done(self, edit: RecordFinding) -> None:
        if self.desk.do(edit):
            path = f"findings/{edit.finding.id}"
            self.desk.view.change(finding=path)
            self.desk.select(path)
