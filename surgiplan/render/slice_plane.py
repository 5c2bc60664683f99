"""The plane of a slice view, and what of the anatomy lies in it."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.model import Points, Segment, VoxelGrid

from ._vtk import contour_segments

__all__ = [
    "Orientation",
    "SlicePlane",
    "mask_cut",
    "mask_outline",
    "mask_quads",
    "nearest_slice",
    "slice_axis",
    "slices",
]

_ALIGNED = 1e-6
"""Largest stray direction cosine of voxel slices that are drawn as they were scanned."""


class Orientation(Enum):
    """How a slice lies in the patient, and from where it is seen."""

    AXIAL = ("axial", 2, (1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
    CORONAL = ("coronal", 1, (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    SAGITTAL = ("sagittal", 0, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

    @property
    def key(self) -> str:
        """``axial``, ``coronal`` or ``sagittal``."""
        return self.value[0]

    @property
    def title(self) -> str:
        """As it is written on the view."""
        return self.key.capitalize()

    @property
    def axis(self) -> int:
        """The LPS axis along which it scrolls."""
        return self.value[1]

    @property
    def right(self) -> Points:
        """Direction in LPS of the right of the screen."""
        return _SCREEN[self.key][0]

    @property
    def up(self) -> Points:
        """Direction in LPS of the top of the screen."""
        return _SCREEN[self.key][1]

    @property
    def toward(self) -> Points:
        """Direction in LPS towards the reader: feet, front, or the patient's left."""
        return _SCREEN[self.key][2]


_SCREEN: dict[str, Points] = {
    way.key: np.array([*way.value[2:], np.cross(*way.value[2:])]) for way in Orientation
}
"""Right, up and toward of each view, in LPS."""


