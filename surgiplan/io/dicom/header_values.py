"""Values of a header as plain text and numbers, however they were written."""

import hashlib
import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

__all__ = [
    "FILE_PHASE_TAGS",
    "PHASE_TAGS",
    "Ignored",
    "first_number",
    "iso_date",
    "made_up_uid",
    "name_words",
    "numbers",
    "one_number",
    "patient_key",
    "several",
    "stated_unit",
    "stored_bits",
    "text",
    "whole",
    "without_name",
]

_WORD = re.compile(r"\w+")
_SHORTEST_NAME, _SHORTEST_FOREIGN_NAME, _SHORTEST_NUMBER = 3, 2, 4
"""What is shorter stands in too many texts by chance [letters]."""

FILE_PHASE_TAGS = (
    "TemporalPositionIdentifier",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "EchoNumbers",
    "EchoTime",
    "DiffusionBValue",
    "AcquisitionNumber",
    "ConvolutionKernel",
    "ImageType",
    "AcquisitionTime",
    "ContentTime",
)
PHASE_TAGS = (*FILE_PHASE_TAGS, "StackID", "DimensionIndexValues")
"""What may tell images at one position apart, the most deliberate first; the last two only in
multi-frame files."""


class Ignored(Exception):
    """The file is no image; the message says why."""


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


def whole(dataset: Any, keyword: str, missing: int) -> int:
    """One number that is not negative, without its fraction."""
    value = numbers(dataset, keyword, 1)
    return max(int(value[0]), 0) if value else missing


def first_number(dataset: Any, keyword: str) -> float | None:
    """The first of one or several numbers."""
    try:
        value = dataset.get(keyword)
        number = float(value[0] if isinstance(value, Sequence) else value)
    except Exception:
        return None
    return number if math.isfinite(number) else None


def one_number(dataset: Any, keyword: str, missing: float) -> float:
    """One number, or ``missing`` where there is none; NaN where what is there cannot be read."""
    value = numbers(dataset, keyword, 1)
    if value:
        return value[0]
    empty = keyword not in dataset or dataset.get_item(keyword).is_empty
    return missing if empty else math.nan


def stated_unit(modality: str, rescale_type: str, units: str) -> str:
    """In what the values of an image are given, as its two tags for that say.

    Much that is in Hounsfield units says ``US`` (unspecified) or nothing at all.
    """
    if modality != "CT":
        return units
    kind = rescale_type.upper()
    return "HU" if kind in ("", "HU", "US", "UNSPECIFIED") else kind


def stored_bits(allocated: int, stored: int, representation: int, highest: int) -> int:
    """Bits of a stored value; 0 where the header contradicts itself about them.

    ``highest`` is the number of the highest bit, -1 where it is missing.
    """
    sound = 1 <= stored <= allocated and representation in (0, 1)
    return stored if sound and highest in (-1, stored - 1) else 0


def several(dataset: Any, keyword: str) -> tuple[str, ...]:
    """The parts of a value, as text without padding."""
    try:
        value = dataset.get(keyword)
    except Exception:
        return ()
    if value is None or value == "":
        return ()
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(str(v).replace("\x00", "").strip() for v in (value if is_list else [value]))


def iso_date(dicom_date: str) -> str:
    """``20240302`` as ``2024-03-02``; empty where that is no date."""
    digits = dicom_date.replace(".", "").replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return ""


def patient_key(number: str, name: str, born: str, salt: bytes) -> str:
    """What tells patients apart within one scan, and tells nothing about them.

    Capitals and the carets of empty parts at the end differ between devices, not between people.
    """
    same_name = "^".join(part.strip() for part in name.casefold().split("^")).rstrip("^")
    who = f"{number}\n{same_name}\n{born}".encode("utf-8", "replace")
    return hashlib.blake2b(who, key=salt, digest_size=8).hexdigest()


def without_name(description: str, number: str, name: str) -> str:
    """A description as it may be shown: nothing if it holds the patient's number or a name of his.

    What someone typed at the scanner stands in titles and on paper, where no name may be.
    """
    if not description:
        return ""
    told, number = description.casefold(), number.casefold()
    is_numbered = len(number) >= _SHORTEST_NUMBER and number in told
    return "" if is_numbered or name_words(name) & set(_WORD.findall(told)) else description


def name_words(name: str) -> set[str]:
    """The parts of a name that are long enough to tell, without capitals."""
    return {
        word
        for word in _WORD.findall(name.casefold())
        if len(word) >= (_SHORTEST_NAME if word.isascii() else _SHORTEST_FOREIGN_NAME)
        and not word.isdigit()
    }


def made_up_uid(folder: str, modality: str, description: str) -> str:
    """What holds the images of one folder together whose series UID somebody removed."""
    about = "\n".join([folder, modality, description])
    return "folder-" + hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()[:12]
