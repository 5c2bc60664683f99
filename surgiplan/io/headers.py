"""One file's header: who, where and how large, whatever state the file is in."""

import hashlib
import math
import stat
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from .pixel_bytes import PixelBytes, is_bomb, located
from .quiet import quiet
from .series import ImageHeader

__all__ = ["PHASE_TAGS", "Ignored", "iso_date", "numbers", "read_headers", "text"]

PHASE_TAGS = (
    "TemporalPositionIdentifier",
    "AcquisitionNumber",
    "TriggerTime",
    "EchoNumbers",
    "AcquisitionTime",
    "ContentTime",
)
"""What may tell images at one position apart, the most deliberate first."""

_TAGS = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID",
    "FrameOfReferenceUID", "Modality", "SeriesDescription", "StudyDate", "PatientID",
    "PatientName", "PatientBirthDate", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel",
    "BitsAllocated", "PhotometricInterpretation", "ImageType", "PixelSpacing",
    "ImageOrientationPatient", "ImagePositionPatient", "WindowCenter", "WindowWidth",
    "InstanceNumber", "BitsStored", "PixelRepresentation", "RescaleSlope", "RescaleIntercept",
    "PixelPaddingValue", "PixelPaddingRangeLimit", *PHASE_TAGS,
)  # fmt: skip
_DEFERRED_BYTES = 1 << 20
"""Larger values than this stay on disk; no tag above needs them."""
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_DEFLATED_SYNTAX = b"1.2.840.10008.1.2.1.99"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


class Ignored(Exception):
    """The file is no image; the message says why."""


