"""What two segments have together."""

from collections.abc import Sequence
from typing import Any, ClassVar

from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume

from .operation import Operation, box_of_segments
from .patch import Mask, Patch

__all__ = ["Difference", "Intersection", "Invert", "Union"]


class Union(Operation):
    """Joins two."""

    name: ClassVar[str] = "union"
    title: ClassVar[str] = "Union"
    about: ClassVar[str] = "What lies in the segment or in the other."
    segments: ClassVar[tuple[int, int]] = (2, 2)
    if_empty: ClassVar[str] = "the other adds nothing to it"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: Any
    ) -> Box:
        return box_of_segments(volume, segments, 0.0)

    def label(self, segments: Sequence[Segment], settings: Any) -> str:
        return f"Add {segments[1].name} to {segments[0].name}"

    def find(self, patch: Patch, settings: Any, report: Report) -> tuple[Mask, ...]:
        return (patch.mask(0) | patch.mask(1),)


class Intersection(Operation):
    """Keeps what two share."""

    name: ClassVar[str] = "intersection"
    title: ClassVar[str] = "Intersection"
    about: ClassVar[str] = "Keeps of the segment what lies in the other: a mask to stay inside."
    segments: ClassVar[tuple[int, int]] = (2, 2)
    if_empty: ClassVar[str] = "choose segments of which one crosses the other's border"

    def label(self, segments: Sequence[Segment], settings: Any) -> str:
        return f"Keep {segments[0].name} inside {segments[1].name}"

    def find(self, patch: Patch, settings: Any, report: Report) -> tuple[Mask, ...]:
        return (patch.mask(0) & patch.mask(1),)


class Difference(Operation):
    """Takes one from the other."""

    name: ClassVar[str] = "difference"
    title: ClassVar[str] = "Difference"
    about: ClassVar[str] = "Removes from the segment what lies in the other: a mask to stay out of."
    segments: ClassVar[tuple[int, int]] = (2, 2)
    if_empty: ClassVar[str] = "choose segments that overlap in part"

    def label(self, segments: Sequence[Segment], settings: Any) -> str:
        return f"Remove {segments[1].name} from {segments[0].name}"

    def find(self, patch: Patch, settings: Any, report: Report) -> tuple[Mask, ...]:
        return (patch.mask(0) & ~patch.mask(1),)


class Invert(Operation):
    """Everything else."""

    name: ClassVar[str] = "invert"
    title: ClassVar[str] = "Invert"
    about: ClassVar[str] = "What is not in the segment: of the whole scan, or of the other (body)."
    segments: ClassVar[tuple[int, int]] = (1, 2)
    if_empty: ClassVar[str] = "it fills all of it already"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: Any
    ) -> Box:
        if len(segments) == 2:
            return box_of_segments(volume, segments, 0.0)
        return Box((0, 0, 0), volume.grid.shape)

    def label(self, segments: Sequence[Segment], settings: Any) -> str:
        within = f" within {segments[1].name}" if len(segments) > 1 else ""
        return f"Invert {segments[0].name}{within}"

    def find(self, patch: Patch, settings: Any, report: Report) -> tuple[Mask, ...]:
        if len(patch.segments) == 2:
            return (patch.mask(1) & ~patch.mask(0),)
        return (~patch.mask(0),)
