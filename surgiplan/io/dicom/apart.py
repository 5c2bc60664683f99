"""Several stacks in one series that do not lie slice on slice, and what tells them apart."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from .header_values import PHASE_TAGS
from .problems import sorted_out
from .series import ImageHeader
from .stack import SAME_PLACE_MM, Layout, layout_of

__all__ = ["stacks_apart"]

_CONTENT = (
    "StackID", "TemporalPositionIdentifier", "NominalPercentageOfCardiacPhase", "EchoTime",
    "DiffusionBValue", "ConvolutionKernel",
)  # fmt: skip
"""What a slice shows: a volume has one of each, even if its steps are even."""
_MANNER = ("EchoNumbers", "AcquisitionNumber", "ImageType")
"""How a slice was taken: one even volume may be taken in turns, odd slices first."""
_HOPELESS = {"no_position", "no_spacing", "foreign_frame", "duplicate_slice", "single_image"}
_MARKS = attrgetter("phase_marks")
_FEWEST = 3
"""Two slices are always even."""

Stacks = Mapping[str, list[ImageHeader]]


def stacks_apart(images: Sequence[ImageHeader], kinds: set[str]) -> tuple[str, Stacks]:
    """The tag whose values part images into sound stacks, and those; none where no tag does.

    ``kinds`` are the problems of all together.  Slices of unlike size or direction are parted only
    by the stack that the file itself names.  Others are parted into even stacks of one step of
    which each reaches into another, as two phases do whose tables stood a little apart.
    """
    if kinds & {"mixed_orientation", "mixed_spacing"}:
        ((_, groups),) = _grouped(images, ("StackID",)) or [("", {})]
        return (
            ("StackID", groups) if groups and all(map(_even_layout, groups.values())) else ("", {})
        )
    if kinds & _HOPELESS:
        return "", {}
    is_odd = kinds & {"uneven_spacing", "missing_slice", "gantry_tilt"}
    for tag, groups in _grouped(images, _CONTENT + (_MANNER if is_odd else ())):
        if _reach_into_each_other(list(groups.values())):
            return tag, groups
    return "", {}


def _grouped(
    images: Sequence[ImageHeader], tags: Sequence[str]
) -> list[tuple[str, dict[str, list[ImageHeader]]]]:
    """The images by their values of each tag that has several, each for several images."""
    found = []
    columns = list(zip(*map(_MARKS, images), strict=True))
    for tag in tags:
        marks = columns[PHASE_TAGS.index(tag)]
        if 1 < len(set(marks)) <= len(images) // _FEWEST:
            groups: dict[str, list[ImageHeader]] = {}
            for mark, image in zip(marks, images, strict=True):
                groups.setdefault(mark, []).append(image)
            found.append((tag, groups))
    return found


def _even_layout(images: list[ImageHeader]) -> Layout | None:
    """How images lie that are the slices of one even stack, one at each place."""
    found = sorted_out(images)
    if len(images) < _FEWEST or found.problems or not found.stacks:
        return None
    layout, spots = layout_of(images)
    is_even = layout.numbers is not None and len(spots) == layout.numbers[-1] + 1
    return layout if is_even and len(spots) == len(images) else None


def _reach_into_each_other(groups: Sequence[list[ImageHeader]]) -> bool:
    """Whether stacks are even with one step, and none lies clear of all others."""
    layouts = [layout for group in groups if (layout := _even_layout(group))]
    if len(layouts) < len(groups):
        return False
    steps = [layout.step_mm for layout in layouts]
    if max(steps) - min(steps) > SAME_PLACE_MM:
        return False
    normal = layouts[0].directions[0]
    spans = [
        sorted(float(normal @ layout.images[n].position) for n in (0, -1)) for layout in layouts
    ]
    return all(
        any(low < span[1] and span[0] < high for m, span in enumerate(spans) if m != n)
        for n, (low, high) in enumerate(spans)
    )
