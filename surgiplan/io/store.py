"""A case on disk: a directory ``name.splan`` that survives crashes, full disks and decay."""

import errno
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE
from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.model import Case

from . import journal as _journal
from . import manifests as _manifests
from .atomic import flush_folder, remove_temporary, write_whole
from .codec import Arrays, from_json, identity_object, to_json
from .objects import Objects

__all__ = ["Opened", "load", "load_view", "opened", "save", "verify"]

_SPARE_BYTES = 1 << 22
"""Room that a save needs beside its arrays: manifest, journal, the file system's own."""


@dataclass(frozen=True)
class Opened:
    """A case as it was found on disk."""

    case: Case
    generation: int
    remarks: tuple[str, ...]
    """What was damaged, in sentences; empty for a sound case."""
    view: Mapping[str, Any]


def save(
    case: Case,
    path: Path | str,
    *,
    journal: Sequence[Edit | None] = (),
    view: Mapping[str, Any] | None = None,
) -> int:
    """Save a case and return its generation; the one before stays whole until this one is safe.

    ``journal`` holds the edits since the last save, None for each undo; ``view`` plain JSON
    values.  Hold a ``CaseLock`` meanwhile.  Raises CaseFileError if nothing or not all was saved.
    """
    root = Path(path)
    document, arrays = to_json(case)
    lines, journal_arrays = _journal.lines_of(journal)
    if case.identity is None:
        for line in lines:
            journal_arrays.pop(identity_object(line), None)
    existed = root.exists()
    try:
        _make_folders(root)
        folder = root / "manifests"
        generation = max(_manifests.generations(folder), default=0) + 1
        written = _write_objects(Objects(root / "objects"), {**arrays, **journal_arrays})
        try:
            _manifests.write(folder, generation, document, arrays)
        except BaseException:
            if generation not in _manifests.generations(folder):
                _remove(written)
            raise
        _journal.append(root / "journal.jsonl", lines)
        if view is not None:
            _write_view(root, view)
    except OSError as error:
        if not existed:
            _remove_empty(root)
        raise _explained(root, error) from error
    _clean(root)
    return generation


def load(path: Path | str) -> Case:
    """The newest sound generation of a case.  Raises CaseFileError."""
    return opened(path).case


def load_view(path: Path | str) -> Mapping[str, Any]:
    """What ``save`` was last told about the view; empty where that is missing or damaged."""
    try:
        content = _manifests.parsed((Path(path) / "view.json").read_bytes())
    except (OSError, ValueError):
        return {}
    view = content.get("view") if isinstance(content, dict) else None
    return view if isinstance(view, dict) else {}


def opened(path: Path | str) -> Opened:
    """The newest sound generation of a case, and what was wrong with newer ones.

    Arrays of a megabyte and more stay on disk and are read-only.  Raises CaseFileError if there is
    no case, no sound generation, or the newest was saved by a later version.
    """
    root = Path(path)
    folder = root / "manifests"
    if not root.exists():
        raise CaseFileError(f"There is no case {root}; check the path.")
    found = _manifests.generations(folder) if root.is_dir() else []
    if not found:
        raise CaseFileError(
            f"{root.name} is no case of surgiplan; choose a folder whose name ends in .splan."
        )
    damage: list[str] = []
    for generation in found:
        try:
            manifest = _manifests.read(folder, generation)
            case = from_json(manifest.case, Objects(root / "objects").fetch)
            if not isinstance(case, Case):
                raise CaseFileError(f"Manifest {generation} holds no case.")
        except _manifests.NewerFormat as error:
            raise CaseFileError(
                f"{root.name} cannot be opened: {error}; open it with that version."
            ) from error
        except CaseFileError as error:
            damage.append(str(error))
            continue
        return Opened(case, generation, _told(found, generation, damage), load_view(root))
    raise CaseFileError(
        f"{root.name} is damaged ({damage[0].rstrip('.')}) and none of its {len(found)} saved "
        "states can be opened; restore it from a backup."
    )


