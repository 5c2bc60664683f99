"""Where a vessel divides: sections there belong to two vessels and are no size of either."""

import numpy as np
import numpy.typing as npt

from surgiplan.geometry import caliper_diameters_mm
from surgiplan.model import Points, Segment

__all__ = ["forks"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LONGEST_DIAMETERS = 2.0
"""Length of a fork or a side branch's mouth along the vessel, in diameters; a sac may be longer."""

_WIDER_FRACTION = 0.1
"""How much wider, at its widest, than the plain vessel beside it a section at a mouth is."""

_TUBE_FRACTION = 1.3
"""Part of the plain vessel's radius around the axis that is taken as the vessel itself."""

_SLENDER = 2.0
"""Length of a branch in widths: what leaves the vessel and is plumper than this is a bulge."""


def forks(points: Points, contours: npt.NDArray[np.float64], lumen: Segment) -> Flags:
    """Which stations (n,) lie where another vessel leaves the lumen.

    ``points`` (n, 3) and ``contours`` (n, angles, 3) in LPS [mm].  A station counts if its section
    is wider than the vessel just before and after, and the lumen that lies beyond the vessel's own
    tube there goes on as something slender, a branch; a bulge, however short, is kept.
    """
    _, widest_mm = caliper_diameters_mm(contours)
    radius = widest_mm / 2
    known = np.isfinite(radius)
    if not known.any():
        return np.zeros(len(points), bool)
    stations = np.arange(len(points))
    radius = np.interp(stations, stations[known], radius[known])
    step_mm = float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    plain = _without_peaks(radius, step_mm)
    wide = radius > (1 + _WIDER_FRACTION) * plain
    mouths = _mouths(points, _TUBE_FRACTION * plain, lumen)
    return _runs_with(wide, mouths)


def _without_peaks(radius: Floats, step_mm: float) -> Floats:
    """Radii (n,) of the vessel as if nothing left it: short peaks cut to what is beside them."""
    from scipy.ndimage import grey_opening

    width = _LONGEST_DIAMETERS * 2 * float(np.median(radius)) / step_mm
    size = min(2 * int(width / 2) + 1, len(radius))
    return np.asarray(grey_opening(radius, size=size, mode="nearest"))


def _mouths(points: Points, tube_mm: Floats, lumen: Segment) -> Flags:
    """Stations (n,) nearest to the root of something slender that leaves the vessel's tube."""
    from scipy.ndimage import label
    from scipy.spatial import cKDTree

    index = np.argwhere(lumen.mask)
    away, nearest = cKDTree(points).query(lumen.grid.to_lps(index))
    outside = np.zeros(lumen.mask.shape, bool)
    beyond = away > tube_mm[nearest]
    outside[tuple(index[beyond].T)] = True
    parts, _ = label(outside, np.ones((3, 3, 3)))
    found = np.zeros(len(points), bool)
    owner = parts[tuple(index[beyond].T)]
    for part in np.unique(owner):
        own = owner == part
        reach = away[beyond][own]
        volume_mm3 = own.sum() * lumen.grid.voxel_mm3
        length_mm = float(reach.max() - reach.min())
        if length_mm > 0 and length_mm > _SLENDER * np.sqrt(4 * volume_mm3 / np.pi / length_mm):
            root = reach <= reach.min() + max(lumen.grid.spacing_mm)
            found[nearest[beyond][own][root]] = True
    return found


def _runs_with(wide: Flags, mouths: Flags) -> Flags:
    """The runs of ``wide`` stations that hold, or lie next to, a mouth."""
    from scipy.ndimage import binary_dilation, label

    runs, _ = label(wide)
    touched = np.unique(runs[binary_dilation(mouths, iterations=3)])
    return np.isin(runs, touched[touched > 0])
