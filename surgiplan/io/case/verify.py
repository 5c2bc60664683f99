"""Whether every byte of a case is as it was written."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from surgiplan.errors import CaseFileError

from ..plain import check_folders, size_of
from . import journal as _journal
from . import manifests as _manifests
from .audit import AuditLog
from .audit_check import audit_damage
from .dropped import dropped_identities
from .manifests import Manifest
from .objects import Objects
from .opening import checked_view
from .place import CasePath, Place, is_encrypted, place_of
from .remains import has_remains
from .strict_json import parsed

__all__ = ["damage_in", "verify"]

_MOST_MANIFEST_BYTES = 64 << 20


def verify(path: CasePath) -> tuple[str, ...]:
    """What is damaged in a case, in sentences; empty if nothing is.

    Raises CaseFileError if there is no case.
    """
    return damage_in(place_of(path))


def damage_in(place: Place) -> tuple[str, ...]:
    """What is damaged at a place, whichever form of the case counts now.

    Raises CaseFileError if there is no case.
    """
    folder = place.manifests
    check_folders(place.files)
    found = [(n, False) for n in _manifests.generations(folder)]
    found += [(n, True) for n in _manifests.generations(folder, autosave=True)]
    if not found:
        raise CaseFileError(f"{place} is no case of surgiplan; check the path.")
    total = sum(size_of(_manifests.path_of(folder, n, autosave=auto)) for n, auto in found)
    if total > _MOST_MANIFEST_BYTES:
        raise CaseFileError(
            f"The manifests of {place.name} take {total / 1e6:.0f} MB, which no case needs; do "
            "not open it."
        )
    damaged: dict[str, None] = {}
    sizes: dict[str, int] = {}
    sound: list[Manifest] = []
    saved: dict[int, Manifest | None] = {n: None for n, autosave in found if not autosave}
    for generation, autosave in found:
        try:
            manifest = _manifests.read(place, generation, autosave=autosave)
        except CaseFileError as error:
            damaged[str(error)] = None
            continue
        sizes.update(manifest.objects)
        if not autosave:
            sound.append(manifest)
            saved[generation] = manifest
    objects = Objects(place)
    try:
        for sha256 in dropped_identities(place):
            sizes.pop(sha256, None)
    except OSError as error:
        damaged[f"The journal cannot be read: {error.strerror or error}."] = None
    damaged.update(dict.fromkeys(objects.damaged(sizes).values()))
    if len(sound) == sum(not autosave for _, autosave in found):
        damaged.update(dict.fromkeys(_broken_chain(sound)))
    damaged.update(dict.fromkeys(_damaged_journal(place, sound, objects)))
    damaged.update(dict.fromkeys(audit_damage(AuditLog(place), saved)))
    if not place.vault.is_plain and is_encrypted(place) and has_remains(place):
        damaged[
            f"Files from before {place.name} was encrypted still lie in it unencrypted; encrypt it "
            "again, or save it, to remove them."
        ] = None
    try:
        checked_view(place)
    except CaseFileError as error:
        damaged[str(error)] = None
    return tuple(damaged)


def _broken_chain(newest_first: Sequence[Manifest]) -> list[str]:
    """Sound states whose predecessor is gone; the oldest one has outlived its own."""
    known = {manifest.sha256 for manifest in newest_first}
    return [
        f"The state before manifest {manifest.generation} is missing or was exchanged."
        for manifest in newest_first[:-1]
        if manifest.parent and manifest.parent not in known
    ]


def _damaged_journal(place: Place, newest_first: Sequence[Manifest], objects: Objects) -> list[str]:
    """What is wrong with the journal: its lines, or what the saved states say of them."""
    try:
        for _ in _journal.edits_in(place, objects):
            pass
        wrong = _changed_lines(place, [m for m in newest_first if m.journal])
    except CaseFileError as error:
        return [str(error)]
    return [f"{_journal.JOURNAL} is not as the saved states have left it."] if wrong else []


def _changed_lines(place: Place, newest_first: Sequence[Manifest]) -> bool:
    """Whether a line that a saved state knows is gone or another one now."""
    hashes: dict[int, str] = {}
    steps: dict[int, Mapping[str, Any]] = {}
    least = 0
    for manifest in newest_first:
        assert manifest.journal
        start = manifest.journal.lines
        hashes[start] = manifest.journal.sha256
        steps.update(enumerate(manifest.steps, start))
        # A crash may have left the newest save's lines unwritten; the next save adds them.
        least = max(least, start if manifest is newest_first[0] else start + len(manifest.steps))
    digest, count = hashlib.sha256(), 0
    for count, line in enumerate(place.lines(_journal.JOURNAL), start=1):
        if hashes.get(count - 1, digest.hexdigest()) != digest.hexdigest():
            return True
        if count - 1 in steps and steps[count - 1] != parsed(line):
            return True
        digest.update(line)
    return count < least or hashes.get(count, digest.hexdigest()) != digest.hexdigest()
