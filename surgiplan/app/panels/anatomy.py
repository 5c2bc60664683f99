"""Anatomy: a method with its settings, seeds clicked in the views, and what came out."""

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from surgiplan.app.desk import Desk
from surgiplan.app.exchange import Exchange
from surgiplan.app.forms import ChoiceBox, SettingsForm
from surgiplan.app.palette import ACCENT
from surgiplan.app.tools import PointsTool
from surgiplan.app.words import shown_name
from surgiplan.app.work import segmented
from surgiplan.edits import AddSegments
from surgiplan.model import Case

from .panel import NumberTable, Panel, enable

__all__ = ["AnatomyPanel"]


_ALL = "torso"
"""The method behind the button for everything."""


class AnatomyPanel(Panel):
    """Method, seeds and settings above; Segment at the foot."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tool: PointsTool | None = None
        self._forms: dict[str, SettingsForm] = {}
        self._shown_form: SettingsForm | None = None
        self.heading("All at once")
        self.torso_button = QPushButton("Find every organ", objectName="torsoButton")
        self.torso_button.clicked.connect(self._find_all)
        self.body.addWidget(self.torso_button)
        self.heading("Find one structure")
        self.method = ChoiceBox("methodChoice")
        self.method.setAccessibleName("Method")
        self.method.currentIndexChanged.connect(self._method_chosen)
        self.body.addWidget(self.method)
        self._about = self.hint("", "methodAbout")
        self.name_field = QLineEdit(objectName="segmentName")
        self.name_field.setPlaceholderText("as the method says")
        self.rows([("Name", self.name_field)])
        self._seeds_heading = self.heading("Seeds")
        self._seeds = self.hint("", "seedCount")
        self.pick_button = QPushButton("Click seeds in the views", objectName="pickSeeds")
        self.pick_button.setCheckable(True)
        self.pick_button.clicked.connect(self._pick)
        self.body.addWidget(self.pick_button)
        self._settings_heading = self.heading("Settings")
        self._form_place = QVBoxLayout()
        self.body.addLayout(self._form_place)
        self.heading("In this case")
        self.list = NumberTable()
        self.list.setObjectName("segmentTable")
        self.body.addWidget(self.list)
        self._empty = self.hint("", "anatomyHint")
        self._exchange = Exchange(desk, self)
        exchange_row = QHBoxLayout()
        self.import_button = QPushButton("Import…", objectName="importSegmentsButton")
        self.import_button.clicked.connect(self._exchange.ask_and_import)
        self.export_button = QPushButton("Export…", objectName="exportSegmentsButton")
        self.export_button.clicked.connect(self._exchange.ask_and_export)
        for button in (self.import_button, self.export_button):
            exchange_row.addWidget(button)
        self.body.addLayout(exchange_row)
        self.run_button = self.primary("Segment", "segmentButton")
        self.run_button.clicked.connect(self._run)
        self.clear_button = self.secondary("Clear seeds", "clearSeeds")
        self.clear_button.clicked.connect(self._clear)
        desk.tool_changed.connect(self._tool_changed)

    def refresh(self, case: Case) -> None:
        self._fill_methods()
        fewest, most = self._seed_range()
        count = len(self._tool.points) if self._tool else 0
        for widget in (self._seeds_heading, self._seeds, self.pick_button, self.clear_button):
            widget.setVisible(most > 0)
        self._seeds.setText(_seed_words(count, fewest, most))
        enable(self.run_button, self._why_not(case, count, fewest), hint="Runs beside the window.")
        enable(
            self.torso_button, self._why_not(case, 0, 0),
            hint="Body, lungs, bones, heart, arteries, liver, spleen, kidneys: what a CT shows.",
        )  # fmt: skip
        enable(self.clear_button, "" if count else "There are no seeds yet.")
        enable(self.pick_button, "" if case.volumes else "Import a scan in Patient first.")
        self._offer_exchange()
        rows = [
            (
                shown_name(s, case),
                f"{s.volume_ml:,.1f} ml".replace(",", " "),
                _sure(s.confidence),
                "",
            )
            for s in case.segments.values()
        ]
        self.list.show_rows(rows)
        self._empty.setText("" if rows else "Nothing yet: choose a method and press Segment.")
        self._empty.setVisible(not rows)

    def _offer_exchange(self) -> None:
        files = "DICOM segmentation, structure set, or a label map."
        for button, why_not, verb in (
            (self.import_button, self._exchange.why_not_import(), "Reads"),
            (self.export_button, self._exchange.why_not_export(), "Writes what is shown as"),
        ):
            enable(button, f"{why_not.capitalize()}." if why_not else "", hint=f"{verb} {files}")

    def _fill_methods(self) -> None:
        if self.method.count():
            return
        from surgiplan.imaging import METHODS

        self.method.blockSignals(True)
        for name in METHODS:
            if name != _ALL:
                self.method.addItem(METHODS[name].title, name)
        self.method.blockSignals(False)
        self._method_chosen()

    def _method_chosen(self, *_: object) -> None:
        method = self._method()
        if method is None:
            return
        self._about.setText(method.about)
        self.name_field.setEnabled(len(method.names) <= 1)
        self.name_field.clear()
        name = self.method.currentData()
        if name not in self._forms:
            self._forms[name] = SettingsForm(method.Settings)
            self._form_place.addWidget(self._forms[name])
        for key, form in self._forms.items():
            form.setVisible(key == name)
        self._shown_form = self._forms[name]
        self._settings_heading.setVisible(bool(self._shown_form.fields))
        if self._tool is not None:
            self.desk.use(None)
        self.invalidate()

    def _method(self) -> Any:
        from surgiplan.imaging import METHODS

        name = self.method.currentData()
        return METHODS[name] if name else None

    def _seed_range(self) -> tuple[int, int]:
        method = self._method()
        return method.seeds if method is not None else (0, 0)

    def _pick(self, is_on: bool) -> None:
        if not is_on:
            self.desk.use(None)
            return
        _, most = self._seed_range()
        labels = [str(n + 1) for n in range(most)]
        self._tool = PointsTool(
            self.desk, labels, ACCENT, self.invalidate, most=most,
            hint="click inside the structure",
        )  # fmt: skip
        self.desk.use(self._tool)

    def _clear(self) -> None:
        if self._tool is not None:
            self._tool.clear()

    def _tool_changed(self, tool: object) -> None:
        if self._tool is not None and tool is not self._tool:
            self._tool = None
        self.pick_button.setChecked(self._tool is not None)
        self.invalidate()

    def _why_not(self, case: Case, count: int, fewest: int) -> str:
        if not case.volumes:
            return "Import a scan in Patient first."
        if self.desk.is_running("segment"):
            return "A segmentation is running."
        if count < fewest:
            return f"Click {fewest - count} more seed{'s' if fewest - count > 1 else ''} first."
        return ""

    def _run(self) -> None:
        name = self.method.currentData()
        seeds = tuple(self._tool.points) if self._tool else ()
        values = self._shown_form.values() if self._shown_form else {}
        options = {
            "volume_id": self.desk.view.look.volume_id,
            "name": self.name_field.text().strip(),
            "seeds_lps": np.array(seeds).reshape(-1, 3),
            "settings": values,
        }
        work = partial(segmented, self.desk.session.case, name, options)
        self.desk.run("segment", self.method.currentText(), work, self._done)

    def _find_all(self) -> None:
        from surgiplan.imaging import METHODS

        options = {"volume_id": self.desk.view.look.volume_id}
        work = partial(segmented, self.desk.session.case, _ALL, options)
        self.desk.run("segment", METHODS[_ALL].title, work, self._done)

    def _done(self, edit: AddSegments) -> None:
        if not self.desk.do(edit):
            return
        self.desk.use(None)
        # What several structures have in common is said once.
        said = dict.fromkeys(remark for segment in edit.segments for remark in segment.remarks)
        if said:
            self.desk.notices.say(" ".join(said))
        self.desk.select(f"segments/{edit.segments[0].id}")


def _seed_words(count: int, fewest: int, most: int) -> str:
    wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return f"{count} of {wanted} clicked"


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence * 100:.0f} % sure"
