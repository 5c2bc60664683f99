"""The bar above, with the road a case travels, and the bar below, with who, what and how far."""

import time
from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from surgiplan import RESEARCH_USE
from surgiplan.model import Case

from .desk import Desk
from .freshness import Freshness
from .surfaces import Surfaces

__all__ = ["STAGES", "BottomBar", "TopBar"]

STAGES = ("Patient", "Images", "Anatomy", "Plan", "Simulate", "Report")


class TopBar(QFrame):
    """Brand, stages, undo, redo, and the search of all actions."""

    stage_chosen = Signal(str)

    def __init__(
        self, desk: Desk, freshness: Freshness, actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("topBar")
        self._desk, self._freshness = desk, freshness
        self.has_report = False
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(4)
        row.addWidget(QLabel("surgiplan", objectName="brand"))
        row.addSpacing(20)
        self.stages: dict[str, QPushButton] = {}
        for stage in STAGES:
            button = QPushButton(stage)
            button.setCheckable(True)
            button.setProperty("role", "stage")
            button.setObjectName(f"stage_{stage.lower()}")
            button.clicked.connect(lambda _=False, chosen=stage: self.stage_chosen.emit(chosen))
            row.addWidget(button)
            self.stages[stage] = button
        row.addStretch(1)
        for name, text in (("undo", "↶"), ("redo", "↷"), ("search", "Search actions   Ctrl+K")):
            button = QPushButton(text, objectName=f"{name}Button")
            button.setAccessibleName(name.capitalize())
            button.clicked.connect(actions[name].trigger)
            row.addWidget(button)
            setattr(self, f"_{name}", button)
        desk.shown.connect(self.refresh)
        freshness.changed.connect(self.refresh)
        desk.opened.connect(self._opened)
        self.refresh()

    def _opened(self) -> None:
        self.has_report = False

    def show_stage(self, stage: str) -> None:
        """Underline the stage that the panel on the right belongs to."""
        for name, button in self.stages.items():
            button.setChecked(name == stage)

    def refresh(self, *_: object) -> None:
        """Tick what is done, and say what undo and redo would do."""
        case = self._desk.case
        for stage, done in _done(case, self._freshness, has_report=self.has_report).items():
            button = self.stages[stage]
            text = f"✓  {stage}" if done else stage
            if button.text() != text:
                button.setText(text)
                button.setProperty("done", "true" if done else "false")
                button.style().unpolish(button)
                button.style().polish(button)
        session = self._desk.session
        for button, word, label in (
            (self._undo, "undo", session.undo_label),  # type: ignore[attr-defined]
            (self._redo, "redo", session.redo_label),  # type: ignore[attr-defined]
        ):
            shortcut = {"undo": "Ctrl+Z", "redo": "Ctrl+Y"}[word]
            button.setEnabled(label is not None)
            button.setToolTip(
                f"{word.capitalize()}: {label}  ({shortcut})" if label else f"Nothing to {word}."
            )


def _done(case: Case, freshness: Freshness, *, has_report: bool) -> dict[str, bool]:
    fresh = [f for f in case.findings.values() if not freshness.is_stale(case, f)]
    return {
        "Patient": bool(case.patient.pseudonym and case.volumes),
        "Images": bool(case.volumes),
        "Anatomy": bool(case.segments),
        "Plan": bool(case.plan.stents or case.plan.resections),
        "Simulate": bool(fresh),
        "Report": has_report,
    }


class BottomBar(QFrame):
    """Who, which scan, saved when; the running job with Cancel; the research-use line."""

    def __init__(self, desk: Desk, surfaces: Surfaces, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottomBar")
        self._desk, self._surfaces = desk, surfaces
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 14, 4)
        row.setSpacing(8)
        self.who = QLabel(objectName="whoLabel")
        self.name = QLabel(objectName="nameLabel")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setProperty("role", "attention")
        self.name.setToolTip("Everybody who sees this screen, or a picture of it, sees the name.")
        self.what = QLabel(objectName="jobLabel")
        self.bar = QProgressBar(objectName="jobBar")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setFixedSize(100, 6)
        self.left = QLabel(objectName="jobTimeLeft")
        self.left.setMinimumWidth(64)
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cancel = QPushButton("Cancel", objectName="cancelJob")
        self.cancel.setToolTip("Stop this job; the case stays as it is.")
        self.cancel.clicked.connect(desk.cancel_jobs)
        notice = QLabel(RESEARCH_USE, objectName="researchUse")
        row.addWidget(self.name)
        row.addWidget(self.who)
        row.addStretch(1)
        for widget in (self.what, self.bar, self.left, self.cancel):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(widget is self.cancel)
            widget.setSizePolicy(policy)
            row.addWidget(widget)
        row.addSpacing(16)
        row.addWidget(notice)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self.refresh)
        self._clock.start()
        for signal in (
            desk.shown, desk.saved, desk.opened, desk.jobs_changed, desk.name_toggled,
            surfaces.ready,
        ):  # fmt: skip
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the present state of affairs."""
        name = self._desk.name_on_screen
        self.name.setVisible(bool(name))
        _say(self.name, f"● {name}" if name else "")
        _say(self.who, "   ·   ".join(_who(self._desk)))
        running = self._desk.running
        for widget in (self.bar, self.left, self.cancel):
            widget.setVisible(running is not None)
        if running is None:
            pending = self._surfaces.pending
            _say(self.what, f"Surface of {pending[0]}…" if pending else "")
            return
        message = running.job.message or "starting"
        _say(self.what, f"{running.title}: {message}" if message else running.title)
        self.bar.setValue(round(running.job.fraction * 1000))
        seconds = running.seconds_left
        _say(self.left, "" if seconds is None else f"{_duration(seconds)} left")


def _say(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)


def _who(desk: Desk) -> list[str]:
    case = desk.case
    texts = [f"Pseudonym {case.patient.pseudonym}" if case.patient.pseudonym else "No patient yet"]
    if case.volumes:
        volume = case.volume(desk.view.look.volume_id) if _is_known(desk) else case.volume()
        date = volume.source.study_date
        texts.append(f"{volume.source.description or volume.name} {date}".strip())
    texts.append(_saved(desk))
    return texts


def _is_known(desk: Desk) -> bool:
    return desk.view.look.volume_id in desk.case.volumes


def _saved(desk: Desk) -> str:
    if desk.is_read_only:
        return "read only: open elsewhere"
    changes = sum(1 for _ in desk.session.unsaved)
    if desk.saved_at is None:
        return "not saved yet" if changes else "nothing to save"
    if changes:
        return "unsaved changes"
    return f"saved {_duration(time.time() - desk.saved_at)} ago"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
