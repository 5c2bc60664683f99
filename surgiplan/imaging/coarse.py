"""Averaged copies of a region: less noise, fewer voxels, and the way back."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

from .crop import Box

__all__ = ["Coarse", "coarsened", "tallied"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Coarse:
    """Means of blocks of voxels within a box of a volume."""

    values: Floats = field(repr=False)
    box: Box
    """The voxels of the volume that the blocks cover."""
    factors: tuple[int, int, int]
    """Voxels per block along (k, j, i)."""
    spacing_mm: tuple[float, float, float]

    def block_of(self, voxels_kji: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The blocks (n, 3) that hold voxels (n, 3) of the volume, clipped to the region."""
        block = (np.asarray(voxels_kji) - np.array(self.box.low)) // np.array(self.factors)
        inside: npt.NDArray[np.int64] = np.clip(block, 0, np.array(self.values.shape) - 1)
        return inside

    def pooled(self, block_mm: float) -> "Coarse":
        """Means of neighbouring blocks within slices, so that each is about ``block_mm`` wide."""
        _, j_mm, i_mm = self.spacing_mm
        j, i = (max(1, round(block_mm / step)) for step in (j_mm, i_mm))
        slices, rows, columns = self.values.shape
        beyond = ((0, 0), (0, -rows % j), (0, -columns % i))
        wide = np.pad(self.values, beyond, mode="edge")
        parts = wide.reshape(slices, wide.shape[1] // j, j, wide.shape[2] // i, i)
        factors = (self.factors[0], self.factors[1] * j, self.factors[2] * i)
        spacing = (self.spacing_mm[0], j_mm * j, i_mm * i)
        return Coarse(parts.mean(axis=(2, 4), dtype=np.float32), self.box, factors, spacing)

    def fine_box(self, blocks: Box) -> Box:
        """The voxels of the volume that a box of blocks covers."""
        low = np.array(self.box.low)
        f = np.array(self.factors)
        k, j, i = (int(n) for n in low + f * np.array(blocks.low))
        end_k, end_j, end_i = (int(n) for n in low + f * np.array(blocks.high))
        return Box((k, j, i), (end_k, end_j, end_i))

    def upsampled(self, field_of_blocks: npt.NDArray[Any]) -> Floats:
        """A field on a box of blocks, interpolated linearly at the box's voxels."""
        result = np.asarray(field_of_blocks, np.float32)
        for axis, f in enumerate(self.factors):
            n = result.shape[axis]
            place = np.clip((np.arange(n * f) - (f - 1) / 2) / f, 0, n - 1)
            lower = np.minimum(place.astype(int), max(n - 2, 0))
            upper = np.minimum(lower + 1, n - 1)
            weight = np.moveaxis((place - lower).astype(np.float32)[:, None, None], 0, axis)
            below, result = np.take(result, lower, axis), np.take(result, upper, axis)
            result -= below
            result *= weight
            result += below
        return result


def coarsened(volume: Volume, box: Box, block_mm: npt.ArrayLike, floor: float = -np.inf) -> Coarse:
    """Means of blocks of about ``block_mm`` (one number, or one an axis) within ``box``.

    Values below ``floor`` count as it.
    The box loses what does not fill a block at its far end, unless it is thinner than a block.
    """
    spacing = np.array(volume.grid.spacing_mm)
    factors = np.clip(np.rint(np.asarray(block_mm) / spacing).astype(int), 1, np.array(box.shape))
    blocks = np.array(box.shape) // factors
    k, j, i = (int(n) for n in np.array(box.low) + blocks * factors)
    fits = Box(box.low, (k, j, i))
    fk, fj, fi = (int(f) for f in factors)
    source = volume.values[fits.slices]
    values = np.empty(tuple(blocks), np.float32)
    for n in range(int(blocks[0])):
        slab = np.maximum(source[n * fk : (n + 1) * fk], floor).astype(np.float32)
        parts = slab.reshape(fk, int(blocks[1]), fj, int(blocks[2]), fi)
        values[n] = parts.mean(axis=(0, 2, 4), dtype=np.float32)
    step_k, step_j, step_i = (float(x) for x in spacing * factors)
    return Coarse(values, fits, (fk, fj, fi), (step_k, step_j, step_i))


def tallied(volume: Volume, coarse: Coarse, low: float) -> tuple[Floats, Floats]:
    """Share of each block's voxels above ``low``, and its highest value."""
    fk, fj, fi = coarse.factors
    source = volume.values[coarse.box.slices]
    share = np.empty(coarse.values.shape, np.float32)
    peak = np.empty(coarse.values.shape, np.float32)
    for k in range(len(share)):
        slab = source[k * fk : (k + 1) * fk]
        peak[k] = _pooled(slab.max(axis=0), (fj, fi), np.maximum)
        share[k] = _pooled((slab > low).sum(axis=0, dtype=np.uint16), (fj, fi), np.add)
    share /= fk * fj * fi
    return share, peak


def _pooled(plane: npt.NDArray[Any], factors: tuple[int, int], join: Any) -> npt.NDArray[Any]:
    """A plane (j, i) in which each tile of ``factors`` is joined to one value."""
    fj, fi = factors
    rows = plane[::fj].copy()
    for j in range(1, fj):
        join(rows, plane[j::fj], out=rows)
    result = rows[:, ::fi].copy()
    for i in range(1, fi):
        join(result, rows[:, i::fi], out=result)
    return result
