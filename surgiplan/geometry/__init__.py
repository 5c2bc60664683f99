"""Directions, polylines, frames along curves, planar contours, grids of voxels; numpy only."""

from .contours import area_mm2, caliper_diameters_mm, perimeter_mm
from .frames import transported_frames
from .orientation import letters
from .polylines import length_mm, resampled, smoothed, tangents
from .upright import upright
from .voxels import mask_on

__all__ = [
    "area_mm2",
    "caliper_diameters_mm",
    "length_mm",
    "letters",
    "mask_on",
    "perimeter_mm",
    "resampled",
    "smoothed",
    "tangents",
    "transported_frames",
    "upright",
]
