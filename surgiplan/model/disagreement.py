"""Where two segmentations of one structure differ, for the eye."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .segmentation import Segment
from .volume import Points

__all__ = ["Disagreement", "Place"]


@dataclass(frozen=True, eq=False)
class Place:
    """One place where a reader and the reference differ by more than a little."""

    point_lps: Points
    """A voxel in the middle of its deeper half, best to look at, LPS [mm], shape (3,)."""
    distance_mm: float
    """How far its furthest voxel lies from the other border."""
    volume_ml: float
    """All that differs there, counted in voxels."""
    is_missed: bool
    """Whether the reader left it out; otherwise he added it."""

    @property
    def words(self) -> str:
        """``missed`` or ``added``."""
        return "missed" if self.is_missed else "added"


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A reader's segment beside its reference.  Both lie on one lattice of voxels."""

    reference: Segment
    test: Segment
    missed: Segment
    """Voxels of the reference that the reader left out."""
    added: Segment
    """Voxels that only the reader has."""
    points_lps: Points = field(repr=False)
    """Vertices of the reader's surface, LPS [mm], shape (n, 3)."""
    triangles: npt.NDArray[np.int32] = field(repr=False)
    signed_mm: npt.NDArray[np.float64] = field(repr=False)
    """Distance of each vertex to the reference's surface, positive outside it, shape (n,)."""
    limit_mm: float
    """Where the colours end: the 99th percentile of the distances, rounded up."""
    places: tuple[Place, ...] = ()
    """The worst first."""
