"""One file's header: who, where and how large, whatever state the file is in."""

import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from .archives import Entry, Member
from .classes import DIRECTORY, ENHANCED, modality_of
from .elements import Endless, Uncovered
from .fast_header import FastReader
from .header_values import (
    FILE_PHASE_TAGS,
    Ignored,
    first_number,
    iso_date,
    made_up_uid,
    numbers,
    one_number,
    patient_key,
    several,
    stated_unit,
    stored_bits,
    text,
    whole,
    without_name,
)
from .multiframe import GROUP_TAGS, frame_headers
from .pixel_bytes import PixelBytes, is_bomb, located, native_bytes
from .quiet import quiet
from .series import ImageHeader

__all__ = ["HeaderReader", "Ignored", "iso_date", "numbers", "read_headers", "text"]

_TAGS = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID",
    "FrameOfReferenceUID", "Modality", "SeriesDescription", "StudyDate", "PatientID",
    "PatientName", "PatientBirthDate", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel",
    "BitsAllocated", "PhotometricInterpretation", "ImageType", "PixelSpacing",
    "ImageOrientationPatient", "ImagePositionPatient", "WindowCenter", "WindowWidth",
    "InstanceNumber", "BitsStored", "HighBit", "PixelRepresentation", "RescaleSlope",
    "RescaleIntercept", "ModalityLUTSequence", "RescaleType", "Units",
    "PixelPaddingValue", "PixelPaddingRangeLimit", *FILE_PHASE_TAGS,
)  # fmt: skip
_DEFERRED_BYTES = 1 << 20
"""Larger values than this stay on disk; no tag above needs them."""
_DEFLATED_SYNTAX = b"1.2.840.10008.1.2.1.99"
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe or a device among the files must not block the scan."""
_MOST_READS = 1 << 22
"""A header takes two or three for each element, and 10,000 frames have a million elements."""
_START_BYTES = 16 << 10
"""Read at once: nearly all headers are shorter."""


class HeaderReader:
    """Reads the headers of one scan: the fast way where that is safe, else with pydicom."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._fast = FastReader(salt)

    def read(self, path: Path) -> tuple[ImageHeader, ...]:
        """The headers of the images in a DICOM file.  Raises Ignored, and nothing else."""
        try:
            return (self._read_fast(path),)
        except (Uncovered, OSError):
            return read_headers(path, self._salt)
        except Endless as error:
            raise _ignored(error) from error

    def read_member(
        self, archive: Path, name: str, entry: Entry, file: BinaryIO
    ) -> tuple[ImageHeader, ...]:
        """The headers of a member of an archive that is open as ``file``.  Raises Ignored.

        No more of it is inflated than its header; a checksum tells later whether all is there.
        """
        shown = archive / name
        follow = not entry.is_deflated
        with _said_plainly(), Member(file, entry) as member:

            def read(offset: int, count: int) -> bytes:
                member.seek(offset)
                return member.read(count) or b""

            try:
                start = read(0, _START_BYTES)
                found: tuple[ImageHeader, ...] = (
                    self._fast.read(shown, start, entry.size, read, follow=follow),
                )
            except Uncovered:
                member.seek(0)
                found = _headers(shown, BufferedReader(member), entry.size, self._salt, follow)
        return tuple(replace(one, path=archive, member=name, entry=entry) for one in found)

    def _read_fast(self, path: Path) -> ImageHeader:
        file = os.open(path, _OPEN_FLAGS)
        try:
            start = os.read(file, _START_BYTES)

            def read(offset: int, count: int) -> bytes:
                os.lseek(file, offset, os.SEEK_SET)
                return os.read(file, count)

            # What has no end, a pipe or a device, is left to the slower reader to name.
            return self._fast.read(path, start, os.lseek(file, 0, os.SEEK_END), read)
        finally:
            os.close(file)