def read_headers(path: Path, salt: bytes) -> tuple[ImageHeader, ...]:
    """The headers of the images in a DICOM file.  Raises Ignored, and nothing else, for any other.

    ``salt`` makes the patient key meaningless outside one scan.
    """
    try:
        with _opened(path) as file, quiet():
            return (_header(path, file, salt),)
    except Ignored:
        raise
    except OSError as error:
        raise Ignored(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # A damaged file can raise nearly anything in a parser; all of it means the same here.
        raise Ignored(f"damaged DICOM header ({type(error).__name__})") from error


def text(dataset: Any, keyword: str) -> str:
    """A value as text, without padding; empty where it is missing or cannot be read."""
    try:
        value = dataset.get(keyword)
    except Exception:
        return ""
    return "" if value is None else str(value).replace("\x00", "").strip()


def numbers(dataset: Any, keyword: str, count: int) -> tuple[float, ...] | None:
    """``count`` finite numbers, or None where there are not that many."""
    try:
        value = dataset.get(keyword)
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        result = tuple(float(v) for v in values)
    except Exception:
        return None
    return result if len(result) == count and all(map(math.isfinite, result)) else None


def iso_date(dicom_date: str) -> str:
    """``20240302`` as ``2024-03-02``; empty where that is no date."""
    digits = dicom_date.replace(".", "").replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return ""


def _opened(path: Path) -> BinaryIO:
    kind = path.stat()
    if not stat.S_ISREG(kind.st_mode):
        raise Ignored("not a plain file")
    if kind.st_size == 0:
        raise Ignored("empty file")
    return path.open("rb")


def _header(path: Path, file: BinaryIO, salt: bytes) -> ImageHeader:
    import pydicom

    start = file.read(4096)
    if start[128:132] != b"DICM":
        raise Ignored(_what_it_is(path, start))
    if _DEFLATED_SYNTAX in start and is_bomb(file):
        raise Ignored("inflates to more than 256 MiB")
    file.seek(0)
    dataset = pydicom.dcmread(
        file, stop_before_pixels=True, specific_tags=list(_TAGS), defer_size=_DEFERRED_BYTES
    )
    meta = dataset.file_meta
    sop_class = text(dataset, "SOPClassUID") or text(meta, "MediaStorageSOPClassUID")
    if _DIRECTORY_CLASS in (sop_class, text(meta, "MediaStorageSOPClassUID")):
        raise Ignored("a DICOMDIR; the images beside it are read instead")
    if not text(dataset, "SeriesInstanceUID") and not _whole(dataset, "Rows", 0):
        raise Ignored("a DICOM file without a series or an image")
    found = PixelBytes(-1, 0, is_complete=True)
    if _DEFLATED_SYNTAX not in start:
        found = located(file, path.stat().st_size, *dataset.original_encoding)
    return _described(path, dataset, sop_class, salt, found)


def _described(
    path: Path, dataset: Any, sop_class: str, salt: bytes, pixels: PixelBytes
) -> ImageHeader:
    who = "\n".join(text(dataset, t) for t in ("PatientID", "PatientName", "PatientBirthDate"))
    patient = hashlib.blake2b(who.encode("utf-8", "replace"), key=salt, digest_size=8)
    spacing = numbers(dataset, "PixelSpacing", 2)
    center, width = (_first(dataset, t) for t in ("WindowCenter", "WindowWidth"))
    instance = numbers(dataset, "InstanceNumber", 1)
    rows, columns = _whole(dataset, "Rows", 0), _whole(dataset, "Columns", 0)
    frames, samples = _whole(dataset, "NumberOfFrames", 1), _whole(dataset, "SamplesPerPixel", 1)
    bits = _whole(dataset, "BitsAllocated", 16)
    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    complete = pixels.is_complete
    if pixels.offset >= 0 and syntax in _NATIVE:
        complete = complete and pixels.size >= rows * columns * frames * samples * bits // 8
    padding = (_first(dataset, "PixelPaddingValue"), _first(dataset, "PixelPaddingRangeLimit"))
    marks = [value for value in padding if value is not None]
    return ImageHeader(
        path=path,
        member="",
        frame=None,
        sop_class=sop_class,
        sop_uid=text(dataset, "SOPInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID") or _made_up_uid(path, dataset),
        study_uid=text(dataset, "StudyInstanceUID"),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
        modality=text(dataset, "Modality"),
        description=text(dataset, "SeriesDescription"),
        study_date=iso_date(text(dataset, "StudyDate")),
        patient=patient.hexdigest(),
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        bits=bits,
        bits_stored=_whole(dataset, "BitsStored", bits),
        is_signed=_whole(dataset, "PixelRepresentation", 0) == 1,
        slope=_number(dataset, "RescaleSlope", 1.0),
        intercept=_number(dataset, "RescaleIntercept", 0.0),
        padding=(min(marks), max(marks)) if padding[0] is not None else None,
        photometric=text(dataset, "PhotometricInterpretation"),
        image_type=_several(dataset, "ImageType"),
        spacing_mm=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        orientation=numbers(dataset, "ImageOrientationPatient", 6),
        position=numbers(dataset, "ImagePositionPatient", 3),
        window_level=(width, center) if center is not None and width and width > 0 else None,
        instance=int(instance[0]) if instance else None,
        phase_marks=tuple(text(dataset, tag) for tag in PHASE_TAGS),
        pixel_offset=pixels.offset,
        pixel_bytes=pixels.size,
        pixels_complete=complete,
    )


def _made_up_uid(path: Path, dataset: Any) -> str:
    """What holds the images of one folder together whose series UID somebody removed."""
    about = [path.parent.name, *(text(dataset, t) for t in ("Modality", "SeriesDescription"))]
    return "folder-" + hashlib.sha256("\n".join(about).encode("utf-8", "replace")).hexdigest()[:12]


def _whole(dataset: Any, keyword: str, missing: int) -> int:
    value = numbers(dataset, keyword, 1)
    return max(int(value[0]), 0) if value else missing


def _number(dataset: Any, keyword: str, missing: float) -> float:
    value = _first(dataset, keyword)
    return missing if value is None else value


def _first(dataset: Any, keyword: str) -> float | None:
    """The first of one or several numbers."""
    try:
        value = dataset.get(keyword)
        number = float(value[0] if isinstance(value, Sequence) else value)
    except Exception:
        return None
    return number if math.isfinite(number) else None


def _several(dataset: Any, keyword: str) -> tuple[str, ...]:
    try:
        value = dataset.get(keyword)
    except Exception:
        return ()
    if value is None or isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(v) for v in value)


def _what_it_is(path: Path, start: bytes) -> str:
    name = path.name.lower()
    if start[:2] == b"PK":
        return "a ZIP archive; unpack it first"
    if name.endswith((".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")):
        return "a volume file; import it by itself"
    return "no DICOM header"
