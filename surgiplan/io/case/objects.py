"""Arrays of a case on disk: one file each, named by the SHA-256 of its bytes."""

import hashlib
import math
import os
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from surgiplan.errors import CaseFileError

from ..atomic import write_whole
from ..plain import entries, open_plain, size_of
from .codec import Arrays, ObjectMissing
from .place import Place

__all__ = ["Objects"]

_NAME = re.compile(r"[0-9a-f]{64}")
_MAPPED_BYTES = 1 << 20
"""Larger arrays stay on disk and are read where they are looked at."""
_CHUNK_BYTES = 1 << 20
_MOST = 1_000_000
_HOLLOW_BYTES = 1 << 30
"""A larger file that takes less than a thousandth of its size on disk holds nothing."""


class Objects:
    """The folder ``objects`` of a case: bytes in C order, little endian, never changed.

    It remembers what it has found sound, so that each array is hashed once.
    """

    def __init__(self, place: Place) -> None:
        self.folder = place.files / "objects"
        self._vault = place.vault
        self._sound: set[str] = set()

    def names(self) -> set[str]:
        """The file names of all objects: their SHA-256, unless the case is encrypted."""
        return {name for name in entries(self.folder, _MOST) if _NAME.fullmatch(name)}

    def missing(self, arrays: Arrays) -> Arrays:
        """Those of ``arrays`` that are not there yet, whole."""
        return {
            sha256: array
            for sha256, array in arrays.items()
            if size_of(self.path_of(sha256)) != self._vault.sealed_size(array.nbytes)
        }

    def path_of(self, sha256: str) -> Path:
        """The file of an object."""
        return self.folder / self._vault.object_name(sha256)

    def write(self, sha256: str, array: npt.NDArray[Any]) -> None:
        """Keep an array under its hash.  Raises OSError and leaves nothing behind."""
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        content = little.reshape(-1).view(np.uint8).data
        path = self.path_of(sha256)
        write_whole(path, self._vault.sealed(_bound(path), content), private=True)

    def fetch(self, sha256: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """A read-only array whose bytes have the hash.

        Every byte is hashed at every opening: 0.35 s for a scan of 600 MB, and no plan is ever
        made on voxels that rotted.  Raises CaseFileError.
        """
        size = math.prod(shape) * dtype.itemsize
        if not _NAME.fullmatch(sha256):
            raise CaseFileError("It refers to an object by a name that is no hash.")
        path = self.path_of(sha256)
        if size_of(path) < 0:
            raise ObjectMissing(f"Object {sha256[:12]} is missing.")
        if size_of(path) != self._vault.sealed_size(size):
            raise CaseFileError(f"Object {sha256[:12]} is cut off.")
        try:
            with open_plain(path) as file:
                if self._vault.is_plain:
                    self._check(file, sha256, size)
                    raw = _raw(file, size)
                else:
                    raw = self._unsealed(file, sha256, size)
        except OSError as error:
            raise CaseFileError(f"Object {sha256[:12]} cannot be read.") from error
        array: npt.NDArray[Any] = raw.view(dtype.newbyteorder("<")).reshape(shape)
        return array

    def whole(self, sha256: str) -> npt.NDArray[np.uint8]:
        """The bytes of an object.  Raises CaseFileError, ObjectMissing."""
        size = self._vault.unsealed_size(size_of(self.path_of(sha256)))
        return self.fetch(sha256, np.dtype(np.uint8), (max(size, 0),))

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
        self._unlink(self.names().difference(map(self._vault.object_name, wanted)))

    def remove(self, hashes: Collection[str]) -> None:
        """Remove the objects of these hashes, as far as they are there."""
        self._unlink(map(self._vault.object_name, hashes))

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            # A reader may hold it open, where the system then refuses; the next save tries again.
            with suppress(OSError):
                (self.folder / name).unlink()

    def _unsealed(self, file: BinaryIO, sha256: str, size: int) -> npt.NDArray[np.uint8]:
        """The content of an encrypted file, in memory.  Raises CaseFileError."""
        sealed = _raw(file, self._vault.sealed_size(size))
        whole, filled = np.empty(size, np.uint8), 0
        try:
            for chunk in self._vault.unsealed(_bound(self.path_of(sha256)), sealed.data):
                whole[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
                filled += len(chunk)
        except CaseFileError as error:
            raise CaseFileError(f"Object {sha256[:12]} is damaged.") from error
        if sha256 not in self._sound and hashlib.sha256(whole.data).hexdigest() != sha256:
            raise CaseFileError(f"Object {sha256[:12]} is damaged.")
        self._sound.add(sha256)
        whole.flags.writeable = False
        return whole

    def _check(self, file: BinaryIO, sha256: str, size: int) -> None:
        """Raise CaseFileError if the bytes of a file do not have the hash."""
        if sha256 in self._sound:
            return
        blocks = getattr(os.fstat(file.fileno()), "st_blocks", None)
        if size > _HOLLOW_BYTES and blocks is not None and blocks * 512 < size // 1000:
            raise CaseFileError(f"Object {sha256[:12]} is hollow.")
        digest, buffer = hashlib.sha256(), bytearray(min(size, _CHUNK_BYTES))
        while read := file.readinto(buffer):  # type: ignore[attr-defined]
            digest.update(memoryview(buffer)[:read])
        if digest.hexdigest() != sha256:
            raise CaseFileError(f"Object {sha256[:12]} is damaged.")
        self._sound.add(sha256)


def _bound(path: Path) -> str:
    """The name that an encrypted object is bound to."""
    return f"objects/{path.name}"


def _raw(file: BinaryIO, size: int) -> npt.NDArray[np.uint8]:
    if size >= _MAPPED_BYTES:
        return np.memmap(file, np.uint8, "r").view(np.ndarray)
    file.seek(0)
    return np.frombuffer(file.read(size), np.uint8)
