"""Commands about the encryption of a case at rest: encrypt, decrypt, passphrase."""

from argparse import Namespace

from surgiplan import io

from .open_case import locked
from .output import Answer, Console
from .passphrase import NEW_ENVIRONMENT, new_passphrase

__all__ = ["decrypt", "encrypt", "passphrase"]


def encrypt(options: Namespace, console: Console) -> Answer:
    """Encrypt a case."""
    with locked(options.case):
        words = new_passphrase(options.case, options.passphrase_file)
        place = io.encrypt(options.case, words, report=console.report)
    line = (
        f"{place.name} is encrypted. Nobody can open it without the passphrase, nor can it be "
        "recovered. The disk may keep traces of what was there before."
    )
    return Answer({"case": str(place), "encrypted": True}, (line,))


def decrypt(options: Namespace, console: Console) -> Answer:
    """Remove the encryption of a case."""
    with locked(options.case):
        io.decrypt(options.case, report=console.report)
    line = f"{options.case.name} is not encrypted any more."
    return Answer({"case": str(options.case), "encrypted": False}, (line,))


def passphrase(options: Namespace, console: Console) -> Answer:
    """Put an encrypted case behind another passphrase."""
    with locked(options.case):
        words = new_passphrase(
            options.case, options.new_passphrase_file, environment=NEW_ENVIRONMENT
        )
        io.change_passphrase(options.case, words)
    line = (
        f"{options.case.name} has another passphrase. Older copies of it still open with the "
        "former one."
    )
    return Answer({"case": str(options.case), "encrypted": True}, (line,))
