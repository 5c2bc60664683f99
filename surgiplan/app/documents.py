"""Opening and saving: on a thread, under a lock, and never losing work without asking."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from . import case_files
from .autosave import Autosave
from .case_files import Found
from .desk import Desk
from .encryption import Encryption

if TYPE_CHECKING:
    from surgiplan.io import CaseLock, Place

__all__ = ["Documents"]

_BUTTONS = QMessageBox.StandardButton


class Documents(QObject):
    """The case on disk that belongs to the case on the desk."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self.desk = self._desk = desk
        self._window = window
        self._lock: CaseLock | None = None
        self.autosave = Autosave(desk, lambda: self._lock)
        self.encryption = Encryption(self, window)

    def ask_and_open(self) -> None:
        """Let the user choose a case, and open it."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a case (.splan)")
        if chosen:
            self.after_saving(lambda: self.open(Path(chosen)))

    def open(self, path: Path) -> None:
        """Open the case at ``path``; if it is damaged, the present one stays."""
        if path.suffix == ".splanz":
            self._ask_and_unpack(path)
            return
        from surgiplan import io

        if io.is_encrypted(path):
            self.encryption.open(path, self._found)
            return
        work = partial(case_files.opened, path, self.lock_of(path))
        self._desk.run("open", f"Open {path.name}", work, self._found, quick=True)

    def ask_and_open_sent(self) -> None:
        """Let the user choose a file that was sent, and open the case in it."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, "Open a case that was sent", "", "Sent cases (*.splanz)"
        )
        if chosen:
            self.after_saving(lambda: self.open(Path(chosen)))

    def bring_back(self, otherwise: Callable[[], object]) -> None:
        """Offer work on a case that was never saved, if a program died with it.

        ``otherwise`` is called if there is none, or the user does not want it now.
        """

        def found(one: Found | None) -> None:
            if one:
                self._found(one, otherwise)
            else:
                otherwise()

        self._desk.run(
            "open", "Look for unsaved work", case_files.found_lost, found, quick=True,
            otherwise=otherwise,
        )  # fmt: skip

    def bring_back_or_say(self) -> None:
        """The same, and say so if there is none."""
        sentence = "There is no other work that a program did not live to save."
        self.after_saving(lambda: self.bring_back(lambda: self._desk.notices.say(sentence)))

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save where the case came from, or ask where to."""
        if self._desk.path is None or self._desk.is_read_only:
            self.save_as(then)
        else:
            self.save_to(self._desk.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a place and save there."""
        if path := self._asked_where("Save the case", ".splan", "Cases (*.splan)"):
            self.save_to(path, then)

    def save_to(self, path: "Path | Place", then: Callable[[], None] | None = None) -> None:
        """Save at ``path`` on a thread; ``then`` is called when it is on disk."""
        desk = self._desk
        held = self.lock_of(path)
        like = desk.path if not held and not isinstance(desk.path, Path) else None
        steps = desk.session.unsaved
        look = desk.view.look.to_json()
        self.autosave.pause()
        work = partial(
            case_files.saved, desk.session.case, path, held, steps, look, self.autosave.places, like
        )

        def done(answer: "tuple[Path | Place, CaseLock]") -> None:
            place, lock = answer
            if lock is not self._lock:
                self.release()
                self._lock = lock
            desk.session.mark_saved(len(steps))
            desk.path, desk.saved_at, desk.is_read_only = place, time.time(), False
            self.autosave.saved()
            desk.saved.emit()
            if then:
                then()

        desk.run(
            "save", f"Save {path.name}", work, done, quick=True, otherwise=self.autosave.resume
        )

    def send(self) -> None:
        """Save, and write the case to one file."""
        if self._desk.has_changes or self._desk.path is None:
            self.save(then=self.send)
            return
        source = self._desk.path
        file = self._asked_where("Send the case", ".splanz", "Sent cases (*.splanz)")
        if file is None:
            return

        with_identity = self._desk.case.identity is not None

        def done(file: Path) -> None:
            who = "with" if with_identity else "without"
            self._desk.notices.say(
                f"{file.name} is written, {who} the patient's name.", kind="done"
            )

        work = partial(case_files.packed, source, file, with_identity)
        self._desk.run("send", f"Send {file.name}", work, done, quick=True)

    def after_saving(self, action: Callable[[], None]) -> None:
        """Do ``action``; before that, ask about unsaved changes if there are any."""
        if not self._desk.has_changes:
            action()
            return
        count = len(self._desk.session.unsaved)
        answer = self._asked(
            "unsavedChanges", "Unsaved changes",
            f"{count} step{'s' if count > 1 else ''} of this plan are not saved yet.",
            "Save them first?",
        )  # fmt: skip
        if answer == _BUTTONS.Save:
            self.save(then=action)
        elif answer == _BUTTONS.Discard:
            self.autosave.discard(action)

    def close(self) -> None:
        """End with the window."""
        self.autosave.close()
        self.release()

    def lock_of(self, path: "Path | Place") -> "CaseLock | None":
        """The lock of the case at ``path`` if it is the one on the desk."""
        is_here = self._desk.path is not None and Path(path) == Path(self._desk.path)
        return self._lock if is_here else None

    def release(self) -> None:
        """Let others open the case."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _found(self, found: Found, otherwise: Callable[[], object] | None = None) -> None:
        """Lay a case on the desk; before that, ask about work in it that was never saved."""
        if found.lost is None:
            self._lay_out(found)
            return
        name = "A case that was never saved" if found.is_unsaved else found.path.name
        answer = self._asked(
            "lostWork", "Unsaved work",
            f"{name} holds work that a program did not live to save: {found.lost.summary}.",
            "Bring it back? You can undo it, and nothing is saved before you save it.",
            keep=_BUTTONS.Yes,
        )  # fmt: skip
        if answer == _BUTTONS.Yes:
            self._lay_out(found)
        elif answer == _BUTTONS.Discard:
            work = partial(case_files.discarded, [found.path])
            without = partial(self._without, found, otherwise)
            self._desk.run("open", "Discard unsaved work", work, lambda _: without(), quick=True)
        else:
            if found.lock and found.lock is not self._lock:
                found.lock.release()
            if otherwise:
                otherwise()

    def _without(self, found: Found, otherwise: Callable[[], object] | None) -> None:
        """After lost work was discarded: what was saved, or the next case that never was."""
        if found.is_unsaved:
            if found.lock:
                found.lock.release()
            self.bring_back(otherwise or _nothing)
        else:
            self._lay_out(replace(found, lost=None, resumed=None))

    def _lay_out(self, found: Found) -> None:
        is_read_only = found.lock is None or found.is_newer
        if found.lock is not self._lock:
            self.release()
        self._lock = None if found.is_unsaved else found.lock
        path = None if found.is_unsaved else found.path
        self._desk.open(found.case, path, is_read_only=is_read_only, session=found.resumed)
        self._desk.view.begin(self._desk.case, found.view)
        if found.is_unsaved and found.lock:
            self.autosave.adopt(Path(found.path), found.lock)
        remarks = list(found.remarks)
        if found.lock is None:
            remarks.append(
                f"{found.path.name} is open in another program: you can look at it, and save your "
                "changes under another name."
            )
        if remarks:
            self._desk.notices.say(" ".join(remarks))

    def _ask_and_unpack(self, file: Path) -> None:
        path = self._asked_where("Put the case", ".splan", "Cases (*.splan)", file.stem)
        if path:
            work = partial(case_files.unpacked, file, path)
            self._desk.run("open", f"Open {file.name}", work, self._found, quick=True)

    def _asked_where(self, title: str, suffix: str, kinds: str, stem: str = "") -> Path | None:
        """The place that the user chooses for a case or a file; None if none."""
        wish = stem or self._desk.case.patient.pseudonym or "case"
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, wish + suffix, kinds)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == suffix else path.with_suffix(suffix)

    def _asked(
        self,
        name: str,
        title: str,
        text: str,
        question: str,
        keep: QMessageBox.StandardButton = _BUTTONS.Save,
    ) -> QMessageBox.StandardButton:
        box = QMessageBox(self._window)
        box.setObjectName(name)
        box.setWindowTitle(title)
        box.setText(text)
        box.setInformativeText(question)
        box.setStandardButtons(keep | _BUTTONS.Discard | _BUTTONS.Cancel)
        box.setDefaultButton(keep)
        return _BUTTONS(box.exec())


def _nothing() -> None:
    return None
