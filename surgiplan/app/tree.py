"""The case on the left: what there is, in which colour, and one telling number of each."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QInputDialog,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from surgiplan.edits import Remove, Rename, ReviewSegment
from surgiplan.model import Case

from . import palette
from .desk import Desk
from .editing.review import REVIEW_WORDS, review_icon
from .freshness import Freshness
from .words import shown_name

__all__ = ["CaseTree", "millilitres", "swatch"]

_GROUPS = (
    ("Volumes", ("volumes",), "No scan yet."),
    ("Anatomy", ("segments",), "Nothing segmented yet."),
    ("Plan", ("plan/centerlines", "plan/stents", "plan/resections"), "Nothing planned yet."),
    ("Measurements", ("plan/measurements",), "None yet."),
    ("Findings", ("findings",), "Nothing simulated yet."),
)

_SWATCH = 11
_PATH = Qt.ItemDataRole.UserRole
_REVIEW = Qt.ItemDataRole.UserRole + 1


class CaseTree(QTreeWidget):
    """Groups of rows; a click on the colour hides or shows, the menu does the rest."""

    def __init__(self, desk: Desk, freshness: Freshness, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("caseTree")
        self.setAccessibleName("Case")
        self._desk, self._freshness = desk, freshness
        self._is_filling = False
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setIconSize(QPixmap(_SWATCH, _SWATCH).size())
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._groups = [self._group(title) for title, _, _ in _GROUPS]
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.customContextMenuRequested.connect(self._menu)
        self.currentItemChanged.connect(self._current_changed)
        desk.shown.connect(self.refresh)
        desk.view.changed.connect(self.refresh)
        desk.selected.connect(self._show_selection)
        freshness.changed.connect(self.refresh)
        self.refresh()

    def row_texts(self) -> dict[str, tuple[str, str]]:
        """Name and number of each row by path, for tests and screen readers."""
        return {path: (row.text(0), row.text(1)) for path, row in self._rows.items()}

    def swatch_point(self, path: str) -> QPoint:
        """Where to click to hide or show a row's part."""
        box = self.visualItemRect(self._rows[path])
        return QPoint(box.left() + _SWATCH // 2 + 2, box.center().y())

    def refresh(self, *_news: object) -> None:
        """Show the present case."""
        self._is_filling = True
        case = self._desk.case
        wanted = set(case.paths())
        for path in [path for path in self._rows if path not in wanted]:
            row = self._rows.pop(path)
            row.parent().removeChild(row)
        for group, (_, homes, hint) in zip(self._groups, _GROUPS, strict=True):
            paths = [f"{home}/{key}" for home in homes for key in case.collection(home)]
            self._show_hint(group, "" if paths else hint)
            for path in paths:
                self._show_row(group, path, case)
        self._is_filling = False
        self._show_selection(self._desk.selection)

    def _group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self, [title, ""])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setForeground(0, QColor(palette.HEADING))
        group.setExpanded(True)
        return group

    def _show_hint(self, group: QTreeWidgetItem, hint: str) -> None:
        first = group.child(0)
        has_hint = first is not None and not first.data(0, _PATH)
        if hint and not has_hint:
            row = QTreeWidgetItem(group, [hint, ""])
            row.setFlags(Qt.ItemFlag.ItemIsEnabled)
            row.setForeground(0, QColor(palette.FAINT))
            row.setFirstColumnSpanned(True)
        elif not hint and has_hint:
            group.removeChild(first)

    def _show_row(self, group: QTreeWidgetItem, path: str, case: Case) -> None:
        row = self._rows.get(path)
        if row is None:
            row = self._rows[path] = QTreeWidgetItem(group)
            row.setData(0, _PATH, path)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        noun = case.at(path)
        name = shown_name(noun, case)
        number, is_stale = _telling(path, noun, case, self._freshness)
        for column, text in enumerate((name, number)):
            if row.text(column) != text:
                row.setText(column, text)
        row.setForeground(1, QColor(palette.ATTENTION if is_stale else palette.SECONDARY))
        row.setToolTip(0, _tooltip(noun, name, is_stale))
        review = getattr(noun, "review", "not_started")
        if row.data(1, _REVIEW) != review:
            row.setData(1, _REVIEW, review)
            row.setIcon(1, review_icon(review) if review != "not_started" else QIcon())
            row.setToolTip(1, f"Review: {REVIEW_WORDS[review].lower()}")
        if not path.startswith("volumes/"):
            style = self._desk.view.look.style(path, _own_name(noun))
            mark = (style.colour, style.visible)
            if row.data(1, _PATH) != mark:
                row.setData(1, _PATH, mark)
                row.setIcon(0, swatch(*mark))
            row.setForeground(0, QColor(palette.TEXT if style.visible else palette.FAINT))

    def _show_selection(self, path: str) -> None:
        self._is_filling = True
        row = self._rows.get(path)
        if row is None:
            self.clearSelection()
            self.setCurrentItem(None)
        else:
            self.setCurrentItem(row)
        self._is_filling = False

    def _current_changed(self, row: QTreeWidgetItem | None, _before: object) -> None:
        if not self._is_filling and row is not None and row.data(0, _PATH):
            self._desk.select(row.data(0, _PATH))

    def mousePressEvent(self, event: Any) -> None:
        row = self.itemAt(event.position().toPoint())
        path = row.data(0, _PATH) if row is not None else None
        if path and event.button() == Qt.MouseButton.LeftButton and path in self._rows:
            box = self.visualItemRect(row)
            if not path.startswith("volumes/") and event.position().x() < box.left() + _SWATCH + 6:
                self._toggle(path)
                return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: Any) -> None:
        path = self._desk.selection
        if event.key() == Qt.Key.Key_Space and path and not path.startswith("volumes/"):
            self._toggle(path)
        elif event.key() == Qt.Key.Key_Delete and path:
            self._desk.do(Remove(path))
        else:
            super().keyPressEvent(event)

    def _toggle(self, path: str) -> None:
        name = _own_name(self._desk.case.at(path))
        is_visible = self._desk.view.look.style(path, name).visible
        self._desk.view.style(path, name, visible=not is_visible)

    def _menu(self, where: QPoint) -> None:
        row = self.itemAt(where)
        path = row.data(0, _PATH) if row is not None else None
        if not path:
            return
        menu = QMenu(self)
        for text, slot in self._menu_rows(path):
            menu.addAction(text, slot)
        menu.exec(self.viewport().mapToGlobal(where))

    def _menu_rows(self, path: str) -> Iterator[tuple[str, Callable[[], object]]]:
        name = _own_name(self._desk.case.at(path))
        view = self._desk.view
        if not path.startswith("volumes/"):
            style = view.look.style(path, name)
            yield ("Hide" if style.visible else "Show"), lambda: self._toggle(path)
            yield "Colour…", lambda: self._choose_colour(path, name)
            for percent in (100, 60, 30):
                change = percent / 100
                yield (
                    f"Opacity {percent} %",
                    partial(view.style, path, name, opacity=change),
                )
        if path.startswith("segments/"):
            for state, words in REVIEW_WORDS.items():
                if state != self._desk.case.at(path).review:
                    edit = ReviewSegment(path.removeprefix("segments/"), state)
                    yield f"Review: {words.lower()}", partial(self._desk.do, edit)
        if hasattr(self._desk.case.at(path), "name"):
            yield "Rename…", lambda: self._rename(path, name)
        yield "Remove", lambda: self._desk.do(Remove(path))

    def _choose_colour(self, path: str, name: str) -> None:
        before = QColor(self._desk.view.look.style(path, name).colour)
        colour = QColorDialog.getColor(before, self, f"Colour of {name}")
        if colour.isValid():
            self._desk.view.style(path, name, colour=colour.name())

    def _rename(self, path: str, name: str) -> None:
        new, is_given = QInputDialog.getText(self, "Rename", f"New name of {name}", text=name)
        if is_given:
            self._desk.do(Rename(path, new))


