"""Manifests of a case: one readable JSON file for each time it was saved."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE, __version__
from surgiplan.errors import CaseFileError

from ..plain import entries, size_of
from .codec import Arrays
from .head import Head
from .migrations import FORMAT, MINOR, to_present
from .place import Place
from .strict_json import parsed

__all__ = [
    "LARGEST_BYTES",
    "JournalMark",
    "Manifest",
    "NewerFormat",
    "generations",
    "path_of",
    "read",
    "remove",
    "write",
]

LARGEST_BYTES = 16 << 20
"""A manifest holds no arrays; the largest plan stays far below."""
_NAME = re.compile(r"(\d{8})\.json")
_AUTOSAVE_NAME = re.compile(r"(\d{8})\.auto\.json")
_MOST = 10_000
"""Files in the folder; 20 saves and three autosaves are kept."""


class NewerFormat(CaseFileError):
    """The case was written by a version that this one does not understand."""


@dataclass(frozen=True)
class JournalMark:
    """How far a journal went at some moment."""

    lines: int
    sha256: str
    """Of the bytes of these lines."""


@dataclass(frozen=True)
class Manifest:
    """What one save wrote."""

    generation: int
    case: Mapping[str, Any]
    """The case as ``codec.to_json`` gives it."""
    objects: Mapping[str, int]
    """SHA-256 of each array that the case and the steps need, and its size [bytes]."""
    sha256: str
    parent: str
    """SHA-256 of the save before; empty for the first one."""
    autosave: bool
    """Whether the user did not ask for it; the steps of such a one are in no journal yet."""
    saved_at: str
    """Time of day in UTC, ISO 8601: for the eyes of a person, never to choose by."""
    journal: JournalMark | None
    """The journal before ``steps``; None in a manifest of format 1."""
    steps: tuple[Mapping[str, Any], ...]
    """Lines of the journal since the save before."""
    minor: int
    audit: Head | None
    """Where the audit log ended with this save in it; None if it was saved without one."""
    logged: Mapping[str, Any]
    """All but ``sha256`` and ``audit``, as it is on disk."""

    @property
    def logged_sha256(self) -> str:
        """What the audit log says of it: the hash of ``logged``."""
        return _hash(self.logged)

    @property
    def is_newer(self) -> bool:
        """Whether it holds more than this version knows, so that saving would lose it."""
        return self.minor > MINOR


def generations(folder: Path, *, autosave: bool = False) -> list[int]:
    """The generations that were saved, or autosaved, newest first, whether or not they are sound.

    Raises CaseFileError.
    """
    form = _AUTOSAVE_NAME if autosave else _NAME
    names = map(form.fullmatch, entries(folder, _MOST))
    return sorted((int(name[1]) for name in names if name), reverse=True)


def path_of(folder: Path, generation: int, *, autosave: bool = False) -> Path:
    """The file of a generation."""
    return folder / f"{generation:08d}{'.auto' if autosave else ''}.json"


def write(
    place: Place,
    generation: int,
    case: Mapping[str, Any],
    arrays: Arrays,
    *,
    parent: str,
    journal: JournalMark,
    steps: Sequence[Mapping[str, Any]],
    autosave: bool = False,
    log: Callable[[str], Head] | None = None,
) -> None:
    """Write a manifest, durably.  Raises OSError and leaves nothing behind.

    ``log`` enters the hash of its content in the audit log, and says where that ends then.
    """
    content: dict[str, Any] = {
        "notice": RESEARCH_USE,
        "format": FORMAT,
        "minor": MINOR,
        "software": f"surgiplan {__version__}",
        "generation": generation,
        "parent": parent,
        "autosave": autosave,
        "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "journal": {"lines": journal.lines, "sha256": journal.sha256},
        "steps": list(steps),
        "objects": {
            sha256: {"dtype": a.dtype.name, "shape": list(a.shape), "bytes": a.nbytes}
            for sha256, a in arrays.items()
        },
        "case": case,
    }
    if log:
        content["audit"] = log(_hash(content)).to_json()
    whole = {**content, "sha256": _hash(content)}
    text = json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    place.write(_name_of(generation, autosave=autosave), text.encode())


def read(place: Place, generation: int, *, autosave: bool = False) -> Manifest:
    """A manifest whose hash is right, as one of the present format.

    Raises NewerFormat for one that a later version wrote, CaseFileError for a damaged one.
    """
    name = _name_of(generation, autosave=autosave)
    if size_of(place.files / name) > place.vault.sealed_size(LARGEST_BYTES):
        raise CaseFileError(f"Manifest {generation} is far too large.")
    try:
        content = parsed(place.read(name, LARGEST_BYTES))
    except ValueError as error:
        raise CaseFileError(f"Manifest {generation} is damaged.") from error
    except OSError as error:
        raise CaseFileError(
            f"Manifest {generation} cannot be read: {error.strerror or error}."
        ) from error
    if not isinstance(content, dict):
        raise CaseFileError(f"Manifest {generation} is damaged.")
    stated = content.pop("sha256", None)
    if type(content.get("format")) is int and content["format"] > FORMAT:
        raise NewerFormat("it was saved by a newer version of surgiplan")
    if not isinstance(stated, str) or stated != _hash(content):
        raise CaseFileError(f"Manifest {generation} is damaged.")
    try:
        audit = content.pop("audit", None)
        head = None if audit is None else Head.from_json(audit)
        manifest = _manifest(to_present(content), stated, head, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CaseFileError(f"Manifest {generation} lacks what it should hold.") from error
    if (manifest.generation, manifest.autosave) != (generation, autosave):
        raise CaseFileError(f"Manifest {generation} bears the name of another.")
    return manifest


def remove(folder: Path, generation: int, *, autosave: bool = False) -> None:
    """Remove a manifest; one that the system holds stays until the next save."""
    with suppress(OSError):
        path_of(folder, generation, autosave=autosave).unlink()


def _name_of(generation: int, *, autosave: bool) -> str:
    return path_of(Path("manifests"), generation, autosave=autosave).as_posix()


def _manifest(
    content: Mapping[str, Any], sha256: str, audit: Head | None, logged: Mapping[str, Any]
) -> Manifest:
    journal = content["journal"]
    return Manifest(
        generation=int(content["generation"]),
        case=content["case"],
        objects={str(s): int(about["bytes"]) for s, about in content["objects"].items()},
        sha256=sha256,
        parent=str(content["parent"]),
        autosave=content["autosave"] is True,
        saved_at=str(content["saved_at"]),
        journal=journal and JournalMark(int(journal["lines"]), str(journal["sha256"])),
        steps=tuple(content["steps"]),
        minor=int(content["minor"]),
        audit=audit,
        logged=logged,
    )


def _hash(content: Mapping[str, Any]) -> str:
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
