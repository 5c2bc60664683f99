"""Organ: cut it with a plane, and read both volumes and the margin while it is dragged."""

from typing import Any

import numpy as np
from PySide6.QtWidgets import QPushButton

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.app.prepared import Prepared
from surgiplan.app.words import shown_name
from surgiplan.edits import MovePlane, SetMargin
from surgiplan.errors import SurgiplanError
from surgiplan.model import Case, Points, Quantity, Resection, Segment
from surgiplan.workflow import plan_resection

from .panel import NumberTable, Panel, enable

__all__ = ["OrganPanel"]

Rows = list[tuple[str, str, str, str]]


class OrganPanel(Panel):
    """Organ, lesion and wanted margin; the numbers of the cut; Cut here at the foot."""

    def __init__(self, desk: Desk, prepared: Prepared, simulate: Any) -> None:
        super().__init__(desk)
        self._prepared, self._simulate = prepared, simulate
        self.heading("Resection")
        self.organ = ChoiceBox("organChoice")
        self.lesion = ChoiceBox("lesionChoice")
        self.lesion.activated.connect(self._margin_changed)
        about = Quantity("mm", 0, 100, "margin of healthy tissue that is wanted")
        self.margin = NumberField(about, 10.0, decimals=1)
        self.margin.setObjectName("wantedMargin")
        self.margin.valueChanged.connect(self._margin_changed)
        fields = (self.organ, self.lesion, self.margin)
        self.rows(list(zip(("Organ", "Lesion", "Wanted margin"), fields, strict=True)))
        self.flip_button = QPushButton("Swap sides", objectName="flipPlane")
        self.flip_button.clicked.connect(self._flip)
        self.body.addWidget(self.flip_button)
        self.heading("Cut")
        self.table = NumberTable()
        self.table.setObjectName("resectionTable")
        self.body.addWidget(self.table)
        self._hint = self.hint("", "resectionHint")
        self.act_button = self.primary("Cut here", "cutButton")
        self.act_button.clicked.connect(self._act)
        self.again_button = self.secondary("Cut here", "cutAgain")
        self.again_button.clicked.connect(self._cut_again)
        prepared.ready.connect(self.invalidate)

    def refresh(self, case: Case) -> None:
        self._fill(case)
        resection = self._resection(case)
        self._show_choice(case, resection)
        if resection is None:
            self.table.show_rows([])
            self._hint.setText(_first_hint(case))
            return
        rows, hint = self._numbers(case, resection)
        if rows:
            self.table.show_rows(rows)
        self._hint.setText(hint)

    def _fill(self, case: Case) -> None:
        entries = [(shown_name(s, case), s.id) for s in case.segments.values()]
        for box, shown in ((self.organ, entries), (self.lesion, [("none", ""), *entries])):
            if [box.itemData(n) for n in range(box.count())] == [i for _, i in shown]:
                continue
            before = box.currentData()
            box.clear()
            for name, segment_id in shown:
                box.addItem(name, segment_id)
            words = ("liver", "kidney", "organ") if box is self.organ else ("tumour", "lesion")
            likely = [n for n, (name, _) in enumerate(shown) if _has(words, name)]
            kept = box.findData(before) if before else -1
            box.setCurrentIndex(kept if kept >= 0 else (likely[0] if likely else 0))

    def _show_choice(self, case: Case, resection: Resection | None) -> None:
        nothing = "" if case.segments else "Segment the organ in Anatomy first."
        for field in (self.organ, self.lesion, self.margin):
            enable(field, nothing, hint=field.accessibleName())
        enable(self.flip_button, "" if resection else "Cut the organ first.",
               hint="Remove the other side instead.")  # fmt: skip
        self.again_button.setVisible(resection is not None)
        if resection is None:
            self.act_button.setText("Cut here")
            enable(self.act_button, nothing, hint="A plane through the crosshair.")
            return
        self.organ.setCurrentIndex(self.organ.findData(resection.target_id))
        self.lesion.setCurrentIndex(max(self.lesion.findData(resection.lesion_id), 0))
        self.margin.show_number(resection.margin_mm)
        enable(self.again_button, hint="Move the plane to the crosshair.")
        self.act_button.setText("Simulate remnant")
        busy = "A simulation is running." if self.desk.is_running("simulate") else ""
        enable(self.act_button, busy, hint="How the tissue that stays settles.")

    def _numbers(self, case: Case, resection: Resection) -> tuple[Rows, str]:
        from surgiplan.planning import divide, margin, margin_remarks

        organ = case.segments.get(resection.target_id)
        if organ is None:
            return [], "The organ of this resection is gone; undo, or remove the resection."
        if not self._prepared.has_columns(organ):
            return [], "Counting the organ…"
        try:
            rows = _division_rows(divide(organ, resection))
        except SurgiplanError as error:
            return [], str(error)
        lesion = case.segments.get(resection.lesion_id)
        if lesion is None:
            return rows, "Choose a lesion to see the margin. Drag the handles in 3D."
        if not self._prepared.has_skin(lesion, organ):
            return rows, "Measuring the lesion…"
        free = margin(lesion, resection)
        remarks = margin_remarks(free, case.volume(lesion.volume_id))
        return rows + _margin_rows(free), "".join(f"!  {remark}" for remark in remarks)

    def _resection(self, case: Case) -> Resection | None:
        """The resection that is meant: selected, or else the newest."""
        chosen = case.at(self.desk.selection) if self.desk.selection else None
        if isinstance(chosen, Resection):
            return chosen
        planned = list(case.plan.resections.values())
        return planned[-1] if planned else None

    def _act(self) -> None:
        case = self.desk.session.case
        resection = self._resection(case)
        if resection is not None:
            self._simulate(f"plan/resections/{resection.id}")
            return
        with self.desk.notices.shown_here():
            organ = case.segment(self.organ.currentData())
            lesion_id = self.lesion.currentData()
            lesion = case.segment(lesion_id) if lesion_id else None
            edit = plan_resection(
                case, organ.id, self._crosshair(), _towards(organ, lesion),
                lesion=lesion_id, margin_mm=self.margin.value(),
            )  # fmt: skip
            if self.desk.do(edit):
                self.desk.select(f"plan/resections/{edit.resection.id}")

    def _cut_again(self) -> None:
        resection = self._resection(self.desk.session.case)
        if resection is not None:
            self.desk.do(MovePlane(resection.id, self._crosshair(), resection.normal))

    def _crosshair(self) -> Points:
        look = self.desk.view.look
        point = look.crosshair_lps or self.desk.case.volume().grid.corners_lps().mean(axis=0)
        return np.array(point, float)

    def _flip(self) -> None:
        resection = self._resection(self.desk.session.case)
        if resection is not None:
            self.desk.do(MovePlane(resection.id, resection.point_lps, -resection.normal))

    def _margin_changed(self, *_: object) -> None:
        resection = self._resection(self.desk.session.case)
        if resection is not None:
            edit = SetMargin(resection.id, self.margin.value(), self.lesion.currentData() or "")
            self.desk.do(edit)


