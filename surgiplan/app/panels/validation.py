"""Compare segmentations: choose two readers, read the numbers, walk through the worst places."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QInputDialog, QPushButton

from surgiplan.app.comparing import Comparing
from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox
from surgiplan.app.words import shown_name
from surgiplan.model import Case
from surgiplan.validation import Agreement, Rule, Surface, definitions

from .panel import NumberTable, Panel, enable
from .validation_lists import PlacesTable, ReadersTable

__all__ = ["ValidationPanel"]

Slot = Callable[[], object]

_FILES = "Segmentations (*.dcm *.seg *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd);;All files (*)"


class ValidationPanel(Panel):
    """Reference and reader above; numbers and worst places below; the next place at the foot."""

    def __init__(self, desk: Desk, comparing: Comparing, leave: Slot, edit: Slot) -> None:
        super().__init__(desk)
        self._comparing = comparing
        self.heading("Compare segmentations")
        self.reference, self.test = ChoiceBox("referenceChoice"), ChoiceBox("readerChoice")
        for box in (self.reference, self.test):
            box.activated.connect(self._chosen)
        self.rows([("Reference", self.reference), ("Reader", self.test)])
        self.add_button = QPushButton("Add a reader…", objectName="addReader")
        self.add_button.clicked.connect(self._ask_for_reader)
        self.body.addWidget(self.add_button)
        self._hint = self.hint("", "compareHint")
        self.table = ReadersTable()
        self.table.chosen.connect(self._row_chosen)
        self.body.addWidget(self.table)
        self.places = PlacesTable()
        self.places.chosen.connect(comparing.look_at)
        self.body.addWidget(self.places)
        self._no_places = self.hint("", "placesHint")
        self._lay_verdicts(edit)
        self._numbers_heading = self.heading("Numbers")
        self.numbers = NumberTable()
        self.numbers.setObjectName("agreementTable")
        self.body.addWidget(self.numbers)
        self._meaning = self.hint("", "surfaceMeaning")
        self._lay_consensus()
        self.next_button = self.primary("Next worst place   N", "nextWorstPlace")
        self.next_button.clicked.connect(lambda: comparing.go(1))
        self.leave_button = self.secondary("Done", "leaveComparison")
        self.leave_button.clicked.connect(lambda: leave())
        comparing.changed.connect(self.invalidate)

    def refresh(self, case: Case) -> None:
        comparing = self._comparing
        self._fill(case)
        is_chosen = bool(comparing.reference_id and comparing.test_id)
        busy = self.desk.is_running("compare")
        self._hint.setText(_hint(case, is_chosen=is_chosen, busy=busy))
        self._hint.setVisible(bool(self._hint.text()))
        rows = comparing.rows if is_chosen else ()
        self.table.setVisible(bool(rows))
        self.table.show_rows(rows, comparing.reference_id, comparing.test_id)
        self._show_places(busy=busy)
        self._show_numbers()
        scan = "" if case.volumes else "Import a scan in Patient first."
        enable(self.add_button, scan, hint="Reads a file of another reader, under their name.")
        self._show_consensus()

    def showEvent(self, event: object) -> None:
        self._comparing.begin()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._comparing.end()

    def _lay_verdicts(self, edit: Slot) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.accept_button = QPushButton("✓  Accept", objectName="acceptPlace")
        self.reject_button = QPushButton("✕  Reject", objectName="rejectPlace")
        self.edit_button = QPushButton("Edit here", objectName="editPlace")
        self.accept_button.clicked.connect(lambda: self._comparing.judge("accepted"))
        self.reject_button.clicked.connect(lambda: self._comparing.judge("rejected"))
        self.edit_button.clicked.connect(lambda: edit())
        for button in (self.accept_button, self.reject_button, self.edit_button):
            row.addWidget(button, 1)
        self.body.addLayout(row)

    def _lay_consensus(self) -> None:
        self.heading("Consensus of all readers")
        row = QHBoxLayout()
        row.setSpacing(8)
        self.rule = ChoiceBox("consensusRule")
        self.rule.setAccessibleName("How the readers become one")
        self.rule.addItem("Majority", Rule.MAJORITY)
        self.rule.addItem("STAPLE", Rule.STAPLE)
        self.agree_button = QPushButton("Make", objectName="makeConsensus")
        self.agree_button.clicked.connect(lambda: self._comparing.agree(self.rule.currentData()))
        row.addWidget(self.rule, 1)
        row.addWidget(self.agree_button)
        self.body.addLayout(row)
        self.scores = NumberTable()
        self.scores.setObjectName("readerScores")
        self.body.addWidget(self.scores)

    def _fill(self, case: Case) -> None:
        entries = [(shown_name(one, case), one.id) for one in case.segments.values()]
        chosen = (self._comparing.reference_id, self._comparing.test_id)
        for box, wanted in zip((self.reference, self.test), chosen, strict=True):
            if [(box.itemText(n), box.itemData(n)) for n in range(box.count())] != entries:
                box.clear()
                for name, segment_id in entries:
                    box.addItem(name, segment_id)
            box.setCurrentIndex(box.findData(wanted) if wanted else -1)
            nothing = "" if len(entries) > 1 else "There are no two segments to compare yet."
            enable(box, nothing, hint=box.currentText())

    def _show_places(self, *, busy: bool) -> None:
        comparing = self._comparing
        places = comparing.places
        self.places.setVisible(bool(places))
        verdicts = [comparing.verdict(place) for place in places]
        self.places.show_places(places, verdicts, comparing.at)
        is_alike = comparing.apart is not None and not places and not busy
        self._no_places.setText(
            "Nowhere do the two differ by more than a voxel." if is_alike else ""
        )
        self._no_places.setVisible(is_alike)
        nothing = "" if places else "There is no such place."
        enable(self.next_button, nothing, hint="The key N; Shift+N goes back.")
        here = "" if comparing.place else "Go to a place first, with N or a click in the list."
        enable(self.accept_button, here, hint="Looked at, and fine as it is.")
        enable(self.reject_button, here, hint="Noted with the reader's segment, with its place.")
        enable(self.edit_button, here, hint="Opens the hand tools here.")

    def _show_numbers(self) -> None:
        comparing = self._comparing
        pair = (comparing.reference_id, comparing.test_id)
        row = next((r for r in comparing.rows if (r.reference_id, r.test_id) == pair), None)
        found = row.comparison.agreement if row and comparing.apart else None
        self.numbers.show_rows(_number_rows(found) if found else [])
        meanings = definitions(Surface.AREA)
        notice = row.comparison.notice if row else ""
        self._meaning.setText(f"Surface: {meanings['surface']}. {notice}" if found else "")
        self.numbers.setToolTip("\n".join(f"{key}: {text}" for key, text in meanings.items()))
        for widget in (self._numbers_heading, self.numbers, self._meaning):
            widget.setVisible(found is not None)

    def _show_consensus(self) -> None:
        busy = "It is being found." if self.desk.is_running("consensus") else ""
        why_not = busy or self._comparing.why_no_consensus()
        enable(self.agree_button, why_not, hint="A new segment, and how each reader did.")
        self.scores.show_rows(
            [
                (
                    score.reader,
                    f"sens. {_percent(score.sensitivity)}",
                    f"spec. {_percent(score.specificity)}",
                    "",
                )
                for score in self._comparing.scores
            ]
        )

    def _chosen(self, *_: object) -> None:
        self._comparing.choose(self.reference.currentData() or "", self.test.currentData() or "")

    def _row_chosen(self, number: int) -> None:
        row = self._comparing.rows[number]
        self._comparing.choose(row.reference_id, row.test_id)

    def _ask_for_reader(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Segmentation of another reader", "", _FILES)
        if not chosen:
            return
        wish = Path(chosen[0]).name.partition(".")[0]
        reader, is_sure = QInputDialog.getText(self, "Another reader", "Who drew it?", text=wish)
        if is_sure and reader.strip():
            self._comparing.read([Path(one) for one in chosen], reader.strip())


def _hint(case: Case, *, is_chosen: bool, busy: bool) -> str:
    if busy:
        return "Measuring…"
    if is_chosen:
        return ""
    if len(case.segments) < 2:
        return "Add a reader: a second segmentation of the same scan, to compare it with this one."
    return "Choose a reference and a reader above, or add a reader from a file."


def _number_rows(found: Agreement) -> list[tuple[str, str, str, str]]:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    def mm(value: float | None, digits: int = 1) -> str:
        return "–" if value is None else f"{value:.{digits}f} mm"

    volume = found.volume_error_fraction
    rows = [
        ("Dice", share(found.dice)),
        ("Jaccard", share(found.jaccard)),
        ("Sensitivity", share(found.sensitivity)),
        ("Precision", share(found.precision)),
        (f"Surface Dice at {found.tolerance_mm:g} mm", share(found.nsd)),
        ("Largest distance (HD)", mm(found.hd_mm)),
        ("HD95", mm(found.hd95_mm)),
        ("Mean distance (ASSD)", mm(found.assd_mm, 2)),
        ("Centres apart", mm(found.centroid_shift_mm)),
        ("Volume, reference", f"{found.reference_ml:.1f} ml"),
        ("Volume, reader", f"{found.test_ml:.1f} ml"),
        ("Volume error", "–" if volume is None else f"{100 * volume:+.1f} %"),
    ]
    return [(name, number, "", "") for name, number in rows]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
