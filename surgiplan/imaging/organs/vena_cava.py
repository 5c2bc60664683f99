"""Where the vena cava runs behind the liver."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError

from ..morphology import gaussian
from .survey import Survey

__all__ = ["cava_course"]

Floats = npt.NDArray[np.float64]

_FRONT_MM, _LEFT_MM = 52.0, -22.0
"""Where it is expected from the middle of the spinal canal: in front, and to the right."""
_DEEP_MM, _WIDE_MM = 26.0, 28.0
"""How far from there it may lie: the vertebra is behind, the aorta beside it."""
_BLUR_MM = 5.0
_PULL = 0.6
"""How much a place at the edge of the search loses against the expected one."""
_STEP = 0.05
"""What each block counts that it moves from one slice to the next."""


def cava_course(
    survey: Survey, tissue_hu: float, vein_hu: float
) -> Callable[[npt.ArrayLike], Floats]:
    """Row and column (n, 2) of the vena cava in slices (n,) of the upright scan.

    It is the broadest even spot of a vein's density to the right in front of the spine.  Raises
    SegmentationError without a spine.
    """
    if survey.spine is None:
        raise SegmentationError(
            "No spine is seen in this scan, and without it the vena cava is not found."
        )
    coarse = survey.coarse
    step = np.array(coarse.spacing_mm)
    expected = survey.spine.canal_ji + np.array([-_FRONT_MM, _LEFT_MM]) / step[1:]
    alike = np.clip(1 - np.abs(coarse.values - vein_hu) / max(vein_hu - tissue_hu, 20.0), 0, 1)
    alike = gaussian(alike, _BLUR_MM, (0.7 * step[0], step[1], step[2]))
    rows, columns = (
        int(np.ceil(mm / n)) for mm, n in zip((_DEEP_MM, _WIDE_MM), step[1:], strict=True)
    )
    off_j, off_i = np.mgrid[-rows : rows + 1, -columns : columns + 1]
    pull = 1 - _PULL * ((off_j / rows) ** 2 + (off_i / columns) ** 2) / 2
    start = np.rint(expected).astype(int)
    slices = np.arange(len(start))[:, None, None]
    j = np.clip(start[:, 0, None, None] + off_j, 0, alike.shape[1] - 1)
    i = np.clip(start[:, 1, None, None] + off_i, 0, alike.shape[2] - 1)
    path = _best_path(alike[slices, j, i] * pull)
    k = np.arange(len(path))
    found = np.column_stack([j[k, path[:, 0], path[:, 1]], i[k, path[:, 0], path[:, 1]]]).astype(
        float
    )
    f = np.array(coarse.factors)

    def place(slices: npt.ArrayLike) -> Floats:
        blocks = (np.asarray(slices, np.float64) - (f[0] - 1) / 2) / f[0]
        k = np.arange(len(found))
        line = np.column_stack([np.interp(blocks, k, axis) for axis in found.T])
        return np.asarray(line * f[1:] + (f[1:] - 1) / 2)

    return place


def _best_path(score: Floats) -> npt.NDArray[np.int64]:
    """The cell (n, 2) of each slice (n, rows, columns) on the path of the highest total score."""
    moves = [(a, b) for a in range(-2, 3) for b in range(-2, 3)]
    total = score[0]
    came = np.zeros(score.shape, int)
    for k in range(1, len(score)):
        padded = np.pad(total, 2, constant_values=-np.inf)
        rows, columns = total.shape
        options = np.stack(
            [
                padded[2 + a : 2 + a + rows, 2 + b : 2 + b + columns] - _STEP * np.hypot(a, b)
                for a, b in moves
            ]
        )
        came[k] = options.argmax(axis=0)
        total = options.max(axis=0) + score[k]
    cells = [np.array(np.unravel_index(int(np.argmax(total)), total.shape))]
    for k in range(len(score) - 1, 0, -1):
        at = cells[-1]
        cells.append(at + np.array(moves[came[k][tuple(at)]]))
    return np.array(cells[::-1])