@dataclass(frozen=True)
class SlicePlane:
    """Where a slice is, and how thick it counts."""

    orientation: Orientation
    position_mm: float
    """LPS coordinate along the orientation's axis."""
    step_mm: float
    """Distance to the next slice."""

    def heights_mm(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """How far points (..., 3) lie from the plane, along the LPS axis."""
        heights: npt.NDArray[np.float64] = (
            np.asarray(points_lps, float)[..., self.orientation.axis] - self.position_mm
        )
        return heights

    def flat(self, points_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Points (..., 3) as millimetres to the right and up, (..., 2)."""
        screen = _SCREEN[self.orientation.key][:2]
        result: npt.NDArray[np.float64] = np.asarray(points_lps, float) @ screen.T
        return result

    def at(self, flat_mm: npt.ArrayLike, *, lift_mm: float = 0.0) -> Points:
        """Places (..., 2) on the plane in LPS [mm], lifted towards the reader, (..., 3)."""
        way = self.orientation
        points: Points = np.asarray(flat_mm, float) @ _SCREEN[way.key][:2]
        points[..., way.axis] += self.position_mm
        return points + lift_mm * way.toward

    def projected(self, points_lps: npt.ArrayLike, *, lift_mm: float = 0.0) -> Points:
        """The feet of points (..., 3) on the plane in LPS [mm]."""
        return self.at(self.flat(points_lps), lift_mm=lift_mm)

    def pieces_near(self, lines: list[Points], half_mm: float) -> Points:
        """The pieces of polylines (k, 3) within a distance of the plane, shape (n, 2, 3)."""
        if not lines:
            return np.zeros((0, 2, 3))
        start = np.concatenate([line[:-1] for line in lines])
        end = np.concatenate([line[1:] for line in lines])
        low, high = self.heights_mm(start), self.heights_mm(end)
        rise = np.where(np.abs(high - low) < 1e-9, 1e-9, high - low)
        bounds = np.sort(np.stack([(-half_mm - low) / rise, (half_mm - low) / rise]), axis=0)
        enter, leave = np.clip(bounds, 0, 1)
        level = np.abs(high - low) < 1e-9
        inside = np.where(level, np.abs(low) <= half_mm, leave > enter)
        enter, leave = np.where(level, 0, enter), np.where(level, 1, leave)
        along = end - start
        ends = [start + enter[:, None] * along, start + leave[:, None] * along]
        return np.stack(ends, axis=1)[inside]

    def crossings(self, line: Points) -> Points:
        """Where a polyline (k, 3) passes through the plane, shape (n, 3)."""
        heights = self.heights_mm(line)
        low, high = heights[:-1], heights[1:]
        through = (low < 0) != (high < 0)
        t = low[through] / (low[through] - high[through])
        result: Points = line[:-1][through] + t[:, None] * np.diff(line, axis=0)[through]
        return result


def slice_axis(grid: VoxelGrid, orientation: Orientation) -> int | None:
    """The voxel axis (k, j or i: 0, 1, 2) whose slices are those of the view; None if oblique."""
    cosines = np.abs(grid.affine[:3, :3]) / np.array(grid.spacing_mm)
    axis = int(np.argmax(cosines[orientation.axis]))
    others = np.delete(np.arange(3), axis)
    stray = max(
        np.delete(cosines[:, axis], orientation.axis).max(),
        cosines[orientation.axis][others].max(),
    )
    return axis if stray < _ALIGNED else None


def slices(grid: VoxelGrid, orientation: Orientation) -> tuple[float, float, int]:
    """Position of the first slice, distance to the next (signed) [mm], and their number."""
    axis = slice_axis(grid, orientation)
    if axis is not None:
        first = grid.affine[orientation.axis, 3]
        return float(first), float(grid.affine[orientation.axis, axis]), grid.shape[axis]
    cosines = np.abs(grid.affine[orientation.axis, :3]) / np.array(grid.spacing_mm)
    step = grid.spacing_mm[int(np.argmax(cosines))]
    reach = grid.corners_lps()[:, orientation.axis]
    count = max(1, int((reach.max() - reach.min()) / step))
    return float(reach.min() + step / 2), float(step), count


def nearest_slice(grid: VoxelGrid, orientation: Orientation, position_mm: float) -> int:
    """Index of the slice nearest to an LPS coordinate, kept within the scan."""
    first, step, count = slices(grid, orientation)
    return int(np.clip(np.rint((position_mm - first) / step), 0, count - 1))


def mask_outline(segment: Segment, plane: SlicePlane) -> npt.NDArray[np.float64]:
    """Outline of a segment's voxels in the plane, (n, 2, 2) in millimetres right and up."""
    found = mask_cut(segment.mask, segment.grid, plane)
    if found is None:
        return np.zeros((0, 2, 2))
    mask, to_flat = found
    outline: npt.NDArray[np.float64] = contour_segments(mask) @ to_flat[:, :2].T + to_flat[:, 2]
    return outline


def mask_quads(segment: Segment, plane: SlicePlane) -> npt.NDArray[np.float64]:
    """A segment's voxels in the plane, row by row: corners (n, 4, 2) in mm right and up."""
    found = mask_cut(segment.mask, segment.grid, plane)
    if found is None:
        return np.zeros((0, 4, 2))
    mask, to_flat = found
    change = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(change == 1)
    end = np.nonzero(change == -1)[1]
    corners = np.stack(
        [
            np.stack([row + down, column - 0.5], axis=1)
            for down, column in ((-0.5, start), (-0.5, end), (0.5, end), (0.5, start))
        ],
        axis=1,
    )
    return np.asarray(corners @ to_flat[:, :2].T + to_flat[:, 2])


def mask_cut(
    mask: npt.NDArray[Any], grid: VoxelGrid, plane: SlicePlane
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]] | None:
    """What of a mask, or of values, lies in the plane, (rows, columns); None where it ends before.

    The second maps (row, column, 1) to millimetres right and up, shape (2, 3).
    """
    axis = slice_axis(grid, plane.orientation)
    if axis is None:
        return _resampled_cut(mask, grid, plane)
    way = plane.orientation.axis
    index = int(np.rint((plane.position_mm - grid.affine[way, 3]) / grid.affine[way, axis]))
    if not 0 <= index < grid.shape[axis]:
        return None
    others = np.delete(np.arange(3), axis)
    to_flat = plane.flat(grid.affine[:3, [*others, 3]].T).T
    return np.asarray(mask.take(index, axis=axis)), to_flat


def _resampled_cut(
    mask: npt.NDArray[Any], grid: VoxelGrid, plane: SlicePlane
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]] | None:
    """The cut where voxels are cut askew: nearest voxels on a fine grid in the plane."""
    corners = grid.corners_lps()
    reach = plane.heights_mm(corners)
    if reach.min() > 0 or reach.max() < 0:
        return None
    flat = plane.flat(corners)
    step = min(grid.spacing_mm)
    low = flat.min(axis=0)
    across, up = (np.ceil((flat.max(axis=0) - low) / step)).astype(int) + 1
    origin = plane.at(low)
    start = grid.to_index(origin)
    right = grid.to_index(origin + step * plane.orientation.right) - start
    upward = grid.to_index(origin + step * plane.orientation.up) - start
    index = np.rint(
        start + np.arange(up)[:, None, None] * upward + np.arange(across)[:, None] * right
    ).astype(int)
    inside = np.all((index >= 0) & (index < np.array(grid.shape)), axis=-1)
    index[~inside] = 0
    cut = mask[index[..., 0], index[..., 1], index[..., 2]]
    cut[~inside] = {"b": False, "i": -32768}.get(mask.dtype.kind, -np.inf)
    return cut, np.array([[0.0, step, low[0]], [step, 0.0, low[1]]])
