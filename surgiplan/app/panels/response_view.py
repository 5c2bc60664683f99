"""How a simulation's answer is looked at: colour, how far along its loading, arrows, one place."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QPushButton, QSlider, QWidget

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, field_rows
from surgiplan.model import Finding

from .panel import NumberTable, enable, quiet_label

__all__ = ["ResponseView"]

_PLAY_MS, _PLAY_PERCENT = 50, 2
_SWITCHES = (
    ("scanned", "Scanned shape", "Outlines the shape on the scan beside the computed one."),
    ("arrows", "Arrows", "From where tissue was scanned to where it is, in true length."),
    ("inside", "What lies inside", "Device, tumours and vessels through a glassy surface."),
    ("assumed", "What is assumed", "Springs, held places, and what no scan shows; in words, too."),
)
"""Field of the look, words and hint."""


class ResponseView(QWidget):
    """Says how the finding is drawn in 3D; everything goes through the look of the view."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("responseView")
        self._desk = desk
        self._finding: Finding | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(6)
        self.colouring = ChoiceBox("colouring")
        self.colouring.activated.connect(self._colour_chosen)
        self._add(field_rows([("Colour", self.colouring)]))
        self._add_slider()
        self._add_switches()
        self._add_place()
        self._timer = QTimer(self)
        self._timer.setInterval(_PLAY_MS)
        self._timer.timeout.connect(self._play_on)
        desk.view.changed.connect(self._look_changed)

    @property
    def is_shown(self) -> bool:
        """Whether this finding is the one that the 3D view shows."""
        finding = self._finding
        return finding is not None and self._desk.view.look.finding == f"findings/{finding.id}"

    def show_finding(self, finding: Finding) -> None:
        """Offer what this finding can show."""
        from surgiplan.render import FIELDS, finding_arrays

        if finding is not self._finding:
            self._finding = finding
            self.colouring.clear()
            for name in finding_arrays(finding):
                field = FIELDS[name]
                self.colouring.addItem(f"{field.title} [{field.unit}]", name)
            self.colouring.addItem("None (anatomy as scanned)", "")
            self._show_steps(finding)
        self._look_changed()

    def colour(self, array: str = "") -> None:
        """Show the finding with the colours of an answer, the present one unless it is given."""
        look = self._desk.view.look
        if self._finding is not None:
            path = f"findings/{self._finding.id}"
            self._desk.view.change(finding=path, array=array or look.array)

    def step(self, by: int) -> None:
        """Go to the next equilibrium (1) or the one before (-1); by tenths where there are none."""
        from surgiplan.render import step_fractions

        fractions = step_fractions(self._finding) if self._finding else ()
        stops = sorted({0, 100, *(round(100 * one) for one in fractions)})
        stops = stops if fractions else list(range(0, 101, 10))
        now = self.slider.value()
        ahead = [one for one in stops if (one > now if by > 0 else one < now)]
        if ahead:
            self.slider.setValue(ahead[0] if by > 0 else ahead[-1])

    def _add(self, widget: QWidget) -> None:
        self._grid.addWidget(widget, self._grid.rowCount(), 0)

    def _add_slider(self) -> None:
        self.slider = QSlider(Qt.Orientation.Horizontal, objectName="responseFraction")
        self.slider.setRange(0, 100)
        self.slider.setValue(100)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName("How much of the response is shown, in percent")
        self.slider.valueChanged.connect(self._slid)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.play = _button("▶", "playResponse", "Play the loading from 0 to 100 %")
        self.play.setCheckable(True)
        self.play.toggled.connect(self._play)
        back = _button("‹", "stepBack", "The equilibrium before")
        back.clicked.connect(lambda: self.step(-1))
        on = _button("›", "stepOn", "The next equilibrium")
        on.clicked.connect(lambda: self.step(1))
        row.addWidget(self.play)
        row.addWidget(back)
        row.addWidget(self.slider, 1)
        row.addWidget(on)
        holder = QWidget()
        row.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(row)
        self._add(holder)
        self.how = quiet_label("responseHow")
        self._add(self.how)

    def _add_switches(self) -> None:
        self._switches: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        for n, (name, text, hint) in enumerate(_SWITCHES):
            box = QCheckBox(text, objectName=f"show_{name}")
            box.setToolTip(hint)
            box.clicked.connect(lambda on, which=name: self._change(**{which: bool(on)}))
            self._switches[name] = box
            grid.addWidget(box, n // 2, n % 2)
        holder = QWidget()
        holder.setLayout(grid)
        self._add(holder)
        self.assumptions = quiet_label("assumptions")
        self._add(self.assumptions)

    def _add_place(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.mark_highest = QPushButton("Mark the highest", objectName="markHighest")
        self.mark_highest.setToolTip("Marks the place with the highest number of this colour.")
        self.mark_highest.clicked.connect(self._mark_highest)
        self.unmark = QPushButton("Clear mark", objectName="clearMark")
        self.unmark.clicked.connect(lambda: self._change(probe_lps=None))
        row.addWidget(self.mark_highest, 1)
        row.addWidget(self.unmark)
        holder = QWidget()
        holder.setLayout(row)
        self._add(holder)
        self.place = NumberTable()
        self.place.setObjectName("placeTable")
        self._add(self.place)

    def _show_steps(self, finding: Finding) -> None:
        from surgiplan.render import step_fractions

        count = len(step_fractions(finding))
        hint = "0 % is the scan, 100 % the computed equilibrium.\n" + (
            f"{count} equilibria were computed on the way; between them it is interpolated."
            if count
            else "The response is scaled: only its end is an equilibrium."
        )
        self.slider.setToolTip(f"{hint}\nArrow keys: 1 %, Page keys: 10 %.")

    def _look_changed(self) -> None:
        """Show what the look says, without saying that the user changed it."""
        from surgiplan.render import fraction_words, place_of, readings

        if self._finding is None or not self.isVisibleTo(self.parentWidget()):
            return
        look = self._desk.view.look
        response = look.response
        array = look.array if self.is_shown else ""
        self.colouring.setCurrentIndex(self.colouring.findData(array))
        _quietly(self.slider, lambda: self.slider.setValue(round(100 * response.fraction)))
        self.how.setText(fraction_words(self._finding, response.fraction))
        for name, box in self._switches.items():
            box.setChecked(getattr(response, name))
        self._show_assumptions(self._finding, wanted=response.assumed)
        why_not = "" if self.is_shown else "Choose a colour first: the response is not drawn."
        for widget in (self.slider, self.play, self.mark_highest, *self._switches.values()):
            if widget.isEnabled() == bool(why_not):
                enable(widget, why_not, hint="" if why_not else widget.toolTip())
        marked = response.probe_lps
        enable(self.unmark, "" if marked else "Click on the coloured surface to mark a place.")
        rows = (
            readings(self._finding, place_of(self._finding, marked), response.fraction)
            if marked
            else []
        )
        self.place.show_rows([(name, value, "", "") for name, value in rows])

    def _show_assumptions(self, finding: Finding, *, wanted: bool) -> None:
        from surgiplan.render import has_assumptions, has_inside

        sentences = finding.numbers.get("assumptions", ())
        self._switches["inside"].setVisible(has_inside(finding))
        self._switches["assumed"].setVisible(bool(sentences) or has_assumptions(finding))
        self.assumptions.setVisible(wanted and bool(sentences))
        self.assumptions.setText("\n".join(f"•  {one}" for one in sentences))

    def _colour_chosen(self) -> None:
        array = self.colouring.currentData()
        if array:
            self.colour(array)
        else:
            self._desk.view.change(finding="")

    def _slid(self, percent: int) -> None:
        self._change(fraction=percent / 100)

    def _change(self, **changes: Any) -> None:
        look = self._desk.view.look
        self._desk.view.change(response=replace(look.response, **changes))

    def _mark_highest(self) -> None:
        import numpy as np

        from surgiplan.render import coloured_values

        if self._finding is None:
            return
        look = self._desk.view.look
        values = coloured_values(self._finding, look.array)
        arrays = self._finding.arrays
        highest = int(np.nanargmax(values))
        points = np.asarray(arrays["points_lps"], float)
        is_point = len(values) == len(points)
        place = points[highest] if is_point else points[arrays["triangles"][highest]].mean(axis=0)
        x, y, z = (float(value) for value in place)
        self._change(probe_lps=(x, y, z))

    def _play(self, wanted: bool) -> None:
        self.play.setText("❚❚" if wanted else "▶")
        if not wanted:
            self._timer.stop()
            return
        if self.slider.value() == 100:
            self.slider.setValue(0)
        self._timer.start()

    def _play_on(self) -> None:
        self.slider.setValue(min(self.slider.value() + _PLAY_PERCENT, 100))
        if self.slider.value() == 100 or not self.isVisible():
            self.play.setChecked(False)


def _button(text: str, name: str, hint: str) -> QPushButton:
    button = QPushButton(text, objectName=name)
    button.setFixedWidth(30)
    button.setStyleSheet("padding: 3px 0;")
    button.setToolTip(hint)
    button.setAccessibleName(hint)
    return button


def _quietly(widget: QWidget, change: Any) -> None:
    was = widget.blockSignals(True)
    change()
    widget.blockSignals(was)
