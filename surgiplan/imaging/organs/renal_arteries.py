"""The renal arteries: branches that leave the aorta to either side above its fork."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

from ..coarse import Coarse, coarsened
from ..crop import Box
from ..morphology import gaussian, labelled
from .tube import Section, Tube, followed, lumen_band, section_at
from .tube_mask import depth_in

__all__ = ["Branch", "renal_arteries"]

Floats = npt.NDArray[np.float64]

_ABOVE_FORK_MM = (40.0, 210.0)
_ABOVE_END_MM = 230.0
"""How far above the lower end of the scan's aorta they are looked for without a fork."""
_ASIDE_MM = 75.0
_SHELL_MM = (0.8, 1.4, 4.5)
"""A branch is bright between the first and the last of these outside the lumen, without a wall
at the second."""
_LEAST_MM3 = 8.0
_CALM_MM = 0.7
_ASIDE = 0.5
"""Cosine of the angle to the side beyond which a branch leaves to the front or back."""
_RADIUS_MM = 2.5
_LONGEST_MM = 90.0
_SHORTEST_MM = 18.0
_SIDEWAYS = 0.6
"""A renal artery goes to the side by this share of its length at least."""


@dataclass(frozen=True, eq=False)
class Branch:
    """An artery's sections from the aorta outwards, on its own blocks."""

    blocks: Coarse = field(repr=False)
    tube: tuple[Section, ...] = field(repr=False)


def renal_arteries(
    scan: Volume, coarse: Coarse, aorta: Tube, fork_mm: float | None, level: float
) -> dict[str, Branch]:
    """The longest branch to each side, by ``left`` and ``right``; without what is not found."""
    low = fork_mm + _ABOVE_FORK_MM[0] if fork_mm is not None else aorta[-1].middle[0]
    high = fork_mm + _ABOVE_FORK_MM[1] if fork_mm is not None else low + _ABOVE_END_MM
    part = [s for s in aorta if low <= s.middle[0] <= high]
    if len(part) < 3:
        return {}
    fine, shift = _fine_blocks(scan, coarse, part)
    found: dict[str, tuple[float, tuple[Section, ...]]] = {}
    for place, outward in _openings(fine, part, shift, level):
        start = section_at(fine, place, outward, level, _RADIUS_MM)
        if start is None or start.radius > 2.5 * _RADIUS_MM:
            continue
        tube = tuple(followed(fine, start, outward, stop=_LONGEST_MM))
        way = tube[-1].middle - place
        length = float(np.linalg.norm(way))
        side = "left" if way[2] > 0 else "right"
        if length < _SHORTEST_MM or abs(way[2]) < _SIDEWAYS * length:
            continue
        if side not in found or length > found[side][0]:
            found[side] = (length, tube)
    return {side: Branch(fine, tube) for side, (_, tube) in found.items()}


def _fine_blocks(scan: Volume, coarse: Coarse, part: Sequence[Section]) -> tuple[Coarse, Floats]:
    """Blocks of about a millimetre around some sections, and how places move from the others."""
    spacing = np.array(scan.grid.spacing_mm)
    middles = np.array([s.middle for s in part])
    first = np.array(coarse.box.low) + (np.array(coarse.factors) - 1) / 2
    reach = np.array([25.0, _ASIDE_MM, _ASIDE_MM + 15])
    low = np.maximum(first + (middles.min(axis=0) - reach) / spacing, 0).astype(int)
    high = np.minimum(first + (middles.max(axis=0) + reach) / spacing, scan.grid.shape).astype(int)
    box = Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))
    fine = coarsened(scan, box, 1.0, floor=-200.0)
    fine = replace(fine, values=gaussian(fine.values, _CALM_MM, fine.spacing_mm))
    own = np.array(fine.box.low) + (np.array(fine.factors) - 1) / 2
    return fine, np.asarray((first - own) * spacing)


def _openings(
    fine: Coarse, part: Sequence[Section], shift: Floats, level: float
) -> list[tuple[Floats, Floats]]:
    """Place just outside the lumen, and direction, of each branch that leaves it sideways."""
    moved = [replace(s, middle=s.middle + shift) for s in part]
    depth, nearest, box = depth_in(fine, moved, 6.0)
    values = fine.values[box.slices]
    low, high = lumen_band(level, 0.35)
    shell = (values > low) & (values < high) & (depth > -_SHELL_MM[2]) & (depth < -_SHELL_MM[0])
    labels, sizes = labelled(shell)
    found = []
    for n in np.flatnonzero(sizes * np.prod(fine.spacing_mm) > _LEAST_MM3):
        if n == 0:
            continue
        blocks = np.argwhere(labels == n)
        deep = depth[tuple(blocks.T)]
        inner, outer = deep > -_SHELL_MM[1], deep < -0.5 * (_SHELL_MM[1] + _SHELL_MM[2])
        if np.count_nonzero(inner) < 3 or not outer.any():
            continue
        places = (blocks + np.array(box.low)) * np.array(fine.spacing_mm)
        root, tip = places[inner].mean(axis=0), places[outer].mean(axis=0)
        away = tip - moved[int(nearest[tuple(blocks[outer][0])])].middle
        if abs(away[2]) < _ASIDE * np.linalg.norm(away[1:]):
            continue
        way = _unit(_unit(tip - root) + _unit(away))
        found.append((tip, way))
    return found


def _unit(v: Floats) -> Floats:
    return np.asarray(v / max(float(np.linalg.norm(v)), 1e-9))
