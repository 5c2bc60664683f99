"""Segmentations of other programs into the open case, and its own out to them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from surgiplan import io
from surgiplan.edits import AddSegments
from surgiplan.model import Case

from .desk import Desk
from .words import shown_name
from .work import segments_exported, segments_imported

if TYPE_CHECKING:
    from surgiplan.io import Exported

__all__ = ["Exchange"]

_KINDS = {
    "DICOM segmentation (*.dcm)": "seg",
    "DICOM structure set (*.dcm)": "rtstruct",
    "NIfTI label map (*.nii.gz)": "nifti",
    "NRRD label map (*.nrrd)": "nrrd",
    "MetaImage label map (*.mha)": "mha",
}
"""What the dialog offers, and the format that it means."""


class Exchange(QObject):
    """Asks for files and starts the job; an import is one step that can be undone."""

    def __init__(self, desk: Desk, widget: QWidget) -> None:
        super().__init__(widget)
        self._desk, self._widget = desk, widget

    def why_not_import(self) -> str:
        """What is missing for an import, or an empty string."""
        if not self._desk.case.volumes:
            return "import a scan first"
        return "it is being read" if self._desk.is_running("importSegments") else ""

    def why_not_export(self) -> str:
        """What is missing for an export, or an empty string."""
        if not self._shown():
            return "no segment is shown"
        return "it is being written" if self._desk.is_running("exportSegments") else ""

    def ask_and_import(self) -> None:
        """Ask for files and read them."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self._widget,
            "Import segmentation",
            "",
            "Segmentations and surfaces (*.dcm *.seg *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd "
            "*.stl *.ply *.obj *.glb);;All files (*)",
        )
        if chosen:
            self.read([Path(one) for one in chosen])

    def ask_and_export(self) -> None:
        """Ask for a place and a format, and write what is shown."""
        wish = self._desk.case.patient.pseudonym or "segments"
        chosen, kind = QFileDialog.getSaveFileName(
            self._widget, "Export what is shown as segmentation", wish, ";;".join(_KINDS)
        )
        if chosen:
            self.write(Path(chosen), _KINDS.get(kind, "seg"))

    def read(self, paths: Sequence[Path]) -> None:
        """Add the segments in files as one step."""
        work = partial(segments_imported, self._desk.session.case, list(paths))
        self._desk.run("importSegments", "Import segmentation", work, self._added)

    def write(self, path: Path, format_name: str) -> None:
        """Write the segments that are shown."""
        ending = io.EXPORT_FORMATS[format_name]
        if not path.name.lower().endswith(ending):
            path = path.with_name(path.name + ending)
        work = partial(segments_exported, self._coloured(), path, format_name, self._shown())
        self._desk.run("exportSegments", "Export segmentation", work, self._written)

    def _shown(self) -> list[str]:
        case, look = self._desk.case, self._desk.view.look
        return [
            one.id
            for one in case.segments.values()
            if look.style(f"segments/{one.id}", one.name).visible
        ]

    def _coloured(self) -> Case:
        """The case with its segments in the colours that the user sees."""
        case, look = self._desk.session.case, self._desk.view.look
        return case.with_(
            *(
                replace(one, colour=look.style(f"segments/{one.id}", one.name).colour)
                for one in case.segments.values()
            )
        )

    def _added(self, edit: AddSegments) -> None:
        desk = self._desk
        if not desk.do(edit):
            return
        for one in edit.segments:
            if one.colour:
                desk.view.style(f"segments/{one.id}", one.name, colour=one.colour)
        told = [
            f"{shown_name(one, desk.case)}: {remark}"
            for one in edit.segments
            for remark in one.remarks
        ]
        if told:
            desk.notices.say(" ".join(told))
        desk.select(f"segments/{edit.segments[0].id}")

    def _written(self, done: "Exported") -> None:
        who = " The patient's name is in it, as an archive demands." if done.with_identity else ""
        names = ", ".join(file.name for file in done.files)
        told = " ".join([f"{names} is written.{who}", *done.remarks])
        self._desk.notices.say(told, kind="done")
        if self._desk.path:
            for file in done.files:
                self._desk.log(
                    partial(io.log_export, self._desk.path, file, with_identity=done.with_identity)
                )
