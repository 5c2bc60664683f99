"""Patient: choose a scan from a folder, see what could mislead about it, and import it."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.edits import NamePatient
from surgiplan.model import Case, Quantity

from .panel import Panel, enable
from .scan_chooser import ScanChooser

__all__ = ["PatientPanel"]

_SEXES = (("unknown", ""), ("female", "F"), ("male", "M"), ("other", "O"))


class PatientPanel(Panel):
    """Scan on top, patient below, Import at the foot."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.heading("Scan")
        self._hint = self.hint("", "scanHint")
        self.scans = ScanChooser(desk)
        self.scans.changed.connect(self.invalidate)
        self.body.addWidget(self.scans)
        self._lay_out_patient()
        self.import_button = self.primary("Import", "importButton")
        self.import_button.clicked.connect(self.scans.import_chosen)

    def refresh(self, case: Case) -> None:
        self._hint.setText(_what_next(case, has_series=self.scans.has_series))
        self._show_patient(case)
        why_not = self.scans.why_not_import()
        enable(self.import_button, why_not, hint="Bring this series into the case.")

    def _lay_out_patient(self) -> None:
        self._patient_heading = self.heading("Patient")
        self.name = self.hint("", "patientName")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setProperty("role", "attention")
        self.desk.name_toggled.connect(self.invalidate)
        self.pseudonym = QLineEdit(objectName="pseudonym")
        self.pseudonym.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.pseudonym.setToolTip("Never the name: the pseudonym stands on every page.")
        self.sex = ChoiceBox("sex")
        for text, code in _SEXES:
            self.sex.addItem(text, code)
        self.age = _number("years", 0, 120, "age", "ageYears")
        self.height_cm = _number("cm", 30, 250, "height", "heightCm")
        self.weight_kg = _number("kg", 1, 400, "weight", "weightKg")
        self._patient_fields = (
            self.pseudonym, self.sex, self.age, self.height_cm, self.weight_kg
        )  # fmt: skip
        names = ("Pseudonym", "Sex", "Age", "Height", "Weight")
        self.rows(list(zip(names, self._patient_fields, strict=True)))
        self.pseudonym.editingFinished.connect(self._patient_changed)
        self.sex.activated.connect(self._patient_changed)
        for field in (self.age, self.height_cm, self.weight_kg):
            field.editingFinished.connect(self._patient_changed)

    def _show_patient(self, case: Case) -> None:
        patient = case.patient
        name = self.desk.name_on_screen
        self.name.setVisible(bool(name))
        self.name.setText(f"● {name}" if name else "")
        for field in self._patient_fields:
            enable(field, "" if case.volumes else "Import a scan first.", hint=field.toolTip())
        if not self.pseudonym.hasFocus():
            self.pseudonym.setText(patient.pseudonym)
        self.sex.setCurrentIndex(max(self.sex.findData(patient.sex), 0))
        self.age.show_number(patient.age_years)
        self.height_cm.show_number(patient.height_cm)
        self.weight_kg.show_number(patient.weight_kg)

    def _patient_changed(self) -> None:
        before = self.desk.session.case.patient
        after = replace(
            before,
            pseudonym=self.pseudonym.text().strip(),
            sex=self.sex.currentData(),
            age_years=self.age.number,
            height_cm=self.height_cm.number,
            weight_kg=self.weight_kg.number,
        )
        if after.digest != before.digest and self.desk.session.case.volumes:
            self.desk.do(NamePatient(after))


def _what_next(case: Case, *, has_series: bool) -> str:
    if has_series:
        return "Choose a series, then import it."
    if case.volumes:
        return "The scan is in the case. Go on to Images and Anatomy, or add another series."
    return (
        "Open the folder or ZIP that holds the patient's scan (DICOM), or a NIfTI, NRRD or MHA "
        "file; or drop it on the window."
    )


def _number(unit: str, low: float, high: float, meaning: str, name: str) -> NumberField:
    field = NumberField(Quantity(unit, low, high, meaning), None, decimals=0, automatic=True)
    field.setSpecialValueText("unknown")
    field.setObjectName(name)
    return field
