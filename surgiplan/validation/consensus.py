"""What several readers agree on: majority and STAPLE."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.model import Segment

from .agreement import on_one_grid

__all__ = ["ReaderScore", "Staple", "majority", "staple"]

_MOST_ROUNDS = 200
_SETTLED = 1e-7
_START = 0.99999
"""Sensitivity and specificity that each reader is first believed to have (Warfield 2004)."""
_MARGIN_VOXELS = 2


@dataclass(frozen=True)
class ReaderScore:
    """How one reader did against the consensus."""

    reader: str
    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Staple:
    """The consensus and each reader's score."""

    segment: Segment
    scores: tuple[ReaderScore, ...]


def majority(segments: Sequence[Segment]) -> Segment:
    """The voxels that more than half of the readers drew, under the name of the first.

    Raises SegmentationError for fewer than two readers and GeometryError for different voxels.
    """
    masks, first = _together(segments)
    votes = masks.sum(axis=0, dtype=np.int16)
    drawn = 2 * votes > len(segments)
    return replace(first, mask=drawn, made_by=f"majority of {len(segments)} readers")


def staple(segments: Sequence[Segment], readers: Sequence[str]) -> Staple:
    """Simultaneous truth and performance level estimation for binary masks.

    Expectation maximisation of Warfield, Zou and Wells (IEEE Trans. Med. Imaging 23:903, 2004) on
    the box around all masks: background further away would make every specificity one.  The prior
    is the mean share of voxels that the readers drew.  Raises as ``majority`` does.
    """
    masks, first = _together(segments)
    patterns, where, counts = _patterns(masks)
    drawn = patterns.astype(np.float64)
    prior = float((drawn.mean(axis=1) * counts).sum() / counts.sum())
    p = np.full(len(segments), _START)
    q = np.full(len(segments), _START)
    truth = np.zeros(len(counts))
    for _ in range(_MOST_ROUNDS):
        inside = np.log(prior) + drawn @ np.log(p) + (1 - drawn) @ np.log1p(-p)
        outside = np.log1p(-prior) + (1 - drawn) @ np.log(q) + drawn @ np.log1p(-q)
        truth = 1 / (1 + np.exp(np.clip(outside - inside, -700, 700)))
        weight = truth * counts
        rest = counts - weight
        new_p = _kept_off_ends(weight @ drawn / max(weight.sum(), 1e-300))
        new_q = _kept_off_ends(rest @ (1 - drawn) / max(rest.sum(), 1e-300))
        change = max(np.abs(new_p - p).max(), np.abs(new_q - q).max())
        p, q = new_p, new_q
        if change < _SETTLED:
            break
    mask = (truth > 0.5)[where].reshape(masks.shape[1:])
    consensus = replace(first, mask=mask, made_by=f"STAPLE of {len(segments)} readers")
    scores = (ReaderScore(r, float(a), float(b)) for r, a, b in zip(readers, p, q, strict=True))
    return Staple(consensus, tuple(scores))


def _kept_off_ends(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Zero and one have no logarithm of their complement."""
    return np.clip(share, 1e-9, 1 - 1e-9)


def _together(segments: Sequence[Segment]) -> tuple[npt.NDArray[np.bool_], Segment]:
    """All masks on one box, shape (readers, k, j, i), and the first reader's segment on it."""
    if len(segments) < 2:
        raise SegmentationError("A consensus needs at least two readers; add another one.")
    masks, grid = on_one_grid(segments, margin_voxels=_MARGIN_VOXELS)
    return np.stack(masks), replace(segments[0], mask=masks[0], grid=grid)


def _patterns(
    masks: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The different ways in which readers drew voxels, (n, readers); which voxel has which; counts.

    A million voxels hold a few dozen patterns, so that a round costs nothing.
    """
    readers = len(masks)
    codes = np.zeros(masks[0].size, np.int64)
    for n, mask in enumerate(masks):
        codes |= mask.ravel().astype(np.int64) << n
    values, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return (values[:, None] >> np.arange(readers) & 1).astype(np.bool_), where, counts
