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
    QWidget,
)

from surgiplan.model import Choice, Quantity, choices, quantities

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
    """A field for each tunable number of a settings dataclass."""

    changed = Signal()

    def __init__(self, settings: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self.fields: dict[str, NumberField | QComboBox] = {}
        hints = get_type_hints(settings)
        numbers, names = quantities(settings), choices(settings)
        for name in (one.name for one in fields(settings)):
            if name in names:
                choice, default = names[name]
                words = {one: one.replace("_", " ") for one in choice.names}
                self._add(name, choice, _box(words, default, choice.meaning))
                continue
            if name not in numbers:
                continue
            about, default = numbers[name]
            if hints[name] is bool:
                box = _box({True: "yes", False: "no"}, bool(default), about.meaning)
                self._add(name, about, box)
                continue
            whole = hints[name] is int
            optional = type(None) in get_args(hints[name])
            field = NumberField(about, default, decimals=0 if whole else None, automatic=optional)
            if whole:
                field.setSingleStep(1)
            field.valueChanged.connect(self.changed)
            self._add(name, about, field)
        self._kinds = {field.name: hints[field.name] for field in fields(settings)}

    def _add(self, name: str, about: Quantity | Choice, field: QWidget) -> None:
        row = self._grid.rowCount()
        label = QLabel(_short(name, about))
        label.setProperty("role", "field")
        label.setToolTip(about.meaning)
        label.setBuddy(field)
        label.setWordWrap(True)
        field.setObjectName(f"setting_{name}")
        field.setFixedWidth(124)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1)
        self.fields[name] = field

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
