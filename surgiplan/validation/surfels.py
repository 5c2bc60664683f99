"""The surface of a mask as elements with a place and an area.

``area_weighted`` takes the cells between eight voxels that lie partly inside, each with the area
of its piece of surface, as the surface-distance library does: the numbers do not depend on how
thin the voxels are.  ``boundary_voxels`` takes the voxels with a neighbour outside, each counted
once, as MedPy does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.resources import resource

__all__ = ["Surfels", "SurfelsOf", "area_weighted", "boundary_voxels"]

_NORMALS_PER_CELL_FACE = 8


@dataclass(frozen=True)
class Surfels:
    """Elements of one surface."""

    index_kji: npt.NDArray[np.float64]
    """Places in voxels (k, j, i) of the mask, shape (n, 3)."""
    weights: npt.NDArray[np.float64]
    """Areas [mm2], or one for each voxel, shape (n,)."""

    def __len__(self) -> int:
        return len(self.weights)


SurfelsOf = Callable[[npt.NDArray[np.bool_], tuple[float, float, float]], Surfels]
"""Surface of a mask (k, j, i) with voxels of that size [mm]."""


def area_weighted(mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> Surfels:
    """Cells between voxels that lie partly inside, with the area of their piece of surface."""
    codes = _codes(mask)
    cells = np.flatnonzero((codes != 0) & (codes != 255))
    index = np.stack(np.unravel_index(cells, codes.shape), axis=1) - 0.5
    return Surfels(index.astype(np.float64), _areas_mm2(spacing_mm)[codes.ravel()[cells]])


def boundary_voxels(
    mask: npt.NDArray[np.bool_], _spacing_mm: tuple[float, float, float]
) -> Surfels:
    """Voxels of the mask with one of six neighbours outside it, or at the edge of the array."""
    inner = mask.copy()
    for axis in range(3):
        ahead, behind = _shifts(axis)
        inner[ahead] &= mask[behind]
        inner[behind] &= mask[ahead]
        edges: list[Any] = [slice(None)] * 3
        for end in (0, -1):
            edges[axis] = end
            inner[tuple(edges)] = False
    index = np.argwhere(mask & ~inner).astype(np.float64)
    return Surfels(index, np.ones(len(index)))


def _shifts(axis: int) -> tuple[Any, Any]:
    ahead: list[Any] = [slice(None)] * 3
    behind: list[Any] = [slice(None)] * 3
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    return tuple(ahead), tuple(behind)


def _codes(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Which of the eight voxels around each corner of the voxels are inside, one bit each."""
    bits = mask.view(np.uint8)
    codes = np.zeros([n + 1 for n in mask.shape], np.uint8)
    k, j, i = mask.shape
    for bit in range(8):
        low_k, low_j, low_i = ((bit >> axis) & 1 for axis in (2, 1, 0))
        part = codes[low_k : low_k + k, low_j : low_j + j, low_i : low_i + i]
        np.bitwise_or(part, bits << bit, out=part)
    return codes


@cache
def _normals() -> npt.NDArray[np.float64]:
    """Normals of the pieces of surface of each code, shape (256, 4, 3), in cell faces."""
    normals = np.zeros((256, 4, 3))
    for line in resource("tables/surfels.txt").read_text(encoding="utf-8").splitlines():
        code, _, pieces = line.partition(":")
        if line.startswith("#") or not pieces.strip():
            continue
        for n, piece in enumerate(pieces.split(",")):
            normals[int(code), n] = [float(x) / _NORMALS_PER_CELL_FACE for x in piece.split()]
    return normals


def _areas_mm2(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    k, j, i = spacing_mm
    areas: npt.NDArray[np.float64] = np.linalg.norm(_normals() * [j * i, k * i, k * j], axis=2)
    return np.asarray(areas.sum(axis=1))
