"""The box of a scan in which an operation works, with its segments and points in it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.model import Points, Segment, Volume, VoxelGrid

__all__ = ["Mask", "Patch", "extended", "segment_box"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Patch:
    """A box of a scan; masks and values are arrays (k, j, i) of the box's shape."""

    volume: Volume
    box: Box
    segments: tuple[Segment, ...]
    points_lps: Points

    @property
    def grid(self) -> VoxelGrid:
        """Where the box lies in the patient."""
        return self.volume.grid.cropped(self.box.low, self.box.high)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along (k, j, i)."""
        return self.volume.grid.spacing_mm

    @property
    def values(self) -> npt.NDArray[Any]:
        """The scan's values in the box: a view, not to be written to."""
        return self.volume.values[self.box.slices]

    @property
    def points_kji(self) -> npt.NDArray[np.int64]:
        """The voxels (n, 3) of the box that hold the points."""
        found = np.rint(self.volume.grid.to_index(self.points_lps)).astype(np.int64)
        result: npt.NDArray[np.int64] = found.reshape(-1, 3) - np.array(self.box.low)
        return result

    def mask(self, number: int = 0) -> Mask:
        """A new mask of the box with what the segment of that number has in it."""
        segment = self.segments[number]
        theirs = segment_box(segment, self.volume.grid)
        low = np.maximum(theirs.low, self.box.low)
        high = np.minimum(theirs.high, self.box.high)
        mask = np.zeros(self.box.shape, bool)
        if np.all(low < high):
            common = Box(tuple(low), tuple(high))
            mine = common.shifted(-np.array(self.box.low)).slices
            mask[mine] = segment.mask[common.shifted(-np.array(theirs.low)).slices]
        return mask

    def segment(self, mask: Mask, *, like: Segment, done: str) -> Segment:
        """``like`` with another mask, cropped; ``done`` joins the words on how it was made.

        An empty mask gives an empty segment of one voxel.
        """
        box = bounding_box(mask) or Box((0, 0, 0), (1, 1, 1))
        return replace(
            like,
            mask=np.ascontiguousarray(mask[box.slices]),
            grid=self.grid.cropped(box.low, box.high),
            volume_id=self.volume.id,
            made_by=extended(like.made_by, done),
            confidence=None,
        )


def segment_box(segment: Segment, grid: VoxelGrid) -> Box:
    """Where a segment lies in its scan.

    Raises GeometryError if it has other voxels or another frame of reference.
    """
    k, j, i = segment.grid.box_in(grid)
    return Box((k.start, j.start, i.start), (k.stop, j.stop, i.stop))


def extended(made_by: str, done: str) -> str:
    """How a segment was made, with one more deed.

    What was done again in a row is told once, and so are strokes of the hand: a deed of one word.
    """
    deeds = made_by.split("; ") if made_by else []
    if deeds and (deeds[-1] == done or (":" not in done and done in deeds)):
        return made_by
    return "; ".join([*deeds, done])
