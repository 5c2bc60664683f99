"""Which voxels belong to which structure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.units import MM3_PER_ML

from ._arrays import frozen
from .coded import CodedAnatomy
from .noun import Noun
from .volume import Points, VoxelGrid

__all__ = ["REVIEW_STATES", "Recipe", "Segment", "remarks_of"]

REVIEW_STATES = ("not_started", "in_progress", "done", "flagged")
"""How far a reader is with a segment; what a hand changes is in progress again."""


@dataclass(frozen=True, eq=False)
class Recipe(Noun):
    """What made a segment, so that it can be made again on another scan."""

    method: str
    """Name of a segmentation method."""
    made: str
    """Id that the segment had among what the method made."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those that were given, by name."""
    seeds_lps: Points = field(default_factory=lambda: np.zeros((0, 3)))
    """LPS [mm] in the frame of reference of the scan that it was made on, shape (n, 3)."""
    words: str = ""
    """``made_by`` when it was made; hands may have changed the segment since."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds_lps", frozen(self.seeds_lps, np.float64, (None, 3)))


@dataclass(frozen=True, eq=False)
class Segment(Noun):
    """One structure, cropped to its own grid so that copies stay small."""

    _labels: ClassVar[frozenset[str]] = frozenset(
        {"id", "name", "volume_id", "made_by", "confidence", "remarks", "anatomy", "colour"}
        | {"review", "recipe"}
    )

    id: str
    name: str
    mask: npt.NDArray[np.bool_] = field(repr=False)
    grid: VoxelGrid
    volume_id: str = ""
    """The scan it was drawn on."""
    made_by: str = ""
    """Method and settings in words, ``grow: 100 to 180 HU from 1 seed``."""
    confidence: float | None = None
    """How sure the method is, 0..1; None where it does not say."""
    remarks: tuple[str, ...] = ()
    """What a reader must know, in sentences (a leak, an open border)."""
    anatomy: CodedAnatomy | None = None
    """What it is in codes; None where its name alone says it."""
    colour: str = ""
    """``#rrggbb`` where the file that it came from gave one, else empty."""
    review: str = REVIEW_STATES[0]
    """One of ``REVIEW_STATES``."""
    recipe: Recipe | None = None
    """What made it, as data; None for what was imported or drawn."""

    def __post_init__(self) -> None:
        if self.review not in REVIEW_STATES:
            raise ValueError(f"a review is one of {', '.join(REVIEW_STATES)}, not {self.review!r}")
        object.__setattr__(self, "mask", frozen(self.mask, np.bool_, self.grid.shape))

    @cached_property
    def voxels(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))

    @property
    def volume_ml(self) -> float:
        """Volume, counted in voxels."""
        return self.voxels * self.grid.voxel_mm3 / MM3_PER_ML

    @cached_property
    def centroid_lps(self) -> Points:
        """Centre of the voxels in LPS [mm], shape (3,)."""
        return self.grid.to_lps(np.argwhere(self.mask).mean(axis=0))


def remarks_of(segments: Iterable[Segment]) -> tuple[str, ...]:
    """What a reader must know of segments: each sentence once, behind the names it is about."""
    named: dict[str, list[str]] = {}
    for one in segments:
        for remark in one.remarks:
            named.setdefault(remark, []).append(one.name)
    return tuple(f"{', '.join(names)}: {remark}" for remark, names in named.items())
