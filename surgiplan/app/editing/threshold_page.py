"""A range of values, dragged on the histogram and painted in the slices under the hand."""

from functools import partial

import numpy as np

from surgiplan.app.desk import Running
from surgiplan.app.forms import NumberField
from surgiplan.edits import ChangeSegment
from surgiplan.model import Quantity, Segment

from .editor import Editor
from .histogram import RangeHistogram
from .page import Page
from .work import Asked, by_operation, by_range

__all__ = ["ThresholdPage"]


class ThresholdPage(Page):
    """``threshold`` takes the range from the whole scan, ``mask`` keeps it of the segment."""

    applies = "Apply"

    def __init__(self, editor: Editor, name: str) -> None:
        super().__init__(editor, name)
        self._is_used = False
        self._running: Running | None = None
        self._shown: tuple[object, ...] = ()
        self.values = (0.0, 0.0)
        self.add_hint(
            "Of the segment only this range is kept."
            if name == "mask"
            else "What lies in this range anywhere in the scan is added to the segment."
        )
        self.histogram = RangeHistogram()
        self.histogram.dragged.connect(self._ranged)
        self.column.addWidget(self.histogram)
        about = Quantity(editor.unit(), -1100, 10000, "a value of the scan")
        self.low, self.high = (NumberField(about, 0.0, decimals=0) for _ in range(2))
        for field, which in ((self.low, "Low"), (self.high, "High")):
            field.setObjectName(f"{name}{which}")
            field.valueChanged.connect(self._typed)
        self.add_rows(("From", self.low), ("To", self.high))

    def start(self) -> None:
        self._is_used = True
        self.take(None)
        self.values = self.editor.values_of_target() or self._brighter_half()
        self._show_range()

    def stop(self) -> None:
        self._is_used = False
        self._shown = ()
        self.editor.desk.view.paint(())
        self.editor.desk.drop("edit")
        self._running = None

    def refresh(self) -> None:
        self.histogram.show_histogram(self.editor.histogram())
        if self._is_used:
            self._show_range()

    def why_not(self) -> str:
        if self._running is not None:
            return "It is being done."
        if self.name == "mask" and self.editor.draft is not None:
            return f"{self.editor.name} is still empty; there is nothing to keep."
        return self.editor.why_not()

    def apply(self) -> None:
        target, desk = self.editor.target, self.editor.desk
        if target is None:
            return
        low, high = self.values
        asked = Asked(target, "threshold", {"low_hu": low, "high_hu": high}, np.zeros((0, 3)))
        how = by_operation if self.name == "mask" else by_range
        self._running = desk.run(
            "edit", "Threshold", partial(how, desk.session.case, asked),
            partial(self._done, target), otherwise=self._gave_up, quiet=True,
        )  # fmt: skip
        self.changed.emit()

    def _done(self, target: Segment, edit: ChangeSegment) -> None:
        self._running = None
        is_current = self._is_used and self.editor.target is target
        if is_current and self.editor.keep(edit.segment, edit.what, edit.others):
            self.done.emit()
        else:
            self.changed.emit()

    def _gave_up(self) -> None:
        self._running = None
        self.changed.emit()

    def _brighter_half(self) -> tuple[float, float]:
        """Where the histogram is first looked at, its upper half."""
        histogram = self.editor.histogram()
        if histogram is None:
            return 0.0, 100.0
        low, high = histogram.shown
        return float(round((low + high) / 2)), float(round(high))

    def _ranged(self, low: float, high: float) -> None:
        self.values = (max(low, -1100.0), min(high, 10000.0))
        self._show_range()

    def _typed(self, _value: float) -> None:
        low, high = sorted((self.low.value(), self.high.value()))
        self._ranged(low, high)

    def _show_range(self) -> None:
        """Show the range in numbers, on the histogram and in the slices."""
        low, high = self.values
        self.histogram.show_range(low, high)
        self.low.show_number(low)
        self.high.show_number(high)
        shown = (self.editor.target, self.editor.volume(), low, high)
        if shown != self._shown:
            self._shown = shown
            self._paint()

    def _paint(self) -> None:
        from surgiplan.render import Painted

        editor, volume = self.editor, self.editor.volume()
        if volume is None or editor.why_not():
            editor.desk.view.paint(())
            return
        mask, grid, values = None, volume.grid, volume.values
        target = editor.target
        if self.name == "mask" and target is not None:
            mask, grid = target.mask, target.grid
            values = volume.values[grid.box_in(volume.grid)]
        editor.desk.view.paint((Painted(mask, grid, editor.colour, 0.5, values, *self.values),))
