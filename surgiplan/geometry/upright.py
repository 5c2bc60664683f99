"""Turns a stack of voxels as near to upright in the patient as swapping and flipping axes can."""

from itertools import permutations, product
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["upright"]

_TOWARDS = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""Upright axes k, j, i in LPS, one a column: to the head, the back and the left."""
_TIE = 1e-4
"""Sums of three direction cosines nearer than this are equal but for rounding."""


def upright(
    values: npt.NDArray[Any], affine: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """A view of voxels (k, j, i) and its affine (4, 4) to LPS [mm], axes swapped and turned over.

    Of the orders and directions of axes it is the one the smallest rotation away from upright, so
    that k runs to the head, j to the back and i to the left.  Nothing is interpolated: an oblique
    stack stays oblique.  A stack stored in any of the 48 orders gives one and the same result, and
    never a mirrored one: cosines with the upright axes sum up to at most 1 for a mirror image, and
    to 1.9 or more for some order that is none.
    """
    stored = np.asarray(affine, np.float64)
    axes, signs = min(
        ((axes, signs) for axes in permutations(range(3)) for signs in _SIGNS),
        key=lambda way: _rank(_turned(stored, values.shape, *way)),
    )
    flips = tuple(slice(None, None, sign) for sign in signs)
    return values.transpose(axes)[flips], _turned(stored, values.shape, axes, signs)


_SIGNS = tuple(product((1, -1), repeat=3))


def _turned(
    affine: npt.NDArray[np.float64],
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    signs: tuple[int, ...],
) -> npt.NDArray[np.float64]:
    result = affine.copy()
    result[:3, :3] = affine[:3, axes] * signs
    for axis, sign in zip(axes, signs, strict=True):
        if sign < 0:
            result[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
    return result + 0.0  # no negative zeros


def _rank(affine: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Lowest for the way to take; how the axes were stored does not matter, also in a tie."""
    matrix = affine[:3, :3]
    cosines = matrix / np.linalg.norm(matrix, axis=0)
    nearness = np.rint(np.sum(cosines * _TOWARDS) / _TIE)
    return -nearness, *np.rint(cosines / _TIE).ravel()
