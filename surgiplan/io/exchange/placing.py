"""Puts voxels of other grids onto a scan's, without a change where the two fit, and saying so."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.geometry import mask_on
from surgiplan.model import Segment, VoxelGrid

__all__ = ["all_onto_scan", "onto_scan"]

_SNAP = 0.1
"""Voxels by which grids may lie apart and count as one."""


def all_onto_scan(segments: Iterable[Segment], grid: VoxelGrid) -> tuple[Segment, ...]:
    """Those of the segments that lie within the scan, on its own ``grid``.

    What had to be left out is named in the remarks of the first.  Raises SegmentationError if none
    of them lies within it.
    """
    found: list[Segment] = []
    outside: list[str] = []
    last: SegmentationError | None = None
    for segment in segments:
        try:
            found.append(onto_scan(segment, grid))
        except SegmentationError as error:
            outside.append(segment.name)
            last = error
    if last and not found:
        raise last
    if outside:
        remark = f"Not imported, since outside the scan of this case: {', '.join(outside)}."
        found[0] = replace(found[0], remarks=(*found[0].remarks, remark))
    return tuple(found)


def onto_scan(segment: Segment, grid: VoxelGrid) -> Segment:
    """The segment on the scan's own ``grid``, cropped; remarks say what changed.

    Axes that are only swapped or turned over are put right without loss.  Any other grid of the
    same frame is resampled (a voxel belongs to the segment if its middle does).  Raises
    SegmentationError if nothing of it lies within the scan.
    """
    turned = _turned(segment, grid)
    if turned is None:
        return _resampled(segment, grid)
    mask, low = turned
    inner_low = np.maximum(low, 0)
    inner_high = np.minimum(low + mask.shape, grid.shape)
    if np.any(inner_high <= inner_low):
        raise _outside(segment)
    a, b = inner_low - low, inner_high - low
    kept = mask[a[0] : b[0], a[1] : b[1], a[2] : b[2]]
    return _cropped(segment, kept, inner_low, grid, ())


def _turned(
    segment: Segment, grid: VoxelGrid
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]] | None:
    """Its mask with the scan's axes, and where that begins; None if voxels do not coincide."""
    matrix = np.linalg.inv(grid.affine[:3, :3]) @ segment.grid.affine[:3, :3]
    steps = np.rint(matrix).astype(int)
    shape = np.array(segment.grid.shape)
    if not np.array_equal(np.abs(steps).sum(axis=0), [1, 1, 1]) or not np.array_equal(
        np.abs(steps).sum(axis=1), [1, 1, 1]
    ):
        return None
    first = grid.to_index(segment.grid.affine[:3, 3])
    away = np.abs(matrix - steps) @ (shape - 1) + np.abs(first - np.rint(first))
    if away.max() > _SNAP:
        return None
    axes = np.abs(steps).argmax(axis=1)
    signs = steps[np.arange(3), axes]
    mask = segment.mask.transpose(axes)[tuple(slice(None, None, int(s)) for s in signs)]
    low = np.rint(first).astype(np.int64) - np.where(signs < 0, np.array(mask.shape) - 1, 0)
    return mask, low


def _resampled(segment: Segment, grid: VoxelGrid) -> Segment:
    corners = grid.to_index(segment.grid.corners_lps())
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, grid.shape)
    if np.any(high <= low):
        raise _outside(segment)
    mask = mask_on(grid.cropped(low, high), segment.mask, segment.grid)
    remark = (
        f"It lay on voxels of {_size(segment.grid)} mm and was resampled to the scan's "
        f"({_size(grid)} mm)."
    )
    return _cropped(segment, mask, low, grid, (remark,))


def _cropped(
    segment: Segment,
    mask: npt.NDArray[np.bool_],
    low: npt.NDArray[np.int64],
    grid: VoxelGrid,
    remarks: tuple[str, ...],
) -> Segment:
    filled = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if not len(filled[0]):
        raise _outside(segment)
    first = np.array([one[0] for one in filled])
    last = np.array([one[-1] + 1 for one in filled])
    box = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    kept = replace(segment, mask=mask[box], grid=replace(grid.cropped(low + first, low + last)))
    lost = segment.volume_ml - kept.volume_ml
    if not remarks and kept.voxels < segment.voxels:
        remarks = (f"{lost:.1f} ml of it lie outside the scan and were left out.",)
    elif remarks:
        remarks = (f"{remarks[0]} {segment.volume_ml:.1f} ml became {kept.volume_ml:.1f} ml.",)
    return replace(kept, remarks=(*segment.remarks, *remarks))


def _outside(segment: Segment) -> SegmentationError:
    return SegmentationError(
        f"{segment.name} lies outside the scan of this case; choose the scan it was drawn on."
    )


def _size(grid: VoxelGrid) -> str:
    return " x ".join(f"{step:.2f}" for step in grid.spacing_mm)
