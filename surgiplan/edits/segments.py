"""Edits of the anatomy."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.errors import SegmentationError
from surgiplan.model import Case, Segment

__all__ = ["AddSegments"]


@dataclass(frozen=True)
class AddSegments:
    """Add segments, or put them in place of those with the same ids."""

    label: ClassVar[str] = "Segment"
    segments: tuple[Segment, ...]

    def apply(self, case: Case) -> Case:
        """The case with the segments.  Raises SegmentationError if one is empty or foreign."""
        for segment in self.segments:
            if segment.voxels == 0:
                raise SegmentationError(
                    f"{segment.name} came out empty; choose another seed or a wider range."
                )
            if segment.volume_id:
                case.volume(segment.volume_id).grid.require_same_frame(segment.grid)
        return case.with_(*self.segments)
