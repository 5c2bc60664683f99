"""Connected region growing from seeds within a range of values."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .crop import cropped_segment
from .method import seed_voxels, words
from .neighbourhood import ball_values, tissue_at
from .threshold import require_range

__all__ = ["Grow", "GrowSettings"]

_BALL_MM = 3.0
"""Radius around a seed in which the range is estimated."""

_SPREADS = 3.0
"""Half the estimated range, in robust standard deviations."""

_AT_LEAST = 10.0
"""Smallest half range: rounding and very smooth images have hardly any spread."""


@dataclass(frozen=True)
class GrowSettings:
    """The range; what is not given is estimated around the seeds."""

    low_hu: Annotated[
        float | None, Quantity("HU", -1100, 4000, "lowest value kept; from the seeds if not given")
    ] = None
    high_hu: Annotated[
        float | None,
        Quantity("HU", -1100, 10000, "highest value kept; from the seeds if not given"),
    ] = None


class Grow:
    """Region growing."""

    title: ClassVar[str] = "Region growing"
    about: ClassVar[str] = (
        "Keeps the voxels of a range that connect to the seeds. Leaks wherever tissues of like "
        "values touch."
    )
    Settings: ClassVar[type] = GrowSettings
    seeds: ClassVar[tuple[int, int]] = (1, 50)
    names: ClassVar[tuple[str, ...]] = ("region",)
    needs_hu: ClassVar[bool] = False

    def run(
        self, volume: Volume, seeds_lps: Points, settings: GrowSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``region``.  Raises SegmentationError if the seeds miss the range."""
        from .editing._kernels import flood

        seeds = seed_voxels(Grow, volume, seeds_lps)
        report(0.0, "Looking around the seeds")
        low, high = _range(volume, seeds, settings)
        values = np.ascontiguousarray(volume.values)
        at_seeds = values[tuple(seeds.T)]
        if not ((at_seeds >= low) & (at_seeds <= high)).any():
            around = np.median([np.median(ball_values(volume, s, _BALL_MM)) for s in seeds])
            raise SegmentationError(
                f"No seed lies between {low:g} and {high:g} {volume.unit}; around the seeds the "
                f"scan has {around:.0f}. Move a seed or widen the range."
            )
        report(0.3, "Growing")
        mask = np.zeros(values.shape, bool)
        flood(values, float(low), float(high), seeds, mask)
        report(1.0, "Done")
        found = cropped_segment(
            mask,
            volume.grid,
            segment_id="region",
            volume_id=volume.id,
            made_by=f"grow: {low:.0f} to {high:.0f} {volume.unit} from {words(seeds_lps)}",
        )
        return (found,)


def _range(
    volume: Volume, seeds: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", settings: GrowSettings
) -> tuple[float, float]:
    tissues = [tissue_at(volume, seed, _BALL_MM) for seed in seeds]
    reach = max(_AT_LEAST, max(_SPREADS * tissue.spread for tissue in tissues))
    levels = [tissue.level for tissue in tissues]
    low, high = settings.low_hu, settings.high_hu
    if low is not None and high is not None:
        return require_range(low, high)
    low = min(levels) - reach if low is None else low
    high = max(levels) + reach if high is None else high
    if low > high:
        raise SegmentationError(
            f"Around the seeds the scan has {levels[0]:.0f} {volume.unit}, outside the given "
            "limit; move a seed or widen the range."
        )
    return low, high
