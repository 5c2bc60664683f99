"""The tools of the segment editor: what each is called, and how it is reached."""

from dataclasses import dataclass

__all__ = ["GROUPS", "KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """One tool."""

    name: str
    title: str
    group: str
    about: str
    """What it does, in one sentence for the tooltip."""
    shortcut: str = ""


GROUPS = ("Draw",)
"""Rows of tools, from the hand to the machine."""

KINDS = {
    kind.name: kind
    for kind in (
        Kind("paint", "Paint", "Draw", "Paint with a disc in the plane of the slice.", "B"),
        Kind("erase", "Erase", "Draw", "Erase with a disc in the plane of the slice.", "E"),
        Kind("ball", "Ball", "Draw", "Paint with a ball, through the slices.", "O"),
        Kind(
            "threshold_brush", "Threshold brush", "Draw",
            "Paint only voxels within a range of values.", "T",
        ),
    )
}  # fmt: skip
