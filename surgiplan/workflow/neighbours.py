"""The structures of a case that an organ may rest on and slide along."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.model import Case, Segment, VoxelGrid

from .organs import InCase

if TYPE_CHECKING:
    from surgiplan.meshing import SignedDistance

__all__ = ["among_neighbours"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_AROUND_MM = 25.0
_STEP_MM = 2.0
_TOUCHES_MM = 6.0
_DEEP_MM = 3.0
_SHARED = 0.05
"""A structure that shares more than this part of itself or of the organ is no neighbour of it."""
_PLACES = 20_000
_REMARK = "No structure is segmented beside {}; springs alone carry it."


def among_neighbours(case: Case, target: Segment, found: InCase) -> InCase:
    """An organ of a case among its neighbours: bones, organs, whatever is segmented beside it.

    What it is grown to, what lies in it and what encloses it are none.
    """
    from surgiplan.imaging import cropped_segment
    from surgiplan.meshing import signed_distance

    known = {path.removeprefix("segments/") for path in found.made_from}
    beside = [
        one
        for one in case.segments.values()
        if one.id not in known and one.voxels and one.grid.frame_uid == target.grid.frame_uid
        if _is_beside(one, target, found.distance)
    ]
    if not beside:
        return replace(found, remarks=(*found.remarks, _REMARK.format(target.name)))
    grid = _grid_around(found.distance, target)
    mask = np.zeros(grid.shape, bool)
    for one in beside:
        _mark(one, grid, mask)
    together = cropped_segment(mask, grid, segment_id="neighbours")
    organ = replace(found.organ, neighbours=(signed_distance(together),))
    names = known | {one.id for one in beside}
    paths = [f"segments/{name}" for name in case.segments if name in names]
    others = [path for path in found.made_from if not path.startswith("segments/")]
    return replace(found, organ=organ, made_from=(*paths, *others))


def _is_beside(segment: Segment, target: Segment, distance: "SignedDistance") -> bool:
    """Whether a segment touches the organ from outside."""
    away = distance(_places(segment))
    if away.min() > _TOUCHES_MM or (away < -_DEEP_MM).mean() > _SHARED:
        return False
    places = _places(target)
    inside = places[distance(places) < -_DEEP_MM]
    return len(inside) == 0 or _within(segment, inside).mean() <= _SHARED


def _places(segment: Segment) -> Floats:
    """Centres of its voxels (n, 3) LPS, of large ones a regular choice."""
    index = np.argwhere(segment.mask)
    return segment.grid.to_lps(index[:: max(1, len(index) // _PLACES)])


def _within(segment: Segment, points: Floats) -> Flags:
    """Which points (n, 3) LPS lie in a segment."""
    index = np.rint(segment.grid.to_index(points)).astype(int)
    there = ((index >= 0) & (index < segment.mask.shape)).all(axis=1)
    found = np.zeros(len(points), bool)
    found[there] = segment.mask[tuple(index[there].T)]
    return found


def _grid_around(distance: "SignedDistance", target: Segment) -> VoxelGrid:
    """Cubes around the organ, along the axes of the patient."""
    low, high = np.asarray(distance.bounds_mm) + _AROUND_MM * np.array([[-1], [1]])
    counts = np.ceil((high - low) / _STEP_MM).astype(int)
    affine = np.zeros((4, 4))
    affine[:3, :3] = _STEP_MM * np.eye(3)[:, ::-1]
    affine[:, 3] = *low, 1.0
    return VoxelGrid((counts[2], counts[1], counts[0]), affine, target.grid.frame_uid)


def _mark(segment: Segment, grid: VoxelGrid, mask: Flags) -> None:
    """Mark in ``mask`` the cubes of the grid whose middles lie in a segment."""
    ends = grid.to_index(segment.grid.corners_lps())
    low = np.clip(np.floor(ends.min(axis=0)).astype(int), 0, grid.shape)
    high = np.clip(np.ceil(ends.max(axis=0)).astype(int) + 1, 0, grid.shape)
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    marked = index[_within(segment, grid.to_lps(index))]
    mask[tuple(marked.T)] = True
