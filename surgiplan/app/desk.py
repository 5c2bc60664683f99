"""What all parts of the window share: the open case, its jobs, its view and the messages."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from surgiplan.edits import Edit
from surgiplan.errors import Cancelled, SurgiplanError
from surgiplan.jobs import Job, Jobs
from surgiplan.model import Case
from surgiplan.session import Session

from .bridge import MainThread
from .errors import Notices
from .view_state import ViewState

if TYPE_CHECKING:
    from surgiplan.io import Place

    from .tools import Tool

__all__ = ["Desk", "Running"]

Work = Callable[[Callable[[float, str], None]], Any]


@dataclass
class Running:
    """A job that the user waits for."""

    title: str
    job: Job
    since: float
    jobs: Jobs
    """Who runs it."""

    @property
    def seconds_left(self) -> float | None:
        """What is left if it goes on like this [s]; None while nobody can know."""
        if self.job.fraction < 0.03:
            return None
        elapsed = time.monotonic() - self.since
        return elapsed * (1 - self.job.fraction) / self.job.fraction


class Desk(QObject):
    """The open case and everything that works on it.  Lives on the main thread."""

    shown = Signal(object)
    """The case to show, preview included, after every change."""
    opened = Signal()
    """Another case lies on the desk."""
    selected = Signal(str)
    """Path in the case of what the user looks at; empty for nothing."""
    jobs_changed = Signal()
    tool_changed = Signal(object)
    """The mouse tool in use, or None for the one we always come back to."""
    saved = Signal()
    name_toggled = Signal()
    """The patient's name was put on the screen, or taken off it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = MainThread(self)
        self.notices = Notices(self)
        self.jobs = Jobs(self._bridge.post)
        self.background = Jobs(self._bridge.post)
        """For what nobody asked for but the views need: surfaces, thumbnails."""
        self.afterwards = Jobs(self._bridge.post)
        """For what follows an answer for minutes; stopping it leaves the next answer quick."""
        self.view = ViewState(self)
        self.notices.placed.connect(lambda point: self.view.change(crosshair_lps=point))
        self.session = Session(Case())
        self.path: Path | Place | None = None
        self.is_read_only = False
        self.saved_at: float | None = None
        self.selection = ""
        self.is_previewing = False
        self.is_name_shown = False
        """Whether name and birth date are on the screen; never so at a start, and never saved."""
        self.tool: Tool | None = None
        self._running: list[Running] = []
        self.session.on_change(self._show)

    @property
    def case(self) -> Case:
        """The case on the screen, preview included."""
        return self.session.shown

    @property
    def running(self) -> Running | None:
        """The job that the user waits for, if any."""
        return self._running[0] if self._running else None

    @property
    def writable_path(self) -> "Path | Place | None":
        """Where the case lies on disk, if this window may write there."""
        return None if self.is_read_only else self.path

    @property
    def has_changes(self) -> bool:
        """Whether closing now would lose work."""
        return bool(self.session.unsaved)

    def open(
        self, case: Case, path: "Path | Place | None" = None, *, is_read_only: bool = False,
        session: Session | None = None,
    ) -> None:  # fmt: skip
        """Put another case on the desk; jobs for the former one are dropped.

        ``session`` has steps beyond ``case`` that are not saved.
        """
        self.cancel_jobs()
        self.use(None)
        self.path, self.is_read_only = path, is_read_only
        self.saved_at = time.time() if path else None
        self.session = session or Session(case)
        self.selection = ""
        self.is_previewing = False
        self.is_name_shown = False
        self.opened.emit()
        self.session.on_change(self._show)
        self.selected.emit("")

    def do(self, edit: Edit) -> bool:
        """Apply an edit; whether it worked.  If not, the sentence is shown and nothing changed."""
        self.is_previewing = False
        try:
            self.session.do(edit)
        except SurgiplanError as error:
            self.session.preview(None)
            self.notices.show(error)
            return False
        self.notices.clear()
        return True

    def preview(self, edit: Edit | None) -> bool:
        """Show an edit without deciding on it; whether it makes sense on this case."""
        try:
            self.is_previewing = edit is not None
            self.session.preview(edit)
        except SurgiplanError as error:
            self.notices.show(error)
            return False
        return True

    def undo(self) -> None:
        """Take back the last edit, or the preview if there is one."""
        if self.is_previewing:
            self.preview(None)
            return
        self.session.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.session.redo()

    @property
    def name_on_screen(self) -> str:
        """Name and birth date if somebody chose to see them, otherwise nothing."""
        who = self.case.identity
        if who is None or not self.is_name_shown:
            return ""
        return f"{who.readable_name or 'no name'}, born {who.birth_date or 'on no stated date'}"

    def toggle_name(self) -> None:
        """Put the patient's name on the screen, or take it off."""
        self.is_name_shown = not self.is_name_shown
        self.name_toggled.emit()

    def select(self, path: str) -> None:
        """Say what the user looks at now."""
        if path != self.selection:
            self.selection = path
            self.selected.emit(path)

    def use(self, tool: "Tool | None") -> None:
        """Take another mouse tool; None puts it away."""
        if self.tool is not None and self.tool is not tool:
            self.tool.cancel()
        self.tool = tool
        self.tool_changed.emit(tool)

    def run(
        self, kind: str, title: str, work: Work, done: Callable[[Any], object] | None = None,
        *, quick: bool = False, otherwise: Callable[[], object] | None = None,
        partial: Callable[[Any], None] | None = None, quiet: bool = False,
        jobs: Jobs | None = None,
    ) -> Running:  # fmt: skip
        """Start a job that the user sees; its answer is an edit unless ``done`` says otherwise.

        ``otherwise`` is called if there is no answer; ``partial`` hears what there is of it so far,
        and then ``work`` is called as ``work(report, partial=...)``.  A ``quiet`` one says nothing
        when it is cancelled or replaced.  ``jobs`` run it, those of the desk unless given.
        """
        answer = done or self.do
        runs_it = jobs or self.jobs

        def finished() -> None:
            if running in self._running:
                self._running.remove(running)
            self.jobs_changed.emit()

        def on_done(value: Any) -> None:
            finished()
            with self.notices.shown_here():
                answer(value)

        def on_failed(error: BaseException) -> None:
            finished()
            self.notices.show(error)
            if otherwise:
                otherwise()

        def on_cancelled(why: str) -> None:
            finished()
            if not quiet:
                self.notices.show(Cancelled(why))
            if otherwise:
                otherwise()

        def on_progress(_fraction: float, _message: str) -> None:
            if running.since == 0.0:
                running.since = time.monotonic()
            self.jobs_changed.emit()

        job = runs_it.start(
            kind, work, done=on_done, failed=on_failed, cancelled=on_cancelled,
            progress=on_progress, quick=quick, partial=partial,
        )  # fmt: skip
        running = Running(title, job, time.monotonic(), runs_it)
        self._running.append(running)
        self.notices.clear()
        self.jobs_changed.emit()
        return running

    def log(self, entry: Callable[[], object]) -> None:
        """Write an entry of the audit log on a thread; an error is shown."""
        self.background.start(
            f"log {time.monotonic_ns()}", lambda _: entry(), done=lambda _: None,
            failed=self.notices.show, quick=True,
        )  # fmt: skip

    def is_running(self, kind: str) -> bool:
        """Whether a job of that kind runs or waits."""
        return self.running_of(kind) is not None

    def running_of(self, kind: str) -> Running | None:
        """The job of that kind that runs or waits, if any."""
        return next((one for one in self._running if one.job.kind == kind), None)

    def drop(self, kind: str) -> None:
        """Stop the jobs of one kind."""
        for running in tuple(self._running):
            if running.job.kind == kind:
                running.jobs.cancel(running.job)

    def cancel_jobs(self) -> None:
        """Stop everything the user waits for."""
        for running in tuple(self._running):
            running.jobs.cancel(running.job)

    def close(self) -> None:
        """End the worker processes."""
        self.jobs.close()
        self.background.close()
        self.afterwards.close()

    def _show(self, case: Case) -> None:
        self.shown.emit(case)
        if self.selection and case.at(self.selection) is None:
            self.select("")
