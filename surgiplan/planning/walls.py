"""Where the lumen of a vessel ends, on the scan: closed contours orthogonal to its axis.

Along 64 rays in the plane of each section the border is where the scan falls half way from the
lumen's own value to that of the tissue just outside.  Rays on which that place cannot be found
(calcium, a stent's strut, another lumen, the mouth of a branch) take it from their neighbours.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.geometry import transported_frames
from surgiplan.model import Points, Segment, Volume

from .blur import Blur
from .closing import closed_radii, evened_along
from .gaps import touches_gap

__all__ = ["ANGLES", "Rays", "contours_at", "measured_radii", "rays_from", "reaches_gap"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ANGLES = 64

_REACH_MM = 60.0
_STEP_MM = 0.25
_INWARD = 12
_OUTWARD = 20
"""Samples on either side of the mask's edge in which the border is looked for."""

_VALLEY = 12
"""Samples beyond the mask's edge among which the tissue just outside shows."""

_BEHIND = (10, 19)
"""Samples beyond the mask's edge that show what lies behind a wall."""

_WALL_HU = 50.0
"""Soft tissue just outside an artery's contrast: its wall, thrombus, or muscle (40 to 60 HU)."""

_CONTRAST_HU = 60.0
"""A lumen less far above soft tissue than this counts as one without contrast."""

_WALL_RANGE_HU = 25.0
"""Tissue less than this above a wall's value may be one, and so is a dip this deep."""

_MOSTLY = 0.5
"""A vessel with a wall on most of its rays has one on all, seen or not."""

_RISE_FRACTION = 0.2
"""Part of the lumen's contrast by which a ray that has left the lumen may not rise again."""

_BRIGHT_FRACTION = 0.3
"""Part of the lumen's contrast by which calcium or metal must outshine the lumen."""

_FAINT_FRACTION = 0.3
"""Part of the usual contrast below which a border says nothing."""

_BIGGEST_GAP = 0.25
"""Part of the circumference that neighbours may bridge; beyond, the mask's edge helps."""

_ROUNDS = 3
"""Each round knows the scan's sharpness better from the edges that the last one found."""

_LUMEN_MM = 5
"""Stations on either side over which the lumen's own value is evened out."""


@dataclass(frozen=True)
class Rays:
    """Rays from points (n, 3) of an axis along ``directions`` (n, ANGLES, 3), in LPS."""

    points_lps: Points
    directions: Points


@dataclass(frozen=True)
class _Profile:
    """The scan along rays, around the mask's edge."""

    values: npt.NDArray[np.float32]
    """Shape (n, ANGLES, _INWARD + _OUTWARD + 1)."""
    edges_mm: Floats
    """Distance of the mask's edge, (n, ANGLES)."""
    lumen: Floats
    """The lumen's own value, (n, 1)."""


@dataclass(frozen=True)
class _Levels:
    """What to expect at the border of each ray, all (n, ANGLES)."""

    border: Floats
    """The scan's value there."""
    contrast: Floats
    """How far the lumen stands out from the tissue just outside."""
    step: Floats
    """Height of the single edge that would be as steep."""


def rays_from(points_lps: Points) -> Rays:
    """Rays in the planes orthogonal to a curve (n, 3), in frames that do not twist."""
    u, v = transported_frames(points_lps)
    angles = (np.arange(ANGLES) * 2 * np.pi / ANGLES)[None, :, None]
    return Rays(points_lps, np.cos(angles) * u[:, None] + np.sin(angles) * v[:, None])


def contours_at(volume: Volume, lumen: Segment, points_lps: Points) -> Points:
    """Contours (n, 64, 3) of the lumen in the planes orthogonal to a curve (n, 3), LPS [mm].

    NaN for sections that are not closed.  Where a branch leaves, its mouth is bridged; at a fork
    whose arms still share one opening, the section is that of the opening.
    """
    rays = rays_from(points_lps)
    radii, _ = measured_radii(volume, lumen, rays)
    contours: Points = points_lps[:, None] + radii[..., None] * rays.directions
    return contours


def reaches_gap(volume: Volume, lumen: Segment, points_lps: Points) -> Flags:
    """Whether the lumen's section at each point (n, 3) of a curve reaches into a gap, (n,)."""
    rays = rays_from(points_lps)
    return _reaches_gap(volume, rays, _mask_edges(lumen, rays))


def measured_radii(volume: Volume, lumen: Segment, rays: Rays) -> tuple[Floats, Floats]:
    """Distance of the lumen's border along each ray, (n, 64) [mm]; NaN where none was found.

    A section that reaches into a gap of the scan has none, and its neighbours do not know of it.
    With it comes the part (n,) of each section's circumference that had to be bridged.
    """
    edges = _mask_edges(lumen, rays)
    edges[_reaches_gap(volume, rays, edges)] = np.nan
    profile = _profile(volume, rays, edges)
    blur = Blur.of_voxels(volume.grid)
    for _ in range(_ROUNDS):
        levels = _levels(profile, blur.variance_mm2(rays.directions), volume.unit == "HU")
        found, slope = _crossings(profile, levels)
        blur = blur.seen_on(rays.directions, levels.step, slope)
    is_open = ~np.isfinite(edges)
    radii, bridged = closed_radii(found, np.where(is_open, np.nan, edges), _BIGGEST_GAP)
    radii[is_open.mean(axis=1) > _BIGGEST_GAP] = np.nan
    radii = evened_along(radii)
    return radii + blur.shrinkage_mm(radii, rays.directions), bridged


