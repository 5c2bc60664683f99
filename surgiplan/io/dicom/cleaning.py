"""Takes a patient's identity out of one DICOM dataset, sequences included."""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from surgiplan import __version__

from .confidentiality import PROFILE, Action, action_for, may_shift
from .header_values import name_words

__all__ = ["Cleaner", "Tally"]

_OWN_ROOT = "1.2.840.10008."
"""UIDs below it are DICOM's own: kinds of objects, not objects."""
_TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "PN"})
_SHORTEST_NUMBER = 4
_DUMMIES = {
    "AS": "000Y", "DA": "19000101", "DT": "19000101000000", "TM": "000000", "DS": "0", "IS": "0",
    "UR": "http://removed.invalid", "AT": 0, "US": 0, "SS": 0, "UL": 0, "SL": 0, "UV": 0, "SV": 0,
    "FL": 0.0, "FD": 0.0, "OB": b"\0\0", "OW": b"\0\0", "UN": b"\0\0", "OF": b"\0" * 4,
    "OL": b"\0" * 4, "OD": b"\0" * 8, "OV": b"\0" * 8,
}  # fmt: skip
_DUMMY_TEXT = "REMOVED"
_LARGEST_SHIFT_DAYS, _SMALLEST_SHIFT_DAYS = 3650, 30
_ADDED = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
"""What says how this was done."""

Tally = Counter[tuple[int, str]]
"""How often what was done, by tag."""


