"""Knows which findings are stale without ever hashing a scan on the main thread."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from surgiplan.jobs_report import Report
from surgiplan.model import Case, Centerline, Finding, Noun

from .desk import Desk

__all__ = ["Freshness"]


class Freshness(QObject):
    """Answers at once where the digests are known, and has the others computed."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._answers: dict[str, bool] = {}
        desk.opened.connect(self._answers.clear)

    def is_stale(self, case: Case, computed: Finding | Centerline) -> bool:
        """Whether an input changed since; the last known answer while a digest is computed."""
        name = f"{type(computed).__name__} {computed.id}"
        unknown = _undigested(case, computed.made_from)
        if unknown:
            self._digest(unknown)
            return self._answers.get(name, False)
        self._answers[name] = case.is_stale(computed.made_from)
        return self._answers[name]

    def _digest(self, nouns: list[Noun]) -> None:
        self._desk.background.start(
            "digests",
            lambda report: _computed(nouns, report),
            done=lambda _: self.changed.emit(),
            failed=self._desk.notices.show,
            quick=True,
        )


def _computed(nouns: list[Noun], report: Report) -> None:
    for number, noun in enumerate(nouns):
        report(number / len(nouns), "checking what changed")
        _ = noun.digest


def _undigested(case: Case, made_from: Mapping[str, str]) -> list[Noun]:
    """The inputs, and theirs, whose content nobody has hashed yet and that are not small."""
    found: list[Noun] = []
    for path in made_from:
        noun = case.at(path)
        if noun is None:
            continue
        if "digest" not in vars(noun) and path.split("/")[0] in ("volumes", "segments", "findings"):
            found.append(noun)
        found += _undigested(case, getattr(noun, "made_from", {}))
    return found
