"""A structure that was drawn on some slices only is filled in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .operation import Operation, box_of_segments
from .patch import Mask, Patch

__all__ = ["FillBetween", "FillBetweenSettings"]

Plane = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FillBetweenSettings:
    """Across which slices."""

    axis: Annotated[
        float | None,
        Quantity("1", 0, 2, "0, 1, 2: drawn on slices, rows or columns; found if not given"),
    ] = None


class FillBetween(Operation):
    """Shapes between the drawn ones, by their signed distances."""

    name: ClassVar[str] = "fill_between"
    title: ClassVar[str] = "Fill between slices"
    about: ClassVar[str] = (
        "Interpolates between the slices on which the structure was drawn, in any of the three "
        "directions; what was drawn stays. A shape that moves from slice to slice is followed."
    )
    Settings: ClassVar[type] = FillBetweenSettings
    if_empty: ClassVar[str] = "draw on slices with empty ones in between"

    def box(
        self,
        volume: Volume,
        segments: Sequence[Segment],
        points: Points,
        settings: FillBetweenSettings,
    ) -> Box:
        """Room for the drawn shapes to move: twice the farthest step of their middles."""
        axis = _axis(segments[0].mask, settings, segments[0].name)
        steps = np.delete(np.array(volume.grid.spacing_mm), axis)
        stack = np.moveaxis(segments[0].mask, axis, 0)
        drawn = np.flatnonzero(stack.any(axis=(1, 2)))
        middles = np.array([_middle(stack[n]) for n in drawn]) * steps
        farthest = np.abs(np.diff(middles, axis=0)).max(initial=0.0)
        return box_of_segments(volume, segments, 2 * float(farthest) + max(steps))

    def find(self, patch: Patch, settings: FillBetweenSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        axis = _axis(patch.segments[0].mask, settings, patch.segments[0].name)
        stack = np.moveaxis(mask, axis, 0)
        steps = np.delete(np.array(patch.spacing_mm), axis)
        drawn = np.flatnonzero(stack.any(axis=(1, 2))).tolist()
        for number, (first, last) in enumerate(pairwise(drawn)):
            report(number / len(drawn), self.title)
            if last - first > 1:
                between = _between(stack[first], stack[last], last - first, steps)
                stack[first + 1 : last] = between
        return (mask,)


def _axis(mask: Mask, settings: FillBetweenSettings, name: str) -> int:
    """The axis along which most slices between drawn ones are empty."""
    if settings.axis is not None:
        return int(settings.axis)
    gaps = []
    for axis in range(3):
        drawn = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        gaps.append(drawn[-1] - drawn[0] + 1 - len(drawn))
    if not max(gaps):
        raise SegmentationError(
            f"{name} has no empty slice between drawn ones; draw it on a few slices with gaps."
        )
    return int(np.argmax(gaps))


def _between(first: Plane, last: Plane, count: int, steps_mm: Floats) -> Mask:
    """The ``count - 1`` planes between two, the middles of both shapes laid on each other."""
    from scipy.ndimage import map_coordinates

    middles = _middle(first), _middle(last)
    distances = _signed(first, steps_mm), _signed(last, steps_mm)
    index = np.indices(first.shape).astype(np.float64)
    planes = []
    for n in range(1, count):
        middle = middles[0] + (middles[1] - middles[0]) * n / count
        parts = []
        for distance, own in zip(distances, middles, strict=True):
            moved = index - _exact(middle - own)[:, None, None]
            parts.append(map_coordinates(distance, moved, order=1, mode="nearest"))
        planes.append((parts[0] * (count - n) + parts[1] * n) / count < 0)
    return np.array(planes)


def _middle(plane: Plane) -> Floats:
    middle: Floats = np.argwhere(plane).mean(axis=0)
    return middle


def _signed(plane: Plane, steps_mm: Floats) -> Floats:
    """Signed distance to the border [mm], negative inside."""
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(plane, 1)
    outside = distance_transform_edt(~padded, sampling=steps_mm)
    inside = distance_transform_edt(padded, sampling=steps_mm)
    signed: Floats = (outside - inside)[1:-1, 1:-1]
    return signed


def _exact(shift: Floats) -> Floats:
    """A shift in voxels that can be added without rounding, wherever the box begins."""
    rounded: Floats = np.rint(shift * 256) / 256
    return rounded
