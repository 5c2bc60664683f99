"""Moving a surface by millimetres, also where slices are thicker than the way it moves."""

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import distance_mm

from .patch import Mask

__all__ = ["grown", "shrunk", "signed_mm"]

Spacing = tuple[float, float, float]

_FINEST_PART = 9
"""Into so many slices, at most, a thick one is divided."""
_HALF_STEP = 0.25
"""Of a voxel: how much nearer the surface is than the middles of the voxels behind it, on average
over all directions; with it a ball moves by what was asked for within a tenth of a voxel."""


def grown(mask: Mask, by_mm: float, spacing_mm: Spacing) -> Mask:
    """With the surface ``by_mm`` farther outwards; at least the mask itself."""
    return mask | _within(mask, by_mm, spacing_mm)


def shrunk(mask: Mask, by_mm: float, spacing_mm: Spacing) -> Mask:
    """With the surface ``by_mm`` farther inwards; the array's edge is no surface."""
    return mask & ~_within(~mask, by_mm, spacing_mm)


def signed_mm(mask: Mask, spacing_mm: Spacing) -> npt.NDArray[np.float32]:
    """Distance to the nearest voxel of the other kind [mm], negative within the mask."""
    return distance_mm(mask, spacing_mm) - distance_mm(~mask, spacing_mm)


def _within(mask: Mask, by_mm: float, spacing_mm: Spacing) -> Mask:
    """The voxels whose middle lies within ``by_mm`` of the mask's surface, or inside."""
    parts = [_parts(step / min(spacing_mm)) for step in spacing_mm]
    fine = mask
    if max(parts) > 1 and mask.any() and not mask.all():
        fine = _divided(signed_mm(mask, spacing_mm), parts) < 0
    steps = tuple(step / part for step, part in zip(spacing_mm, parts, strict=True))
    distance = distance_mm(fine, (steps[0], steps[1], steps[2]))
    if fine is not mask:
        distance = distance[tuple(slice(None, None, part) for part in parts)]
    near: Mask = distance <= by_mm + _HALF_STEP * min(steps)
    return near


def _parts(ratio: float) -> int:
    """The odd number of parts, so that middles stay middles, nearest to a ratio of steps."""
    return min(2 * int(ratio / 2) + 1, _FINEST_PART) if ratio >= 1.5 else 1


def _divided(values: npt.NDArray[np.float32], parts: list[int]) -> npt.NDArray[np.float32]:
    """Values at steps ``parts`` times as fine, linear in between, along each axis."""
    for axis, part in enumerate(parts):
        if part == 1:
            continue
        moved = np.moveaxis(values, axis, 0)
        fine = np.empty(((len(moved) - 1) * part + 1, *moved.shape[1:]), np.float32)
        for n in range(part):
            weight = np.float32(n / part)
            inner = moved[:-1] * (1 - weight) + moved[1:] * weight
            fine[n : (len(moved) - 1) * part : part] = inner
        fine[-1] = moved[-1]
        values = np.moveaxis(fine, 0, axis)
    return values
