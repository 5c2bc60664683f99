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

_STRAY_MM = 0.6
_STRAY_FRACTION = 0.12
"""A distance strays if it is off by both: branches leave there, or calcium lies there."""

_DOUBT_SPREADS = 2
"""Rays on either side of a doubtful one that are doubtful too."""

_NEARBY = 7
"""Stations on either side whose median tells what is usual on a ray; plaques are shorter."""

_STIFFNESS = 0.05
_ROUGH_STIFFNESS = 2.0
"""How much a shape prefers to be round where little is known."""

_LEAST_KNOWN = 0.5

_EVENED = 7

_MOST_STRAYS = 0.25
"""If more than this part strays the rough shape is wrong, not the distances."""


def closed_radii(found: Floats, fallback: Floats, biggest_gap: float) -> tuple[Floats, Floats]:
    """Radii (n, angles) of closed contours from distances (n, angles) with NaN where unknown.

    Unknown and stray distances are bridged smoothly.  Where they span more than the fraction
    ``biggest_gap`` of the circumference, ``fallback`` (n, angles) helps there.  NaN for contours
    of which less than half is known one way or the other.  With the radii comes the part (n,) of
    each contour that was bridged.
    """
    rough, strays = _rough(found)
    known = np.isfinite(found) & ~strays
    clear = ~_spread(~known)
    clear = np.where(clear.mean(axis=1, keepdims=True) >= _LEAST_KNOWN / 2, clear, known)
    spare = np.isfinite(fallback) & ~known & (np.abs(fallback - rough) < _limit(rough))
    spare &= (_longest_gap(known) > biggest_gap * found.shape[1])[:, None]
    radii = np.full_like(found, np.nan)
    enough = (known | spare).mean(axis=1) >= _LEAST_KNOWN
    if enough.any():
        values = np.where(clear, found, np.where(spare, fallback, np.nan))[enough]
        m = np.arange(_HARMONICS + 1)
        stiffness = 0.5 * (m / _SMOOTH_FROM) ** 6 * found.shape[1] / 2
        radii[enough] = _fitted(_filled(values), np.ones_like(values), stiffness)
    return radii, 1 - known.mean(axis=1)


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


def _rough(found: Floats) -> tuple[Floats, Flags]:
    """The rough shape (n, angles) by least absolute residuals, and which distances stray.

    They stray from the shape of their own section, or from their ray's in the sections around.
    """
    known = np.isfinite(found)
    values = np.where(known, found, 0.0)
    weights = known.astype(float)
    stiffness = _ROUGH_STIFFNESS * np.arange(_ROUGH_HARMONICS + 1.0) ** 2
    for _ in range(8):
        off = np.abs(values - _fitted(values, weights, stiffness))
        weights = known / np.maximum(off, 0.1)
    rough = _fitted(values, weights, stiffness)
    usual = _usual_nearby(np.where(known, values, rough))
    strays = np.abs(values - rough) > _limit(rough)
    strays |= np.abs(values - usual) > _limit(usual)
    strays &= known
    strays[strays.sum(axis=1) > _MOST_STRAYS * np.maximum(known.sum(axis=1), 1)] = False
    return rough, strays


def _spread(doubtful: Flags) -> Flags:
    """Doubtful rays with their neighbours: calcium and mouths blur into those beside them."""
    spread = doubtful.copy()
    for by in range(1, _DOUBT_SPREADS + 1):
        spread |= np.roll(doubtful, by, axis=1) | np.roll(doubtful, -by, axis=1)
    return spread


def _usual_nearby(radii: Floats) -> Floats:
    """Median of each ray over the stations around, (n, angles)."""
    padded = np.pad(radii, ((_NEARBY, _NEARBY), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEARBY + 1, axis=0)
    return np.asarray(np.median(windows, axis=-1))


def _limit(rough: Floats) -> Floats:
    return np.maximum(_STRAY_MM, _STRAY_FRACTION * np.abs(rough))


def _filled(values: Floats) -> Floats:
    """Values (n, angles) with gaps bridged by an oval that meets what is known on both sides."""
    known = np.isfinite(values)
    there = np.where(known, values, 0.0)
    oval = _fitted(there, known.astype(float), _STIFFNESS * np.arange(3.0) ** 2)
    angles = values.shape[1]
    ray = np.arange(angles)
    result = values.copy()
    for n in np.flatnonzero(~known.all(axis=1)):
        off = (values - oval)[n, known[n]]
        result[n] = oval[n] + np.interp(ray, ray[known[n]], off, period=angles)
    return result


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
