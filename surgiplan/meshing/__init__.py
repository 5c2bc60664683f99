"""Segments as surfaces: made, thinned out, cut, and as signed distances."""

from .cuts import cut_by_plane
from .distance import SignedDistance, signed_distance
from .surfaces import decimated, is_closed, surface_of

__all__ = [
    "SignedDistance",
    "cut_by_plane",
    "decimated",
    "is_closed",
    "signed_distance",
    "surface_of",
]
