"""Report: what will be on paper, and the one button that writes it."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QFileDialog

from surgiplan import io
from surgiplan.app.desk import Desk
from surgiplan.app.freshness import Freshness
from surgiplan.app.work import report_written
from surgiplan.model import Case

from .panel import NumberTable, Panel, enable

__all__ = ["ReportPanel"]


class ReportPanel(Panel):
    """Contents, warnings about what is stale, and where the plan was written."""

    def __init__(self, desk: Desk, freshness: Freshness, written: Any) -> None:
        super().__init__(desk)
        self._freshness, self._written = freshness, written
        self.heading("Plan on paper")
        self.contents = NumberTable()
        self.body.addWidget(self.contents)
        self._stale = self.hint("", "reportStale")
        self._stale.setProperty("role", "attention")
        self._hint = self.hint("", "reportHint")
        self.with_identity = QCheckBox("Print name and birth date", objectName="reportIdentity")
        self.body.addWidget(self.with_identity)
        self.where = self.hint("", "reportWhere")
        desk.opened.connect(lambda: self.with_identity.setChecked(False))
        self.write_button = self.primary("Write PDF…", "reportButton")
        self.write_button.clicked.connect(self.ask_and_write)

    def refresh(self, case: Case) -> None:
        plan = case.plan
        counts = {
            "Structures": case.segments,
            "Centrelines": plan.centerlines,
            "Stents": plan.stents,
            "Resections": plan.resections,
            "Distances": plan.measurements,
            "Simulations": case.findings,
        }
        self.contents.show_rows([(name, str(len(nouns)), "", "") for name, nouns in counts.items()])
        stale = sum(self._freshness.is_stale(case, f) for f in case.findings.values())
        self._stale.setVisible(stale > 0)
        self._stale.setText(
            f"!  {stale} simulation{'s are' if stale > 1 else ' is'} stale and printed as stale."
        )
        self._hint.setText(
            "Pictures of the views, measurements with units, methods and versions, one page each."
        )
        nameless = "" if case.identity else "This case holds no name."
        enable(self.with_identity, nameless, hint="They stand on each page, beside the pseudonym.")
        why_not = "" if case.volumes else "Import a scan first."
        if self.desk.is_running("report"):
            why_not = "The plan is being written."
        enable(self.write_button, why_not, hint="Writes the plan as PDF.")

    def ask_and_write(self) -> None:
        """Ask for a place, and write the plan there."""
        wish = f"{self.desk.case.patient.pseudonym or 'plan'}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(self, "Write the plan", wish, "PDF (*.pdf)")
        if chosen:
            path = Path(chosen)
            self.write(path if path.suffix.lower() == ".pdf" else path.with_suffix(".pdf"))

    def write(self, path: Path) -> None:
        """Write the plan to ``path`` in the worker process."""
        desk = self.desk
        name = desk.path.stem if desk.path else "case not saved"
        head = io.audit_head(desk.path) if desk.path else ""
        options = {
            "look": desk.view.look,
            "audit_head": head,
            "with_identity": self.with_identity.isEnabled() and self.with_identity.isChecked(),
        }
        work = partial(report_written, desk.session.case, name, path, options)
        desk.run(
            "report", "Write the plan", work, partial(self._done, path, options["with_identity"])
        )

    def _done(self, path: Path, with_identity: bool, pages: int) -> None:
        sentence = f"The plan is written: {path.name}, {pages} pages, in {path.parent}."
        self.where.setText(f"✓  {sentence}")
        self.desk.notices.say(sentence, kind="done")
        self._written()
        if self.desk.path:
            entry = partial(io.log_export, self.desk.path, path, with_identity=with_identity)
            self.desk.log(entry)
