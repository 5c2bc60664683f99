"""Sizes of closed planar contours, many at once."""

import numpy as np
import numpy.typing as npt

__all__ = ["area_mm2", "caliper_diameters_mm", "perimeter_mm"]

Floats = npt.NDArray[np.float64]

_DIRECTIONS = 180
"""Directions tried for the widths, besides those orthogonal to each edge of the contour."""

_AT_ONCE = 64
"""Contours measured at once, to bound memory."""


def area_mm2(contours_mm: npt.ArrayLike) -> Floats:
    """Area (n,) of closed planar contours (n, angles, 3) [mm2]; NaN where a point is NaN."""
    contours = _contours(contours_mm)
    result: Floats = np.linalg.norm(_area_vectors(contours), axis=-1)
    return result


def perimeter_mm(contours_mm: npt.ArrayLike) -> Floats:
    """Perimeter (n,) of closed contours (n, angles, 3) [mm]; NaN where a point is NaN."""
    contours = _contours(contours_mm)
    edges = np.roll(contours, -1, axis=1) - contours
    result: Floats = np.linalg.norm(edges, axis=-1).sum(axis=-1)
    return result


def caliper_diameters_mm(contours_mm: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Smallest and largest width (n,) and (n,) of closed planar contours (n, angles, 3) [mm].

    A width is the gap of two parallel lines that just enclose the contour (Feret, as with a
    caliper); the two need not be orthogonal.  NaN where a point is NaN.
    """
    contours = _contours(contours_mm)
    parts = [_widths(contours[n : n + _AT_ONCE]) for n in range(0, len(contours), _AT_ONCE)]
    if not parts:
        return np.empty(0), np.empty(0)
    low, high = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    return low, high


def _widths(contours: Floats) -> tuple[Floats, Floats]:
    flat = _in_plane(contours)
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    fixed = np.broadcast_to(
        np.stack([np.cos(angles), np.sin(angles)], axis=-1), (len(flat), _DIRECTIONS, 2)
    )
    edges = np.roll(flat, -1, axis=1) - flat
    lengths = np.linalg.norm(edges, axis=-1, keepdims=True)
    across = np.stack([-edges[..., 1], edges[..., 0]], axis=-1)
    orthogonal = np.divide(across, lengths, out=np.zeros_like(across), where=lengths > 0)
    directions = np.concatenate([fixed, orthogonal], axis=1)
    along = np.einsum("ndc,npc->ndp", directions, flat)
    widths = along.max(axis=-1) - along.min(axis=-1)
    degenerate = np.concatenate([np.zeros((len(flat), _DIRECTIONS), bool), lengths[..., 0] == 0], 1)
    return np.where(degenerate, np.inf, widths).min(axis=-1), widths.max(axis=-1)


def _in_plane(contours: Floats) -> Floats:
    """Coordinates (n, angles, 2) in the plane of each contour."""
    normal = _area_vectors(contours)
    size = np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = np.divide(normal, size, out=np.full_like(normal, np.nan), where=size > 0)
    axis = np.eye(3)[np.argmin(np.nan_to_num(np.abs(normal)), axis=-1)]
    u = np.cross(normal, axis)
    u /= np.linalg.norm(u, axis=-1, keepdims=True)
    v = np.cross(normal, u)
    offset = contours - contours.mean(axis=1, keepdims=True)
    return np.stack(
        [np.einsum("npc,nc->np", offset, u), np.einsum("npc,nc->np", offset, v)], axis=-1
    )


def _area_vectors(contours: Floats) -> Floats:
    offset = contours - contours.mean(axis=1, keepdims=True)
    result: Floats = np.cross(offset, np.roll(offset, -1, axis=1)).sum(axis=1) / 2
    return result


def _contours(contours_mm: npt.ArrayLike) -> Floats:
    contours = np.asarray(contours_mm, np.float64)
    if contours.ndim != 3 or contours.shape[1] < 3 or contours.shape[2] != 3:
        raise ValueError(f"expected contours (n, angles, 3), got {contours.shape}")
    return contours
