"""The scans that were found in what the user opened or dropped: series, phase, problems."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from surgiplan.app.desk import Desk
from surgiplan.app.forms import ChoiceBox
from surgiplan.app.work import imported, scanned
from surgiplan.edits import AddVolume
from surgiplan.model import Source, Volume
from surgiplan.workflow import VOLUME_FILES

from .problems import Problems

__all__ = ["ScanChooser"]

_NOTHING_FOUND = (
    "No scan was found in {name}: it holds no DICOM images, NIfTI, NRRD or MetaImage files. "
    "Choose the folder that the scanner or the archive exported."
)
_DECODING = "Still decoding"


class ScanChooser(QWidget):
    """Looks into folders and files, lists the series there, and imports the one chosen."""

    changed = Signal()
    """What is chosen or accepted, and with it whether it can be imported."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._is_partial = False
        """Whether the views show a scan that is still being decoded."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        folder = QPushButton("Open folder…", objectName="openFolder")
        folder.clicked.connect(self.ask_for_folder)
        file = QPushButton("Open file…", objectName="openFile")
        file.clicked.connect(self.ask_for_file)
        row.addWidget(folder)
        row.addWidget(file)
        row.addStretch(1)
        column.addLayout(row)
        self.series = QListWidget(objectName="seriesList")
        self.series.setAccessibleName("Series found")
        self.series.setIconSize(QSize(72, 72))
        self.series.setWordWrap(True)
        self.series.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.series.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.series.currentItemChanged.connect(self._series_chosen)
        self.series.hide()
        column.addWidget(self.series)
        self.phase = ChoiceBox("phaseChoice")
        self.phase.setAccessibleName("Phase to import")
        self.phase.activated.connect(self._phase_chosen)
        self.phase.hide()
        column.addWidget(self.phase)
        self.problems = Problems()
        self.problems.changed.connect(self.changed)
        column.addWidget(self.problems)

    @property
    def has_series(self) -> bool:
        """Whether there is something to choose from."""
        return self.series.count() > 0

    def ask_for_folder(self) -> None:
        """Let the user choose a folder, and look for scans in it."""
        chosen = QFileDialog.getExistingDirectory(self, "Open a folder with a scan")
        if chosen:
            self.look_for_scans([Path(chosen)])

    def ask_for_file(self) -> None:
        """Let the user choose files: DICOM images, archives of them, or a whole volume."""
        kinds = " ".join(f"*{ending}" for ending in VOLUME_FILES)
        chosen, _ = QFileDialog.getOpenFileNames(
            self,
            "Open a scan",
            "",
            f"All files (*);;Volumes ({kinds});;ZIP archives (*.zip);;DICOMDIR (DICOMDIR dicomdir)",
        )
        if chosen:
            self.look_for_scans([Path(name) for name in chosen])

    def look_for_scans(self, paths: Sequence[Path]) -> None:
        """List the series in folders and files, or import a volume file at once."""
        self._clear()
        if len(paths) == 1 and paths[0].is_file() and _is_volume_file(paths[0]):
            self._start_import(paths[0], paths[0].name)
            return
        name = paths[0].name if len(paths) == 1 else f"{len(paths)} files and folders"
        self._desk.run(
            "scan",
            f"Look into {name}",
            partial(scanned, tuple(paths)),
            partial(self._show_found, name),
        )

    def why_not_import(self) -> str:
        """Why nothing can be imported yet; empty if it can."""
        if self._desk.is_running("import"):
            return "An import is running."
        chosen = self._chosen()
        if chosen is None:
            return "Open a folder and choose a series first."
        if self.phase.isVisibleTo(self) and self.phase.currentData() is None:
            return "Choose one of the phases first."
        if not chosen.is_volume:
            return "This series is not a volume; choose another one."
        return self.problems.why_not()

    def import_chosen(self) -> None:
        """Start the import of the series and phase that are chosen."""
        series = self._chosen()
        name = series.description or series.modality
        self._start_import(series, name, accept=self.problems.accepted)

    def _clear(self) -> None:
        self.series.clear()
        self.series.hide()
        self.problems.show_problems(())

    def _chosen(self) -> Any:
        """The series, or the phase of it, that is chosen; None if none is."""
        item = self.series.currentItem()
        if item is None:
            return None
        phase = self.phase.currentData() if self.phase.isVisibleTo(self) else None
        return phase or item.data(Qt.ItemDataRole.UserRole).series

    def _show_found(self, name: str, found: Any) -> None:
        if not found:
            self._desk.notices.say(_NOTHING_FOUND.format(name=name), kind="fail")
            self.changed.emit()
            return
        for one in found:
            item = QListWidgetItem(_described(one))
            item.setData(Qt.ItemDataRole.UserRole, one)
            if one.thumbnail is not None:
                item.setIcon(_icon(one.thumbnail))
            self.series.addItem(item)
        rows = min(self.series.count(), 4)
        self.series.setFixedHeight(sum(self.series.sizeHintForRow(n) for n in range(rows)) + 4)
        self.series.show()
        self.series.setCurrentRow(0)
        self.changed.emit()

    def _series_chosen(self, item: QListWidgetItem | None, _before: object = None) -> None:
        found = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        phases = found.phases if found is not None else ()
        self.phase.clear()
        if len(phases) > 1:
            self.phase.addItem(f"Choose one of {len(phases)} phases", None)
            for number, phase in enumerate(phases, start=1):
                label = f": {phase.phase_label}" if phase.phase_label else ""
                self.phase.addItem(f"Phase {number} of {len(phases)}{label}", phase)
        self.phase.setVisible(len(phases) > 1)
        self._phase_chosen()

    def _phase_chosen(self, _row: int = 0) -> None:
        chosen = self._chosen()
        waits = self.phase.isVisibleTo(self) and self.phase.currentData() is None
        problems = chosen.problems if chosen is not None and not waits else ()
        self.problems.show_problems(problems)
        self.changed.emit()

    def _start_import(self, source: Any, name: str, **choice: Any) -> None:
        case = self._desk.session.case
        volume_id = case.free_id("volumes", "ct")
        choice["patient"] = case.patient if case.volumes else None
        shown = None
        if not case.volumes and not isinstance(source, Path):
            shown = partial(self._show_partial, source, volume_id)
        self._desk.run(
            "import",
            f"Import {name}",
            partial(imported, source, volume_id, choice),
            self._imported,
            otherwise=self._show_nothing,
            partial=shown,
        )

    def _show_partial(self, series: Any, volume_id: str, scan: Any) -> None:
        """Show the slices of a first scan that are there, as a preview of its import."""
        if self._desk.session.case.volumes:
            return
        unit = "HU" if series.modality == "CT" else "1"
        source = Source(modality=series.modality, window_level=series.window_level)
        name = f"{series.description or series.modality} (decoding)"
        volume = Volume(volume_id, scan.values, scan.grid, unit, name, source)
        if self._desk.preview(AddVolume(volume)) and not self._is_partial:
            self._is_partial = True
            self._desk.view.begin(self._desk.case)
        self._desk.notices.say(
            f"{_DECODING}: {int(scan.ready.sum())} of {len(scan.ready)} slices are there, the "
            "others show a neighbour. Look, but do not judge yet."
        )

    def _show_nothing(self) -> None:
        if not self._is_partial:
            return
        self._is_partial = False
        self._desk.preview(None)
        self._desk.view.begin(self._desk.case)
        if self._desk.notices.last.startswith(_DECODING):
            self._desk.notices.clear()

    def _imported(self, edit: AddVolume) -> None:
        is_first = not self._desk.session.case.volumes and not self._is_partial
        self._is_partial = False
        if not self._desk.do(edit):
            return
        if is_first:
            self._desk.view.begin(self._desk.case)
        elif edit.volume.id != self._desk.view.look.volume_id:
            self._desk.view.change(volume_id=edit.volume.id)
        self._clear()
        self._desk.select(f"volumes/{edit.volume.id}")


def _is_volume_file(path: Path) -> bool:
    return path.name.lower().endswith(VOLUME_FILES)


def _described(found: Any) -> str:
    series = found.series
    slices, rows, columns = series.shape_kji
    size = f"{columns} × {rows} × {slices}"
    spacing = " × ".join(f"{mm:.2f}" for mm in reversed(series.spacing_mm or ()))
    name = series.description or "no description"
    lines = [name, f"{series.modality} · {series.study_date}".rstrip(" ·"), size]
    if spacing:
        lines.append(f"{spacing} mm")
    if len(found.phases) > 1:
        lines.append(f"{len(found.phases)} phases")
    elif series.problems:
        lines.append(f"! {len(series.problems)} to look at")
    return "\n".join(lines)


def _icon(thumbnail: Any) -> QIcon:
    height, width = thumbnail.shape
    image = QImage(thumbnail.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addPixmap(QPixmap.fromImage(image.copy()), mode)
    return icon