def _towards(organ: Segment, lesion: Segment | None) -> Points:
    """Normal of a first plane: from the organ's middle to the lesion, or to the patient's left."""
    if lesion is not None:
        direction = lesion.centroid_lps - organ.centroid_lps
        if np.linalg.norm(direction) > 1.0:
            return np.asarray(direction / np.linalg.norm(direction))
    return np.array([1.0, 0.0, 0.0])


def _division_rows(division: Any) -> Rows:
    stays = f"{100 * division.remnant_fraction:.0f} %"
    return [
        ("Removed", f"{division.resected_ml:.0f} ml", "", ""),
        ("Stays", f"{division.remnant_ml:.0f} ml", stays, ""),
        ("Cut surface", f"{division.cut_area_mm2 / 100:.0f} cm²", "", ""),
    ]


def _margin_rows(margin: Any) -> Rows:
    wanted = f"≥ {margin.wanted_mm:g} mm"
    number = f"{margin.min_mm:.1f} mm (± {margin.uncertainty_mm:.1f})"
    verdict = "pass" if margin.is_met else "fail"
    if margin.is_met and margin.min_mm - margin.uncertainty_mm < margin.wanted_mm:
        verdict = "attention"
    rows = [
        ("Margin", number, wanted, verdict),
        ("Margin, 5th perc.", f"{margin.p5_mm:.1f} mm", "", ""),
    ]
    if margin.is_left_behind:
        rows.append(("Lesion", "stays behind", "", "fail"))
    elif margin.is_cut:
        rows.append(("Lesion", "is cut", "", "fail"))
    return rows


def _first_hint(case: Case) -> str:
    if not case.segments:
        return "Segment the organ, and a tumour if there is one, in Anatomy first."
    return (
        "Put the crosshair where the cut shall run and press Cut here; then drag the plane by its "
        "handles: the middle moves it, the tip tilts it."
    )


def _has(words: tuple[str, ...], name: str) -> bool:
    return any(word in name.lower() for word in words)
