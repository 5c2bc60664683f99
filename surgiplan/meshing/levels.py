"""The level at which a sampled distance encloses a wanted volume, to a part of a voxel."""

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["level_of_volume"]

Floats = npt.NDArray[np.float32]

_AT_MOST = 800_000
"""Samples taken between the voxels along the surface."""
_ROUNDS = 12
_EXACT = 1e-5


def level_of_volume(values: Floats, voxels: float) -> np.float32:
    """The level below which a volume of ``voxels`` lies, of values interpolated between voxels.

    Counting voxels alone would not do: where faces run along the grid, none lies between two
    layers.  The surface must not reach the border of the array.
    """
    low, high = _extremes(values)
    reach = (high - low) / 2
    # Cells between eight voxels that the surface may cross when it is shifted a little.
    mixed = (low < reach) & (high > -reach)
    deep = np.count_nonzero((high < 0) & ~mixed)
    corners = _corners(values, mixed)
    each = max(1, min(4, int((_AT_MOST / max(len(corners), 1)) ** (1 / 3))))
    inner, width = _between(corners, each)
    level = 0.0
    for _ in range(_ROUNDS):
        offset = inner - level
        inside = deep + np.clip(0.5 - offset / width, 0, 1).sum(dtype=np.float64) / each**3
        if abs(inside - voxels) < _EXACT * voxels:
            break
        per_level = (1 / width[np.abs(offset) < width / 2]).sum(dtype=np.float64) / each**3
        level += float(np.clip((voxels - inside) / max(per_level, 1e-12), -0.25, 0.25))
    return np.float32(level)


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest value at the corners of each cell."""
    low = high = values
    for axis in range(3):
        n = values.shape[axis]
        first, second = (
            tuple(slice(a, a + n - 1) if d == axis else slice(None) for d in range(3))
            for a in (0, 1)
        )
        low, high = np.minimum(low[first], low[second]), np.maximum(high[first], high[second])
    return low, high


def _corners(values: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Corner values (n, 2, 2, 2) of chosen cells."""
    k, j, i = np.nonzero(chosen)
    corners = np.empty((len(k), 2, 2, 2), np.float32)
    for a, b, c in itertools.product((0, 1), repeat=3):
        corners[:, a, b, c] = values[k + a, j + b, i + c]
    return corners


def _between(corners: Floats, each: int) -> tuple[Floats, Floats]:
    """Values inside the cells, ``each`` along an axis, and how far they rise over such a part."""
    at = (np.arange(each, dtype=np.float32) + 0.5) / each
    weights = np.stack([1 - at, at], axis=1)
    inner = np.einsum("nabc,ka,jb,ic->nkji", corners, weights, weights, weights, optimize=True)
    rises = [np.abs(np.diff(corners, axis=axis).mean(axis=(1, 2, 3))) for axis in (1, 2, 3)]
    width = np.maximum(np.sum(rises, axis=0) / each, 1e-6)
    shape = inner.shape
    wide = np.broadcast_to(width[:, None, None, None], shape)
    return inner.ravel().astype(np.float32), wide.ravel().astype(np.float32)
