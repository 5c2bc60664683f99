"""Manifests of a case: one readable JSON file for each time it was saved."""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE, __version__
from surgiplan.errors import CaseFileError

from .atomic import write_whole
from .codec import Arrays

__all__ = ["FORMAT", "Manifest", "NewerFormat", "generations", "parsed", "prune", "read", "write"]

FORMAT = 1
"""Version of what a case looks like on disk."""
_KEPT = 20
_NAME = re.compile(r"(\d{8})\.json")
_LARGEST_BYTES = 64 << 20
"""A manifest holds no arrays; the largest plan stays far below."""


class NewerFormat(CaseFileError):
    """The case was written by a version that this one does not understand."""


@dataclass(frozen=True)
class Manifest:
    """What one save wrote."""

    generation: int
    case: Mapping[str, Any]
    """The case as ``codec.to_json`` gives it."""
    objects: Mapping[str, int]
    """SHA-256 of each array that the case needs, and its size [bytes]."""


def generations(folder: Path) -> list[int]:
    """The generations that have a manifest, newest first, whether or not it is sound."""
    if not folder.is_dir():
        return []
    names = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted((int(name[1]) for name in names if name), reverse=True)


def write(folder: Path, generation: int, case: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a manifest, durably.  Raises OSError and leaves nothing behind."""
    content = {
        "notice": RESEARCH_USE,
        "format": FORMAT,
        "software": f"surgiplan {__version__}",
        "generation": generation,
        "objects": {
            sha256: {"dtype": a.dtype.name, "shape": list(a.shape), "bytes": a.nbytes}
            for sha256, a in arrays.items()
        },
        "case": case,
    }
    whole = {**content, "sha256": _hash(content)}
    text = json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(_path(folder, generation), [text.encode()], private=True)


def read(folder: Path, generation: int) -> Manifest:
    """A manifest whose hash is right.

    Raises NewerFormat for one that a later version wrote, CaseFileError for a damaged one.
    """
    path = _path(folder, generation)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise CaseFileError(f"Manifest {generation} is far too large.")
        content = parsed(path.read_bytes())
    except ValueError as error:
        raise CaseFileError(f"Manifest {generation} is damaged.") from error
    except OSError as error:
        raise CaseFileError(f"Manifest {generation} cannot be read: {error.strerror}.") from error
    if not isinstance(content, dict):
        raise CaseFileError(f"Manifest {generation} is damaged.")
    stated = content.pop("sha256", None)
    if isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise NewerFormat("it was saved by a newer version of surgiplan")
    if content.get("format") != FORMAT or stated != _hash(content):
        raise CaseFileError(f"Manifest {generation} is damaged.")
    try:
        objects = {str(s): int(about["bytes"]) for s, about in content["objects"].items()}
        return Manifest(generation, content["case"], objects)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CaseFileError(f"Manifest {generation} lacks what it should hold.") from error


def prune(folder: Path) -> None:
    """Remove all but the newest manifests."""
    for generation in generations(folder)[_KEPT:]:
        with suppress(OSError):
            _path(folder, generation).unlink()


def parsed(text: bytes) -> Any:
    """JSON in which every number is one.  Raises ValueError."""
    try:
        return json.loads(text.decode(), parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("JSON nested without end") from error


def _path(folder: Path, generation: int) -> Path:
    return folder / f"{generation:08d}.json"


def _hash(content: Mapping[str, Any]) -> str:
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
