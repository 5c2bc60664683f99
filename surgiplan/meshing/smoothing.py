"""A low-pass filter for meshes that keeps them from shrinking."""

import numpy as np
import numpy.typing as npt

__all__ = ["smoothed"]

Floats = npt.NDArray[np.float64]

_WHOLE = 0.999
"""Gain at the pass band."""


def smoothed(
    points: Floats, triangles: npt.NDArray[np.int32], passes: int, pass_band: float
) -> Floats:
    """Points (n, 3) after a windowed sinc filter (Taubin, Zhang and Golub, 1996).

    ``pass_band`` (0..2) is the largest eigenvalue of the mesh's Laplacian that stays.  Neighbours
    are those of the triangles, on borders that several surfaces share too.
    """
    from ._kernels import filtered

    if not passes:
        return points
    middle = points.mean(axis=0)
    weights = _weights(passes, pass_band)
    start = np.ascontiguousarray(points - middle)
    found = np.empty_like(start)
    filtered(start, np.ascontiguousarray(triangles, np.int32), weights, found)
    found += middle
    return found


def _weights(passes: int, pass_band: float) -> Floats:
    """Of the Chebyshev polynomials T_0.. of 1 - k / 2: a step at ``pass_band``, Blackman window.

    The step is moved up until the pass band itself comes through; constants do so exactly, and what
    lies between changes by less than a thousandth, so that bodies keep their size.
    """
    n = np.arange(1, passes + 1)
    turn = n * np.pi / (passes + 1)
    window = 0.42 + 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
    edge = np.arccos(1 - 0.5 * pass_band)

    def at(shift: float) -> Floats:
        rest = 2 * window * np.sin(n * (edge + shift)) / (n * np.pi)
        weights = np.concatenate([[(edge + shift) / np.pi], rest])
        return np.asarray(weights / weights.sum())

    shifts = np.linspace(0, 3 * np.pi / (passes + 1), 400)
    gains = np.array([at(shift) @ np.cos(np.arange(passes + 1) * edge) for shift in shifts])
    enough = np.flatnonzero(gains >= _WHOLE)
    return at(float(shifts[enough[0] if len(enough) else np.argmax(gains)]))
