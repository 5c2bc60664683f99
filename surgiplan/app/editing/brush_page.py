"""Options of the brush: how wide, which shape, which values, and where it may paint."""

from PySide6.QtWidgets import QCheckBox

from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.app.tools.brush import BrushTool
from surgiplan.model import Quantity

from .editor import LARGEST_MM, SMALLEST_MM, Editor, Where
from .histogram import RangeHistogram
from .page import Page

__all__ = ["BrushPage"]

_SOFT_TISSUE_HU = (-20.0, 180.0)
"""The range that a threshold brush starts with where the segment says nothing."""


class BrushPage(Page):
    """One page for all brushes; each name begins with its own shape and values."""

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        about = Quantity("mm", SMALLEST_MM, LARGEST_MM, "radius of the brush")
        self.radius = NumberField(about, editor.radius_mm, decimals=1)
        self.radius.setObjectName("brushRadius")
        self.radius.valueChanged.connect(self._radius_typed)
        self.shape = ChoiceBox("brushShape")
        self.shape.addItem("Disc in the slice", False)
        self.shape.addItem("Ball through the slices", True)
        self.shape.activated.connect(self._shape_chosen)
        self.where = ChoiceBox("brushWhere")
        self.where.activated.connect(self._where_chosen)
        self.where.setToolTip(
            "Anywhere: segments may overlap. Over the others: they give way. Outside the others: "
            "they are left alone. The others are those that are shown; hide one in the tree to "
            "leave it out."
        )
        self.add_rows(("Radius", self.radius), ("Shape", self.shape), ("Paints", self.where))
        self.by_value = QCheckBox("Only values in a range", objectName="brushByValue")
        self.by_value.toggled.connect(self._by_value_toggled)
        self.column.addWidget(self.by_value)
        self.histogram = RangeHistogram()
        self.histogram.dragged.connect(self._range_dragged)
        self.column.addWidget(self.histogram)
        self.low, self.high = self._field("brushLow"), self._field("brushHigh")
        self.add_rows(("From", self.low), ("To", self.high))
        self._range_rows = self.column.itemAt(self.column.count() - 1).widget()

        drags, other = ("erase", "paints") if name == "erase" else ("paint", "erases")
        self.add_hint(
            f"Drag in a slice to {drags}; with Ctrl it {other}. The keys [ and ], or Shift and the "
            "wheel, change the size. Esc drops a stroke."
        )

    def start(self) -> None:
        editor = self.editor
        values = editor.values
        if self.name == "threshold_brush":
            values = values or self._first_range()
        editor.set(
            is_ball=editor.is_ball if self.name == "erase" else self.name == "ball",
            values=values if self.name == "threshold_brush" else None,
        )
        self.take(BrushTool(editor, erases=self.name == "erase"))

    def refresh(self) -> None:
        editor = self.editor
        self.radius.show_number(editor.radius_mm)
        self.shape.setCurrentIndex(int(editor.is_ball))
        self._offer_places()
        by_value = editor.values is not None
        if self.by_value.isChecked() != by_value:
            was = self.by_value.blockSignals(True)
            self.by_value.setChecked(by_value)
            self.by_value.blockSignals(was)
        for widget in (self.histogram, self._range_rows):
            widget.setVisible(by_value)
        if editor.values is not None:
            self.histogram.show_histogram(editor.histogram())
            self.histogram.show_range(*editor.values)
            self.low.show_number(editor.values[0])
            self.high.show_number(editor.values[1])

    def _field(self, name: str) -> NumberField:
        unit = self.editor.unit()
        field = NumberField(Quantity(unit, -32768, 65535, "a value of the scan"), 0.0, decimals=0)
        field.setObjectName(name)
        field.valueChanged.connect(self._range_typed)
        return field

    def _first_range(self) -> tuple[float, float]:
        """What the segment holds already, otherwise soft tissue."""
        return self.editor.values_of_target() or _SOFT_TISSUE_HU

    def _offer_places(self) -> None:
        editor = self.editor
        entries: list[tuple[str, tuple[Where, str]]] = [
            (where.value, (where, "")) for where in Where if where is not Where.INSIDE
        ]
        target = editor.target
        entries += [
            (f"{Where.INSIDE.value} {one.name.replace('_', ' ')}", (Where.INSIDE, one.id))
            for one in editor.desk.session.case.segments.values()
            if target is None or one.id != target.id
        ]
        if [self.where.itemText(n) for n in range(self.where.count())] != [e[0] for e in entries]:
            self.where.clear()
            for text, data in entries:
                self.where.addItem(text, data)
        present = (editor.where, editor.inside_id if editor.where is Where.INSIDE else "")
        places = [data for _, data in entries]
        self.where.setCurrentIndex(places.index(present) if present in places else 0)

    def _radius_typed(self, value: float) -> None:
        self.editor.set(radius_mm=value)

    def _shape_chosen(self, row: int) -> None:
        self.editor.set(is_ball=bool(row))

    def _where_chosen(self, _row: int) -> None:
        where, inside_id = self.where.currentData()
        self.editor.set(where=where, inside_id=inside_id)

    def _by_value_toggled(self, is_on: bool) -> None:
        self.editor.set(values=self._first_range() if is_on else None)

    def _range_dragged(self, low: float, high: float) -> None:
        self.editor.set(values=(low, high))

    def _range_typed(self, _value: float) -> None:
        low, high = sorted((self.low.value(), self.high.value()))
        self.editor.set(values=(low, high))
