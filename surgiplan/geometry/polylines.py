"""Polylines: length, even steps, smoothing, tangents."""

import numpy as np
import numpy.typing as npt

__all__ = ["length_mm", "resampled", "smoothed", "tangents"]

Floats = npt.NDArray[np.float64]


def length_mm(points_mm: npt.ArrayLike) -> float:
    """Length of the line through points (n, 3) [mm]."""
    return float(_stations(np.asarray(points_mm, float))[-1])


def resampled(points_mm: npt.ArrayLike, step_mm: float) -> Floats:
    """Points (m, 3) evenly spaced along a polyline (n, 3), both ends kept.

    The step is the one nearest to ``step_mm`` that divides the length.  Raises ValueError unless
    there are two distinct points and a positive step.
    """
    points = _distinct(np.asarray(points_mm, float))
    if not step_mm > 0:
        raise ValueError(f"a step of {step_mm} mm is not possible")
    stations = _stations(points)
    steps = max(1, round(stations[-1] / step_mm))
    wanted = np.linspace(0.0, stations[-1], steps + 1)
    return np.stack([np.interp(wanted, stations, points[:, a]) for a in range(3)], axis=1)


def smoothed(points_mm: npt.ArrayLike, sigma_mm: float) -> Floats:
    """The polyline (n, 3) after a Gaussian of ``sigma_mm`` along its length; both ends stay.

    Each end is continued by its point reflection, so that straight ends remain straight.  The
    points should be about evenly spaced.
    """
    points = np.asarray(points_mm, float)
    step = _stations(points)[-1] / max(len(points) - 1, 1)
    if not step > 0 or not sigma_mm > 0:
        return points.copy()
    reach = min(int(np.ceil(3 * sigma_mm / step)), len(points) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma_mm) ** 2)
    before = 2 * points[0] - points[reach:0:-1]
    after = 2 * points[-1] - points[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, points, after])
    axes = [np.convolve(padded[:, a], kernel / kernel.sum(), "valid") for a in range(3)]
    result = np.stack(axes, axis=1)
    result[[0, -1]] = points[[0, -1]]
    return result


def tangents(points_mm: npt.ArrayLike) -> Floats:
    """Unit tangents (n, 3) of a polyline (n, 3) in its direction of travel.

    Raises ValueError unless there are two distinct points.
    """
    points = np.asarray(points_mm, float)
    steps = np.diff(_distinct(points, keep=True), axis=0)
    lengths = np.linalg.norm(steps, axis=1, keepdims=True)
    # The direction of a point is that of its two segments, the shorter one counting more:
    # exact for a parabola, and robust where the spacing changes.
    units = np.divide(steps, lengths, out=np.zeros_like(steps), where=lengths > 0)
    weights = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    result = np.empty_like(points)
    result[0], result[-1] = units[0], units[-1]
    result[1:-1] = units[:-1] * weights[:-1] + units[1:] * weights[1:]
    size = np.linalg.norm(result, axis=1, keepdims=True)
    if np.any(size < 1e-12):
        raise ValueError("the polyline turns back on itself or repeats a point")
    unit: Floats = result / size
    return unit


def _stations(points: Floats) -> Floats:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _distinct(points: Floats, *, keep: bool = False) -> Floats:
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError(f"expected finite points (n, 3), got shape {points.shape}")
    moved = np.linalg.norm(np.diff(points, axis=0), axis=1) > 0
    if not moved.any():
        raise ValueError("a polyline needs two distinct points")
    return points if keep else points[np.concatenate([[True], moved])]