def _mask_edges(lumen: Segment, rays: Rays) -> Floats:
    from ._kernels import mask_edges

    mask = np.pad(lumen.mask.view(np.uint8), 1)
    starts, directions = _indices(lumen.grid.affine, rays)
    found: Floats = mask_edges(mask, starts + 1, directions, 2 * _STEP_MM, _REACH_MM)
    return found


def _reaches_gap(volume: Volume, rays: Rays, edges: Floats) -> Flags:
    ends = np.nan_to_num(edges)[..., None] * rays.directions
    return touches_gap(volume, rays.points_lps[:, None] + ends)


def _profile(volume: Volume, rays: Rays, edges: Floats) -> _Profile:
    from scipy.ndimage import median_filter

    from ._kernels import profiles

    starts, directions = _indices(volume.grid.affine, rays)
    near = np.where(np.isfinite(edges), edges, 0.0)
    count = _INWARD + _OUTWARD + 1
    steps = np.full_like(near, _STEP_MM)
    first = near - _INWARD * _STEP_MM
    around = profiles(volume.values, starts, directions, first, steps, count)
    inside = profiles(volume.values, starts, directions, 0 * near, 0.12 * near, 6)
    lumen = np.median(inside.reshape(len(near), -1), axis=1).astype(float)
    lumen = median_filter(lumen, 2 * _LUMEN_MM + 1, mode="nearest")
    return _Profile(around, edges, lumen[:, None])


def _levels(profile: _Profile, variance_mm2: Floats, is_hu: bool) -> _Levels:
    """Half way between the lumen and the tissue just outside.

    In Hounsfield units the tissue just outside an artery is known better than a thin wall shows
    it.  What lies behind the wall leaks through it by the tail of the blur, and steepens the edge.
    """
    from scipy.ndimage import uniform_filter
    from scipy.special import ndtr

    smooth = uniform_filter(profile.values, (0, 3, 3), mode=("nearest", "wrap", "nearest"))
    lumen = profile.lumen
    valley = smooth[..., _INWARD : _INWARD + _VALLEY + 1].min(axis=-1).astype(float)
    if not is_hu:
        return _Levels((lumen + valley) / 2, lumen - valley, lumen - valley)
    low, high = (_INWARD + n for n in _BEHIND)
    behind = np.median(profile.values[..., low:high], axis=-1).astype(float)
    has_wall = valley < np.maximum(_WALL_HU, behind - 2 * _WALL_RANGE_HU) + _WALL_RANGE_HU
    if has_wall.mean() > _MOSTLY:
        has_wall = np.ones_like(has_wall)
    has_wall &= lumen > _WALL_HU + _CONTRAST_HU
    outside = np.where(has_wall, _WALL_HU, valley)
    sigmas = _wall_mm(profile.edges_mm) / np.sqrt(variance_mm2)
    rise = np.where(has_wall, np.minimum(behind, lumen) - outside, 0.0)
    border = (lumen + outside) / 2 + rise * ndtr(-sigmas)
    return _Levels(border, lumen - outside, lumen - outside - rise * np.exp(-(sigmas**2) / 2))


def _wall_mm(radii_mm: Floats) -> Floats:
    """Thickness of an artery's wall: 1.25 mm at a radius of 5 mm, 1.5 mm from 10 mm on."""
    return np.asarray(1.0 + 0.05 * np.clip(np.nan_to_num(radii_mm), 0.0, 10.0))


def _crossings(profile: _Profile, levels: _Levels) -> tuple[Floats, Floats]:
    """Distance (n, ANGLES) where each ray falls through its level nearest to the mask's edge.

    And its slope there [1/mm].  NaN where it does not, or where it says nothing.
    """
    values, level, contrast = profile.values, levels.border, levels.contrast
    above = values >= level[..., None]
    falls = above[..., :-1] & ~above[..., 1:]
    away = np.abs(np.arange(falls.shape[-1]) + 0.5 - _INWARD)
    n = np.argmin(np.where(falls, away, np.inf), axis=-1)
    here, there, before, behind = (
        np.take_along_axis(values, np.clip(n + d, 0, values.shape[-1] - 1)[..., None], -1)[..., 0]
        for d in (0, 1, -1, 2)
    )
    drop = np.maximum(here - there, 1e-6)
    found = profile.edges_mm + (n - _INWARD + (here - level) / drop) * _STEP_MM
    slope = (before - behind) / (3.0 * _STEP_MM)
    before_edge = np.arange(values.shape[-1]) <= n[..., None] + 1
    peak = np.where(before_edge, values, -np.inf).max(axis=-1)
    rise = values - np.minimum.accumulate(values, axis=-1)
    highest_rise = np.where(before_edge, rise, 0.0).max(axis=-1)
    usual = np.median(contrast)
    is_bad = ~falls.any(axis=-1) | (peak > profile.lumen + _BRIGHT_FRACTION * contrast)
    is_bad |= highest_rise > _RISE_FRACTION * contrast
    is_bad |= (contrast < _FAINT_FRACTION * usual) | ~np.isfinite(profile.edges_mm) | (found <= 0)
    return np.where(is_bad, np.nan, found), np.where(is_bad, np.nan, slope)


def _indices(affine: Points, rays: Rays) -> tuple[Points, Points]:
    """Voxel indices of the rays' starts (n, 3), and indices per millimetre along them."""
    inverse = np.linalg.inv(affine[:3, :3]).T
    starts = (rays.points_lps - affine[:3, 3]) @ inverse
    return np.ascontiguousarray(starts), np.ascontiguousarray(rays.directions @ inverse)
