"""Boxes of voxels: work stays where the structure is, and segments stay small."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.model import Segment, VoxelGrid

__all__ = ["Box", "bounding_box", "cropped_segment"]


@dataclass(frozen=True)
class Box:
    """Voxels ``low`` (included) to ``high`` (excluded) in (k, j, i) order."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """For indexing an array."""
        k, j, i = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return k, j, i

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (k, j, i)."""
        k, j, i = (b - a for a, b in zip(self.low, self.high, strict=True))
        return k, j, i

    def grown(self, margin_kji: npt.ArrayLike, shape: tuple[int, int, int]) -> "Box":
        """The box with a margin of voxels on each side, kept within an array of ``shape``."""
        margin = np.broadcast_to(np.asarray(margin_kji, int), 3)
        low = np.maximum(np.array(self.low) - margin, 0)
        high = np.minimum(np.array(self.high) + margin, shape)
        return Box(_triple(low), _triple(high))

    def shifted(self, by_kji: npt.ArrayLike) -> "Box":
        """The same box counted from another origin."""
        by = np.asarray(by_kji, int)
        return Box(_triple(np.array(self.low) + by), _triple(np.array(self.high) + by))


def bounding_box(mask: npt.NDArray[np.bool_]) -> Box | None:
    """The smallest box that holds every true voxel of a mask (k, j, i); None if there is none."""
    low, high = [], []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        if not len(hit):
            return None
        low.append(int(hit[0]))
        high.append(int(hit[-1]) + 1)
        # What is empty along one axis need not be looked at along the next.
        mask = mask[(slice(None),) * axis + (slice(low[-1], high[-1]),)]
    return Box(_triple(low), _triple(high))


def cropped_segment(
    mask: npt.NDArray[np.bool_], grid: VoxelGrid, *, segment_id: str, **about: Any
) -> Segment:
    """A segment of ``mask`` on its ``grid``, cropped to what is true.

    ``about`` are further fields of Segment.  Raises ValueError for an empty mask.
    """
    box = bounding_box(mask)
    if box is None:
        raise ValueError(f"the mask of {segment_id} is empty")
    return Segment(
        id=segment_id,
        name=about.pop("name", segment_id),
        mask=np.ascontiguousarray(mask[box.slices]),
        grid=grid.cropped(box.low, box.high),
        **about,
    )


def _triple(numbers: npt.ArrayLike) -> tuple[int, int, int]:
    k, j, i = (int(n) for n in np.asarray(numbers))
    return k, j, i
