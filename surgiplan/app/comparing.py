"""Two readers beside each other: what is chosen, measured and looked at; the views follow."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from surgiplan.edits import AddSegments, ChangeSegment
from surgiplan.geometry import letters
from surgiplan.model import Case, Disagreement, Place, Segment
from surgiplan.validation import ReaderScore, Rule, by_reader, parted

from .compare_work import Row, agreed, drawn_by, measured
from .palette import ADDED, MISSED
from .view_state import Marker
from .work import segments_imported

if TYPE_CHECKING:
    from .desk import Desk
    from .views import Views

__all__ = ["Comparing"]

_ZOOMED_MM = 60.0
"""At most this far from a place to the rim of the slices."""
_EYE_MM = 560.0


class Comparing(QObject):
    """Measures on workers; knows the pair that is shown and the place that is looked at."""

    changed = Signal()

    def __init__(self, desk: "Desk", views: "Views", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._views = desk, views
        self.is_on = False
        self.reference_id = self.test_id = ""
        self.rows: tuple[Row, ...] = ()
        self.scores: tuple[ReaderScore, ...] = ()
        self.apart: Disagreement | None = None
        self.at = -1
        self._asked: tuple[str, ...] = ()
        desk.opened.connect(self._opened)
        desk.shown.connect(self._case_shown)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the two differ, the worst first."""
        return self.apart.places if self.apart else ()

    @property
    def place(self) -> Place | None:
        """The place that is looked at."""
        return self.places[self.at] if 0 <= self.at < len(self.places) else None

    def begin(self) -> None:
        """Show the comparison, with the likeliest pair."""
        self.is_on = True
        self._choose_likely()
        self._refresh()

    def end(self) -> None:
        """Show the anatomy again."""
        self.is_on = False
        self._asked = ()
        self._show(None)

    def choose(self, reference_id: str, test_id: str) -> None:
        """Compare these two segments of the case."""
        if (reference_id, test_id) != (self.reference_id, self.test_id):
            self.reference_id, self.test_id = reference_id, test_id
            self.scores, self._asked = (), ()
            self._show(None)
            self._refresh()

    def go(self, step: int) -> None:
        """Look at the next worst place, or the one before; the last one leads to the first."""
        if self.places:
            at = self.at + step if self.at >= 0 else (0 if step > 0 else len(self.places) - 1)
            self.look_at(at % len(self.places))

    def look_at(self, number: int) -> None:
        """Bring a place to the middle of all views: crosshair, slices, and the eye in space."""
        if not 0 <= number < len(self.places):
            return
        self.at = number
        place, apart = self.places[number], self.apart
        assert apart is not None
        x, y, z = (float(value) for value in place.point_lps)
        self._desk.view.change(crosshair_lps=(x, y, z))
        for view in self._views.all.values():
            if view.kind == "3d":
                outward = place.point_lps - apart.reference.centroid_lps
                view.scene.face(place.point_lps, outward, _EYE_MM)
            else:
                view.scene.center_on(place.point_lps, _ZOOMED_MM)
            view.redraw()
        self._mark()
        self.changed.emit()

    def verdict(self, place: Place) -> str:
        """``accepted``, ``rejected`` or nothing, as the reader's segment remembers it."""
        segment = self._desk.case.segments.get(self.test_id)
        for remark in reversed(segment.remarks if segment else ()):
            for word in ("accepted", "rejected"):
                if remark == _sentence(place, word):
                    return word
        return ""

    def judge(self, word: str) -> None:
        """Accept or reject the place that is looked at, and go on to the next one.

        The reader's segment keeps the verdict with the place; a rejection flags its review.
        """
        place, segment = self.place, self._desk.session.case.segments.get(self.test_id)
        if place is None or segment is None:
            return
        mine = {_sentence(place, one) for one in ("accepted", "rejected")}
        kept = tuple(remark for remark in segment.remarks if remark not in mine)
        review = "flagged" if word == "rejected" else segment.review
        review = "in_progress" if review == "not_started" else review
        told = replace(segment, remarks=(*kept, _sentence(place, word)), review=review)
        what = f"{word.removesuffix('ed').capitalize()} a place of {segment.name}"
        if self._desk.do(ChangeSegment(told, what)):
            self.go(1)

    def read(self, paths: list[Path], reader: str) -> None:
        """Add another reader's segmentation to the case, under the reader's name."""
        work = partial(segments_imported, self._desk.session.case, paths, reader=reader)
        self._desk.run("importSegments", f"Reading {reader}", work, self._reader_added)

    def agree(self, rule: Rule) -> None:
        """Make the consensus of all readers of the structure that is compared."""
        case = self._desk.session.case
        structure = parted(case.segment(self.test_id).name)[0]
        work = partial(agreed, case, structure, rule)
        self._desk.run("consensus", f"Consensus on {structure}", work, self._agreed)

    def why_no_consensus(self) -> str:
        """What is missing for one, or an empty string."""
        test = self._desk.case.segments.get(self.test_id)
        drawn = drawn_by(self._desk.case, parted(test.name)[0]) if test else {}
        return "" if len(drawn) > 1 else "Two readers must have drawn it; add another reader first."

    def _agreed(self, answer: tuple[AddSegments, tuple[ReaderScore, ...]]) -> None:
        edit, scores = answer
        if self._desk.do(edit):
            self.choose(edit.segments[0].id, self.test_id)
            self.scores = scores
            self.changed.emit()

    def _reader_added(self, edit: AddSegments) -> None:
        if not self._desk.do(edit):
            return
        told = [remark for one in edit.segments for remark in one.remarks]
        if told:
            self._desk.notices.say(" ".join(told))
        case = self._desk.case
        for one in edit.segments:
            mine = drawn_by(case, parted(one.name)[0]).get("")
            if mine is not None:
                self.choose(mine.id, one.id)
                return
        self.choose(self.reference_id, edit.segments[0].id)

    def _opened(self) -> None:
        self.reference_id = self.test_id = ""
        self.rows, self.scores, self._asked = (), (), ()
        self._show(None)

    def _case_shown(self, case: Case) -> None:
        if self.is_on and not self._desk.is_previewing:
            if not {self.reference_id, self.test_id} <= case.segments.keys():
                self._choose_likely()
            self._refresh()

    def _choose_likely(self) -> None:
        """The first structure that two readers drew; of those, the one without a reader's name."""
        case = self._desk.case
        if {self.reference_id, self.test_id} <= case.segments.keys() and self.test_id:
            return
        self.reference_id = self.test_id = ""
        for structure in dict.fromkeys(parted(s.name)[0] for s in case.segments.values()):
            drawn = list(drawn_by(case, structure).values())
            if len(drawn) > 1:
                self.reference_id, self.test_id = drawn[0].id, drawn[1].id
                return

    def _refresh(self) -> None:
        """Measure what is chosen, unless that was done or is being done."""
        case = self._desk.session.case
        pair = [case.segments.get(one) for one in (self.reference_id, self.test_id)]
        reference, test = pair
        if reference is None or test is None or reference is test:
            self._show(None)
            return
        digests = (reference.digest, test.digest)
        if self.apart and digests == (self.apart.reference.digest, self.apart.test.digest):
            return
        if self._asked != digests:
            self._asked = digests
            work = partial(measured, reference, test, _pairs(case, reference, test))
            self._desk.run(
                "compare", "Comparing segmentations", work, self._done, otherwise=self._failed
            )
        self.changed.emit()

    def _done(self, answer: tuple[Disagreement, tuple[Row, ...]]) -> None:
        apart, rows = answer
        case = self._desk.session.case
        wanted = [case.segments.get(one) for one in (self.reference_id, self.test_id)]
        made = (apart.reference.digest, apart.test.digest)
        reference, test = wanted
        if self.is_on and reference and test and made == (reference.digest, test.digest):
            self.rows, self.at = rows, -1
            # The case's own segments, whose surfaces are known; a worker answers with copies.
            self._show(replace(apart, reference=reference, test=test))

    def _failed(self) -> None:
        self._show(None)

    def _show(self, apart: Disagreement | None) -> None:
        self.apart = apart
        if apart is None:
            self.at = -1
        if self._desk.view.look.comparison is not apart:
            self._desk.view.change(comparison=apart)
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        place = self.place
        if place is None:
            self._desk.view.mark(())
            return
        text = f"{self.at + 1}: {place.distance_mm:.0f} mm {place.words}"
        colour = MISSED if place.is_missed else ADDED
        self._desk.view.mark([Marker(place.point_lps, text, colour)])


def _sentence(place: Place, word: str) -> str:
    """What a segment remembers of a place: verdict, size, and where it is."""
    parts = []
    for axis, value in enumerate(place.point_lps):
        way = np.zeros(3)
        way[axis] = 1.0 if value >= 0 else -1.0
        parts.append(f"{letters(way)} {abs(value):.0f}")
    return (
        f"{word.capitalize()}: {place.distance_mm:.1f} mm ({place.volume_ml:.2f} ml) "
        f"{place.words} at {', '.join(parts)} mm."
    )


def _pairs(case: Case, reference: Segment, test: Segment) -> list[tuple[Segment, Segment, str]]:
    """What the table compares: the chosen pair, and all structures of the reference's reader."""
    readers = by_reader(case.segments.values())
    mine = readers.get(parted(reference.name)[1], {})
    pairs = [
        (one, theirs[structure], reader)
        for structure, one in mine.items()
        for reader, theirs in readers.items()
        if structure in theirs and theirs is not mine
    ]
    if not any((one, other) == (reference, test) for one, other, _ in pairs):
        pairs.insert(0, (reference, test, parted(test.name)[1]))
    return pairs
