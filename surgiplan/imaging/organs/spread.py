"""Masks of blocks at the scan's own voxels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import Mask

__all__ = ["covering", "grown_by_a_block", "share", "shrunk_by_a_block", "spread"]


def spread(coarse: Coarse, blocks: Mask, box: Box) -> Mask:
    """Each block's value at the voxels within ``box`` of the scan.

    ``coarse`` begins at the scan's first voxel; what its far end leaves over counts as the last
    block does.
    """
    own = [
        np.minimum(np.arange(a, b) // f, count - 1)
        for a, b, f, count in zip(box.low, box.high, coarse.factors, blocks.shape, strict=True)
    ]
    first, last = int(own[0][0]), int(own[0][-1])
    flat = blocks[first : last + 1].take(own[1], axis=1).take(own[2], axis=2)
    result: Mask = flat if len(flat) == len(own[0]) else flat.take(own[0] - first, axis=0)
    return result


def covering(coarse: Coarse, blocks: Box, shape: tuple[int, int, int]) -> Box:
    """The voxels of a scan of ``shape`` that a box of blocks covers, to the scan's end."""
    low = [a * f for a, f in zip(blocks.low, coarse.factors, strict=True)]
    high = [
        whole if b == count else b * f
        for b, f, count, whole in zip(
            blocks.high, coarse.factors, coarse.values.shape, shape, strict=True
        )
    ]
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def share(coarse: Coarse, mask: Mask, low_kji: Sequence[int]) -> npt.NDArray[np.float32]:
    """How much of each block a mask fills whose first voxel is ``low_kji`` of the scan."""
    shares = np.zeros(coarse.values.shape, np.float32)
    factors = np.array(coarse.factors)
    at = (np.argwhere(mask) + np.asarray(low_kji)) // factors
    at = at[np.all(at < shares.shape, axis=1)]
    np.add.at(shares, tuple(at.T), np.float32(1 / np.prod(factors)))
    return shares


def grown_by_a_block(blocks: Mask) -> Mask:
    """With all neighbours, also those across edges and corners."""
    from scipy.ndimage import maximum_filter

    grown: Mask = maximum_filter(blocks, size=3, mode="nearest")
    return grown


def shrunk_by_a_block(blocks: Mask) -> Mask:
    """Only the blocks all of whose neighbours are true; the end of the scan is no border."""
    return ~grown_by_a_block(~blocks)
