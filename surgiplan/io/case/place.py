"""Where the files of a case lie, and what keeps their bytes."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from surgiplan.errors import CaseFileError

from ..atomic import append_whole, write_whole
from ..plain import open_plain, read_plain, size_of
from .vault import PLAIN, PlainVault

__all__ = [
    "SEALED",
    "VAULT",
    "CasePath",
    "EncryptedCase",
    "Place",
    "is_encrypted",
    "place_of",
    "read_vault",
]

SEALED = "sealed"
"""Folder with all files of an encrypted case."""
VAULT = "vault.json"
"""Its presence, and nothing else, says that a case is encrypted."""
_LARGEST_VAULT_BYTES = 4096
_LONGEST_LINE = 16 << 20
_MOST_LINES = 100_000
"""A hundred edits a day for three years; ten times as many would keep ``verify`` busy."""


class EncryptedCase(CaseFileError):
    """The case is encrypted and no passphrase was given."""


@dataclass(frozen=True)
class Place:
    """A case on disk: its folder, and the vault that its files go through."""

    root: Path
    vault: PlainVault = PLAIN

    def __fspath__(self) -> str:
        return os.fspath(self.root)

    def __str__(self) -> str:
        return str(self.root)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.root.name

    @property
    def stem(self) -> str:
        """Name of the folder without its ending."""
        return self.root.stem

    def exists(self) -> bool:
        """Whether there is something of that name."""
        return self.root.exists()

    @property
    def files(self) -> Path:
        """The folder with objects, manifests, journal and all else but the lock."""
        return self.root if self.vault.is_plain else self.root / SEALED

    @property
    def manifests(self) -> Path:
        """The folder of the manifests."""
        return self.files / "manifests"

    def read(self, name: str, most_bytes: int) -> bytes:
        """The content of a file, ``manifests/00000012.json`` say.

        Raises OSError, CaseFileError if it was changed.
        """
        most = self.vault.sealed_size(most_bytes)
        return b"".join(self.vault.unsealed(name, read_plain(self.files / name, most)))

    def write(self, name: str, content: bytes) -> None:
        """Write a file, durably.  Raises OSError and leaves nothing behind."""
        write_whole(self.files / name, self.vault.sealed(name, content), private=True)

    def lines(self, name: str) -> Iterator[bytes]:
        """The whole lines of a file, ends included; none if there is no file.

        A last line that a crash has cut off is left out.  A sealed line that was changed comes
        as one that is no JSON, so that whoever reads it finds it damaged.  Raises OSError.
        """
        longest = int(_LONGEST_LINE * self.vault.line_growth)
        try:
            file = open_plain(self.files / name)
        except FileNotFoundError:
            return
        with file:
            number = 0
            while (line := file.readline(longest + 1)).endswith(b"\n"):
                try:
                    yield self.vault.unsealed_line(name, number, line[:-1]) + b"\n"
                except CaseFileError:
                    yield b"!" + line
                number += 1
                if number > _MOST_LINES:
                    raise OSError(f"{name} has far too many lines")
            if len(line) > longest:
                raise OSError(f"a line of {name} is far too long")

    def append(self, name: str, first: int, lines: Sequence[bytes]) -> None:
        """Add lines to a file of ``first`` lines, durably.

        Raises OSError and then leaves the file as it was.
        """
        sealed = [self.vault.sealed_line(name, first + n, line) for n, line in enumerate(lines)]
        append_whole(self.files / name, b"".join(line + b"\n" for line in sealed))

    def cut(self, name: str, count: int) -> None:
        """Keep only the first ``count`` lines of a file, durably.  Raises OSError."""
        longest = int(_LONGEST_LINE * self.vault.line_growth)
        with open_plain(self.files / name, to_change=True) as file:
            size = sum(len(file.readline(longest + 1)) for _ in range(count))
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())


CasePath = Path | str | Place
"""A case for those who open it; a ``Place`` if it is encrypted."""


def is_encrypted(path: CasePath) -> bool:
    """Whether a case needs a passphrase."""
    return size_of(Path(path) / VAULT) >= 0


def read_vault(root: Path) -> bytes:
    """The file that says how to open an encrypted case.  Raises CaseFileError."""
    try:
        return read_plain(root / VAULT, _LARGEST_VAULT_BYTES)
    except OSError as error:
        raise CaseFileError(f"{VAULT} of {root.name} cannot be read.") from error


def place_of(path: CasePath) -> Place:
    """The place of a case.

    Raises EncryptedCase for a mere path of one that is, CaseFileError if it was encrypted,
    decrypted or exchanged since it was unlocked.
    """
    place = path if isinstance(path, Place) else Place(Path(path))
    if is_encrypted(place) == place.vault.is_plain:
        if place.vault.is_plain:
            raise EncryptedCase(
                f"{place.name} is encrypted; give its passphrase with --passphrase-file FILE or "
                "in SURGIPLAN_PASSPHRASE."
            )
        raise CaseFileError(f"{place.name} is no longer encrypted; open it again.")
    if (place.root / SEALED).is_symlink():
        raise CaseFileError(
            f"{place.name} holds a link in the place of its folder {SEALED}, which no case does; "
            "do not open it."
        )
    lacks_key = place.vault.is_plain and (place.root / SEALED).exists()
    if lacks_key and not (place.root / "manifests").exists():
        raise CaseFileError(
            f"{place.name} is encrypted and its file {VAULT} is gone; put that back from a backup."
        )
    if not place.vault.is_plain and not place.vault.is_of(read_vault(place.root)):
        raise CaseFileError(f"{place.name} is another case than the one that was unlocked.")
    return place
