"""What every automatic method is: no seeds, an upright scan, and answers on the scan's own grid."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from surgiplan.imaging.crop import Box, cropped_segment
from surgiplan.imaging.method import seed_voxels
from surgiplan.imaging.morphology import Mask
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume

from .survey import Survey, survey_of

__all__ = ["Found", "Organ", "on_grid_of", "segment_of"]


@dataclass(frozen=True, eq=False)
class Found:
    """A structure as a mask within a box of the upright scan."""

    id: str
    mask: Mask = field(repr=False)
    """Shape of ``box``."""
    box: Box
    made_by: str
    """What was done, with the values that it came to, in words."""
    confidence: float
    remarks: tuple[str, ...] = ()


class Organ(ABC):
    """A ``Method`` that needs no click."""

    title: ClassVar[str]
    about: ClassVar[str]
    Settings: ClassVar[type]
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]]
    needs_hu: ClassVar[bool] = True

    @abstractmethod
    def find(self, survey: Survey, settings: Any, report: Report) -> tuple[Found, ...]:
        """The structures; an empty mask is left out.

        Raises SegmentationError with the reason where it gives up.
        """

    def run(
        self, volume: Volume, seeds_lps: Points, settings: Any, report: Report
    ) -> tuple[Segment, ...]:
        """Segments on the grid of ``volume``.  Raises SegmentationError where it gives up."""
        seed_voxels(type(self), volume, seeds_lps)
        survey = survey_of(volume, report)
        if settings == self.Settings():
            found = survey.find(type(self), report)
        else:
            found = self.on(survey, settings, report)
        return tuple(on_grid_of(volume, one) for one in found)

    def on(self, survey: Survey, settings: Any, report: Report) -> tuple[Segment, ...]:
        """Segments on the grid of the upright scan."""
        found = self.find(survey, settings, report)
        report(1.0, "Done")
        return tuple(segment_of(one, survey.scan) for one in found if one.mask.any())


def segment_of(found: Found, scan: Volume) -> Segment:
    """A structure as a segment of the scan that its box lies in; its mask is not empty."""
    return cropped_segment(
        found.mask,
        scan.grid.cropped(found.box.low, found.box.high),
        segment_id=found.id,
        volume_id=scan.id,
        made_by=found.made_by,
        confidence=found.confidence,
        remarks=found.remarks,
    )


def on_grid_of(volume: Volume, segment: Segment) -> Segment:
    """The segment with its axes in the order and direction of the volume's."""
    turn = np.linalg.inv(volume.grid.affine[:3, :3]) @ segment.grid.affine[:3, :3]
    # Column n says along which axis of the volume, and which way, axis n of the segment runs.
    axes = np.abs(turn).argmax(axis=1)
    mask = segment.mask.transpose(axes)
    flips = tuple(
        slice(None, None, -1 if turn[own, axis] < 0 else 1) for own, axis in enumerate(axes)
    )
    mask = np.ascontiguousarray(mask[flips])
    ends = np.array([[0, 0, 0], np.array(segment.mask.shape) - 1])
    corners = volume.grid.to_index(segment.grid.to_lps(ends))
    low = np.rint(corners.min(axis=0)).astype(int)
    return replace(segment, mask=mask, grid=volume.grid.cropped(low, low + np.array(mask.shape)))
