"""Shapes of rigid obstacles: how far points are from them, and which way is out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Near", "Shape", "ball", "cylinder", "plane", "spline_of"]

Floats = npt.NDArray[np.float64]

_FAR_MM = 1e6
_MARGIN = 5
"""Samples beyond the bounds; what a spline gets wrong at its ends is a quarter per sample."""


class Near(NamedTuple):
    """Signed distance (n,) [mm] of points to a shape, negative inside, its slope and curvature.

    ``slope`` (n, 3) and ``curvature`` (n, 3, 3) are the first and second derivative.
    """

    distance_mm: Floats
    slope: Floats
    curvature: Floats


Shape = Callable[[Floats], Near]
"""What points (n, 3) LPS are near to."""


def plane(point_mm: npt.ArrayLike, normal: npt.ArrayLike) -> Shape:
    """The half space behind a plane whose ``normal`` points out of it, as of a table."""
    out = np.asarray(normal, float) / np.linalg.norm(normal)
    start = np.asarray(point_mm, float)

    def near(points: Floats) -> Near:
        slope = np.broadcast_to(out, points.shape)
        return Near((points - start) @ out, slope, np.zeros((*points.shape, 3)))

    return near


def ball(centre_mm: npt.ArrayLike, radius_mm: float) -> Shape:
    """A ball."""
    centre = np.asarray(centre_mm, float)

    def near(points: Floats) -> Near:
        return _round(points - centre, np.eye(3), radius_mm)

    return near


def cylinder(point_mm: npt.ArrayLike, axis: npt.ArrayLike, radius_mm: float) -> Shape:
    """An endless cylinder about the line through a point along ``axis``."""
    along = np.asarray(axis, float) / np.linalg.norm(axis)
    start, across = np.asarray(point_mm, float), np.eye(3) - np.outer(along, along)

    def near(points: Floats) -> Near:
        return _round((points - start) @ across, across, radius_mm)

    return near


def spline_of(
    distance: Callable[[Floats], npt.ArrayLike], bounds_mm: npt.ArrayLike, spacing_mm: float
) -> Shape:
    """The shape of any signed distance, sampled within ``bounds_mm`` (2, 3) and splined.

    Contact needs a normal without jumps, which distances between voxels do not have; the cubic
    spline's has none.  Outside the bounds there is nothing to touch.
    """
    low, high = np.asarray(bounds_mm, float) + _MARGIN * spacing_mm * np.array([[-1], [1]])
    counts = np.ceil((high - low) / spacing_mm).astype(int) + 1
    axes = [low[i] + spacing_mm * np.arange(counts[i]) for i in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return _Spline(np.asarray(distance(points), float).reshape(counts), low, spacing_mm)


def _round(away: Floats, across: Floats, radius_mm: float) -> Near:
    """Near what lies ``radius_mm`` around where ``away`` (n, 3), within ``across`` (3, 3), is 0."""
    r = np.maximum(np.linalg.norm(away, axis=1), 1e-12)
    out = away / r[:, None]
    bend = (across - out[:, :, None] * out[:, None, :]) / r[:, None, None]
    return Near(r - radius_mm, out, bend)


class _Spline:
    """Samples (i, j, k) with the first at ``low``, a cubic B-spline between them."""

    def __init__(self, samples: Floats, low: Floats, spacing_mm: float) -> None:
        from scipy.ndimage import spline_filter

        self._coefficients = np.asarray(spline_filter(samples, order=3, mode="mirror"))
        self._low, self._spacing = low, spacing_mm

    def __call__(self, points: Floats) -> Near:
        place = (points - self._low) / self._spacing
        top = np.array(self._coefficients.shape) - 1
        inside = ((place >= _MARGIN) & (place <= top - _MARGIN)).all(axis=1)
        distance = np.full(len(points), _FAR_MM)
        slope, curvature = np.zeros(points.shape), np.zeros((*points.shape, 3))
        base = np.floor(place[inside]).astype(int)
        weights = _cubic(place[inside] - base)
        i, j, k = (base[:, :, None] + np.arange(-1, 3)).transpose(1, 0, 2)
        local = self._coefficients[i[:, :, None, None], j[:, None, :, None], k[:, None, None, :]]

        def summed(*orders: int) -> Floats:
            x, y, z = (weights[order][:, axis] for axis, order in enumerate(orders))
            return np.asarray(np.einsum("nabc,na,nb,nc->n", local, x, y, z, optimize=True))

        distance[inside] = summed(0, 0, 0)
        unit = np.eye(3, dtype=int)
        for a in range(3):
            slope[inside, a] = summed(*unit[a]) / self._spacing
            for b in range(a, 3):
                bent = summed(*(unit[a] + unit[b])) / self._spacing**2
                curvature[inside, a, b] = curvature[inside, b, a] = bent
        return Near(distance, slope, curvature)


def _cubic(t: Floats) -> list[Floats]:
    """Weights (n, 3, 4) of the four samples around a place, and their first and second slopes."""
    s = 1 - t
    values = [s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3]
    slopes = [-3 * s**2, 9 * t**2 - 12 * t, -9 * s**2 + 12 * s, 3 * t**2]
    bends = [6 * s, 18 * t - 12, 18 * s - 12, 6 * t]
    return [np.stack(parts, axis=-1) / 6 for parts in (values, slopes, bends)]
