"""Files that are there whole or not at all, also after a crash or a power cut."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .plain import open_plain

__all__ = [
    "TEMPORARY_SUFFIX",
    "append_whole",
    "flush_folder",
    "remove_temporary",
    "whole_file",
    "write_whole",
]

TEMPORARY_SUFFIX = ".surgiplan-tmp"
_CHUNK_BYTES = 1 << 24


def write_whole(path: Path, chunks: Iterable[bytes | memoryview], *, private: bool = False) -> None:
    """Write a file beside ``path``, make it durable, and put it in the place of ``path``.

    Until the last step the old file is untouched; after any error nothing is left behind.
    ``private`` files can be read by their owner only.  Raises OSError.
    """
    with whole_file(path, private=private) as file:
        for chunk in chunks:
            whole = memoryview(chunk).cast("B")
            for start in range(0, len(whole), _CHUNK_BYTES):
                file.write(whole[start : start + _CHUNK_BYTES])


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file to write and read that takes the place of ``path`` once the block ends without error.

    Durable as that of ``write_whole``.  Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600 if private else 0o666), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    flush_folder(path.parent)


def append_whole(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, durably, over what a crash has cut off; its owner's alone.

    Raises OSError and then leaves the file as it was.
    """
    with open_plain(path, to_change=True) as file:
        end = _end_of_last_line(file)
        try:
            file.seek(end)
            file.truncate()
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, end)
            raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system has a way to."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_temporary(folder: Path) -> None:
    """Remove what interrupted writes have left in a folder."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            path.unlink()


def _end_of_last_line(file: BinaryIO) -> int:
    """Where the last whole line ends; a crash may have left a part of one behind it."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(end - 65536, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
