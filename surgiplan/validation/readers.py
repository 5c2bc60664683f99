"""Who drew a segment: ``liver (Dr B)`` is the liver as Dr B drew it."""

import re
from collections.abc import Iterable

from surgiplan.model import Segment

__all__ = ["by_reader", "id_of", "name_by", "parted"]

_BY = re.compile(r"^(?P<structure>.+?) \((?P<reader>[^()]+)\)$")
_LONGEST = 32
"""Letters of a reader's name."""


def name_by(structure: str, reader: str) -> str:
    """The name of a structure that a reader drew."""
    words = " ".join("".join(c if c not in "()" else " " for c in reader).split())[:_LONGEST]
    return f"{structure} ({words})" if words else structure


def parted(name: str) -> tuple[str, str]:
    """Structure and reader; the reader is empty where the name says none."""
    match = _BY.match(name)
    return (match["structure"], match["reader"]) if match else (name, "")


def by_reader(segments: Iterable[Segment]) -> dict[str, dict[str, Segment]]:
    """The segments by reader and structure; those of nobody under an empty name, which is first."""
    found: dict[str, dict[str, Segment]] = {"": {}}
    for segment in segments:
        structure, reader = parted(segment.name)
        found.setdefault(reader, {})[structure] = segment
    return {reader: drawn for reader, drawn in found.items() if drawn}


def id_of(name: str) -> str:
    """The id that suits a name: its letters and figures, ``liver_dr_b``."""
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split()) or "segment"
