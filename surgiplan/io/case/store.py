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

from ..atomic import flush_folder, remove_temporary
from ..plain import check_folders
from . import journal as _journal
from . import manifests as _manifests
from .audit import AuditLog, SaveEntry
from .codec import Arrays, identity_object, to_json
from .dropped import dropped_identities
from .manifests import Manifest
from .mending import mend_journal
from .objects import Objects
from .opening import view_hash
from .place import VAULT, CasePath, Place, place_of
from .remains import remove_remains

__all__ = ["autosave", "discard_autosaves", "holds_autosaves", "save"]

_SPARE_BYTES = 1 << 22
"""Room that a save needs beside its arrays: manifest, journal, the file system's own."""
_SAVES_KEPT = 20
_AUTOSAVES_KEPT = 3


def save(
    case: Case,
    path: CasePath,
    *,
    journal: Sequence[Edit | None] = (),
    view: Mapping[str, Any] | None = None,
) -> int:
    """Save a case and return its generation; the one before stays whole until this one is safe.

    ``journal`` holds the edits since the last save, None for each undo; ``view`` plain JSON
    values.  Autosaves go: what they held is saved now.  Hold a ``CaseLock`` meanwhile.  Raises
    CaseFileError if nothing or not all was saved, or a later version saved this case before.
    """
    return _saved(case, place_of(path), journal, view, autosave=False)


def autosave(case: Case, path: CasePath, steps: Sequence[Edit | None]) -> int:
    """Keep the present state of a case beside the saved ones and return its generation.

    ``steps`` are all edits since the last save; they stay out of the journal until the user saves.
    Hold a ``CaseLock`` meanwhile.  Raises CaseFileError if it was not kept.
    """
    return _saved(case, place_of(path), steps, None, autosave=True)


def holds_autosaves(path: CasePath) -> bool:
    """Whether something was autosaved in a case and neither saved nor discarded since."""
    return bool(_manifests.generations(place_of(path).manifests, autosave=True))


def discard_autosaves(path: CasePath) -> None:
    """Forget what was autosaved; a case that was never saved goes altogether.

    Hold a ``CaseLock`` meanwhile.
    """
    place = place_of(path)
    folder = place.manifests
    # The newest goes last: a crash in between leaves the best state to be offered once more.
    for generation in reversed(_manifests.generations(folder, autosave=True)):
        _manifests.remove(folder, generation, autosave=True)
    _clean(place)
    if not _manifests.generations(folder):
        _remove_empty(place)


def _saved(
    case: Case,
    place: Place,
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
    existed = place.files.exists()
    try:
        _make_folders(place)
        before = _before(place)
        mend_journal(place, before)
        written = _write_objects(Objects(place), arrays)
        entry = None if autosave else SaveEntry(AuditLog(place), steps)
        generation = _write_manifest(place, before, document, arrays, lines, written, entry)
    except OSError as error:
        if not existed:
            _remove_empty(place)
        raise _explained(place, error) from error
    if entry:
        # The manifest has the lines too; what fails here, the next save makes good.
        entry.end()
        with suppress(OSError):
            _journal.append(place, lines)
        if view is not None:
            with suppress(OSError):
                _write_view(place, view)
    with suppress(OSError):
        _clean(place, autosaves_kept=_AUTOSAVES_KEPT if autosave else 0)
    return generation


def _before(place: Place) -> Manifest | None:
    """The newest sound state that the user saved; None if there is none.

    Raises CaseFileError if a later version wrote it.
    """
    folder = place.manifests
    for generation in _manifests.generations(folder):
        try:
            found = _manifests.read(place, generation)
        except _manifests.NewerFormat as error:
            raise _newer(place) from error
        except CaseFileError:
            continue
        if found.is_newer:
            raise _newer(place)
        return found
    return None


def _newer(place: Place) -> CaseFileError:
    return CaseFileError(
        f"{place.name} was saved by a newer version of surgiplan, which saving here would damage; "
        "save under another name, or use that version."
    )


def _write_manifest(
    place: Place,
    before: Manifest | None,
    document: Mapping[str, Any],
    arrays: Arrays,
    lines: Sequence[Mapping[str, Any]],
    written: Sequence[Path],
    entry: SaveEntry | None,
) -> int:
    """Write the manifest of a new generation; on an error neither it nor its objects stay."""
    folder = place.manifests
    saved = _manifests.generations(folder)
    known = saved + _manifests.generations(folder, autosave=True)
    generation, is_first = max(known, default=0) + 1, not saved
    try:
        _manifests.write(
            place, generation, document, arrays,
            parent=before.sha256 if before else "",
            journal=_journal.mark(place),
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


def _make_folders(place: Place) -> None:
    for folder in (place.root, place.files, place.files / "objects", place.manifests):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            flush_folder(folder.parent)
    check_folders(place.files)


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
            written.append(objects.path_of(sha256))
    except BaseException:
        _remove(written)
        raise
    return written


def _write_view(place: Place, view: Mapping[str, Any]) -> None:
    content = {"notice": RESEARCH_USE, "view": dict(view), "sha256": view_hash(view)}
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    place.write("view.json", text.encode())


def _clean(place: Place, *, autosaves_kept: int = 0) -> None:
    """Keep the newest manifests and what they and the journal need, remove the rest."""
    folder = place.manifests
    remove_remains(place)
    saved = _manifests.generations(folder)
    autosaved = _manifests.generations(folder, autosave=True)
    for generation in saved[_SAVES_KEPT:]:
        _manifests.remove(folder, generation)
    for generation in reversed(autosaved[autosaves_kept:]):
        _manifests.remove(folder, generation, autosave=True)
    for where in (place.root, place.files, folder, place.files / "objects"):
        remove_temporary(where)
    objects = Objects(place)
    objects.remove(dropped_identities(place))
    wanted = _journal.arrays_named(place)
    kept = [(n, False) for n in saved[:_SAVES_KEPT]]
    kept += [(n, True) for n in autosaved[:autosaves_kept]]
    for generation, is_autosave in kept:
        try:
            manifest = _manifests.read(place, generation, autosave=is_autosave)
        except CaseFileError:
            # What a damaged manifest needs is unknown, so nothing goes.
            return
        wanted.update(manifest.objects)
    objects.sweep(wanted)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _remove_empty(place: Place) -> None:
    """Take back the folders of a case that was never saved."""
    for folder in (place.files / "objects", place.manifests, place.files, place.root):
        with suppress(OSError):
            folder.rmdir()
    if not place.vault.is_plain and not place.files.exists():
        with suppress(OSError):
            (place.root / VAULT).unlink()
            place.root.rmdir()


def _explained(place: Place, error: OSError) -> CaseFileError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CaseFileError(
            f"{place.name} was not saved: the disk is full ({error.strerror}). Free some space or "
            "save elsewhere; what was saved before is intact."
        )
    return CaseFileError(
        f"{place.name} was not saved: {error.strerror or error}. Save it in another folder; what "
        "was saved before is intact."
    )
