"""One structure of one scan beside its truth."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy.patients import Known, Mask
from surgiplan.imaging.crop import bounding_box
from surgiplan.imaging.morphology import distance_mm
from surgiplan.model import Segment
from surgiplan.model.unions import UNIONS

__all__ = ["THIN", "Score", "scores"]

THIN = (
    "renal_artery_left", "renal_artery_right", "iliac_artery_left", "iliac_artery_right",
    "portal_vein", "hepatic_veins",
)  # fmt: skip
"""Vessels judged by their length: a voxel more or less around them decides over any Dice."""


@dataclass(frozen=True)
class Score:
    """How near a structure came; a structure that was not found has no confidence."""

    patient: str
    name: str
    dice: float
    confidence: float | None
    is_whole: bool
    length_found: float | None = None
    """Share of the truth's centreline within a voxel of the segment; thin vessels only."""
    off_axis_voxels: float | None = None
    """Mean distance of the segment's centreline to the truth's, in voxel diagonals."""

    @property
    def misleads(self) -> bool:
        """Whether the method was sure of what is wrong."""
        return self.confidence is not None and self.confidence > 0.8 and self.dice < 0.7


def scores(known: Known, found: tuple[Segment, ...]) -> Iterator[Score]:
    """Each structure of the truth that a method could find, present or not."""
    masks: dict[str, Mask] = {}
    sure: dict[str, float | None] = {}
    for one in found:
        mask = np.zeros(known.scan.grid.shape, np.bool_)
        mask[one.grid.box_in(known.scan.grid)] = one.mask
        masks[one.id], sure[one.id] = mask, one.confidence
    for union, parts in UNIONS.items():
        present = [masks[part] for part in parts if part in masks]
        if present:
            masks[union] = np.any(present, axis=0)
            listed = [sure[part] for part in parts if part in masks]
            sure[union] = min((c for c in listed if c is not None), default=None)
    for name, truth in known.truth.items():
        if not truth.any():
            continue
        mine = masks.get(name)
        whole = name in known.whole
        if mine is None:
            yield Score(known.name, name, 0.0, None, whole)
            continue
        dice = 2 * np.count_nonzero(mine & truth) / (np.count_nonzero(mine) + truth.sum())
        thin = _thin(truth, mine, known.scan.grid.spacing_mm) if name in THIN else (None, None)
        yield Score(known.name, name, float(dice), sure[name], whole, *thin)


def _thin(truth: Mask, mine: Mask, spacing: tuple[float, float, float]) -> tuple[float, float]:
    from skimage.morphology import skeletonize

    box = bounding_box(truth | mine)
    assert box is not None
    box = box.grown(2, truth.shape)
    true, own = truth[box.slices], mine[box.slices]
    axis, own_axis = skeletonize(true), skeletonize(own)
    diagonal = float(np.linalg.norm(spacing))
    found = float((distance_mm(own, spacing)[axis] <= diagonal).mean())
    near = distance_mm(axis, spacing)[own_axis & true]
    return found, float(near.mean() / diagonal) if near.size else float("inf")
