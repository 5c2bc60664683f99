"""The course of the spinal canal through a scan."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.morphology import Mask

__all__ = ["Column", "column"]

Floats = npt.NDArray[np.float32]

_DARK_HU, _BRIGHT_HU = 90.0, 250.0
"""Muscle, cord and fluid count as no bone, spongy bone as half, cortex as whole."""

_RING_MM = (7.0, 10.0, 13.0, 16.0)
"""Radii at which the wall of the canal is looked for; children have the smaller ones."""

_CANAL_MM = 4.5
_BODY_MM = (14.0, 20.0, 26.0, 32.0)
"""How far in front of the middle of the canal the vertebral body is looked for."""

_AIR_HU = -250.0
_MARROW_HU = -25.0
"""Cord and fluid fill the canal; fatty marrow, which fills a shaft, is darker."""

_OFF_MIDDLE_MM = 70.0
"""This far from the middle of the body a canal counts one less than in the middle."""

_ASTRAY_MM = 30.0
"""Where the path goes on this far beside the column's line, it has left it for a hip."""

_SURE = 0.95
"""Score of a slice that shows a canal; a wall all around and a body in front make 2."""

_RUN_MM = 30.0
"""A column is seen over at least this length, and discs and gaps are bridged up to it."""


@dataclass(frozen=True, eq=False)
class Column:
    """Where the middle of the spinal canal lies in each slice of blocks."""

    canal_ji: npt.NDArray[np.float64] = field(repr=False)
    """Row and column of the canal in fractional blocks, shape (slices, 2); smooth, and carried on
    straight beyond the ends of what is seen."""
    seen: npt.NDArray[np.bool_] = field(repr=False)
    """Slices in which a canal with a wall was found, shape (slices,)."""

    def at(self, share_k: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Canal (n, 2) at fractional slices of blocks (n,)."""
        k = np.arange(len(self.canal_ji))
        wanted = np.atleast_1d(np.asarray(share_k, np.float64))
        return np.column_stack([np.interp(wanted, k, line) for line in self.canal_ji.T])


def column(coarse: Coarse, body: Mask) -> Column | None:
    """The spinal canal in blocks (k to the head, j to the back); None where none is seen."""
    score = _canal_score(coarse, body)
    columns = np.arange(score.shape[2])
    middle = np.average(columns, weights=body.sum(axis=(0, 1)))
    off_mm = (columns - middle) * coarse.spacing_mm[2]
    path = _best_path(
        score - ((off_mm / _OFF_MIDDLE_MM) ** 2).astype(np.float32),
        int(np.ceil(coarse.spacing_mm[0] / coarse.spacing_mm[1])),
    )
    own = score[np.arange(len(path)), path[:, 0], path[:, 1]]
    seen = _runs(own > _SURE, max(1, round(_RUN_MM / coarse.spacing_mm[0])))
    seen &= _straight(path[:, 1] * coarse.spacing_mm[2], own, seen)
    inside = coarse.values[np.arange(len(path)), path[:, 0], path[:, 1]]
    if not seen.any() or np.median(inside[seen]) < _MARROW_HU:
        return None
    return Column(_smooth(path, own, seen, coarse.spacing_mm[0]), seen)


def _canal_score(coarse: Coarse, body: Mask) -> Floats:
    """How much each block looks like the middle of a spinal canal, -3 to 2."""
    bone = np.clip((coarse.values - _DARK_HU) / (_BRIGHT_HU - _DARK_HU), 0, 1).astype(np.float32)
    bone *= body
    _, j_mm, i_mm = coarse.spacing_mm
    wall = np.zeros_like(bone)
    for angle in np.arange(8) * np.pi / 4:
        ray = np.zeros_like(bone)
        for radius in _RING_MM:
            j, i = radius * np.cos(angle) / j_mm, radius * np.sin(angle) / i_mm
            np.maximum(ray, _shifted(bone, round(j), round(i)), out=ray)
        wall += ray / 8
    front = np.zeros_like(bone)
    for ahead in _BODY_MM:
        for side in (-8.0, 0.0, 8.0):
            front += _shifted(bone, round(-ahead / j_mm), round(side / i_mm)) / 12
    inside = [
        (j, i)
        for j in range(-2, 3)
        for i in range(-2, 3)
        if np.hypot(j * j_mm, i * i_mm) <= _CANAL_MM
    ]
    filled = np.zeros_like(bone)
    for j, i in inside:
        filled += _shifted(bone, j, i) / len(inside)
    gas = (coarse.values < _AIR_HU) | ~body
    score: Floats = wall + front - 2 * filled - 3 * gas.astype(np.float32)
    return score


def _shifted(values: Floats, j: int, i: int) -> Floats:
    """The value ``j`` rows and ``i`` columns farther on, 0 beyond the array."""
    result = np.zeros_like(values)
    _, rows, columns = values.shape
    if abs(j) >= rows or abs(i) >= columns:
        return result
    result[:, max(-j, 0) : rows - max(j, 0), max(-i, 0) : columns - max(i, 0)] = values[
        :, max(j, 0) : rows + min(j, 0), max(i, 0) : columns + min(i, 0)
    ]
    return result


def _best_path(score: Floats, steepest: int) -> npt.NDArray[np.int64]:
    """Blocks (slices, 2) of the path with the highest sum.

    From slice to slice it moves by up to ``steepest`` rows and one column.
    """
    slices, rows, columns = score.shape
    moves = [(j, i) for j in range(-steepest, steepest + 1) for i in (-1, 0, 1)]
    # What lies straight below is worth a little more, so that the path does not wander.
    cost = [0.05 * abs(j) + 0.15 * abs(i) for j, i in moves]
    chosen = np.empty((slices, rows, columns), np.uint8)
    total = score[0]
    for k in range(1, slices):
        options = np.stack(
            [_shifted(total[None], j, i)[0] - c for (j, i), c in zip(moves, cost, strict=True)]
        )
        chosen[k] = options.argmax(axis=0)
        total = score[k] + options.max(axis=0)
    path = np.empty((slices, 2), np.int64)
    path[-1] = np.unravel_index(int(total.argmax()), (rows, columns))
    for k in range(slices - 1, 0, -1):
        path[k - 1] = path[k] + moves[chosen[k][tuple(path[k])]]
        path[k - 1] = np.clip(path[k - 1], 0, (rows - 1, columns - 1))
    return path


def _straight(
    across_mm: npt.NDArray[np.floating], own: Floats, seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Slices up to where the path leaves the line of the column, seen from its surest part."""
    result = np.zeros_like(seen)
    if not seen.any():
        return result
    weight = np.convolve(np.where(seen, own, 0.0), np.ones(15), mode="same")
    start = int(weight.argmax())
    for step in (1, -1):
        k = start
        while 0 <= k < len(seen):
            back = across_mm[max(0, min(k - step * 20, len(seen) - 1))]
            if abs(across_mm[k] - back) > _ASTRAY_MM and abs(k - start) > 5:
                break
            result[k] = True
            k += step
    return result


def _runs(sure: npt.NDArray[np.bool_], shortest: int) -> npt.NDArray[np.bool_]:
    """The longest run of sure slices with the gaps bridged; nothing if it is too short."""
    from scipy.ndimage import binary_closing, label

    padded = np.pad(sure, shortest)
    joined = binary_closing(padded, np.ones(shortest))[shortest:-shortest] | sure
    labels, count = label(joined)
    enough = min(shortest, max(2, len(sure) // 2))
    sizes = np.bincount(labels, weights=sure, minlength=count + 1)
    sizes[0] = 0
    if sizes.max(initial=0) < enough:
        return np.zeros_like(sure)
    result: npt.NDArray[np.bool_] = (sizes >= enough)[labels] & joined
    return result


def _smooth(
    path: npt.NDArray[np.int64], own: Floats, seen: npt.NDArray[np.bool_], step_mm: float
) -> npt.NDArray[np.float64]:
    """The path where it is sure, smoothed over about two vertebrae and carried on straight."""
    from scipy.ndimage import gaussian_filter1d

    ends = np.flatnonzero(seen)
    k = np.arange(len(path))
    sure = seen & (own > 0.5 * _SURE)
    lines = []
    for line in path.T.astype(float):
        known = np.interp(k, k[sure], line[sure])
        blurred = gaussian_filter1d(known, 12.0 / step_mm, mode="nearest")
        lines.append(np.interp(k, k[ends], blurred[ends]))
    return np.column_stack(lines)