@dataclass
class Cleaner:
    """Cleans the datasets of one patient; one ``salt`` keeps UIDs consistent across patients."""

    salt: bytes
    patient: str
    """Key of the patient: chooses pseudonym and shift of dates, and stays outside the result."""
    shift_dates: bool = True
    tally: Tally = field(default_factory=Counter)

    @property
    def pseudonym(self) -> str:
        """Stands for name and number; another one at the next run."""
        return f"P-{self._number('pseudonym') % 0xFFFFFF:06X}"

    @property
    def shift(self) -> timedelta:
        """By how much dates move back: whole days, so that times of day stay."""
        span = _LARGEST_SHIFT_DAYS - _SMALLEST_SHIFT_DAYS
        return timedelta(days=-(_SMALLEST_SHIFT_DAYS + self._number("shift") % span))

    def clean(self, dataset: Any) -> None:
        """Clean a dataset in place, and say in it what was done.  Raises what pydicom raises."""
        secrets = _secrets_of(dataset)
        self._clean_inside(dataset, secrets)
        for keyword in ("PatientName", "PatientID"):
            setattr(dataset, keyword, self.pseudonym)
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = f"surgiplan {__version__}: {PROFILE}"
        codes = [("113100", "Basic Application Confidentiality Profile")]
        if self.shift_dates:
            meaning = "Retain Longitudinal Temporal Information Modified Dates Option"
            codes.append(("113107", meaning))
        dataset.DeidentificationMethodCodeSequence = [_code(*one) for one in codes]
        removed_or_not = "MODIFIED" if self.shift_dates else "REMOVED"
        dataset.LongitudinalTemporalInformationModified = removed_or_not

    def new_uid(self, uid: str) -> str:
        """The UID in place of another: the same for the same within one run, no way back."""
        if not uid or uid.startswith(_OWN_ROOT):
            return uid
        digest = hmac.new(self.salt, b"uid" + uid.encode(), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"

    def _clean_inside(self, dataset: Any, secrets: "_Secrets") -> None:
        for tag in list(dataset.keys()):
            try:
                element = dataset[tag]
            except Exception:
                # Nothing is known of what cannot be read, so it cannot stay.
                del dataset[tag]
                self.tally[int(tag), "unreadable and removed"] += 1
                continue
            self._clean_element(dataset, element, secrets)

    def _clean_element(self, dataset: Any, element: Any, secrets: "_Secrets") -> None:
        tag, kind = int(element.tag), element.VR
        if tag in _ADDED:
            del dataset[tag]
            return
        action = action_for(tag, is_sequence=kind == "SQ")
        if action is Action.KEEP and not _is_known(tag):
            action = Action.REMOVE
        if action is Action.KEEP and kind in ("PN", "DA", "DT"):
            # The table lacks a few that no scan of a body has; a name is a name.
            action = Action.EMPTY
        if kind in ("DA", "DT", "TM") and action is not Action.KEEP:
            if self._shifted(element):
                self.tally[tag, "kept" if kind == "TM" else "shifted"] += 1
                return
        elif action is Action.KEEP and kind == "UI" and self._has_own_uid(element):
            action = Action.NEW_UID
        elif action is Action.KEEP and kind in _TEXTS and secrets.are_in(element):
            action = Action.EMPTY
        if action is Action.LOOK_INSIDE:
            for item in element.value or ():
                self._clean_inside(item, secrets)
        else:
            self._act(dataset, element, action)
        self.tally[tag, action.value] += 1

    def _act(self, dataset: Any, element: Any, action: Action) -> None:
        if action is Action.REMOVE:
            del dataset[element.tag]
        elif action is Action.EMPTY:
            element.clear()
        elif action is Action.NEW_UID or (action is Action.DUMMY and element.VR == "UI"):
            uids = [self.new_uid(str(uid)) for uid in _values(element)]
            element.value = uids[0] if len(uids) == 1 else uids
        elif action is Action.DUMMY and element.VR == "SQ":
            element.value = [_code(_DUMMY_TEXT, _DUMMY_TEXT, "99SURGIPLAN")]
        elif action is Action.DUMMY:
            # Of an ambiguous "OB or OW" either will do.
            element.value = _DUMMIES.get(element.VR.split(" or ")[0], _DUMMY_TEXT)

    def _shifted(self, element: Any) -> bool:
        """Move a date back; whether that could be done.  A time of day stays as it is."""
        if not self.shift_dates or not may_shift(int(element.tag)):
            return False
        values = [str(value).strip() for value in _values(element)]
        if not values or (element.VR == "TM" and not all(re.match(r"\d{2}", v) for v in values)):
            return False
        if element.VR == "TM":
            return True
        moved = [self._moved(value) for value in values]
        if not all(moved):
            return False
        element.value = moved[0] if len(moved) == 1 else moved
        return True

    def _moved(self, value: str) -> str:
        """``20240302093000`` some years earlier; empty for what has no day."""
        digits = value.replace(".", "", 2) if re.match(r"\d{4}\.\d{2}\.\d{2}", value) else value
        try:
            day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) + self.shift
        except (ValueError, OverflowError):
            return ""
        return f"{day:%Y%m%d}{digits[8:]}"

    def _has_own_uid(self, element: Any) -> bool:
        return any(str(uid) != self.new_uid(str(uid)) for uid in _values(element))

    def _number(self, purpose: str) -> int:
        text = f"{purpose}\n{self.patient}".encode()
        return int.from_bytes(hmac.new(self.salt, text, hashlib.sha256).digest()[:8], "big")


@dataclass(frozen=True)
class _Secrets:
    """Name and number of the patient, to be found where no table expects them."""

    names: frozenset[str]
    numbers: frozenset[str]

    def are_in(self, element: Any) -> bool:
        """Whether a text holds a part of the name as a word, or the number."""
        text = " ".join(str(value) for value in _values(element)).casefold()
        words = set(re.findall(r"\w+", text))
        return bool(self.names & words) or any(number in text for number in self.numbers)


def _secrets_of(dataset: Any) -> _Secrets:
    names: set[str] = set()
    numbers: set[str] = set()
    for keyword in ("PatientName", "OtherPatientNames", "PatientBirthName"):
        names |= name_words(str(dataset.get(keyword) or ""))
    for keyword in ("PatientID", "OtherPatientIDs", "AccessionNumber", "PatientBirthDate"):
        numbers.update(str(v).strip().casefold() for v in _several(dataset.get(keyword)))
    return _Secrets(frozenset(names), frozenset(n for n in numbers if len(n) >= _SHORTEST_NUMBER))


def _values(element: Any) -> list[Any]:
    """The values of an element: none, one or several."""
    return _several(element.value)


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _is_known(tag: int) -> bool:
    from pydicom.datadict import dictionary_has_tag

    return bool(dictionary_has_tag(tag))


def _code(value: str, meaning: str, scheme: str = "DCM") -> Any:
    import pydicom

    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
