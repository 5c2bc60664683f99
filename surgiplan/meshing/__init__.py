"""Segments as surfaces: made, thinned out, cut, and as signed distances."""

from .cuts import cut_by_plane
from .decimation import decimated
from .distance import SignedDistance, signed_distance
from .surfaces import surface_of, surfaces_of
from .topology import is_closed, is_manifold

__all__ = [
    "SignedDistance",
    "cut_by_plane",
    "decimated",
    "is_closed",
    "is_manifold",
    "signed_distance",
    "surface_of",
    "surfaces_of",
]
