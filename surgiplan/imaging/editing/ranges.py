"""Voxels of a range of values within a segment or the whole scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.imaging.threshold import require_range
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation
from .patch import Mask, Patch

__all__ = ["RangeSettings", "ThresholdWithin", "otsu"]

_BINS = 1024
"""Of the histogram of values that are no whole numbers."""


@dataclass(frozen=True)
class RangeSettings:
    """The range; Otsu's limit between dark and bright where neither end is given."""

    low_hu: Annotated[float | None, Quantity("HU", -1100, 4000, "lowest value kept")] = None
    high_hu: Annotated[float | None, Quantity("HU", -1100, 10000, "highest value kept")] = None


class ThresholdWithin(Operation):
    """A range of values within a region."""

    name: ClassVar[str] = "threshold"
    title: ClassVar[str] = "Threshold"
    about: ClassVar[str] = (
        "Keeps of a segment the voxels of a range, or makes a new one of the whole scan. Without "
        "a range Otsu's limit divides the values in two, and the brighter ones are kept."
    )
    Settings: ClassVar[type] = RangeSettings
    segments: ClassVar[tuple[int, int]] = (0, 1)
    if_empty: ClassVar[str] = "choose another range"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: Any
    ) -> Box:
        if segments:
            return super().box(volume, segments, points, settings)
        return Box((0, 0, 0), volume.grid.shape)

    def label(self, segments: Sequence[Segment], settings: RangeSettings) -> str:
        return f"Limit {segments[0].name} to a range" if segments else self.title

    def find(self, patch: Patch, settings: RangeSettings, report: Report) -> tuple[Mask, ...]:
        region = patch.mask() if patch.segments else None
        low, high = settings.low_hu, settings.high_hu
        if low is None and high is None:
            low = otsu(patch.values if region is None else patch.values[region])
        bottom, top = require_range(low, high)
        mask = (patch.values >= bottom) & (patch.values <= top)
        return (mask if region is None else mask & region,)


def otsu(values: npt.NDArray[Any]) -> float:
    """The value that best divides values of any shape in two; the upper class begins at it.

    Raises SegmentationError where all values are the same.
    """
    low, high = float(values.min()), float(values.max())
    if not low < high:
        raise SegmentationError(
            f"All values here are {low:g}, so no limit divides them; give the range yourself."
        )
    if values.dtype.kind == "i":
        shifted = np.ravel(values).astype(np.int32) - int(low)
        counts = np.bincount(shifted).astype(np.float64)
        centres = int(low) + np.arange(len(counts), dtype=np.float64)
    else:
        counts, edges = np.histogram(values, _BINS)
        centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    means_apart = sums[:-1] / below - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(centres[1 + int(np.argmax(below * above * means_apart**2))])
