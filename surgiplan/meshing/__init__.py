"""Segments as surfaces and back: made, repaired, thinned out, cut, and as signed distances."""

from .contours import surface_at_zero
from .cuts import cut_by_plane
from .decimation import decimated
from .distance import SignedDistance, signed_distance
from .repair import Repaired, repaired, require_closed
from .surface_distance import surface_distance
from .surfaces import surface_of, surfaces_of
from .topology import is_closed, is_manifold
from .voxels import voxelised

__all__ = [
    "Repaired",
    "SignedDistance",
    "cut_by_plane",
    "decimated",
    "is_closed",
    "is_manifold",
    "repaired",
    "require_closed",
    "signed_distance",
    "surface_at_zero",
    "surface_distance",
    "surface_of",
    "surfaces_of",
    "voxelised",
]
