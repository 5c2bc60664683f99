"""What an interrupted change of encryption leaves beside a case: files of the other form."""

import shutil
from contextlib import suppress
from pathlib import Path

from .place import SEALED, Place

__all__ = ["has_remains", "remove_files", "remove_remains"]

_FILES = ("journal.jsonl", "audit.jsonl", "audit.head", "view.json")
_FOLDERS = ("objects", "manifests", "derived")


def has_remains(place: Place) -> bool:
    """Whether files of the other form lie beside those of a case."""
    return any(path.exists() for path in _others(place))


def remove_remains(place: Place) -> None:
    """Remove the files of the other form, as far as the system lets us."""
    for path in _others(place):
        _remove(path)


def remove_files(place: Place) -> None:
    """Remove all files of a case in the form of ``place``; the lock and its key stay."""
    for path in _own(place):
        _remove(path)


def _own(place: Place) -> list[Path]:
    if not place.vault.is_plain:
        return [place.root / SEALED]
    return [place.root / name for name in (*_FOLDERS, *_FILES)]


def _others(place: Place) -> list[Path]:
    """The files that the case would have in the other form."""
    if place.vault.is_plain:
        return [place.root / SEALED]
    return _own(Place(place.root))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()
