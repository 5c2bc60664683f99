"""Manifests of earlier formats, brought up to the present one step at a time.

A step is a pure function from the content of a manifest to that of the next format.  What is on
disk stays as it is; the first save adds a manifest of the present format.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["FORMAT", "MINOR", "to_present"]

FORMAT = 2
"""Version of what a case looks like on disk; an older program must not read it."""
MINOR = 0
"""Additions that an older program may overlook when it reads, but would lose when it writes."""

Content = Mapping[str, Any]


def to_present(content: Content) -> Content:
    """The content of a manifest of any known format as one of the present format.

    Raises ValueError for a format that there never was.
    """
    while True:
        known = content.get("format")
        if type(known) is not int or not 0 < known <= FORMAT:
            raise ValueError(f"there is no format {known!r}")
        if known == FORMAT:
            return content
        content = _STEPS[known](content)


def _from_1(content: Content) -> Content:
    """Format 2 knows the state before, autosaves, and what the journal held before a save."""
    return {
        **content,
        "format": 2,
        "minor": 0,
        "parent": "",
        "autosave": False,
        "saved_at": "",
        "journal": None,
        "steps": [],
    }


_STEPS: Mapping[int, Callable[[Content], Content]] = MappingProxyType({1: _from_1})
