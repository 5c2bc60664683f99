"""Opens the window."""

from argparse import Namespace

from surgiplan.errors import SurgiplanError

from .options import parser
from .output import Answer, Console

__all__ = ["window"]


def window(options: Namespace, console: Console) -> Answer:
    """Open the window on a case or a scan, and wait until it is closed."""
    path = options.path
    if path is not None and not path.exists():
        commands = ", ".join(sorted(parser().commands))
        raise SurgiplanError(
            f"{path} is neither a file, a folder nor a command; the commands are {commands}."
        )
    from surgiplan.app import run

    run(path)
    return Answer({})