def verify(path: Path | str) -> tuple[str, ...]:
    """What is damaged in a case, in sentences; empty if nothing is.

    Raises CaseFileError if there is no case.
    """
    root = Path(path)
    folder = root / "manifests"
    if not _manifests.generations(folder):
        raise CaseFileError(f"{root} is no case of surgiplan; check the path.")
    damaged: dict[str, None] = {}
    sizes: dict[str, int] = {}
    dropped = _dropped_identities(root)
    for generation in _manifests.generations(folder):
        try:
            sizes.update(_manifests.read(folder, generation).objects)
        except CaseFileError as error:
            damaged[str(error)] = None
    objects = Objects(root / "objects")
    sizes = {sha256: size for sha256, size in sizes.items() if sha256 not in dropped}
    damaged.update(dict.fromkeys(objects.damaged(sizes).values()))
    if (root / "journal.jsonl").exists():
        try:
            _journal.load_edits(root / "journal.jsonl")
        except CaseFileError as error:
            damaged[str(error)] = None
    return tuple(damaged)


def _told(found: Sequence[int], generation: int, damage: Sequence[str]) -> tuple[str, ...]:
    if not damage:
        return ()
    return (
        f"The newest saved state ({found[0]}) is damaged: {damage[0]} State {generation} was "
        "opened instead; look through the plan before you go on.",
    )


def _make_folders(root: Path) -> None:
    for folder in (root, root / "objects", root / "manifests"):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            flush_folder(folder.parent)


def _write_objects(objects: Objects, arrays: Arrays) -> list[Path]:
    """Write the arrays that are missing; on an error none of them stays."""
    missing = objects.missing(arrays)
    needed = sum(array.nbytes for array in missing.values()) + _SPARE_BYTES
    if shutil.disk_usage(objects.folder).free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB needed")
    written: list[Path] = []
    try:
        for sha256, array in missing.items():
            objects.write(sha256, array)
            written.append(objects.folder / sha256)
    except BaseException:
        _remove(written)
        raise
    return written


def _write_view(root: Path, view: Mapping[str, Any]) -> None:
    content = {"notice": RESEARCH_USE, "view": dict(view)}
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_whole(root / "view.json", [text.encode()], private=True)


def _clean(root: Path) -> None:
    """Keep the newest manifests and what they and the journal need, remove the rest."""
    folder = root / "manifests"
    _manifests.prune(folder)
    for place in (root, folder, root / "objects"):
        remove_temporary(place)
    Objects(root / "objects").remove(_dropped_identities(root))
    wanted = _journal.arrays_named(root / "journal.jsonl")
    for generation in _manifests.generations(folder):
        try:
            wanted.update(_manifests.read(folder, generation).objects)
        except CaseFileError:
            # What a damaged manifest needs is unknown, so nothing goes.
            return
    Objects(root / "objects").sweep(wanted)


def _dropped_identities(root: Path) -> set[str]:
    """Objects that only older states and the journal refer to, if the newest holds no identity.

    They go at once, not with the states that know them: who drops an identity means it.
    """
    newest, older = "", set()
    for generation in reversed(_manifests.generations(root / "manifests")):
        with suppress(CaseFileError):
            newest = identity_object(_manifests.read(root / "manifests", generation).case)
            older.add(newest)
    if newest:
        return set()
    return (older | _journal.identities(root / "journal.jsonl")) - {""}


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _remove_empty(root: Path) -> None:
    """Take back the folders of a case that could not be saved for the first time."""
    for folder in (root / "objects", root / "manifests", root):
        with suppress(OSError):
            folder.rmdir()


def _explained(root: Path, error: OSError) -> CaseFileError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CaseFileError(
            f"{root.name} was not saved: the disk is full ({error.strerror}). Free some space or "
            "save elsewhere; what was saved before is intact."
        )
    return CaseFileError(
        f"{root.name} was not saved: {error.strerror or error}. Save it in another folder; what "
        "was saved before is intact."
    )
