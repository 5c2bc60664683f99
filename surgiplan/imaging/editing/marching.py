"""Fast marching: a front that runs from clicks through tissue like theirs and slows at edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.imaging.neighbourhood import tissue_at
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation, box_of_points, box_of_segments, joined
from .patch import Mask, Patch

__all__ = ["March", "MarchSettings", "require_tissue"]

_BALL_MM = 3.0
"""Around each click, in which tissue is looked at."""
_LEAST_SPREAD = 5.0
_SLOWEST = 1e-3
_AIR_HU = -900.0


@dataclass(frozen=True)
class MarchSettings:
    """How far the front runs, and through what."""

    reach_mm: Annotated[
        float, Quantity("mm", 1, 300, "how far the front runs in the tissue that was clicked")
    ] = 20.0
    tolerance_hu: Annotated[
        float | None,
        Quantity("HU", 1, 2000, "difference that slows it; three spreads at the clicks else"),
    ] = None


class March(Operation):
    """The tissue that a front reaches."""

    name: ClassVar[str] = "march"
    title: ClassVar[str] = "Fast marching"
    about: ClassVar[str] = (
        "A front runs from the clicks, at full speed through tissue like theirs and hardly through "
        "other, as far as its reach. Leaks slowly where the border is faint."
    )
    Settings: ClassVar[type] = MarchSettings
    segments: ClassVar[tuple[int, int]] = (0, 1)
    seeds: ClassVar[tuple[int, int]] = (1, 50)
    if_empty: ClassVar[str] = "click elsewhere or choose a longer reach"

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: MarchSettings
    ) -> Box:
        around = box_of_points(volume, points, settings.reach_mm)
        return joined(around, box_of_segments(volume, segments, 0.0)) if segments else around

    def label(self, segments: Sequence[Segment], settings: MarchSettings) -> str:
        return f"March from clicks in {segments[0].name}" if segments else self.title

    def find(self, patch: Patch, settings: MarchSettings, report: Report) -> tuple[Mask, ...]:
        import SimpleITK as sitk

        speed = sitk.GetImageFromArray(_speed(patch, settings))
        speed.SetSpacing(patch.spacing_mm[::-1])
        report(0.3, self.title)
        starts = [[int(n) for n in voxel[::-1]] for voxel in patch.points_kji]
        arrival = sitk.FastMarching(speed, starts, 1.0, settings.reach_mm)
        reached: Mask = sitk.GetArrayViewFromImage(arrival) <= settings.reach_mm
        return (reached | patch.mask() if patch.segments else reached,)


def _speed(patch: Patch, settings: MarchSettings) -> npt.NDArray[np.float32]:
    """Speed in each voxel, 1 where the scan is as it is at the clicks."""
    voxels = patch.points_kji + np.array(patch.box.low)
    tissues = [tissue_at(patch.volume, voxel, _BALL_MM) for voxel in voxels]
    for tissue, point in zip(tissues, patch.points_lps, strict=True):
        require_tissue(patch.volume, point, tissue.level)
    speed: Any = np.full(patch.box.shape, _SLOWEST, np.float32)
    for level, spread in sorted({(one.level, one.spread) for one in tissues}):
        width = settings.tolerance_hu or 3 * max(spread, _LEAST_SPREAD)
        unlike = (patch.values.astype(np.float32) - np.float32(level)) / np.float32(width)
        np.maximum(speed, np.exp(-(unlike**2)), out=speed)
    result: npt.NDArray[np.float32] = speed
    return result


def require_tissue(volume: Volume, point_lps: Points, level: float) -> None:
    """Raise SegmentationError for a point (3,) in LPS [mm] around which there is only air."""
    if volume.unit == "HU" and level < _AIR_HU:
        x, y, z = point_lps
        raise SegmentationError(
            f"The point {x:.1f},{y:.1f},{z:.1f} lies in air ({level:.0f} HU); click in tissue."
        )
