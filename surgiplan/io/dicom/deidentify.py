"""Writes a copy of a scan without the patient's identity: PS3.15 Annex E, basic profile."""

import io
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan.errors import DicomError
from surgiplan.jobs_report import Report, part, silent

from ..atomic import write_whole
from .cleaning import Cleaner, Tally
from .headers import text
from .quiet import quiet
from .scan import scan
from .series import ImageHeader

__all__ = ["Change", "Deidentified", "deidentify"]

_BURNED_IN_MODALITIES = frozenset({"US", "XA", "RF", "ES", "SC", "OT", "DX", "CR", "MG", "IVUS"})
"""Whose images often carry names in their pixels."""
_SCREENS = frozenset({"SECONDARY", "SCREEN SAVE", "SCREENSHOT"})
_FACES = frozenset({"HEAD", "BRAIN", "FACE", "SKULL", "ORBIT", "SINUS", "JAW", "HEADNECK"})


@dataclass(frozen=True)
class Change:
    """What was done with one attribute, and how often."""

    tag: str
    """``(0010,0010)``."""
    name: str
    done: str
    count: int


@dataclass(frozen=True)
class Deidentified:
    """What was written, and what was not."""

    files: tuple[Path, ...]
    removed: tuple[Change, ...]
    """Attributes whose values are gone: removed, emptied, replaced or shifted."""
    kept: tuple[Change, ...]
    warnings: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    """Name of each file that was not written, and why."""


class _Refused(Exception):
    """This file is not written; the message says why."""


def deidentify(
    path: Path, output: Path, *, shift_dates: bool = True, report: Report = silent
) -> Deidentified:
    """Write the images in ``path`` into the new or empty folder ``output`` without identity.

    UIDs, pseudonym and shift of dates are consistent within this run and can be undone by nobody.
    Pixels stay as they are.  Raises DicomError if there is nothing to write or no place for it.
    """
    _require_place(path, output)
    found = scan([path], report=part(report, 0.0, 0.2))
    images = list(_one_per_file(header for one in found.series for header in one.headers))
    if not images:
        raise DicomError(f"There are no DICOM images in {path.name}; choose the folder of a scan.")
    salt, tally = secrets.token_bytes(32), Counter[tuple[int, str]]()
    cleaners: dict[str, Cleaner] = {}
    written: list[Path] = []
    refused = [(where.name, why) for where, why in found.ignored]
    warnings: dict[str, None] = {}
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DicomError(
            f"{output} cannot be made ({error.strerror}); choose another folder."
        ) from error
    for n, header in enumerate(images):
        report(0.2 + 0.8 * n / len(images), f"Writing image {n + 1} of {len(images)}")
        cleaner = cleaners.setdefault(header.patient, Cleaner(salt, header.patient, shift_dates))
        try:
            written.append(_written(header, cleaner, output, warnings))
        except _Refused as why:
            refused.append((header.name, str(why)))
            continue
        tally.update(cleaner.tally)
    if not written:
        raise DicomError(f"None of the {len(images)} images could be written: {refused[-1][1]}.")
    removed = tuple(_changes(tally, kept=False))
    return Deidentified(
        tuple(written), removed, tuple(_changes(tally, kept=True)), tuple(warnings), tuple(refused)
    )


def _require_place(path: Path, output: Path) -> None:
    if not path.exists():
        raise DicomError(f"There is no file or folder {path}; check the path.")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise DicomError(f"{output.name} is not empty; choose a new folder.")
    if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
        raise DicomError(f"{output.name} lies within the scan itself; choose a folder elsewhere.")


def _one_per_file(headers: Iterator[ImageHeader]) -> Iterator[ImageHeader]:
    seen = set()
    for header in headers:
        if (header.path, header.member) not in seen:
            seen.add((header.path, header.member))
            yield header


def _written(
    header: ImageHeader, cleaner: Cleaner, output: Path, warnings: dict[str, None]
) -> Path:
    """One file, cleaned and written whole.  Raises _Refused and then nothing was written."""
    import pydicom

    cleaner.tally = Counter()
    _refuse_other_kinds(header)
    try:
        with quiet(), header.open() as file:
            dataset = pydicom.dcmread(file)
            remarks = _remarks(dataset)
            cleaner.clean(dataset)
            content = _as_file(dataset)
    except Exception as error:
        # Only the kind of error: its message may quote what must not be told.
        raise _Refused(f"it cannot be read whole ({type(error).__name__})") from None
    path = _free_name(output, str(dataset.SOPInstanceUID))
    try:
        write_whole(path, [content], private=True)
    except OSError as error:
        raise _Refused(f"it cannot be written ({error.strerror})") from error
    warnings.update(dict.fromkeys(remarks))
    return path


def _refuse_other_kinds(header: ImageHeader) -> None:
    """Reports, documents, structure sets: their content is text that no table can judge."""
    from pydicom.uid import UID

    kind = UID(header.sop_class or "0").name
    if "Image Storage" not in kind:
        raise _Refused(f"no image but {kind if kind != header.sop_class else 'of unknown kind'}")
    if kind.startswith(("VL ", "Video ", "Dermoscopic", "Hardcopy")):
        raise _Refused(f"a photograph ({kind}), which may show a face or a label")
    if not header.sop_uid:
        raise _Refused("it has no SOP instance UID")


def _remarks(dataset: Any) -> list[str]:
    """What may still identify the patient, in sentences."""
    burned = text(dataset, "BurnedInAnnotation").upper()
    modality = text(dataset, "Modality").upper()
    kinds = {str(kind).upper() for kind in dataset.get("ImageType") or ()}
    found = []
    if burned == "YES":
        found.append(
            f"{modality} images say that annotation is burned into their pixels, which stay as "
            "they are: look at each before it leaves the house."
        )
    elif burned != "NO" and (modality in _BURNED_IN_MODALITIES or kinds & _SCREENS):
        found.append(
            f"{modality} images of this kind often have names in their pixels, which stay as they "
            "are: look at each before it leaves the house."
        )
    if text(dataset, "BodyPartExamined").upper() in _FACES:
        found.append("A face can be drawn from a scan of the head; this profile leaves it there.")
    return found


def _as_file(dataset: Any) -> memoryview:
    """The file: a preamble of zeros, a new meta header, the pixels as they were stored."""
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getbuffer()


def _free_name(output: Path, uid: str) -> Path:
    """Named by the new UID; a copy of an image gets a number behind it."""
    path, number = output / f"{uid}.dcm", 2
    while path.exists():
        path, number = output / f"{uid}-{number}.dcm", number + 1
    return path


def _changes(tally: Tally, *, kept: bool) -> Iterator[Change]:
    from pydicom.datadict import keyword_for_tag

    for (tag, done), count in sorted(tally.items()):
        if (done in ("kept", "cleaned inside")) == kept:
            name = keyword_for_tag(tag) or ("private" if tag >> 16 & 1 else "unknown")
            yield Change(f"({tag >> 16:04X},{tag & 0xFFFF:04X})", name, done, count)
