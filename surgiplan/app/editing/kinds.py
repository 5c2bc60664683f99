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
    operations: tuple[str, ...] = ()
    """Operations of the hand that it offers, by name."""
    method: str = ""
    """The segmentation method that it runs."""


GROUPS = ("Draw", "Grow", "Change")
"""Rows of tools, from the hand to the machine."""

_DRAW = (
    Kind("paint", "Paint", "Draw", "Paint with a disc in the plane of the slice.", "B"),
    Kind("erase", "Erase", "Draw", "Erase with a disc in the plane of the slice.", "E"),
    Kind("ball", "Ball", "Draw", "Paint with a ball, through the slices.", "O"),
    Kind(
        "threshold_brush", "Threshold brush", "Draw",
        "Paint only voxels within a range of values.", "T",
    ),
    Kind("lasso", "Lasso", "Draw", "Draw around what belongs to it, in a slice.", "D", ("draw",)),
    Kind(
        "scissors", "Scissors", "Draw",
        "Cut through the whole segment along an outline in the 3D view or a slice.", "X",
        ("scissors",),
    ),
    Kind(
        "level_trace", "Level tracing", "Draw",
        "Follow the edge under the mouse around, and click to take what it encloses.", "V",
        ("level_trace",),
    ),
)  # fmt: skip
_GROW = (
    Kind(
        "threshold", "Threshold", "Grow",
        "Take a range of values, dragged on the histogram.", "H", ("threshold",),
    ),
    Kind(
        "grow_cut", "Grow from seeds", "Grow",
        "Paint a little inside and a little outside; the border between is found.", "G",
        ("grow_cut",),
    ),
    Kind(
        "watershed", "Watershed", "Grow",
        "Paint a little inside and a little outside; edges of the scan part them.", "W",
        ("watershed",),
    ),
    Kind("grow", "Region growing", "Grow", "Click in it; connected tissue of its density is added.",
         method="grow"),
    Kind("fast_marching", "Fast marching", "Grow",
         "Click in it; a front runs through tissue like there, and slowly through other.",
         operations=("march",)),
    Kind("vessel", "Guided vessel", "Grow", "Click both ends; the vessel between them is added.",
         operations=("trace_vessel",)),
    Kind("fill_between", "Fill between slices", "Grow",
         "Draw it on some slices; those between are filled.", operations=("fill_between",)),
)  # fmt: skip
_CHANGE = (
    Kind("islands", "Islands", "Change", "Keep the largest part, remove small ones, or split.",
         operations=("keep_largest", "remove_islands", "keep_islands", "split")),
    Kind("holes", "Fill holes", "Change", "Fill what it encloses.", operations=("fill_holes",)),
    Kind("margin", "Margin", "Change", "Grow or shrink it by so many millimetres.",
         operations=("margin",)),
    Kind("hollow", "Hollow", "Change", "Make a shell of it.", operations=("hollow",)),
    Kind("smooth", "Smooth", "Change", "Smooth its border.",
         operations=("smooth", "median", "gaussian", "closing", "opening", "joint")),
    Kind("logic", "Combine", "Change", "Add, subtract or intersect another segment, or invert it.",
         operations=("union", "difference", "intersection", "invert")),
    Kind("mask", "Mask", "Change", "Keep of it what lies in a range of values.",
         operations=("threshold",)),
)  # fmt: skip

KINDS = {kind.name: kind for kind in (*_DRAW, *_GROW, *_CHANGE)}
"""All tools by name, in the order of the rows."""
