"""The file ``vault.json``: the key of a case, wrapped by one that scrypt makes of a passphrase."""

import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from surgiplan import RESEARCH_USE
from surgiplan.errors import CaseFileError

from .strict_json import parsed

__all__ = [
    "KEY_BYTES",
    "Cost",
    "WrongPassphrase",
    "cipher",
    "key_from",
    "new_kdf",
    "opened",
    "read",
    "written",
]

KEY_BYTES = 32
_FORMAT = 1
_NONCE_BYTES = 12
_MOST_SCRYPT_BYTES = 192 << 20


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


def new_kdf(cost: Cost | None) -> dict[str, Any]:
    """Parameters for scrypt, with a salt of their own."""
    return {"name": "scrypt", **asdict(cost or Cost()), "salt": secrets.token_hex(16)}


def key_from(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    """The key that wraps the key of the case.  Raises CaseFileError for an empty passphrase."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    if not passphrase:
        raise CaseFileError("The passphrase is empty; give one of several words.")
    # The same letters may be typed in two ways, with or without combined accents.
    typed = unicodedata.normalize("NFC", passphrase).encode(errors="surrogateescape")
    scrypt = Scrypt(bytes.fromhex(kdf["salt"]), KEY_BYTES, n=kdf["n"], r=kdf["r"], p=kdf["p"])
    return scrypt.derive(typed)


def written(case_id: bytes, kdf: Mapping[str, Any], wrapping_key: bytes, key: bytes) -> bytes:
    """The content of the file; readable, and no secret without the passphrase."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = nonce + cipher(wrapping_key).encrypt(nonce, key, _about(case_id, kdf))
    content = {
        "notice": RESEARCH_USE,
        "format": _FORMAT,
        "case": case_id.hex(),
        "kdf": dict(kdf),
        "key": wrapped.hex(),
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def opened(case_id: bytes, kdf: Mapping[str, Any], wrapped: bytes, wrapping_key: bytes) -> bytes:
    """The key of the case.  Raises WrongPassphrase."""
    from cryptography.exceptions import InvalidTag

    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        key: bytes = cipher(wrapping_key).decrypt(nonce, sealed, _about(case_id, kdf))
    except InvalidTag:
        raise WrongPassphrase(
            "That is not the passphrase of this case, or its vault.json was changed; try again."
        ) from None
    return key


def read(content: bytes) -> tuple[bytes, Mapping[str, Any], bytes]:
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


def cipher(key: bytes) -> Any:
    """AES-256-GCM under a key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _about(case_id: bytes, kdf: Mapping[str, Any]) -> bytes:
    """What the wrapped key is bound to."""
    content = {"format": _FORMAT, "case": case_id.hex(), "kdf": dict(kdf)}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
