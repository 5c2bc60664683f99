"""Steps that are not saved yet, kept on disk all the same, off the window's thread."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from surgiplan.edits import AddSegments, AddVolume, ChangeSegment, RecordFinding
from surgiplan.errors import SurgiplanError
from surgiplan.jobs import Job
from surgiplan.model import Case

from . import case_files
from .desk import Desk

if TYPE_CHECKING:
    from surgiplan.io import CaseLock, Place

__all__ = ["Autosave"]

_LARGE = (AddSegments, AddVolume, ChangeSegment, RecordFinding)
"""Edits that bring large arrays; all others are kept sooner."""


class Autosave(QObject):
    """Keeps unsaved steps beside the saves of their case, or in a case of its own if it has none.

    What was kept stays until the user saves or discards it; if the program dies before, the next
    start offers it.
    """

    kept = Signal(int)
    """So many steps are on disk now."""

    def __init__(self, desk: Desk, case_lock: Callable[[], "CaseLock | None"]) -> None:
        super().__init__(desk)
        self.interval_s = 30.0
        self.soon_s = 5.0
        """After an edit that costs nothing to write: a stent moved, a point set."""
        self._desk, self._case_lock = desk, case_lock
        self._kept: Case | None = None
        self._job: Job | None = None
        self._own: tuple[Path, CaseLock] | None = None
        self._is_paused = False
        self._has_complained = False
        # A coarse timer may be late by a twentieth, and the promise is 30 s.
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._keep)
        desk.shown.connect(self._changed)
        desk.opened.connect(self._begin)

    @property
    def seconds_left(self) -> float | None:
        """When the present steps will be kept at the latest; None if there is nothing to keep."""
        return self._timer.remainingTime() / 1000 if self._timer.isActive() else None

    @property
    def places(self) -> "list[Path | Place]":
        """The folders that may hold autosaves of the open case."""
        own: list[Path | Place] = [self._own[0]] if self._own else []
        return [*own, self._desk.path] if self._desk.path and self._case_lock() else own

    def adopt(self, path: Path, lock: "CaseLock") -> None:
        """Go on in a case that was never saved and was brought back."""
        self._own = (path, lock)
        self._kept = self._desk.session.case

    def pause(self) -> None:
        """Keep nothing more until ``resume``: a save is about to begin."""
        # A job that waits behind the save would write steps that are saved by then.
        self._is_paused = True
        self._timer.stop()
        if self._job:
            self._desk.jobs.cancel(self._job)
            self._job = None

    def resume(self) -> None:
        """Go on after a save, whether or not it worked."""
        self._is_paused = False
        self._changed(self._desk.case)

    def saved(self) -> None:
        """Everything is saved where the user wanted it, and autosaves elsewhere are gone."""
        self._kept = None
        self._release()
        self.resume()

    def discard(self, then: Callable[[], None]) -> None:
        """Forget what was kept, and then go on, even if that failed."""
        self.pause()
        places = self.places

        def done(_: Any) -> None:
            self._release()
            then()

        def failed(error: BaseException) -> None:
            self._desk.notices.show(error)
            done(None)

        if not places:
            then()
            return
        work = partial(case_files.discarded, places)
        self._desk.jobs.start("discard", work, done=done, failed=failed, quick=True)

    def close(self) -> None:
        """End with the window; what is kept and neither saved nor discarded stays."""
        self._is_paused = True
        self._timer.stop()
        self._release()

    def _begin(self) -> None:
        self.pause()
        self._release()
        self._kept = None
        self._is_paused = self._has_complained = False

    def _changed(self, _: object) -> None:
        session = self._desk.session
        if self._is_paused or not session.unsaved or session.case is self._kept:
            return
        is_large = isinstance(session.unsaved[-1], _LARGE)
        due_ms = round(1000 * (self.interval_s if is_large else self.soon_s))
        if not self._timer.isActive() or self._timer.remainingTime() > due_ms:
            self._timer.start(due_ms)

    def _keep(self) -> None:
        desk = self._desk
        case, steps = desk.session.case, desk.session.unsaved
        lock = self._case_lock()
        if desk.path and not lock and not isinstance(desk.path, Path):
            self._complain(
                f"{desk.path.name} is encrypted and read only: your steps are not kept on disk "
                "until you save them under another name."
            )
            return
        place: tuple[Path | Place, CaseLock]
        place = (desk.path, lock) if desk.path and lock else self._own_place()
        work = partial(case_files.kept, case, place[1], place[0], steps)

        def done(_: Any) -> None:
            self._kept, self._has_complained = case, False
            self.kept.emit(len(steps))
            self._changed(desk.case)

        self._job = desk.jobs.start(
            "autosave", work, done=done, failed=partial(self._failed, len(steps)), quick=True
        )

    def _failed(self, steps: int, error: BaseException) -> None:
        """Say it once, and try again: nothing is lost in memory."""
        if isinstance(error, SurgiplanError):
            self._complain(
                f"{steps} unsaved step{'' if steps == 1 else 's'} could not be kept on disk for "
                f"the case of a crash: {error} It is tried again; they are safe while this window "
                "is open."
            )
        elif not self._has_complained:
            self._has_complained = True
            self._desk.notices.show(error)
        if not self._is_paused:
            self._timer.start(round(1000 * self.interval_s))

    def _complain(self, sentence: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            self._desk.notices.say(sentence, kind="fail")

    def _own_place(self) -> tuple[Path, "CaseLock"]:
        if self._own is None:
            from surgiplan import io

            path = case_files.new_unsaved()
            self._own = (path, io.CaseLock(path))
        return self._own

    def _release(self) -> None:
        if self._own:
            self._own[1].release()
            self._own = None
