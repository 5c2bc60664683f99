"""Forms made from settings: one field per number, with unit, range and meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from surgiplan.model import Choice, Quantity, choices, quantities

from .folds import Fold
from .setting_groups import FEW, grouped

__all__ = ["ChoiceBox", "NumberField", "SettingsForm", "field_rows"]


_UNIT_WORDS = (
    "_kpa_per_mm", "_kg_per_m3", "_mm", "_hu", "_kpa", "_ml", "_deg", "_fraction", "_s", "_mmhg"
)  # fmt: skip
"""Endings of setting names that say the unit, which the field shows already."""


class NumberField(QDoubleSpinBox):
    """A number with its unit, right-aligned; the wheel changes it only while it has the focus.

    With ``automatic`` it may also be left to the program, and is then None.
    """

    def __init__(
        self, about: Quantity, value: float | None, *, decimals: int | None = None,
        automatic: bool = False, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._step = _step_of(about, value)
        self._is_automatic_possible = automatic
        self.setDecimals(_decimals_of(self._step) if decimals is None else decimals)
        self.setRange(about.low - (self._step if automatic else 0), about.high)
        self.setSingleStep(self._step)
        if automatic:
            self.setSpecialValueText("automatic")
        self.setSuffix(f" {about.unit}" if about.unit not in ("", "1") else "")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.lineEdit().setTextMargins(0, 0, 5, 0)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(about.meaning)
        self.setToolTip(f"{about.meaning}\n{about.low:g} to {about.high:g} {about.unit}".strip())
        self.show_number(value)

    @property
    def number(self) -> float | None:
        """The value, or None where it is left to the program."""
        if self._is_automatic_possible and self.value() <= self.minimum():
            return None
        return self.value()

    def show_number(self, value: float | None) -> None:
        """Show a value without saying that the user changed it."""
        was = self.blockSignals(True)
        self.setValue(self.minimum() if value is None else float(value))
        self.blockSignals(was)

    def wheelEvent(self, event: Any) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceBox(QComboBox):
    """A box that never asks for more room than it gets, and leaves the wheel to the panel."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: Any) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SettingsForm(QWidget):
    """A field for each tunable number and name of a settings dataclass; many are in groups."""

    changed = Signal()

    def __init__(self, settings: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.fields: dict[str, NumberField | QComboBox] = {}
        self.folds: dict[str, Fold] = {}
        self._kinds = get_type_hints(settings)
        self._about: dict[str, tuple[Any, Any]] = {**quantities(settings), **choices(settings)}
        names = [one.name for one in fields(settings) if one.name in self._about]
        if len(names) <= FEW:
            self._column.addWidget(self._fields_of(names))
            return
        for number, (title, members) in enumerate(grouped(names).items()):
            content = self._fields_of(members)
            name = f"fold_{title.split()[0].lower()}"
            self.folds[title] = Fold(title.upper(), content, name, is_open=number == 0)
            self._column.addWidget(self.folds[title])
        self.changed.connect(self._say_changes)
        self._say_changes()

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show other values; a setting that is not among them stands as it is by default."""
        for name, field in self.fields.items():
            value = values.get(name, self._about[name][1])
            if isinstance(field, QComboBox):
                field.setCurrentIndex(max(field.findData(value), 0))
            else:
                field.show_number(value)
        if self.folds:
            self._say_changes()

    def changes(self) -> dict[str, Any]:
        """The values that are not the defaults."""
        return {n: v for n, v in self.values().items() if v != self._about[n][1]}

    def _say_changes(self) -> None:
        changed = self.changes()
        for fold in self.folds.values():
            names = [n for n in changed if fold.content.isAncestorOf(self.fields[n])]
            fold.say(f"·  {len(names)} changed" if names else "")

    def _fields_of(self, names: Sequence[str]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for row, name in enumerate(names):
            about, default = self._about[name]
            field = self._field(name, about, default)
            label = QLabel(_short(name, about))
            label.setProperty("role", "field")
            label.setToolTip(about.meaning)
            label.setBuddy(field)
            label.setWordWrap(True)
            field.setObjectName(f"setting_{name}")
            field.setFixedWidth(124)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            self.fields[name] = field
        return holder

    def _field(
        self, name: str, about: Quantity | Choice, default: Any
    ) -> "NumberField | QComboBox":
        if isinstance(about, Choice):
            words = {one: one.replace("_", " ") for one in about.names}
            return self._box(words, default, about.meaning)
        kind = self._kinds[name]
        if kind is bool:
            return self._box({True: "yes", False: "no"}, bool(default), about.meaning)
        optional = type(None) in get_args(kind)
        decimals = 0 if kind is int else None
        field = NumberField(about, default, decimals=decimals, automatic=optional)
        if kind is int:
            field.setSingleStep(1)
        field.valueChanged.connect(self.changed)
        return field

    def _box(self, words: Mapping[Any, str], default: Any, meaning: str) -> QComboBox:
        box = _box(words, default, meaning)
        box.currentIndexChanged.connect(self.changed)
        return box

    def values(self) -> dict[str, Any]:
        """What the user chose, by name; numbers left to the program are left out."""
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            if isinstance(field, QComboBox):
                found[name] = field.currentData()
            elif field.number is not None:
                found[name] = int(field.number) if self._kinds[name] is int else field.number
        return found


def _box(words: Mapping[Any, str], default: Any, meaning: str) -> ChoiceBox:
    """A box that shows the ``words`` of values."""
    box = ChoiceBox()
    for value, word in words.items():
        box.addItem(word, value)
    box.setCurrentIndex(box.findData(default))
    box.setAccessibleName(meaning)
    box.setToolTip(meaning)
    return box


def _short(name: str, about: Quantity | Choice) -> str:
    """A label of one or two words: the setting's name without its unit."""
    words = name
    for suffix in _UNIT_WORDS:
        words = words.removesuffix(suffix)
    words = words.replace("_", " ").strip() or about.meaning
    return words[:1].upper() + words[1:]


def _step_of(about: Quantity, value: float | None) -> float:
    size = abs(value) if value else (about.high - about.low) / 10
    for step in (0.001, 0.01, 0.1, 1.0, 5.0, 10.0):
        if size <= step * 50:
            return step
    return 10.0


def _decimals_of(step: float) -> int:
    return {0.001: 4, 0.01: 3, 0.1: 2}.get(step, 1)


def field_rows(pairs: Sequence[tuple[str, QWidget]], *, field_width: int = 0) -> QWidget:
    """Labelled fields below one another; all of one width where ``field_width`` is given."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0 if field_width else 1, 1)
    for row, (text, field) in enumerate(pairs):
        label = QLabel(text)
        label.setProperty("role", "field")
        label.setBuddy(field)
        if not field.accessibleName():
            field.setAccessibleName(text)
        if field_width:
            field.setFixedWidth(field_width)
        grid.addWidget(label, row, 0)
        grid.addWidget(field, row, 1)
    return holder
