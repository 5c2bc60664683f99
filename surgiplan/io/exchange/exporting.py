"""Segments of a case as files for other programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Case, Segment, VoxelGrid

from ..atomic import whole_file
from .label_writing import write_label_map
from .origin import origin_of
from .placing import onto_scan
from .rt_writing import structure_set
from .seg_writing import SegKind, segmentation_dataset

__all__ = ["EXPORT_FORMATS", "Exported", "export_label_map", "export_segments", "format_of"]

EXPORT_FORMATS: Mapping[str, str] = MappingProxyType(
    {"seg": ".dcm", "rtstruct": ".dcm", "nifti": ".nii.gz", "nrrd": ".nrrd", "mha": ".mha"}
)
"""What can be written, and how such a file ends."""
_DICOM = ("seg", "rtstruct")
_BY_ENDING = {
    ".nii": "nifti", ".nii.gz": "nifti", ".nrrd": "nrrd", ".mha": "mha", ".dcm": "seg",
    ".seg": "seg",
}  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """What was written, and what the user should know of it."""

    files: tuple[Path, ...]
    remarks: tuple[str, ...]
    with_identity: bool
    """Whether the patient's name and number are in them, as an archive demands."""


def format_of(path: Path) -> str:
    """The format that the name of a file means, DICOM SEG for ``.dcm``.

    Raises SegmentationError for a name that means none.
    """
    for ending, name in sorted(_BY_ENDING.items(), key=lambda pair: -len(pair[0])):
        if path.name.lower().endswith(ending):
            return name
    raise SegmentationError(
        f"{path.name} should end in one of {', '.join(sorted(_BY_ENDING))}; or choose --format."
    )


def export_segments(
    case: Case,
    path: Path,
    format_name: str = "",
    segments: Sequence[str] = (),
    *,
    kind: SegKind = SegKind.BINARY,
    report: Report = silent,
) -> Exported:
    """Write segments (ids or names; all, if none are given) that were drawn on one scan.

    Each lies on the scan's own grid in the file; one that did not is resampled, and a remark says
    so.  Raises SegmentationError and leaves no file.
    """
    wanted = format_name or format_of(path)
    chosen = [case.segment(one) for one in segments] or list(case.segments.values())
    if not chosen:
        raise SegmentationError("This case has no segment to export yet; make one first.")
    scans = {one.volume_id or case.volume().id for one in chosen}
    if len(scans) > 1:
        names = ", ".join(sorted(scans))
        raise SegmentationError(
            f"These segments were drawn on several scans ({names}); export those of one at a time."
        )
    volume = case.volume(scans.pop())
    placed = [onto_scan(one, volume.grid) for one in chosen]
    remarks = [
        f"{one.name}: {remark}"
        for one, old in zip(placed, chosen, strict=True)
        for remark in one.remarks[len(old.remarks) :]
    ]
    try:
        if wanted not in _DICOM:
            report(0.3, "Writing label map")
            files = write_label_map(placed, volume.grid, path, EXPORT_FORMATS[wanted])
            return Exported(files, tuple(remarks), with_identity=False)
        origin = origin_of(case, volume)
        if wanted == "seg":
            dataset = segmentation_dataset(placed, volume.grid, origin, kind, report)
        else:
            dataset = structure_set(placed, volume.grid, origin, report)
        _write_dicom(dataset, path)
    except OSError as error:
        raise SegmentationError(
            f"{path} cannot be written ({error.strerror}); choose another folder."
        ) from error
    remarks += [origin.remark] if origin.remark else []
    return Exported((path,), tuple(remarks), with_identity=bool(origin.header))


def export_label_map(segments: Sequence[Segment], grid: VoxelGrid, path: Path) -> tuple[Path, ...]:
    """Write segments that belong to no case as a label map on ``grid``, and return the files.

    Raises SegmentationError for a name that means no label map, where two segments share voxels,
    and where the file cannot be written.
    """
    wanted = format_of(path)
    if wanted in _DICOM:
        raise SegmentationError(
            f"{path.name} would be DICOM, which needs the patient's scan; write a label map such "
            "as .nii.gz or .nrrd, or into a case and export from there."
        )
    placed = [onto_scan(one, grid) for one in segments]
    try:
        return write_label_map(placed, grid, path, EXPORT_FORMATS[wanted])
    except OSError as error:
        raise SegmentationError(
            f"{path} cannot be written ({error.strerror}); choose another folder."
        ) from error


def _write_dicom(dataset: Any, path: Path) -> None:
    """Whole or not at all."""
    content = BytesIO()
    dataset.save_as(content, enforce_file_format=True)
    with whole_file(path) as file:
        file.write(content.getbuffer())
