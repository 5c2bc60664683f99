"""Reading a case: the newest sound state of it, and work that a program did not live to save."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surgiplan import RESEARCH_USE
from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.model import Case

from ..plain import check_folders, size_of
from . import journal as _journal
from . import manifests as _manifests
from .codec import from_json
from .manifests import Manifest
from .objects import Objects
from .place import CasePath, Place, place_of
from .strict_json import parsed

__all__ = ["Lost", "Opened", "load", "load_view", "opened"]

_PATIENCE_BYTES = 48 << 20
"""So much of damaged manifests is looked through; twenty honest ones are a tenth of it."""
_LARGEST_VIEW_BYTES = 1 << 20


@dataclass(frozen=True)
class Lost:
    """Work that was autosaved and never saved, since the program died."""

    case: Case
    steps: tuple[Edit | None, ...]
    """What was done since the last save, oldest first; None took the edit before it back."""
    saved_at: str
    """UTC, ISO 8601."""
    generation: int

    @property
    def summary(self) -> str:
        """How many steps, the last of them, and when they were kept."""
        count = len(self.steps)
        last = self.steps[-1] if self.steps else None
        label = f" (last: {last.label})" if last else ""
        return f"{count} step{'' if count == 1 else 's'}{label}, kept {_local(self.saved_at)}"


@dataclass(frozen=True)
class Opened:
    """A case as it was found on disk."""

    case: Case
    """As last saved; empty if it never was."""
    generation: int
    """0 if it was never saved."""
    remarks: tuple[str, ...]
    """What was damaged, in sentences; empty for a sound case."""
    view: Mapping[str, Any]
    lost: Lost | None = None
    is_newer: bool = False
    """Whether a later version has added what saving here would lose."""


def load(path: CasePath) -> Case:
    """The newest sound generation of a case.  Raises CaseFileError."""
    place = place_of(path)
    found = opened(place)
    if not found.generation:
        raise CaseFileError(
            f"{place.name} was never saved; bring back what was kept of it with: surgiplan "
            f"recover {place}"
        )
    return found.case


def load_view(path: CasePath) -> Mapping[str, Any]:
    """What ``save`` was last told about the view; empty where that is missing or damaged."""
    try:
        return checked_view(place_of(path)) or {}
    except CaseFileError:
        return {}


def checked_view(place: Place) -> Mapping[str, Any] | None:
    """What ``save`` was last told about the view; None if nothing.

    Raises CaseFileError if that is damaged.
    """
    try:
        content = parsed(place.read("view.json", _LARGEST_VIEW_BYTES))
        view: dict[str, Any] = content["view"]
        # Those of format 1 carry no hash.
        if content.get("sha256", view_hash(view)) != view_hash(view):
            raise ValueError("another hash")
        if content.keys() - {"notice", "view", "sha256"} or content["notice"] != RESEARCH_USE:
            raise ValueError("another make")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaseFileError("view.json is damaged.") from error
    return view


def view_hash(view: Mapping[str, Any]) -> str:
    """SHA-256 of a view as plain JSON, keys sorted."""
    text = json.dumps(dict(view), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def opened(path: CasePath) -> Opened:
    """The newest sound generation of a case, what was wrong with newer ones, and lost work.

    Arrays of a megabyte and more stay on disk and are read-only.  Raises CaseFileError if there is
    no case, no sound generation, or the newest was saved by a later version.
    """
    place = place_of(path)
    folder = place.manifests
    if not place.exists():
        raise CaseFileError(f"There is no case {place}; check the path.")
    if place.root.is_dir():
        check_folders(place.files)
    found = _manifests.generations(folder)
    autosaved = _manifests.generations(folder, autosave=True)
    if not found and not autosaved:
        if place.root.suffix == ".splanz":
            raise CaseFileError(
                f"{place.name} is a case that was sent; make a case of it first with: surgiplan "
                f"unpack {place} -o {place.stem}.splan"
            )
        raise CaseFileError(
            f"{place.name} is no case of surgiplan; choose a folder whose name ends in .splan."
        )
    objects = Objects(place)
    damage: list[str] = []
    saved = _newest(place, found, objects, damage)
    generation = saved[0].generation if saved else 0
    later = [n for n in autosaved if n > generation]
    lost = _lost(place, later, objects)
    if saved is None and lost is None:
        raise CaseFileError(
            f"{place.name} is damaged ({(damage or ['no state'])[0].rstrip('.')}) and none of its "
            f"{len(found) + len(later)} saved states can be opened; restore it from a backup."
        )
    remarks = _told(place, found, generation, damage, saved[0] if saved else None)
    case = saved[1] if saved else Case()
    is_newer = saved is not None and saved[0].is_newer
    return Opened(case, generation, remarks, load_view(place), lost, is_newer)


def _newest(
    place: Place,
    generations: Sequence[int],
    objects: Objects,
    damage: list[str],
    *,
    autosave: bool = False,
) -> tuple[Manifest, Case] | None:
    """The first of ``generations`` that is sound; what is wrong with others goes to ``damage``."""
    folder = place.manifests
    looked_through = 0
    for generation in generations:
        try:
            manifest = _manifests.read(place, generation, autosave=autosave)
            case = from_json(manifest.case, objects.fetch)
            if not isinstance(case, Case):
                raise CaseFileError(f"Manifest {generation} holds no case.")
            return manifest, case
        except _manifests.NewerFormat as error:
            raise CaseFileError(
                f"{place.name} cannot be opened: {error}; open it with that version."
            ) from error
        except CaseFileError as error:
            damage.append(str(error))
            looked_through += size_of(_manifests.path_of(folder, generation, autosave=autosave))
            if looked_through > _PATIENCE_BYTES:
                return None
    return None


def _lost(place: Place, generations: Sequence[int], objects: Objects) -> Lost | None:
    found = _newest(place, generations, objects, [], autosave=True)
    if found is None:
        return None
    manifest, case = found
    steps = tuple(_journal.edit_of(step, objects.fetch) for step in manifest.steps)
    return Lost(case, steps, manifest.saved_at, manifest.generation)


def _local(saved_at: str) -> str:
    """A time in UTC as the clock on the wall shows it."""
    try:
        return f"{datetime.fromisoformat(saved_at).astimezone():%d %b %Y %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def _told(
    place: Place,
    found: Sequence[int],
    generation: int,
    damage: Sequence[str],
    manifest: Manifest | None,
) -> tuple[str, ...]:
    remarks = []
    if damage and generation:
        remarks.append(
            f"The newest saved state ({found[0]}) is damaged: {damage[0]} State {generation} was "
            "opened instead; look through the plan before you go on."
        )
    elif damage:
        remarks.append(
            f"No saved state of {place.name} can be opened ({damage[0].rstrip('.')}), but what was "
            "kept by itself can."
        )
    if manifest and manifest.is_newer:
        remarks.append(
            f"{place.name} was saved by a newer version of surgiplan: you can look at it, and save "
            "your changes under another name."
        )
    return tuple(remarks)
