"""What keeps the bytes of a case: as they are, or sealed with AES-256-GCM under a passphrase.

A sealed case has one random key, wrapped by a key that scrypt makes of the passphrase.  Each piece
is bound to its case, its name, its place in the whole and the size of the whole, so that nothing
can be read, changed, swapped, cut off or put back unnoticed.  Libraries are loaded when needed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from surgiplan import RESEARCH_USE
from surgiplan.errors import CaseFileError

from .strict_json import parsed

__all__ = ["PLAIN", "Cost", "PlainVault", "SealedVault", "WrongPassphrase"]

_CHUNK_BYTES = 1 << 20
_ID_BYTES, _TAG_BYTES, _KEY_BYTES = 8, 16, 32
_FORMAT = 1
_MOST_SCRYPT_BYTES = 192 << 20
_LINE_GROWTH = 1.5
"""A sealed line is longer: base64 and tag."""

Bytes = bytes | memoryview


class WrongPassphrase(CaseFileError):
    """The passphrase does not open the case."""


@dataclass(frozen=True)
class Cost:
    """What one guess at the passphrase costs: scrypt's n, r and p; 128 n r bytes of memory."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        fits = 1 < self.n <= 1 << 20 and 0 < self.r <= 32 and 0 < self.p <= 4
        if not fits or self.n & (self.n - 1) or 128 * self.n * self.r > _MOST_SCRYPT_BYTES:
            raise ValueError("scrypt cannot, or should not, be asked for that")


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
            _cipher(_derived(key, b"files")),
            _cipher(_derived(key, b"lines")),
        )

    def __repr__(self) -> str:
        return "SealedVault(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the key of a case stays in the process that opened it")

    @staticmethod
    def create(passphrase: str, cost: Cost | None = None) -> "SealedVault":
        """A vault with a new key.  Raises CaseFileError for an empty passphrase."""
        kdf = {"name": "scrypt", **asdict(cost or Cost()), "salt": secrets.token_hex(16)}
        wrapping_key = _from_passphrase(passphrase, kdf)
        return SealedVault(
            secrets.token_bytes(16), secrets.token_bytes(_KEY_BYTES), wrapping_key, kdf
        )

    @staticmethod
    def opened(content: bytes, passphrase: str) -> "SealedVault":
        """The vault that ``to_bytes`` wrote.

        Raises WrongPassphrase, and CaseFileError if the content is damaged or asks for too much.
        """
        from cryptography.exceptions import InvalidTag

        case_id, kdf, wrapped = _read(content)
        wrapping_key = _from_passphrase(passphrase, kdf)
        try:
            key = _cipher(wrapping_key).decrypt(wrapped[:12], wrapped[12:], _about(case_id, kdf))
        except InvalidTag:
            raise WrongPassphrase(
                "That is not the passphrase of this case, or its vault.json was changed; try again."
            ) from None
        return SealedVault(case_id, key, wrapping_key, kdf)

    def to_bytes(self) -> bytes:
        """What opens this vault with its passphrase; readable, and no secret without that."""
        nonce = secrets.token_bytes(12)
        about = _about(self._id, self._kdf)
        wrapped = nonce + _cipher(self._wrapping_key).encrypt(nonce, self._key, about)
        content = {
            "notice": RESEARCH_USE,
            "format": _FORMAT,
            "case": self._id.hex(),
            "kdf": dict(self._kdf),
            "key": wrapped.hex(),
        }
        return (json.dumps(content, indent=1) + "\n").encode()

    def with_passphrase(self, passphrase: str, cost: Cost | None = None) -> "SealedVault":
        """The same vault behind another passphrase.  Raises CaseFileError for an empty one."""
        other = SealedVault.create(passphrase, cost)
        return SealedVault(self._id, self._key, other._wrapping_key, other._kdf)

    def for_copy(self) -> "SealedVault":
        """A vault with a key of its own behind the same passphrase."""
        case_id, key = secrets.token_bytes(16), secrets.token_bytes(_KEY_BYTES)
        return SealedVault(case_id, key, self._wrapping_key, self._kdf)

    def is_of(self, content: bytes) -> bool:
        try:
            return _read(content)[0] == self._id
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


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _derived(key: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"surgiplan " + purpose).derive(key)


def _from_passphrase(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    if not passphrase:
        raise CaseFileError("The passphrase is empty; give one of several words.")
    # The same letters may be typed in two ways, with or without combined accents.
    typed = unicodedata.normalize("NFC", passphrase).encode()
    scrypt = Scrypt(bytes.fromhex(kdf["salt"]), _KEY_BYTES, n=kdf["n"], r=kdf["r"], p=kdf["p"])
    return scrypt.derive(typed)


def _about(case_id: bytes, kdf: Mapping[str, Any]) -> bytes:
    """What the wrapped key is bound to."""
    content = {"format": _FORMAT, "case": case_id.hex(), "kdf": dict(kdf)}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _read(content: bytes) -> tuple[bytes, Mapping[str, Any], bytes]:
    """Id of the case, parameters of scrypt and the wrapped key.  Raises CaseFileError."""
    try:
        about = parsed(content)
        if about["format"] != _FORMAT or about["kdf"]["name"] != "scrypt":
            raise CaseFileError(
                "The case was encrypted by a newer version of surgiplan; open it with that version."
            )
        kdf = {name: about["kdf"][name] for name in ("name", "n", "r", "p", "salt")}
        if any(type(kdf[name]) is not int for name in ("n", "r", "p")):
            raise ValueError("no numbers")
        Cost(kdf["n"], kdf["r"], kdf["p"])
        case_id, wrapped = bytes.fromhex(about["case"]), bytes.fromhex(about["key"])
        if len(case_id) != 16 or len(bytes.fromhex(kdf["salt"])) != 16 or len(wrapped) != 60:
            raise ValueError("other sizes")
        return case_id, kdf, wrapped
    except (KeyError, TypeError, ValueError) as error:
        raise CaseFileError(
            "The file vault.json of the case is damaged; take it from a backup of the case."
        ) from error
