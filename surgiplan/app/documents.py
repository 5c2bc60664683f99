"""Opening and saving: on a thread, under a lock, and never losing work without asking."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.jobs_report import Report
from surgiplan.model import Case

from .desk import Desk

__all__ = ["Documents"]


class Documents(QObject):
    """The case on disk that belongs to the case on the desk."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._lock: Any = None

    def ask_and_open(self) -> None:
        """Let the user choose a case, and open it."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a case (.splan)")
        if chosen:
            self.after_saving(lambda: self.open(Path(chosen)))

    def open(self, path: Path) -> None:
        """Open the case at ``path``; if it is damaged, the present one stays."""
        held = self._lock if path == self._desk.path else None
        work = partial(_opened, path, held)
        self._desk.run("open", f"Open {path.name}", work, self._lay_out, quick=True)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save where the case came from, or ask where to."""
        if self._desk.path is None or self._desk.is_read_only:
            self.save_as(then)
        else:
            self.save_to(self._desk.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a place and save there."""
        wish = f"{self._desk.case.patient.pseudonym or 'case'}.splan"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save the case", wish, "Cases (*.splan)"
        )
        if chosen:
            path = Path(chosen)
            self.save_to(path if path.suffix == ".splan" else path.with_suffix(".splan"), then)

    def save_to(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Save at ``path`` on a thread; ``then`` is called when it is on disk."""
        desk = self._desk
        held = self._lock if path == desk.path else None
        steps = desk.session.unsaved
        look = desk.view.look.to_json()
        work = partial(_saved, desk.session.case, path, held, steps, look)

        def done(lock: Any) -> None:
            if lock is not self._lock:
                self.release()
                self._lock = lock
            desk.session.mark_saved(len(steps))
            desk.path, desk.saved_at, desk.is_read_only = path, time.time(), False
            desk.saved.emit()
            if then:
                then()

        desk.run("save", f"Save {path.name}", work, done, quick=True)

    def after_saving(self, action: Callable[[], None]) -> None:
        """Do ``action``; before that, ask about unsaved changes if there are any."""
        if not self._desk.has_changes:
            action()
            return
        answer = self._asked()
        if answer == QMessageBox.StandardButton.Save:
            self.save(then=action)
        elif answer == QMessageBox.StandardButton.Discard:
            action()

    def release(self) -> None:
        """Let others open the case."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _asked(self) -> QMessageBox.StandardButton:
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setObjectName("unsavedChanges")
        box.setWindowTitle("Unsaved changes")
        count = len(self._desk.session.unsaved)
        box.setText(f"{count} step{'s' if count > 1 else ''} of this plan are not saved yet.")
        box.setInformativeText("Save them first?")
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        return buttons(box.exec())

    def _lay_out(self, found: "_Found") -> None:
        is_read_only = found.lock is None
        self.release()
        self._lock = found.lock
        self._desk.open(found.case, found.path, is_read_only=is_read_only)
        self._desk.view.begin(found.case, found.view)
        remarks = list(found.remarks)
        if is_read_only:
            remarks.append(
                f"{found.path.name} is open in another program: you can look at it, and save your "
                "changes under another name."
            )
        if remarks:
            self._desk.notices.say(" ".join(remarks))


@dataclass(frozen=True)
class _Found:
    """A case from disk; without a lock it is read only."""

    case: Case
    view: Mapping[str, Any]
    path: Path
    lock: Any
    remarks: tuple[str, ...]


def _locked(path: Path) -> Any:
    from surgiplan import io

    lock = io.CaseLock(path)
    lock.acquire()
    return lock


def _opened(path: Path, held: Any, report: Report) -> "_Found":
    """Runs on a thread; ``held`` is the lock if the case at ``path`` is open here already."""
    from surgiplan import io
    from surgiplan.planning import sections

    report(0.0, "reading")
    found = io.opened(path)
    for number, noun_path in enumerate(paths := list(found.case.paths())):
        report(number / len(paths), "reading")
        # Counted, hashed and measured here, so that no one waits for it later.
        noun = found.case.at(noun_path)
        _ = noun.digest, getattr(noun, "voxels", None)
        for branch in getattr(noun, "branches", ()):
            sections(branch)
    lock = held
    if lock is None:
        with suppress(CaseFileError):
            lock = _locked(path)
            io.log_opening(path, found)
    return _Found(found.case, found.view, path, lock, found.remarks)


def _saved(
    case: Case,
    path: Path,
    held: Any,
    steps: tuple[Edit | None, ...],
    view: Mapping[str, Any],
    report: Report,
) -> Any:
    """Runs on a thread; returns the lock of the case, which is ``held`` if it was open here."""
    from surgiplan import io

    report(0.0, "writing")
    lock = held or _locked(path)
    try:
        io.save(case, path, journal=steps, view=view)
    except BaseException:
        if lock is not held:
            lock.release()
        raise
    return lock
