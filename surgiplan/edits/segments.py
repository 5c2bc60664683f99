"""Edits of the anatomy."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from surgiplan.errors import PlanError, SegmentationError
from surgiplan.model import REVIEW_STATES, Case, Segment

__all__ = ["AddSegments", "ChangeSegment", "ColourSegment", "ReviewSegment"]


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


@dataclass(frozen=True)
class ChangeSegment:
    """Put a segment that a hand has changed in its place, and with it what the deed made beside."""

    segment: Segment
    what: str
    """What was done, as the undo menu says it, ``Grow liver by 3 mm``."""
    others: tuple[Segment, ...] = ()
    """Further segments that the same deed changed or made."""

    @property
    def label(self) -> str:
        """What the user did, as the undo menu says it."""
        return self.what

    def apply(self, case: Case) -> Case:
        """The case with the segments.

        Raises SegmentationError if one is empty, GeometryError if one does not lie on its scan.
        """
        for segment in (self.segment, *self.others):
            if segment.voxels == 0:
                raise SegmentationError(
                    f"{self.what} would leave nothing of {segment.name}, so nothing was changed; "
                    "remove the segment instead."
                )
            segment.grid.box_in(case.volume(segment.volume_id).grid)
        return case.with_(*(_in_progress(one) for one in (self.segment, *self.others)))


@dataclass(frozen=True)
class ColourSegment:
    """Give a segment another colour; an empty one is the colour of its name again."""

    label: ClassVar[str] = "Colour"
    segment_id: str
    colour: str
    """``#rrggbb`` or empty."""

    def apply(self, case: Case) -> Case:
        """The case with the colour.  Raises PlanError for no segment or no colour."""
        segment = case.segment(self.segment_id)
        if self.colour and not re.fullmatch("#[0-9a-f]{6}", self.colour):
            raise PlanError(f"{self.colour!r} is no colour; write one as #rrggbb, such as #c0392b.")
        return case.with_(replace(segment, colour=self.colour))


@dataclass(frozen=True)
class ReviewSegment:
    """Say how far the review of a segment is."""

    label: ClassVar[str] = "Review"
    segment_id: str
    state: str
    """One of ``REVIEW_STATES``."""

    def apply(self, case: Case) -> Case:
        """The case with the state.  Raises PlanError for no segment or an unknown state."""
        segment = case.segment(self.segment_id)
        if self.state not in REVIEW_STATES:
            raise PlanError(
                f"{self.state!r} is no state of a review; choose one of {', '.join(REVIEW_STATES)}."
            )
        return case.with_(replace(segment, review=self.state))


def _in_progress(segment: Segment) -> Segment:
    """A segment that a hand has changed is no longer done; a flag stays."""
    if segment.review in ("flagged", "in_progress"):
        return segment
    return replace(segment, review="in_progress")
