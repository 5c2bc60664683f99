"""Patient: choose a scan from a folder, see what could mislead about it, and import it."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
)

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox, NumberField
from surgiplan.app.work import imported, scanned
from surgiplan.edits import AddVolume, NamePatient
from surgiplan.model import Case, Quantity
from surgiplan.workflow import VOLUME_FILES

from .panel import Panel, enable
from .problems import Problems

__all__ = ["PatientPanel"]

_SEXES = (("unknown", ""), ("female", "F"), ("male", "M"), ("other", "O"))
_NOTHING_FOUND = (
    "No scan was found in {name}: it holds no DICOM images, NIfTI, NRRD or MetaImage files. "
    "Choose the folder that the scanner or the archive exported."
)


class PatientPanel(Panel):
    """Scan on top, patient below, Import at the foot."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._path: Path | None = None
        self.heading("Scan")
        self._hint = self.hint("", "scanHint")
        row = QHBoxLayout()
        folder = QPushButton("Open folder…", objectName="openFolder")
        folder.clicked.connect(self.ask_for_folder)
        file = QPushButton("Open file…", objectName="openFile")
        file.clicked.connect(self.ask_for_file)
        row.addWidget(folder)
        row.addWidget(file)
        row.addStretch(1)
        self.body.addLayout(row)
        self.series = QListWidget(objectName="seriesList")
        self.series.setAccessibleName("Series found")
        self.series.setIconSize(QSize(72, 72))
        self.series.setWordWrap(True)
        self.series.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.series.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.series.currentItemChanged.connect(self._series_chosen)
        self.body.addWidget(self.series)
        self.problems = Problems()
        self.problems.changed.connect(self.invalidate)
        self.body.addWidget(self.problems)
        self._lay_out_patient()
        self.import_button = self.primary("Import", "importButton")
        self.import_button.clicked.connect(self._import)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder, and look for scans in it."""
        chosen = QFileDialog.getExistingDirectory(self, "Open a folder with a scan")
        if chosen:
            self.look_for_scans(Path(chosen))

    def ask_for_file(self) -> None:
        """Let the user choose a file that holds a whole volume."""
        kinds = " ".join(f"*{ending}" for ending in VOLUME_FILES)
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a scan", "", f"Volumes ({kinds});;All (*)"
        )
        if chosen:
            self.look_for_scans(Path(chosen))

    def look_for_scans(self, path: Path) -> None:
        """List the series in a folder, or import a volume file at once."""
        self._path = path
        self.series.clear()
        self.problems.show_problems(())
        if path.is_file() and path.name.lower().endswith(VOLUME_FILES):
            self._start_import(path)
            return
        self.desk.run("scan", f"Look into {path.name}", partial(scanned, path), self._show_found)

    def refresh(self, case: Case) -> None:
        has_series = self.series.count() > 0
        self.series.setVisible(has_series)
        self._hint.setText(_what_next(case, has_series=has_series))
        self._show_patient(case)
        enable(self.import_button, self._why_not_import(), hint="Bring this series into the case.")

    def _lay_out_patient(self) -> None:
        self._patient_heading = self.heading("Patient")
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

    def _show_found(self, found: tuple[Any, list[Any]]) -> None:
        scan, thumbnails = found
        assert self._path is not None
        if not scan.series:
            self.desk.notices.say(_NOTHING_FOUND.format(name=self._path.name), kind="fail")
            self.invalidate()
            return
        for series, thumbnail in zip(scan.series, thumbnails, strict=True):
            item = QListWidgetItem(_described(series))
            item.setData(Qt.ItemDataRole.UserRole, series)
            if thumbnail is not None:
                item.setIcon(_icon(thumbnail))
            self.series.addItem(item)
        rows = min(self.series.count(), 4)
        self.series.setFixedHeight(sum(self.series.sizeHintForRow(n) for n in range(rows)) + 4)
        self.series.setCurrentRow(0)
        self.invalidate()

    def _series_chosen(self, item: QListWidgetItem | None, _before: object = None) -> None:
        series = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self.problems.show_problems(series.problems if series is not None else ())
        self.invalidate()

    def _why_not_import(self) -> str:
        if self.desk.is_running("import"):
            return "An import is running."
        item = self.series.currentItem()
        if item is None:
            return "Open a folder and choose a series first."
        series = item.data(Qt.ItemDataRole.UserRole)
        if not series.is_volume:
            return "This series is not a volume; choose another one."
        return self.problems.why_not()

    def _import(self) -> None:
        series = self.series.currentItem().data(Qt.ItemDataRole.UserRole)
        assert self._path is not None
        self._start_import(self._path, series_uid=series.uid, accept=self.problems.accepted)

    def _start_import(self, path: Path, **choice: Any) -> None:
        volume_id = self.desk.session.case.free_id("volumes", "ct")
        work = partial(imported, path, volume_id, choice)
        self.desk.run("import", f"Import {path.name}", work, self._imported)

    def _imported(self, edit: AddVolume) -> None:
        is_first = not self.desk.session.case.volumes
        if not self.desk.do(edit):
            return
        if is_first:
            self.desk.view.begin(self.desk.case)
        else:
            self.desk.view.change(volume_id=edit.volume.id)
        self.series.clear()
        self.desk.select(f"volumes/{edit.volume.id}")


def _described(series: Any) -> str:
    slices, rows, columns = series.shape_kji
    size = f"{columns} × {rows} × {slices}"
    spacing = " × ".join(f"{mm:.2f}" for mm in reversed(series.spacing_mm or ()))
    name = series.description or "no description"
    problems = f"\n! {len(series.problems)} to look at" if series.problems else ""
    date = f" · {series.study_date}" if series.study_date else ""
    voxels = f"\n{spacing} mm" if spacing else ""
    return f"{name}\n{series.modality}{date}\n{size}{voxels}{problems}"


def _what_next(case: Case, *, has_series: bool) -> str:
    if has_series:
        return "Choose a series, then import it."
    if case.volumes:
        return "The scan is in the case. Go on to Images and Anatomy, or add another series."
    return "Open the folder that holds the patient's scan (DICOM), or a NIfTI, NRRD or MHA file."


def _number(unit: str, low: float, high: float, meaning: str, name: str) -> NumberField:
    field = NumberField(Quantity(unit, low, high, meaning), None, decimals=0, automatic=True)
    field.setSpecialValueText("unknown")
    field.setObjectName(name)
    return field


def _icon(thumbnail: Any) -> QIcon:
    height, width = thumbnail.shape
    image = QImage(thumbnail.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addPixmap(QPixmap.fromImage(image.copy()), mode)
    return icon
