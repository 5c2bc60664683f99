"""Identities that the user has dropped from a case."""

from contextlib import suppress

from surgiplan.errors import CaseFileError

from . import journal as _journal
from . import manifests as _manifests
from .codec import identity_object
from .place import Place

__all__ = ["dropped_identities"]


def dropped_identities(place: Place) -> set[str]:
    """Objects that only older states and the journal refer to, if the newest holds no identity.

    They go at once, not with the states that know them: who drops an identity means it.  What an
    autosave still needs is not among them.  Raises OSError.
    """
    folder = place.manifests
    newest, older, needed = "", set(), set()
    for generation in reversed(_manifests.generations(folder)):
        with suppress(CaseFileError):
            newest = identity_object(_manifests.read(place, generation).case)
            older.add(newest)
    if newest:
        return set()
    for generation in _manifests.generations(folder, autosave=True):
        with suppress(CaseFileError):
            needed.add(identity_object(_manifests.read(place, generation, autosave=True).case))
    return (older | _journal.identities(place)) - needed - {""}
