"""Reads the command line, runs one command, and turns errors into sentences."""

import errno
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from surgiplan.errors import SurgiplanError
from surgiplan.offline import stay_offline

from .options import parser
from .output import Console

__all__ = ["main"]

_NO_BUG = frozenset(
    [
        errno.EACCES,
        errno.EDQUOT,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    ]
)
"""What a disk refuses; only the user can do something about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    stay_offline()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["decode-images"]:
        # Not for people: the program starts itself so, to decode where a crash costs one image.
        from surgiplan.io.dicom.decoding import serve

        return serve(given[1:])
    # OpenMP threads that spin while they wait take the core that the window needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if not given or (not given[0].startswith("-") and given[0] not in parser().commands):
        given = ["window", *given]
    options = parser().parse(given)
    console = Console(json=options.json, quiet=options.quiet)
    try:
        _unlock(options)
        answer = options.run(options, console)
    except SurgiplanError as error:
        console.complain(str(error))
        return 2
    except KeyboardInterrupt:
        console.complain("Stopped by the user; nothing was changed.")
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno not in _NO_BUG:
            raise
        where = f"{error.filename}: " if error.filename else ""
        console.complain(f"{where}{error.strerror}; choose another place, or make it writable.")
        return 2
    console.answer(answer)
    return 0


def _unlock(options: Namespace) -> None:
    """Open an encrypted case with its passphrase; ``encrypt`` asks for a new one itself."""
    if options.command == "encrypt" or not (hasattr(options, "case") or hasattr(options, "into")):
        return
    from .passphrase import unlock_options

    unlock_options(options)