def _own_name(noun: Any) -> str:
    """The name that the views know a noun by; its default colour follows from it."""
    return str(getattr(noun, "name", ""))


def _telling(path: str, noun: Any, case: Case, freshness: Freshness) -> tuple[str, bool]:
    """The one number that tells most about a noun, and whether it is stale."""
    home = path.rpartition("/")[0]
    if home == "volumes":
        return f"{max(noun.grid.spacing_mm):.2g} mm", False
    if home == "segments":
        return millilitres(noun.volume_ml), False
    if home == "plan/centerlines":
        is_stale = freshness.is_stale(case, noun)
        return "stale" if is_stale else f"{noun.branches[0].length_mm:.0f} mm", is_stale
    if home == "plan/stents":
        line = case.plan.centerlines.get(noun.centerline_id)
        is_stale = line is None or freshness.is_stale(case, line)
        return "stale" if is_stale else f"at {noun.at_mm:.0f} mm", is_stale
    if home == "plan/resections":
        return f"wanted {noun.margin_mm:g} mm", False
    if home == "plan/measurements":
        return f"{noun.length_mm:.1f} mm", False
    if freshness.is_stale(case, noun):
        return "stale", True
    largest = noun.numbers.get("displacement_max_mm")
    return (f"{largest:.2f} mm" if isinstance(largest, float) else "done"), False


def _tooltip(noun: Any, name: str, is_stale: bool) -> str:
    if is_stale:
        return f"{name}: what it was computed from has changed; make it again."
    remarks = "\n".join(getattr(noun, "remarks", ()))
    made_by = getattr(noun, "made_by", "")
    return "\n".join(text for text in (name, made_by, remarks) if text)


def millilitres(volume_ml: float) -> str:
    """A volume as it is read."""
    return f"{volume_ml:,.0f} ml".replace(",", " ") if volume_ml >= 10 else f"{volume_ml:.1f} ml"


def swatch(colour: str, is_visible: bool) -> QIcon:
    """The colour of a part of the case, hollow while it is hidden."""
    pixmap = QPixmap(_SWATCH * 2, _SWATCH * 2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(colour))
    if is_visible:
        painter.setBrush(QColor(colour))
    painter.drawRoundedRect(1, 1, _SWATCH * 2 - 3, _SWATCH * 2 - 3, 5, 5)
    painter.end()
    icon = QIcon()
    icon.addPixmap(pixmap, QIcon.Mode.Normal)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
