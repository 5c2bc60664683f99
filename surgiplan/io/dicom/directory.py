"""The files that a DICOMDIR lists, as far as they lie in its own folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .classes import DIRECTORY
from .header_values import Ignored
from .quiet import quiet

__all__ = ["is_directory", "listed_files"]

_LARGEST_BYTES = 64 << 20
_START_BYTES = 512
_MOST_RECORDS = 500_000


def is_directory(path: Path) -> bool:
    """Whether a file says of itself that it is a DICOMDIR."""
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError:
        return False
    at = start.find(b"\x02\x00\x02\x00UI") + 8
    value = start[at : at + int.from_bytes(start[at - 2 : at], "little")]
    return start[128:132] == b"DICM" and value.rstrip(b"\0 ") == DIRECTORY.encode()


def listed_files(path: Path, ignored: list[tuple[Path, str]]) -> Iterator[Path]:
    """The files named in a DICOMDIR, each once; those that are refused join ``ignored``.

    Names are compared without regard to case, as discs are mounted either way.  A name that leads
    out of the folder, by its parts or by a link, is refused.
    """
    try:
        names = _names(path)
    except Ignored as why:
        ignored.append((path, str(why)))
        return
    if not names:
        ignored.append((path, "a DICOMDIR that names no files; choose its folder instead"))
    folder = path.parent.resolve()
    contents: dict[Path, dict[str, str]] = {}
    for parts in names:
        shown = Path(path.parent, "/".join(parts))
        if any(part in ("", ".", "..") or set(part) & set("/\\:\0") for part in parts):
            ignored.append((shown, "named in the DICOMDIR, but it would lead out of its folder"))
            continue
        found: Path | None = folder
        for part in parts:
            found = found and _within(found, part, contents)
        if found is None or not found.is_file():
            ignored.append((shown, "named in the DICOMDIR, but it is not there"))
        elif not found.resolve().is_relative_to(folder):
            ignored.append((shown, "named in the DICOMDIR, but a link that leads elsewhere"))
        else:
            yield path.parent / found.relative_to(folder)


def _names(path: Path) -> dict[tuple[str, ...], None]:
    """The parts of each name, in the order of the DICOMDIR.  Raises Ignored."""
    import pydicom

    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise Ignored("a DICOMDIR larger than 64 MiB; choose the folder instead")
        with quiet():
            dataset = pydicom.dcmread(path, specific_tags=["DirectoryRecordSequence"])
            records = list(dataset.DirectoryRecordSequence)
            if len(records) > _MOST_RECORDS:
                raise Ignored("a DICOMDIR of too many entries; choose the folder instead")
            return dict.fromkeys(filter(None, map(_name, records)))
    except Ignored:
        raise
    except Exception as error:
        # A damaged file can raise nearly anything in a parser; all of it means the same here.
        raise Ignored(
            f"a damaged DICOMDIR ({type(error).__name__}); choose the folder instead"
        ) from error


def _name(record: Any) -> tuple[str, ...]:
    value = record.get("ReferencedFileID")
    if not value:
        return ()
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(str(part) for part in (value if is_list else [value]))


def _within(folder: Path, name: str, contents: dict[Path, dict[str, str]]) -> Path | None:
    """The file or folder of that name in a folder, in whatever case it is written there."""
    if folder not in contents:
        try:
            contents[folder] = {one.name.casefold(): one.name for one in folder.iterdir()}
        except OSError:
            contents[folder] = {}
    known = contents[folder]
    for written in (name.casefold(), f"{name.casefold()};1", f"{name.casefold()}."):
        if written in known:
            return folder / known[written]
    return None
