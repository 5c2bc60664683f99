"""What keeps the bytes of a case: as they are, or sealed with AES-256-GCM under a passphrase.

A sealed case has one random key, wrapped by a key that scrypt makes of the passphrase.  Each piece
is bound to its case, its name, its place in the whole and the size of the whole, so that nothing
can be read, changed, swapped, cut off or put back unnoticed.  Libraries are loaded when needed.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from surgiplan.errors import CaseFileError

from . import key_file
from .key_file import Cost

__all__ = ["PLAIN", "PlainVault", "SealedVault"]

_CHUNK_BYTES = 1 << 20
_CASE_BYTES, _ID_BYTES, _TAG_BYTES = 16, 8, 16
_LINE_GROWTH = 1.5
"""A sealed line is longer: base64 and tag."""

Bytes = bytes | memoryview


class PlainVault:
    """Keeps bytes as they are."""

    is_plain = True
    line_growth = 1.0

    def is_of(self, content: bytes) -> bool:
        """Whether a ``vault.json`` belongs to this vault."""
        return False

    def object_name(self, sha256: str) -> str:
        """The file name of an object."""
        return sha256

    def sealed_size(self, size: int) -> int:
        """The size of a file that holds so many bytes [bytes]."""
        return size

    def unsealed_size(self, size: int) -> int:
        """How many bytes a file of that size holds [bytes]; negative if none can be."""
        return size

    def sealed(self, name: str, content: Bytes) -> Iterator[Bytes]:
        """What a file of that name is to hold."""
        yield content

    def unsealed(self, name: str, content: Bytes) -> Iterator[Bytes]:
        """What a file of that name holds.  Raises CaseFileError."""
        yield content

    def sealed_line(self, name: str, number: int, line: bytes) -> bytes:
        """A line, counted from 0, as the file of that name is to hold it."""
        return line

    def unsealed_line(self, name: str, number: int, line: bytes) -> bytes:
        """A line as it was before ``sealed_line``.  Raises CaseFileError."""
        return line


PLAIN = PlainVault()


class SealedVault(PlainVault):
    """Keeps bytes encrypted; made by ``create`` or ``opened``, never written or sent itself."""

    is_plain = False
    line_growth = _LINE_GROWTH

    def __init__(self, case_id: bytes, key: bytes, wrapping_key: bytes, kdf: Mapping[str, Any]):
        self._id, self._key, self._wrapping_key, self._kdf = case_id, key, wrapping_key, kdf
        self._names = _derived(key, b"names")
        self._objects, self._lines = (
            key_file.cipher(_derived(key, b"files")),
            key_file.cipher(_derived(key, b"lines")),
        )

    def __repr__(self) -> str:
        return "SealedVault(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the key of a case stays in the process that opened it")

    @staticmethod
    def create(passphrase: str, cost: Cost | None = None) -> "SealedVault":
        """A vault with a new key.  Raises CaseFileError for an empty passphrase."""
        kdf = key_file.new_kdf(cost)
        wrapping_key = key_file.key_from(passphrase, kdf)
        key = secrets.token_bytes(key_file.KEY_BYTES)
        return SealedVault(secrets.token_bytes(_CASE_BYTES), key, wrapping_key, kdf)

    @staticmethod
    def opened(content: bytes, passphrase: str) -> "SealedVault":
        """The vault that ``to_bytes`` wrote.

        Raises WrongPassphrase, and CaseFileError if the content is damaged or asks for too much.
        """
        case_id, kdf, wrapped = key_file.read(content)
        wrapping_key = key_file.key_from(passphrase, kdf)
        key = key_file.opened(case_id, kdf, wrapped, wrapping_key)
        return SealedVault(case_id, key, wrapping_key, kdf)

    def to_bytes(self) -> bytes:
        """What opens this vault with its passphrase."""
        return key_file.written(self._id, self._kdf, self._wrapping_key, self._key)

    def with_passphrase(self, passphrase: str, cost: Cost | None = None) -> "SealedVault":
        """The same vault behind another passphrase.  Raises CaseFileError for an empty one."""
        other = SealedVault.create(passphrase, cost)
        return SealedVault(self._id, self._key, other._wrapping_key, other._kdf)

    def for_copy(self) -> "SealedVault":
        """A vault with a key of its own behind the same passphrase."""
        case_id = secrets.token_bytes(_CASE_BYTES)
        key = secrets.token_bytes(key_file.KEY_BYTES)
        return SealedVault(case_id, key, self._wrapping_key, self._kdf)

    def is_of(self, content: bytes) -> bool:
        try:
            return key_file.read(content)[0] == self._id
        except CaseFileError:
            return False

    def object_name(self, sha256: str) -> str:
        return hmac.new(self._names, sha256.encode(), hashlib.sha256).hexdigest()

    def sealed_size(self, size: int) -> int:
        return _ID_BYTES + size + _chunks(size) * _TAG_BYTES

    def unsealed_size(self, size: int) -> int:
        pieces = max(1, -(-(size - _ID_BYTES) // (_CHUNK_BYTES + _TAG_BYTES)))
        return size - _ID_BYTES - pieces * _TAG_BYTES

    def sealed(self, name: str, content: Bytes) -> Iterator[Bytes]:
        whole = memoryview(content).cast("B")
        own_id, count = secrets.token_bytes(_ID_BYTES), _chunks(len(whole))
        yield own_id
        for index in range(count):
            chunk = whole[index * _CHUNK_BYTES : (index + 1) * _CHUNK_BYTES]
            about = self._about_chunk(name, index, count, len(whole))
            yield self._objects.encrypt(own_id + struct.pack(">I", index), chunk, about)

    def unsealed(self, name: str, content: Bytes) -> Iterator[Bytes]:
        from cryptography.exceptions import InvalidTag

        whole = memoryview(content).cast("B")
        step = _CHUNK_BYTES + _TAG_BYTES
        size = self.unsealed_size(len(whole))
        if size < 0:
            raise CaseFileError(f"{name} is cut off.")
        count = _chunks(size)
        own_id = bytes(whole[:_ID_BYTES])
        for index in range(count):
            start = _ID_BYTES + index * step
            about = self._about_chunk(name, index, count, size)
            try:
                yield self._objects.decrypt(
                    own_id + struct.pack(">I", index), whole[start : start + step], about
                )
            except InvalidTag:
                raise CaseFileError(f"{name} is damaged or was exchanged.") from None

    def sealed_line(self, name: str, number: int, line: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        sealed = self._lines.encrypt(nonce, line, self._about_chunk(name, number, 0, 0))
        return base64.b64encode(nonce + sealed)

    def unsealed_line(self, name: str, number: int, line: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            whole = base64.b64decode(line, validate=True)
            about = self._about_chunk(name, number, 0, 0)
            plain: bytes = self._lines.decrypt(whole[:12], whole[12:], about)
        except (InvalidTag, binascii.Error, ValueError):
            raise CaseFileError(
                f"Line {number + 1} of {name} is damaged or was exchanged."
            ) from None
        return plain

    def _about_chunk(self, name: str, index: int, count: int, size: int) -> bytes:
        text = name.encode()
        return (
            self._id + struct.pack(">H", len(text)) + text + struct.pack(">IIQ", index, count, size)
        )


def _chunks(size: int) -> int:
    return max(1, -(-size // _CHUNK_BYTES))


def _derived(key: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), key_file.KEY_BYTES, salt=None, info=b"surgiplan " + purpose).derive(key)
