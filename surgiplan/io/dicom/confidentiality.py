"""What PS3.15 Annex E (basic profile) asks to be done with each attribute.

The list is that of dicom-anonymizer, which its makers generate from the tables of the standard.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType

__all__ = ["PROFILE", "Action", "action_for", "may_shift"]

PROFILE = "PS3.15 2026c basic profile"


class Action(Enum):
    """What is done with an attribute; the value says it in a list for people."""

    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced by a dummy"
    NEW_UID = "replaced by a new UID"
    LOOK_INSIDE = "cleaned inside"
    KEEP = "kept"


_OF_GROUP: Mapping[str, tuple[Action, Action]] = MappingProxyType(
    {
        "X_TAGS": (Action.REMOVE, Action.REMOVE),
        "Z_TAGS": (Action.EMPTY, Action.EMPTY),
        "D_TAGS": (Action.DUMMY, Action.DUMMY),
        "U_TAGS": (Action.NEW_UID, Action.LOOK_INSIDE),
        "X_Z_TAGS": (Action.EMPTY, Action.EMPTY),
        "Z_D_TAGS": (Action.DUMMY, Action.EMPTY),
        "X_D_TAGS": (Action.DUMMY, Action.REMOVE),
        "X_Z_D_TAGS": (Action.DUMMY, Action.REMOVE),
        "X_Z_U_STAR_TAGS": (Action.LOOK_INSIDE, Action.LOOK_INSIDE),
    }
)
"""For a single value, for a sequence.  Where the standard leaves a choice to the kind of object, a
value stays valid whatever the kind, and a sequence, optional in images, goes."""

_ALSO_REMOVED = frozenset(
    {
        *(
            0x00100024,
            0x00100026,
            0x00100027,
        ),  # who issued the number, source and group of patients
        *(0x00100033, 0x00100034, 0x00100035),  # birth and death in another calendar
        *(0x00101021, 0x00101022),  # size as a code, body mass index
        0x00321031,  # the requesting physician's identification
    }
)
"""What says the same as attributes of the table, and is not in it."""
_CURVES, _OVERLAYS = 0x5000, 0x6000
_NEVER_SHIFTED = frozenset(
    {
        *(0x00100030, 0x00100032),  # birth
        *(0x00160077, 0x0016008D),  # when a satellite saw the camera
        *(0x00080106, 0x00080107, 0x0040DB06, 0x0040DB07),  # versions of terminologies
    }
)
"""Dates and times that the option for modified dates does not cover, or that are of no patient."""


def action_for(tag: int, *, is_sequence: bool) -> Action:
    """What is done with an attribute, whether or not a dictionary knows it."""
    group = tag >> 16
    if (
        tag in _ALSO_REMOVED
        or group % 2 == 1
        or _CURVES <= group <= _CURVES + 0xFF
        or _is_overlay(group)
    ):
        return Action.REMOVE
    found = _table().get(tag)
    if found is not None:
        return found[1] if is_sequence else found[0]
    return Action.LOOK_INSIDE if is_sequence else Action.KEEP


def may_shift(tag: int) -> bool:
    """Whether the option for modified dates lets a date or time be shifted."""
    return tag not in _NEVER_SHIFTED


def _is_overlay(group: int) -> bool:
    """Data and comments must go; what is left of an overlay then describes nothing."""
    return _OVERLAYS <= group <= _OVERLAYS + 0xFF


@cache
def _table() -> Mapping[int, tuple[Action, Action]]:
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as fields

    table = {}
    for name, actions in _OF_GROUP.items():
        for group, element, *mask in getattr(fields, name):
            # The two repeating groups, which come with a mask, are seen to above.
            if not mask:
                table[group << 16 | element] = actions
    return MappingProxyType(table)
