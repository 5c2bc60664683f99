"""Arrays of a case on disk: one file each, named by the SHA-256 of its bytes."""

import hashlib
import math
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import CaseFileError

from .atomic import write_whole
from .codec import Arrays, ObjectMissing

__all__ = ["Objects"]

_NAME = re.compile(r"[0-9a-f]{64}")
_MAPPED_BYTES = 1 << 20
"""Larger arrays stay on disk and are read where they are looked at."""


class Objects:
    """The folder ``objects`` of a case: raw bytes, C order, little endian, never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> set[str]:
        """The SHA-256 of all objects."""
        if not self.folder.is_dir():
            return set()
        return {path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name)}

    def missing(self, arrays: Arrays) -> Arrays:
        """Those of ``arrays`` that are not there yet, whole."""
        return {
            sha256: array
            for sha256, array in arrays.items()
            if self._bytes(self.folder / sha256) != array.nbytes
        }

    def write(self, sha256: str, array: npt.NDArray[Any]) -> None:
        """Keep an array under its hash.  Raises OSError and leaves nothing behind."""
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        write_whole(self.folder / sha256, [little.reshape(-1).view(np.uint8).data], private=True)

    def fetch(self, sha256: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """A read-only array whose bytes have the hash.

        Every byte is hashed at every opening: 0.35 s for a scan of 600 MB, and no plan is ever
        made on voxels that rotted.  Raises CaseFileError.
        """
        size = math.prod(shape) * dtype.itemsize
        if not _NAME.fullmatch(sha256):
            raise CaseFileError("It refers to an object by a name that is no hash.")
        path = self.folder / sha256
        if self._bytes(path) < 0:
            raise ObjectMissing(f"Object {sha256[:12]} is missing.")
        if self._bytes(path) != size:
            raise CaseFileError(f"Object {sha256[:12]} is cut off.")
        try:
            raw = self._raw(path, size)
        except OSError as error:
            raise CaseFileError(f"Object {sha256[:12]} cannot be read.") from error
        if hashlib.sha256(raw.data).hexdigest() != sha256:
            raise CaseFileError(f"Object {sha256[:12]} is damaged.")
        array: npt.NDArray[Any] = raw.view(dtype.newbyteorder("<")).reshape(shape)
        return array

    def damaged(self, table: Mapping[str, int]) -> dict[str, str]:
        """Of objects and their sizes [bytes] those that are not as written, and why not."""
        found = {}
        for sha256, size in table.items():
            try:
                self.fetch(sha256, np.dtype(np.uint8), (size,))
            except CaseFileError as error:
                found[sha256] = str(error)
        return found

    def sweep(self, wanted: Collection[str]) -> None:
        """Remove all objects but those wanted."""
        self.remove(self.names().difference(wanted))

    def remove(self, names: Collection[str]) -> None:
        """Remove the objects of these names, as far as they are there."""
        for name in names:
            # A reader may hold it open, where the system then refuses; the next save tries again.
            with suppress(OSError):
                (self.folder / name).unlink()

    @staticmethod
    def _raw(path: Path, size: int) -> npt.NDArray[np.uint8]:
        if size >= _MAPPED_BYTES:
            return np.memmap(path, np.uint8, "r").view(np.ndarray)
        return np.frombuffer(path.read_bytes(), np.uint8)

    @staticmethod
    def _bytes(path: Path) -> int:
        """Size of the file [bytes]; -1 if it is not there."""
        try:
            return path.stat().st_size
        except OSError:
            return -1
