"""The passphrase of an encrypted case: from a file, the environment or a prompt, never an argument.

An argument could be read by every user of the computer, and would stay in the shell's history.
"""

import os
import sys
from argparse import Namespace
from pathlib import Path

from surgiplan import io
from surgiplan.errors import CaseFileError

__all__ = ["ENVIRONMENT", "new_passphrase", "passphrase", "unlock_options", "unlocked"]

ENVIRONMENT = "SURGIPLAN_PASSPHRASE"
NEW_ENVIRONMENT = "SURGIPLAN_NEW_PASSPHRASE"
_LONGEST = 4096


def unlock_options(options: Namespace) -> None:
    """Put the place of an encrypted case where a command expects a path.  Raises CaseFileError."""
    for name in ("case", "into"):
        path = getattr(options, name, None)
        if path is not None and io.is_encrypted(path):
            setattr(options, name, unlocked(path, getattr(options, "passphrase_file", None)))


def unlocked(path: Path, file: Path | None = None) -> Path | io.Place:
    """A case for those who open it; encrypted ones are unlocked.  Raises CaseFileError."""
    if not io.is_encrypted(path):
        return path
    return io.unlock(path, passphrase(path, file))


def passphrase(path: Path, file: Path | None) -> str:
    """The passphrase of a case.  Raises EncryptedCase if nobody gives one."""
    given = _given(file, ENVIRONMENT)
    if given is None and sys.stdin.isatty():
        given = _typed(f"Passphrase of {path.name}: ")
    if given is None:
        raise io.EncryptedCase(
            f"{path.name} is encrypted; give its passphrase with --passphrase-file FILE or in "
            f"{ENVIRONMENT}."
        )
    return given


def new_passphrase(path: Path, file: Path | None, *, environment: str = ENVIRONMENT) -> str:
    """The passphrase that a case is to have; typed twice.  Raises CaseFileError."""
    given = _given(file, environment)
    if given is None and sys.stdin.isatty():
        given = _typed(f"New passphrase for {path.name}: ")
        if given != _typed("The same once more: "):
            raise CaseFileError("The two passphrases differ; nothing was changed. Try again.")
    if given is None:
        option = "--passphrase-file" if environment == ENVIRONMENT else "--new-passphrase-file"
        raise CaseFileError(
            f"{path.name} needs a passphrase; give it with {option} FILE or in {environment}."
        )
    if not given:
        raise CaseFileError("The passphrase is empty; give one of several words.")
    return given


def _given(file: Path | None, environment: str) -> str | None:
    if file is None:
        return os.environ.get(environment)
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.readline(_LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(
            f"The file {file.name} with the passphrase cannot be read; check the path."
        ) from error


def _typed(question: str) -> str:
    from getpass import getpass

    return getpass(question)
