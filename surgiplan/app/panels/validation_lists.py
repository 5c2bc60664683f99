"""The two tables of the comparison: who is how good, and where the worst places are."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from surgiplan.app.compare_work import Row
from surgiplan.app.palette import ADDED, FAIL, MISSED, PASS, TEXT
from surgiplan.model import Place
from surgiplan.validation import parted

__all__ = ["PlacesTable", "ReadersTable"]

_ROW_PX, _HEAD_PX, _MOST_ROWS = 24, 26, 7
_VERDICTS = {"accepted": ("✓", PASS), "rejected": ("✕", FAIL), "": ("", TEXT)}


class _Table(QTableWidget):
    """Rows to choose from; the first column gives way, the others hold numbers."""

    chosen = Signal(int)
    """The user clicked or walked to a row."""

    def __init__(self, name: str, heads: Sequence[str], widths: Sequence[int]) -> None:
        super().__init__(0, len(heads))
        self.setObjectName(name)
        self.setHorizontalHeaderLabels(list(heads))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate(widths, start=1):
            self.setColumnWidth(column, width)
        for column in range(len(heads)):
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            self.horizontalHeaderItem(column).setTextAlignment(side)
        self._is_filling = False
        self.currentCellChanged.connect(self._current_changed)

    def fill(self, rows: Sequence[Sequence[tuple[str, str]]], current: int) -> None:
        """Show rows of (text, colour) and mark one; -1 for none."""
        self._is_filling = True
        self.setRowCount(len(rows))
        for n, row in enumerate(rows):
            for column, (text, colour) in enumerate(row):
                item = QTableWidgetItem(text)
                item.setForeground(QColor(colour))
                right = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(right | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(text if column == 0 else "")
                self.setItem(n, column, item)
        if current >= 0:
            self.selectRow(current)
        else:
            self.clearSelection()
            self.setCurrentCell(-1, -1)
        shown = min(max(len(rows), 1), _MOST_ROWS)
        self.setFixedHeight(_HEAD_PX + _ROW_PX * shown + 4)
        self._is_filling = False

    def text(self) -> str:
        """Everything it says, for a test or a screen reader."""
        return "\n".join(
            " ".join(self.item(row, column).text() for column in range(self.columnCount()))
            for row in range(self.rowCount())
        )

    def _current_changed(self, row: int, _column: int, before: int, _: int) -> None:
        if row >= 0 and row != before and not self._is_filling:
            self.chosen.emit(row)


class ReadersTable(_Table):
    """All structures times all readers."""

    def __init__(self) -> None:
        super().__init__(
            "readersTable", ("Structure, reader", "Dice", "HD95 mm", "Vol. %"), (50, 62, 56)
        )
        self.setAccessibleName("All structures and readers")

    def show_rows(self, rows: Sequence[Row], reference_id: str, test_id: str) -> None:
        """One line for each; the chosen pair is marked."""
        at = [
            n for n, r in enumerate(rows) if (r.reference_id, r.test_id) == (reference_id, test_id)
        ]
        self.fill([_cells(row) for row in rows], at[0] if at else -1)


class PlacesTable(_Table):
    """The worst places, worst first."""

    def __init__(self) -> None:
        super().__init__("placesTable", ("Worst places", "mm", "ml", ""), (48, 60, 22))
        self.setAccessibleName("Worst places")

    def show_places(self, places: Sequence[Place], verdicts: Sequence[str], at: int) -> None:
        """One line for each; the one that is looked at is marked."""
        self.fill(
            [
                [
                    (f"{n + 1}   {place.words}", MISSED if place.is_missed else ADDED),
                    (f"{place.distance_mm:.1f}", TEXT),
                    (f"{place.volume_ml:.2f}", TEXT),
                    _VERDICTS[verdict],
                ]
                for n, (place, verdict) in enumerate(zip(places, verdicts, strict=True))
            ],
            at,
        )


def _cells(row: Row) -> list[tuple[str, str]]:
    found, name = row.comparison.agreement, row.comparison.name
    structure = parted(name)[0].replace("_", " ")
    who = row.comparison.reader or "this case"
    volume = found.volume_error_fraction
    return [
        (f"{structure}, {who}", TEXT),
        ("–" if found.dice is None else f"{found.dice:.3f}", TEXT),
        ("–" if found.hd95_mm is None else f"{found.hd95_mm:.1f}", TEXT),
        ("–" if volume is None else f"{100 * volume:+.1f}", TEXT),
    ]
