"""Work that must be done once per part of a case before its numbers follow the hand."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from surgiplan.jobs_report import Report
from surgiplan.model import Branch, Noun, Segment, Volume

from .desk import Desk

__all__ = ["Prepared"]


class Prepared(QObject):
    """Asks once, on a thread; until then the panels show no number instead of stopping."""

    ready = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._done: WeakKeyDictionary[Noun, bool] = WeakKeyDictionary()

    def has_sections(self, branch: Branch) -> bool:
        """Whether the sections of a branch are measured; if not, they will be soon."""
        return self._is_done(branch, _measure)

    def has_columns(self, organ: Segment) -> bool:
        """Whether an organ can be cut in a moment; if not, it will be soon."""
        return self._is_done(organ, _count)

    def has_skin(self, lesion: Segment, organ: Segment) -> bool:
        """Whether the margin around a lesion can be measured in a moment."""
        return self._is_done(lesion, lambda noun: _count(organ, noun))

    def has_suitability(self, volume: Volume) -> bool:
        """Whether it is known what a scan can be used for; if not, it will be soon."""
        return self._is_done(volume, _judge)

    def _is_done(self, noun: Noun, work: Callable[[Any], None]) -> bool:
        if noun not in self._done:
            self._done[noun] = False

            def prepare(report: Report) -> None:
                report(0.0, "preparing")
                work(noun)

            self._desk.background.start(
                f"prepare {id(noun)}",
                prepare,
                done=lambda _: self._finish(noun),
                failed=self._desk.notices.show,
                quick=True,
            )
        return self._done[noun]

    def _finish(self, noun: Noun) -> None:
        self._done[noun] = True
        self.ready.emit()


def _measure(branch: Branch) -> None:
    from surgiplan.planning import sections

    sections(branch)


def _judge(volume: Volume) -> None:
    from surgiplan.workflow import suitability_of

    suitability_of(volume)


def _count(organ: Segment, lesion: Segment | None = None) -> None:
    from surgiplan.planning import prepare

    prepare(organ, lesion)
