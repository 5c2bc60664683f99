"""Files that are nothing but files: no link, pipe or device inside a case is ever followed."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from surgiplan.errors import CaseFileError

__all__ = ["check_folders", "entries", "open_plain", "read_plain", "size_of"]

_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


def open_plain(path: Path, *, to_change: bool = False) -> BinaryIO:
    """Open a regular file for reading, or for reading and writing; it is created for the latter.

    Raises OSError, also for links, pipes and devices, and for a file to change that has a second
    name elsewhere.
    """
    if path.is_symlink():
        raise OSError(f"{path.name} is a link")
    way = os.O_RDWR | os.O_CREAT if to_change else os.O_RDONLY
    handle = os.open(path, way | _FLAGS, 0o600)
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode) or (to_change and about.st_nlink > 1):
        os.close(handle)
        raise OSError(f"{path.name} is no ordinary file")
    return os.fdopen(handle, "r+b" if to_change else "rb")


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file.  Raises OSError, also if it has more than ``most_bytes``."""
    with open_plain(path) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(f"{path.name} is far too large")
    return content


def size_of(path: Path) -> int:
    """Size of a regular file [bytes]; -1 if there is none."""
    try:
        about = path.lstat()
    except (OSError, ValueError):
        return -1
    return about.st_size if stat.S_ISREG(about.st_mode) else -1


def entries(folder: Path, most: int) -> list[str]:
    """The names in a folder; none if it is not there.  Raises CaseFileError for a flood."""
    names: list[str] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                names.append(entry.name)
                if len(names) > most:
                    raise CaseFileError(
                        f"The folder {folder.name} holds more than {most} files, which no case "
                        "does; do not open it."
                    )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CaseFileError(
            f"The folder {folder.name} cannot be read: {error.strerror}."
        ) from error
    return names


def check_folders(root: Path) -> None:
    """Raise CaseFileError if a folder of a case is a link to another place."""
    for folder in (root / "objects", root / "manifests"):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise CaseFileError(
                f"{root.name} holds a link or a file in the place of its folder {folder.name}, "
                "which no case does; do not open it."
            )
