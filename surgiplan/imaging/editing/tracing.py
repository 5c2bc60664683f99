"""Level tracing: the closed line of one value through a click in a slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation, box_of_points, box_of_segments, joined
from .outlines import drawn
from .patch import Mask, Patch

__all__ = ["LevelTrace", "LevelTraceSettings", "level_line"]

_NEAR = 1.0
"""Voxels between the click and the line of its own value, at most."""


@dataclass(frozen=True)
class LevelTraceSettings:
    """In which slice, and what the line does."""

    axis: Annotated[
        float, Quantity("1", 0, 2, "0, 1, 2: in a slice across slices, rows or columns of the scan")
    ] = 0.0
    erase: Annotated[float, Quantity("1", 0, 1, "1: the inside is removed, 0: added")] = 0.0


class LevelTrace(Operation):
    """The inside of a line of one value."""

    name: ClassVar[str] = "level_trace"
    title: ClassVar[str] = "Level tracing"
    about: ClassVar[str] = (
        "Follows the line of the value under the click around, within one slice, and adds or "
        "removes what it encloses. Click on an edge; in noise the line soon closes on itself."
    )
    Settings: ClassVar[type] = LevelTraceSettings
    segments: ClassVar[tuple[int, int]] = (0, 1)
    seeds: ClassVar[tuple[int, int]] = (1, 1)
    if_empty: ClassVar[str] = "click on an edge of something larger"

    def box(
        self,
        volume: Volume,
        segments: Sequence[Segment],
        points: Points,
        settings: LevelTraceSettings,
    ) -> Box:
        around = box_of_points(volume, level_line(volume, points[0], int(settings.axis)), 0.0)
        return joined(around, box_of_segments(volume, segments, 0.0)) if segments else around

    def label(self, segments: Sequence[Segment], settings: LevelTraceSettings) -> str:
        return f"Trace {segments[0].name}" if segments else self.title

    def find(self, patch: Patch, settings: LevelTraceSettings, report: Report) -> tuple[Mask, ...]:
        line = level_line(patch.volume, patch.points_lps[0], int(settings.axis))
        inside = drawn(patch, line)
        if not patch.segments:
            return (inside,)
        return (patch.mask() & ~inside if settings.erase else patch.mask() | inside,)


def level_line(volume: Volume, point_lps: npt.ArrayLike, axis: int = 0) -> Points:
    """The closed line (n, 3) in LPS [mm] of the value at a point (3,), in its slice across an axis.

    Quick enough to follow the mouse.  Raises SegmentationError where no such line closes.
    """
    from skimage.measure import find_contours

    index = volume.grid.to_index(np.asarray(point_lps, np.float64).reshape(3))
    number = int(np.rint(index[axis]))
    plane = np.moveaxis(volume.values, axis, 0)[number].astype(np.float64)
    here = np.delete(index, axis)
    near = [
        line
        for line in find_contours(plane, _value_at(plane, here))
        if np.linalg.norm(line - here, axis=1).min() <= _NEAR
    ]
    closed = [line for line in near if np.array_equal(line[0], line[-1]) and len(line) > 3]
    if not closed:
        what = "leaves the scan" if near else "does not run here, for the scan is flat"
        raise SegmentationError(
            f"The line of this value {what}; click on the edge of something within the slice."
        )
    nearest = min(closed, key=lambda line: float(np.linalg.norm(line - here, axis=1).min()))
    return volume.grid.to_lps(np.insert(nearest[:-1], axis, number, axis=1))


def _value_at(plane: npt.NDArray[np.float64], here: Points) -> float:
    """The value between voxels."""
    from scipy.ndimage import map_coordinates

    return float(map_coordinates(plane, here[:, None], order=1, mode="nearest")[0])
