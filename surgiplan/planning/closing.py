"""Closed smooth contours from distances of which some are missing or wrong."""

import numpy as np
import numpy.typing as npt

__all__ = ["closed_radii", "evened_along", "harmonics"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_HARMONICS = 12
_SMOOTH_FROM = 8.0
"""Harmonics of a contour from here on are more noise than shape."""

_ROUGH_HARMONICS = 4
"""Harmonics of the shape from which a stray distance stands out."""

_STRAY_MM = 0.8
_STRAY_FRACTION = 0.1
"""A distance strays if it is off by both: branches leave there, or calcium lies there."""

_EVENED = 7

_MOST_STRAYS = 0.25
"""If more than this part strays the rough shape is wrong, not the distances."""


def closed_radii(found: Floats, fallback: Floats, biggest_gap: float) -> Floats:
    """Radii (n, angles) of closed contours from distances (n, angles) with NaN where unknown.

    Unknown and stray distances are bridged smoothly.  Where they span more than the fraction
    ``biggest_gap`` of the circumference, ``fallback`` (n, angles) counts a little there.  NaN for
    contours of which less than half is known one way or the other.
    """
    known = np.isfinite(found) & ~_strays(found)
    spare = np.isfinite(fallback) & ~known
    wide = _longest_gap(known) > biggest_gap * found.shape[1]
    weights = known.astype(float)
    weights[wide] += 0.3 * spare[wide]
    values = np.where(known, found, np.where(spare, fallback, 0.0))
    enough = (weights > 0).mean(axis=1) >= 0.5
    radii = np.full_like(found, np.nan)
    if enough.any():
        m = np.arange(_HARMONICS + 1)
        stiffness = 0.5 * (m / _SMOOTH_FROM) ** 6 * found.shape[1] / 2
        radii[enough] = _fitted(values[enough], weights[enough], stiffness)
    return radii


def evened_along(radii: Floats) -> Floats:
    """Radii (n, angles) with their noise evened out from station to station.

    A parabola through seven neighbours, so that an even taper or bulge stays what it is.
    """
    from scipy.signal import savgol_filter

    result = radii.copy()
    known = np.isfinite(radii).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    for start, end in edges.reshape(-1, 2):
        if end - start >= _EVENED:
            result[start:end] = savgol_filter(radii[start:end], _EVENED, 2, axis=0)
    return result


def harmonics(radii: Floats, highest: int) -> tuple[Floats, Floats]:
    """Cosine and sine coefficients (n, highest + 1) of evenly turned radii (n, angles)."""
    coefficients = np.fft.rfft(radii, axis=1)[:, : highest + 1] / radii.shape[1]
    coefficients[:, 1:] *= 2
    return coefficients.real, -coefficients.imag


def _strays(found: Floats) -> Flags:
    """Which distances do not fit the rough shape of the others (least absolute residuals)."""
    known = np.isfinite(found)
    values = np.where(known, found, 0.0)
    weights = known.astype(float)
    stiffness = np.full(_ROUGH_HARMONICS + 1, 1e-3)
    for _ in range(8):
        off = np.abs(values - _fitted(values, weights, stiffness))
        weights = known / np.maximum(off, 0.1)
    rough = _fitted(values, weights, stiffness)
    limit = np.maximum(_STRAY_MM, _STRAY_FRACTION * np.abs(rough))
    strays = known & (np.abs(values - rough) > limit)
    strays[strays.sum(axis=1) > _MOST_STRAYS * np.maximum(known.sum(axis=1), 1)] = False
    return strays


def _fitted(values: Floats, weights: Floats, stiffness: Floats) -> Floats:
    """Weighted Fourier series through ``values``, its harmonics held back by ``stiffness``."""
    angles = values.shape[1]
    theta = np.arange(angles) * 2 * np.pi / angles
    m = np.arange(len(stiffness))
    basis = np.concatenate([np.cos(np.outer(m, theta)), np.sin(np.outer(m[1:], theta))])
    penalty = np.diag(np.concatenate([stiffness, stiffness[1:]]) + 1e-6)
    normal = np.einsum("pa,na,qa->npq", basis, weights, basis, optimize=True) + penalty
    right = (weights * values) @ basis.T
    result: Floats = np.linalg.solve(normal, right[..., None])[..., 0] @ basis
    return result


def _longest_gap(known: Flags) -> npt.NDArray[np.int64]:
    """Length of the longest run of unknown rays around each contour, (n,)."""
    longest = np.zeros(len(known), np.int64)
    run = np.zeros(len(known), np.int64)
    for ray in range(2 * known.shape[1]):
        run = np.where(known[:, ray % known.shape[1]], 0, run + 1)
        longest = np.maximum(longest, run)
    return np.minimum(longest, known.shape[1])
