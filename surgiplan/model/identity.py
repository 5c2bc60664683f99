"""Who the patient is, and what the headers of the scans said: one separate object of a case."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ._arrays import frozen
from .noun import Noun

__all__ = ["Identity"]

_LARGEST_BYTES = 64 << 20
"""A hundred times the headers of the longest scan."""


@dataclass(frozen=True, eq=False, repr=False)
class Identity(Noun):
    """Name, number and birth date, and the source headers that a DICOM export must repeat.

    Everything is in one array of bytes, so that a case keeps it as one object which can be dropped;
    no manifest, journal, log or message shows any of it.
    """

    content: npt.NDArray[np.uint8]
    """JSON in UTF-8, as ``of`` makes it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", frozen(self.content, np.uint8, (None,)))
        _ = self._parsed

    def __repr__(self) -> str:
        return "<identity>"

    @classmethod
    def of(cls, who: Mapping[str, str], scans: Sequence[Mapping[str, Any]]) -> "Identity":
        """From the patient (``name``, ``patient_id``, ``birth_date``) and the headers of each scan.

        A scan has ``series_uid``, ``sop_class``, ``header`` (DICOM JSON of the patient, study,
        series and frame of reference) and ``images``: UID, frame or None, position in LPS [mm].
        """
        whole = {"who": dict(who), "scans": [dict(scan) for scan in scans]}
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return cls(np.frombuffer(text.encode("utf-8", "replace"), np.uint8))

    @property
    def name(self) -> str:
        """As DICOM writes it, ``Family^Given``; other scripts follow behind ``=``."""
        return self._who("name")

    @property
    def patient_id(self) -> str:
        """The number that the hospital gave the patient."""
        return self._who("patient_id")

    @property
    def birth_date(self) -> str:
        """ISO date, or empty."""
        return self._who("birth_date")

    @property
    def readable_names(self) -> tuple[str, ...]:
        """``Family, Given`` as a person would write it, once for each script; none if nameless."""
        latin, *others = self.name.split("=")
        family, *rest = latin.split("^")
        plain = ", ".join(part for part in (family.strip(), " ".join(rest).strip()) if part)
        # Names in other scripts have no comma.
        groups = (plain, *(" ".join(group.split("^")).strip() for group in others))
        return tuple(group for group in groups if group)

    @property
    def readable_name(self) -> str:
        """All of them, ``Yamada, Tarou (山田 太郎)``."""
        first, *others = self.readable_names or ("",)
        return f"{first} ({', '.join(others)})" if others else first

    @property
    def scans(self) -> tuple[Mapping[str, Any], ...]:
        """The headers of each scan, as ``of`` describes them."""
        return tuple(self._parsed["scans"])

    def with_scans_of(self, other: "Identity") -> "Identity":
        """The same patient, with the headers of both."""
        return Identity.of(self._parsed["who"], [*self.scans, *other.scans])

    def is_same_person(self, other: "Identity") -> bool | None:
        """Whether name, number and birth date agree; None where too little of them is known."""
        mine, others = self._plain_person, other._plain_person
        if mine != others:
            return None if not any(mine) or not any(others) else False
        return True if self._is_telling else None

    def key(self, like: str = "") -> str:
        """A slow salted hash of name, number and birth date, to be kept where they are not.

        ``like`` is a key to compare with: it gives the salt, otherwise the study does.  Empty
        where too little is known.  Who guesses name, number and birth date all three can check
        the guess, at 50 ms each; who has the archive needs no guess, for a case keeps UIDs.
        """
        if not self._is_telling:
            return ""
        study = "".join(str(scan.get("header", {}).get("0020000D")) for scan in self.scans)
        salt = like.partition(":")[0] or hashlib.sha256(study.encode()).hexdigest()[:16]
        secret = "\n".join(self._plain_person).encode("utf-8", "replace")
        hashed = hashlib.scrypt(secret, salt=salt.encode(), n=1 << 14, r=8, p=1, dklen=16)
        return f"{salt}:{hashed.hex()}"

    @property
    def person(self) -> tuple[str, str, str]:
        """Name, number and birth date."""
        return self.name, self.patient_id, self.birth_date

    @property
    def _plain_person(self) -> tuple[str, str, str]:
        """``person`` without what two programs may write differently."""
        name, number, born = (
            " ".join(text.replace("^", " ").casefold().split()) for text in self.person
        )
        return name, number, born

    @property
    def _is_telling(self) -> bool:
        """Whether enough is known that two people would hardly share it."""
        name, number, born = self._plain_person
        return bool(number or (name and born))

    def _who(self, key: str) -> str:
        return str(self._parsed["who"].get(key, ""))

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        try:
            if self.content.nbytes > _LARGEST_BYTES:
                raise ValueError("too large")
            whole = json.loads(self.content.tobytes())
            if not isinstance(whole["who"], dict) or not isinstance(whole["scans"], list):
                raise TypeError("no identity")
        except (ValueError, TypeError, KeyError, RecursionError):
            # Not chained: the message of the cause would quote the content.
            raise ValueError("an identity that cannot be read") from None
        return dict(whole)
