"""A case on disk: a directory ``name.splan`` that survives crashes, full disks and decay."""

import errno
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from surgiplan import RESEARCH_USE
from surgiplan.edits import Edit
from surgiplan.errors import CaseFileError
from surgiplan.model import Case

from . import journal as _journal
from . import manifests as _manifests
from .atomic import flush_folder, remove_temporary, write_whole
from .audit import AuditLog, SaveEntry
from .codec import Arrays, identity_object, to_json
from .dropped import dropped_identities
from .manifests import Manifest
from .objects import Objects
from .plain import check_folders

__all__ = ["autosave", "discard_autosaves", "save"]

_SPARE_BYTES = 1 << 22
"""Room that a save needs beside its arrays: manifest, journal, the file system's own."""
_SAVES_KEPT = 20
_AUTOSAVES_KEPT = 3


def save(
    case: Case,
    path: Path | str,
    *,
    journal: Sequence[Edit | None] = (),
    view: Mapping[str, Any] | None = None,
) -> int:
    """Save a case and return its generation; the one before stays whole until this one is safe.

    ``journal`` holds the edits since the last save, None for each undo; ``view`` plain JSON
    values.  Autosaves go: what they held is saved now.  Hold a ``CaseLock`` meanwhile.  Raises
    CaseFileError if nothing or not all was saved, or a later version saved this case before.
    """
    return _saved(case, Path(path), journal, view, autosave=False)


def autosave(case: Case, path: Path | str, steps: Sequence[Edit | None]) -> int:
    """Keep the present state of a case beside the saved ones and return its generation.

    ``steps`` are all edits since the last save; they stay out of the journal until the user saves.
    Hold a ``CaseLock`` meanwhile.  Raises CaseFileError if it was not kept.
    """
    return _saved(case, Path(path), steps, None, autosave=True)


def discard_autosaves(path: Path | str) -> None:
    """Forget what was autosaved; a case that was never saved goes altogether.

    Hold a ``CaseLock`` meanwhile.
    """
    root = Path(path)
    folder = root / "manifests"
    # The newest goes last: a crash in between leaves the best state to be offered once more.
    for generation in reversed(_manifests.generations(folder, autosave=True)):
        _manifests.remove(folder, generation, autosave=True)
    _clean(root)
    if not _manifests.generations(folder):
        _remove_empty(root)


def _saved(
    case: Case,
    root: Path,
    steps: Sequence[Edit | None],
    view: Mapping[str, Any] | None,
    *,
    autosave: bool,
) -> int:
    document, arrays = to_json(case)
    lines, journal_arrays = _journal.lines_of(steps)
    if case.identity is None:
        for line in lines:
            journal_arrays.pop(identity_object(line), None)
    arrays = {**arrays, **journal_arrays}
    existed = root.exists()
    try:
        _make_folders(root)
        before = _before(root)
        if not autosave:
            _complete_journal(root, before)
        written = _write_objects(Objects(root / "objects"), arrays)
        entry = None if autosave else SaveEntry(AuditLog(root), steps)
        generation = _write_manifest(root, before, document, arrays, lines, written, entry)
    except OSError as error:
        if not existed:
            _remove_empty(root)
        raise _explained(root, error) from error
    if entry:
        # The manifest has the lines too; what fails here, the next save makes good.
        entry.end()
        with suppress(OSError):
            _journal.append(root / "journal.jsonl", lines)
        if view is not None:
            with suppress(OSError):
                _write_view(root, view)
    with suppress(OSError):
        _clean(root, autosaves_kept=_AUTOSAVES_KEPT if autosave else 0)
    return generation


def _before(root: Path) -> Manifest | None:
    """The newest sound state that the user saved; None if there is none.

    Raises CaseFileError if a later version wrote it.
    """
    folder = root / "manifests"
    for generation in _manifests.generations(folder):
        try:
            found = _manifests.read(folder, generation)
        except _manifests.NewerFormat as error:
            raise _newer(root) from error
        except CaseFileError:
            continue
        if found.is_newer:
            raise _newer(root)
        return found
    return None


def _newer(root: Path) -> CaseFileError:
    return CaseFileError(
        f"{root.name} was saved by a newer version of surgiplan, which saving here would damage; "
        "save under another name, or use that version."
    )


def _complete_journal(root: Path, before: Manifest | None) -> None:
    """Add the lines of the last save that a crash kept from the journal."""
    if before is None or before.journal is None:
        return
    journal = root / "journal.jsonl"
    missing = before.journal.lines + len(before.steps) - _journal.mark(journal).lines
    if 0 < missing <= len(before.steps):
        _journal.append(journal, before.steps[-missing:])


def _write_manifest(
    root: Path,
    before: Manifest | None,
    document: Mapping[str, Any],
    arrays: Arrays,
    lines: Sequence[Mapping[str, Any]],
    written: Sequence[Path],
    entry: SaveEntry | None,
) -> int:
    """Write the manifest of a new generation; on an error neither it nor its objects stay."""
    folder = root / "manifests"
    saved = _manifests.generations(folder)
    known = saved + _manifests.generations(folder, autosave=True)
    generation, is_first = max(known, default=0) + 1, not saved
    try:
        _manifests.write(
            folder, generation, document, arrays,
            parent=before.sha256 if before else "",
            journal=_journal.mark(root / "journal.jsonl"),
            steps=lines,
            autosave=entry is None,
            log=entry.begin(generation, is_first=is_first) if entry else None,
        )  # fmt: skip
    except BaseException:
        _manifests.remove(folder, generation, autosave=entry is None)
        if entry:
            entry.withdraw()
        _remove(written)
        raise
    return generation


def _make_folders(root: Path) -> None:
    for folder in (root, root / "objects", root / "manifests"):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            flush_folder(folder.parent)
    check_folders(root)


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


def _clean(root: Path, *, autosaves_kept: int = 0) -> None:
    """Keep the newest manifests and what they and the journal need, remove the rest."""
    folder = root / "manifests"
    saved = _manifests.generations(folder)
    autosaved = _manifests.generations(folder, autosave=True)
    for generation in saved[_SAVES_KEPT:]:
        _manifests.remove(folder, generation)
    for generation in reversed(autosaved[autosaves_kept:]):
        _manifests.remove(folder, generation, autosave=True)
    for place in (root, folder, root / "objects"):
        remove_temporary(place)
    objects = Objects(root / "objects")
    objects.remove(dropped_identities(root))
    wanted = _journal.arrays_named(root / "journal.jsonl")
    kept = [(n, False) for n in saved[:_SAVES_KEPT]]
    kept += [(n, True) for n in autosaved[:autosaves_kept]]
    for generation, is_autosave in kept:
        try:
            manifest = _manifests.read(folder, generation, autosave=is_autosave)
        except CaseFileError:
            # What a damaged manifest needs is unknown, so nothing goes.
            return
        wanted.update(manifest.objects)
    objects.sweep(wanted)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _remove_empty(root: Path) -> None:
    """Take back the folders of a case that was never saved."""
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
