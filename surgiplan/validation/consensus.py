"""What several readers agree on: majority and STAPLE."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.model import Segment

from .agreement import on_one_grid
from .table import on_lattice_of, without_voxels

__all__ = ["Consensus", "ReaderScore", "Rule", "consensus", "majority", "staple"]

_MOST_ROUNDS = 200
_SETTLED = 1e-7
_START = 0.99999
"""Sensitivity and specificity that each reader is first believed to have (Warfield 2004)."""
_MARGIN_VOXELS = 2


class Rule(Enum):
    """How several readers become one."""

    MAJORITY = "majority"
    """What more than half of them drew."""
    STAPLE = "staple"
    """What is likely after each reader was weighed by how well he does."""

    @property
    def title(self) -> str:
        """As a segment that was made so is named, ``liver (STAPLE)``."""
        return "STAPLE" if self is Rule.STAPLE else "majority"


@dataclass(frozen=True)
class ReaderScore:
    """How one reader did against the consensus, within the box around all readers' masks."""

    reader: str
    sensitivity: float | None
    """None where the consensus is empty."""
    specificity: float | None


@dataclass(frozen=True)
class Consensus:
    """One structure on which several readers were heard, and each reader's score."""

    segment: Segment
    scores: tuple[ReaderScore, ...]


def consensus(
    readers: Mapping[str, Mapping[str, Segment]], rule: Rule, like: Segment | None = None
) -> dict[str, Consensus]:
    """For each structure that any of the readers has, what they agree on.

    A reader who lacks a structure drew nothing of it.  All lie on the voxels of ``like``, or of the
    first reader who has the structure.  Raises SegmentationError for fewer than two readers and
    GeometryError for different frames of reference.
    """
    if len(readers) < 2:
        raise SegmentationError("A consensus needs at least two readers; add another one.")
    if all(len(drawn) == 1 for drawn in readers.values()):
        # Each reader drew one structure: it is the same one, however it is called.
        name = next(iter(next(iter(readers.values()))))
        readers = {reader: {name: next(iter(drawn.values()))} for reader, drawn in readers.items()}
    find = majority if rule is Rule.MAJORITY else staple
    names = dict.fromkeys(name for drawn in readers.values() for name in drawn)
    return {name: find(list(_drawn(readers, name, like)), list(readers)) for name in names}


def _drawn(
    readers: Mapping[str, Mapping[str, Segment]], name: str, like: Segment | None
) -> Iterator[Segment]:
    first = next(drawn[name] for drawn in readers.values() if name in drawn)
    lattice = like or first
    nothing = without_voxels(replace(first, grid=lattice.grid, mask=lattice.mask))
    for drawn in readers.values():
        yield on_lattice_of(lattice, drawn[name])[0] if name in drawn else nothing


def majority(segments: Sequence[Segment], readers: Sequence[str]) -> Consensus:
    """The voxels that more than half of the readers drew, under the name of the first.

    Raises SegmentationError for fewer than two readers and GeometryError for different voxels.
    """
    masks, first = _together(segments)
    votes = masks.sum(axis=0, dtype=np.int16)
    agreed = 2 * votes > len(segments)
    inside, outside = int(np.count_nonzero(agreed)), int(np.count_nonzero(~agreed))
    scores = []
    for reader, mask in zip(readers, masks, strict=True):
        hits = int(np.count_nonzero(mask & agreed))
        misses = int(np.count_nonzero(~mask & ~agreed))
        scores.append(
            ReaderScore(
                reader, hits / inside if inside else None, misses / outside if outside else None
            )
        )
    made = replace(first, mask=agreed, made_by=f"majority of {len(segments)} readers")
    return Consensus(_cropped(made), tuple(scores))


def staple(segments: Sequence[Segment], readers: Sequence[str]) -> Consensus:
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
    made = replace(first, mask=mask, made_by=f"STAPLE of {len(segments)} readers")
    scores = (ReaderScore(r, float(a), float(b)) for r, a, b in zip(readers, p, q, strict=True))
    return Consensus(_cropped(made), tuple(scores))


def _cropped(segment: Segment) -> Segment:
    """Its box without the margin around all readers; all of it if it is empty."""
    filled = [np.flatnonzero(segment.mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if not len(filled[0]):
        return segment
    low, high = [int(one[0]) for one in filled], [int(one[-1]) + 1 for one in filled]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return replace(segment, mask=segment.mask[box], grid=segment.grid.cropped(low, high))


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
