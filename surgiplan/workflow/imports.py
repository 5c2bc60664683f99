"""From files to a scan in the case."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from surgiplan import mapped
from surgiplan.edits import AddVolume
from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Identity, Patient, Volume

if TYPE_CHECKING:
    from surgiplan.io import Partial, Scan, SeriesFound

__all__ = ["VOLUME_FILES", "import_scan", "import_series"]

VOLUME_FILES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
"""Endings of files that hold a whole volume."""


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Raise DicomError where a scan finds no memory."""
    try:
        yield
    except MemoryError as error:
        raise DicomError(
            f"There is not enough memory for this scan ({error}); close other programs and try "
            "again."
        ) from error


@_enough_memory()
def import_scan(
    path: Path | Sequence[Path],
    *,
    series_uid: str = "",
    phase: int | None = None,
    accept: Collection[str] = (),
    volume_id: str = "ct",
    with_identity: bool = True,
    patient: Patient | None = None,
    report: Report = silent,
) -> AddVolume:
    """Read one series from folders, files, a ZIP archive or a DICOMDIR, or one volume file.

    ``phase`` chooses one of several phases, counted from 1.  Without ``with_identity`` name,
    number, birth date and source headers of the patient stay outside the case.  ``patient`` is
    whom the case belongs to that the scan shall join.

    Raises DicomError naming the problem, or the series to choose from, and what to do.
    """
    from surgiplan import io

    paths = [path] if isinstance(path, Path) else list(path)
    first = paths[0]
    if len(paths) == 1 and first.is_file() and first.name.lower().endswith(VOLUME_FILES):
        loaded = io.load_volume_file(first, report=report)
        return _added(*loaded, None, volume_id)
    found = io.scan(paths, report=part(report, 0.0, 0.2))
    return import_series(
        _chosen(found, series_uid, first),
        phase=phase,
        accept=accept,
        volume_id=volume_id,
        with_identity=with_identity,
        patient=patient,
        report=part(report, 0.2, 1.0),
    )


@_enough_memory()
def import_series(
    series: "SeriesFound",
    *,
    phase: int | None = None,
    accept: Collection[str] = (),
    volume_id: str = "ct",
    with_identity: bool = True,
    patient: Patient | None = None,
    report: Report = silent,
    partial: Callable[["Partial"], None] | None = None,
) -> AddVolume:
    """Read a series that was found, into memory that can be shared.

    ``partial`` hears what there is of it while compressed slices are decoded.

    Raises DicomError naming the problem and what to do.
    """
    from surgiplan import io

    if phase is not None:
        series = io.phase_of(series, phase)
    volume, found = io.load_series(
        series,
        accept=accept,
        report=part(report, 0.0, 0.9),
        allocate=mapped.empty,
        partial=partial,
    )
    report(0.9, "Hashing scan")
    _ = volume.sha256
    identity = io.identity_of(series)
    found = replace(found, key=identity.key(like=patient.key if patient else ""))
    return _added(volume, found, identity if with_identity else None, volume_id)


def _added(
    volume: Volume, patient: Patient, identity: Identity | None, volume_id: str
) -> AddVolume:
    name = volume.source.description or volume.name
    named = replace(volume, id=volume_id, name=name)
    # What it is called changes no voxel; hashing 600 MB again would take a third of a second.
    named.__dict__["sha256"] = volume.sha256
    return AddVolume(named, patient, identity)


def _chosen(found: "Scan", series_uid: str, path: Path) -> "SeriesFound":
    """The one series that is meant.  Raises DicomError with the choice if that is not clear."""
    series = found.series
    if series_uid:
        for one in series:
            if one.uid == series_uid:
                return one
        raise DicomError(f"There is no series {series_uid} in {path.name}; run scan to list them.")
    if not series:
        why = f" ({found.ignored[0][1]})" if len(found.ignored) == 1 else ""
        raise DicomError(
            f"There are no DICOM images in {path.name}{why}; choose the folder that holds the scan."
        )
    volumes = [one for one in series if one.is_volume] or list(series)
    if len(volumes) > 1:
        choice = "; ".join(f"{one.uid} ({one.description}, {one.images} images)" for one in volumes)
        raise DicomError(f"There are {len(volumes)} series here, choose one by its uid: {choice}.")
    return volumes[0]
