"""The structures of a case that an organ may rest on and slide along."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.model import Case, Segment

from .organs import InCase, coarsened

if TYPE_CHECKING:
    from surgiplan.meshing import SignedDistance

__all__ = ["among_neighbours"]

Floats = npt.NDArray[np.float64]

_AROUND_MM = 25.0
_TOUCHES_MM = 6.0
_OVERLAP = 0.05
"""A structure that shares more than this part of itself or of the organ is no neighbour of it."""
_PLACES = 20_000
_REMARK = "No structure is segmented beside {}; springs alone carry it."


def among_neighbours(case: Case, target: Segment, found: InCase) -> InCase:
    """An organ of a case with its neighbours: bones, organs, whatever is segmented beside it.

    What it is grown to, what lies in it and what encloses it are none.
    """
    known = {path.removeprefix("segments/") for path in found.made_from}
    beside = {
        one.id: distance
        for one in case.segments.values()
        if one.id not in known and one.voxels and one.grid.frame_uid == target.grid.frame_uid
        if (distance := _beside(one, target, found.distance)) is not None
    }
    if not beside:
        return replace(found, remarks=(*found.remarks, _REMARK.format(target.name)))
    organ = replace(found.organ, neighbours=tuple(beside.values()))
    paths = [f"segments/{name}" for name in case.segments if name in known | set(beside)]
    others = [path for path in found.made_from if not path.startswith("segments/")]
    return replace(found, organ=organ, made_from=(*paths, *others))


def _beside(
    segment: Segment, target: Segment, distance: "SignedDistance"
) -> "SignedDistance | None":
    """Distance to the part of a segment around the organ, if it touches it from outside."""
    from surgiplan.imaging import cropped_segment
    from surgiplan.meshing import signed_distance

    places = _places(segment)
    away = distance(places)
    if away.min() > _TOUCHES_MM or (away < -_TOUCHES_MM / 2).mean() > _OVERLAP:
        return None
    low, high = np.asarray(distance.bounds_mm) + _AROUND_MM * np.array([[-1], [1]])
    index = np.argwhere(segment.mask)
    near = ((lps := segment.grid.to_lps(index)) >= low).all(axis=1) & (lps <= high).all(axis=1)
    mask = np.zeros(segment.mask.shape, bool)
    mask[tuple(index[near].T)] = True
    part = cropped_segment(mask, segment.grid, segment_id=segment.id, name=segment.name)
    found = signed_distance(coarsened(part))
    encloses = (found(_places(target)) < -_TOUCHES_MM / 2).mean() > _OVERLAP
    return None if encloses else found


def _places(segment: Segment) -> Floats:
    """Centres of its voxels (n, 3) LPS, of large ones a regular choice."""
    index = np.argwhere(segment.mask)
    return segment.grid.to_lps(index[:: max(1, len(index) // _PLACES)])
