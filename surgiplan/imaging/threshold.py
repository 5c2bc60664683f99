"""All voxels within a range of values."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .crop import bounding_box, cropped_segment
from .method import seed_voxels

__all__ = ["Threshold", "ThresholdSettings", "require_range"]


@dataclass(frozen=True)
class ThresholdSettings:
    """The range, and whether only its largest part counts."""

    low_hu: Annotated[float | None, Quantity("HU", -1100, 4000, "lowest value kept")] = 200.0
    high_hu: Annotated[float | None, Quantity("HU", -1100, 10000, "highest value kept")] = None
    largest: Annotated[
        float | None, Quantity("1", 0, 1, "1: keep only the largest connected part, 0: keep all")
    ] = 0.0


class Threshold:
    """Voxels between two values."""

    title: ClassVar[str] = "Threshold"
    about: ClassVar[str] = "Keeps every voxel between two values, or the largest part of them."
    Settings: ClassVar[type] = ThresholdSettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = ("threshold",)
    needs_hu: ClassVar[bool] = False

    def run(
        self, volume: Volume, seeds_lps: Points, settings: ThresholdSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``threshold``.  Raises SegmentationError if no voxel is in the range."""
        from .morphology import largest

        seed_voxels(Threshold, volume, seeds_lps)
        low, high = require_range(settings.low_hu, settings.high_hu)
        report(0.0, "Comparing voxels")
        mask = (volume.values >= low) & (volume.values <= high)
        box = bounding_box(mask)
        if box is None:
            raise SegmentationError(
                f"No voxel lies between {low:g} and {high:g} {volume.unit}; the scan spans "
                f"{volume.values.min():g} to {volume.values.max():g}. Choose another range."
            )
        mask, grid = mask[box.slices], volume.grid.cropped(box.low, box.high)
        made_by = f"threshold: {low:g} to {high:g} {volume.unit}"
        if settings.largest:
            report(0.3, "Finding the largest part")
            mask = largest(mask)
            made_by += ", largest part"
        report(1.0, "Done")
        found = cropped_segment(
            mask, grid, segment_id="threshold", volume_id=volume.id, made_by=made_by
        )
        return (found,)


def require_range(low: float | None, high: float | None) -> tuple[float, float]:
    """The range, open where it is None.  Raises SegmentationError if it is empty."""
    bounds = (-np.inf if low is None else low), (np.inf if high is None else high)
    if bounds[0] > bounds[1]:
        raise SegmentationError(
            f"The lowest value {low:g} is above the highest {high:g}; swap them."
        )
    return bounds
