"""The second stage of a simulation: error of the mesh and scenarios, after the first answer."""

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from surgiplan.app.desk import Desk
from surgiplan.app.work import substantiated
from surgiplan.edits import RecordFinding
from surgiplan.model import Finding

from .panel import enable, quiet_label

__all__ = ["EvidenceState"]

_KIND = "evidence"


class EvidenceState(QWidget):
    """Says what is still being computed about an answer, and starts or stops it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._finding: Finding | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.words = quiet_label("evidenceState")
        self.button = QPushButton(objectName="evidenceButton")
        self.button.clicked.connect(self._clicked)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)

    def start(self, finding: Finding) -> None:
        """Compute a second mesh and the scenarios of an answer; it stands meanwhile."""
        self.drop()
        desk = self._desk
        work = partial(substantiated, desk.session.case, finding, beside=desk.writable_path)
        title = "Second mesh and scenarios"
        done = partial(self._done, finding)
        self._desk.run(_KIND, title, work, done, quiet=True, jobs=self._desk.afterwards)

    def drop(self) -> None:
        """Stop it; the first answer stays."""
        self._desk.drop(_KIND)

    def show_finding(self, finding: Finding, *, is_stale: bool) -> None:
        """Say how much of an answer there is."""
        self._finding = finding
        running = self._desk.running_of(_KIND)
        is_known = bool(finding.numbers.get("scenario_band"))
        self.setVisible(running is not None or not (is_known or self._desk.is_previewing))
        if running is not None:
            how_far = f"{100 * running.job.fraction:.0f} %"
            message = running.job.message or "waiting"
            self.words.setText(
                f"First answer. Still computing its error and band ({how_far}): {message}."
            )
            self.button.setText("Stop")
            enable(self.button, hint="The first answer stays as it is.")
            return
        reason = finding.numbers.get("discretisation_reason") or ""
        self.words.setText(f"First answer: no error and no band yet. {reason}".strip())
        self.button.setText("Compute")
        why_not = "Simulate again first: this answer is stale." if is_stale else ""
        enable(self.button, why_not, hint="A second mesh, and soft, stiff and other scenarios.")

    def _clicked(self) -> None:
        if self._desk.is_running(_KIND):
            self.drop()
        elif self._finding is not None:
            self.start(self._finding)

    def _done(self, first: Finding, edit: RecordFinding) -> None:
        """Keep it if the answer that it is about is still there."""
        if self._desk.session.case.findings.get(first.id) is first:
            self._desk.do(edit)