def read_headers(path: Path, salt: bytes) -> tuple[ImageHeader, ...]:
    """The headers of the images in a DICOM file, read with pydicom.

    Raises Ignored, and nothing else, for any other file.
    ``salt`` makes the patient key meaningless outside one scan.
    """
    with _said_plainly():
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Ignored("not a plain file")
        with path.open("rb") as file:
            return _headers(path, file, about.st_size, salt)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turns whatever goes wrong with a file into Ignored."""
    try:
        yield
    except Ignored:
        raise
    except Exception as error:
        # A damaged file can raise nearly anything in a parser; all of it means the same here.
        raise _ignored(error) from error


def _ignored(error: Exception) -> Ignored:
    if isinstance(error, Endless):
        return Ignored(f"damaged DICOM header ({error})")
    if isinstance(error, OSError):
        return Ignored(f"cannot be read: {error.strerror or error}")
    return Ignored(f"damaged DICOM header ({type(error).__name__})")


def _headers(
    path: Path, file: BinaryIO, size: int, salt: bytes, follow: bool = True
) -> tuple[ImageHeader, ...]:
    if not size:
        raise Ignored("empty file")
    start = file.read(4096)
    if start[128:132] != b"DICM":
        raise Ignored(_what_it_is(path, start))
    if _DEFLATED_SYNTAX in start and is_bomb(file):
        raise Ignored("inflates to more than 256 MiB")
    file.seek(0)
    with quiet():
        return _understood(path, _Limited(file), size, salt, follow, _DEFLATED_SYNTAX in start)


class _Limited:
    """A file that a parser may ask only so often."""

    name = ""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_READS
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Endless("elements without end")
        return self._file.read(count)


def _understood(
    path: Path, file: "_Limited", size: int, salt: bytes, follow: bool, is_deflated: bool
) -> tuple[ImageHeader, ...]:
    import pydicom

    dataset = pydicom.dcmread(
        file, stop_before_pixels=True, specific_tags=list(_TAGS), defer_size=_DEFERRED_BYTES
    )
    for tag in ("Rows", "Columns"):
        if tag in dataset and (dataset.get_item(tag).VR or "US") != "US":
            raise Ignored(f"damaged DICOM header ({tag} is no US)")
    meta = dataset.file_meta
    sop_class = text(dataset, "SOPClassUID") or text(meta, "MediaStorageSOPClassUID")
    if DIRECTORY in (sop_class, text(meta, "MediaStorageSOPClassUID")):
        raise Ignored("a DICOMDIR; the images beside it are read instead")
    if not text(dataset, "SeriesInstanceUID") and not whole(dataset, "Rows", 0):
        raise Ignored("a DICOM file without a series or an image")
    found = PixelBytes(-1, 0, is_complete=True)
    if not is_deflated:
        found = located(file, size, *dataset.original_encoding, follow=follow)
    header = _described(path, dataset, sop_class, salt, found)
    if sop_class not in ENHANCED:
        return (header,)
    file.seek(0)
    groups = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(GROUP_TAGS))
    return frame_headers(header, groups)


def _described(
    path: Path, dataset: Any, sop_class: str, salt: bytes, pixels: PixelBytes
) -> ImageHeader:
    number, name, born = (
        text(dataset, tag) for tag in ("PatientID", "PatientName", "PatientBirthDate")
    )
    spacing = numbers(dataset, "PixelSpacing", 2)
    center, width = (first_number(dataset, t) for t in ("WindowCenter", "WindowWidth"))
    instance = numbers(dataset, "InstanceNumber", 1)
    rows, columns = whole(dataset, "Rows", 0), whole(dataset, "Columns", 0)
    frames, samples = whole(dataset, "NumberOfFrames", 1), whole(dataset, "SamplesPerPixel", 0)
    bits, representation = (
        whole(dataset, "BitsAllocated", 0), whole(dataset, "PixelRepresentation", 2)
    )  # fmt: skip
    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    needed = native_bytes(syntax, rows, columns, frames, samples, bits)
    padding = [first_number(dataset, t) for t in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    marks = [value for value in padding if value is not None]
    modality = modality_of(sop_class, text(dataset, "Modality"))
    description = without_name(text(dataset, "SeriesDescription"), number, name)
    uid = text(dataset, "SeriesInstanceUID")
    has_table = bool(dataset.get("ModalityLUTSequence"))
    return ImageHeader(
        path=path,
        member="",
        frame=None,
        sop_class=sop_class,
        sop_uid=text(dataset, "SOPInstanceUID"),
        series_uid=uid or made_up_uid(path.parent.name, modality, description),
        study_uid=text(dataset, "StudyInstanceUID"),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
        modality=modality,
        description=description,
        study_date=iso_date(text(dataset, "StudyDate")),
        patient=patient_key(number, name, born, salt),
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        bits=bits,
        bits_stored=stored_bits(
            bits, whole(dataset, "BitsStored", 0), representation, whole(dataset, "HighBit", -1)
        ),
        is_signed=representation == 1,
        slope=math.nan if has_table else one_number(dataset, "RescaleSlope", 1.0),
        intercept=one_number(dataset, "RescaleIntercept", 0.0),
        padding=(min(marks), max(marks)) if padding[0] is not None else None,
        photometric=text(dataset, "PhotometricInterpretation"),
        image_type=several(dataset, "ImageType"),
        spacing_mm=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        orientation=numbers(dataset, "ImageOrientationPatient", 6),
        position=numbers(dataset, "ImagePositionPatient", 3),
        window_level=(width, center) if center is not None and width and width > 0 else None,
        instance=int(instance[0]) if instance else None,
        phase_marks=(*(_mark(dataset, tag) for tag in FILE_PHASE_TAGS), "", ""),
        pixel_offset=pixels.offset,
        pixel_bytes=pixels.size,
        pixels_complete=pixels.is_complete and pixels.size >= needed,
        stated_unit=stated_unit(modality, text(dataset, "RescaleType"), text(dataset, "Units")),
        is_calibrated=bool(text(dataset, "RescaleIntercept")),
    )


def _mark(dataset: Any, keyword: str) -> str:
    return "\\".join(several(dataset, keyword))


def _what_it_is(path: Path, start: bytes) -> str:
    name = path.name.lower()
    if start[:2] == b"PK":
        return "a ZIP archive; choose it by itself to look into it"
    if name.endswith((".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")):
        return "a volume file; import it by itself"
    return "no DICOM header"
