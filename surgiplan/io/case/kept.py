"""What follows from a case, kept beside it so that it is not computed again; all may be lost."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import CaseFileError

from .place import CasePath, Place, place_of

__all__ = ["Kept", "kept_beside"]

FOLDER = "derived"
_LIMIT_BYTES = 256 << 20
_LARGEST_BYTES = 64 << 20
_DIGEST = 32


@dataclass(frozen=True)
class Kept:
    """Arrays by a hash of what they were made from, in a folder of a case.

    Each file begins with the SHA-256 of the rest.  What is damaged, cut off or cannot be read is
    taken for missing; what cannot be written is not kept.  Files of an encrypted case are sealed
    as all others.  The oldest go when there is more than ``limit_bytes``.
    """

    place: Place
    limit_bytes: int = _LIMIT_BYTES

    def get(self, key: str) -> dict[str, npt.NDArray[Any]] | None:
        """The arrays under a key, or None."""
        try:
            content = self.place.read(self._name(key), _LARGEST_BYTES)
        except (OSError, CaseFileError):
            return None
        if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
            return None
        try:
            with np.load(BytesIO(content[_DIGEST:]), allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, KeyError, EOFError):
            return None

    def put(self, key: str, arrays: Mapping[str, Any]) -> None:
        """Keep arrays under a key."""
        packed = BytesIO()
        np.savez(packed, **arrays)
        content = packed.getvalue()
        if len(content) + _DIGEST > min(_LARGEST_BYTES, self.limit_bytes):
            return
        folder = self.place.files / FOLDER
        with suppress(OSError, CaseFileError):
            # Encrypted meanwhile, a case must not get anything plain again.
            place_of(self.place)
            if self.place.files.is_dir() and not folder.is_symlink():
                folder.mkdir(mode=0o700, exist_ok=True)
                self.place.write(self._name(key), hashlib.sha256(content).digest() + content)
                self._tidy()

    def _name(self, key: str) -> str:
        return f"{FOLDER}/{self.place.vault.object_name(key)}"

    def _tidy(self) -> None:
        """Remove the oldest files until the rest fit."""
        found = [(path.stat(), path) for path in (self.place.files / FOLDER).iterdir()]
        left = sum(about.st_size for about, _ in found)
        for about, path in sorted(found, key=lambda one: one[0].st_mtime_ns):
            if left <= self.limit_bytes:
                return
            path.unlink()
            left -= about.st_size


def kept_beside(path: CasePath) -> Kept:
    """What is kept beside a case on disk.  Raises CaseFileError, EncryptedCase."""
    return Kept(place_of(path))
