"""Which voxels belong to which structure."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.units import MM3_PER_ML

from ._arrays import frozen
from .coded import CodedAnatomy
from .noun import Noun
from .volume import Points, VoxelGrid

__all__ = ["Segment"]


@dataclass(frozen=True, eq=False)
class Segment(Noun):
    """One structure, cropped to its own grid so that copies stay small."""

    _labels: ClassVar[frozenset[str]] = frozenset(
        {"id", "name", "volume_id", "made_by", "confidence", "remarks", "anatomy", "colour"}
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

    def __post_init__(self) -> None:
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
