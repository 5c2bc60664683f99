"""Compiled loops that walk along rays through a scan and through a mask."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["mask_edges", "profiles"]

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def _at(values: Any, k: float, j: float, i: float) -> float:
    """Trilinear value at a fractional index; outside, that of the nearest voxel."""
    nk, nj, ni = values.shape
    k = min(max(k, 0.0), nk - 1.0)
    j = min(max(j, 0.0), nj - 1.0)
    i = min(max(i, 0.0), ni - 1.0)
    k0, j0, i0 = int(k), int(j), int(i)
    k1, j1, i1 = min(k0 + 1, nk - 1), min(j0 + 1, nj - 1), min(i0 + 1, ni - 1)
    fk, fj, fi = k - k0, j - j0, i - i0
    low = (values[k0, j0, i0] * (1 - fi) + values[k0, j0, i1] * fi) * (1 - fj)
    low += (values[k0, j1, i0] * (1 - fi) + values[k0, j1, i1] * fi) * fj
    high = (values[k1, j0, i0] * (1 - fi) + values[k1, j0, i1] * fi) * (1 - fj)
    high += (values[k1, j1, i0] * (1 - fi) + values[k1, j1, i1] * fi) * fj
    return float(low * (1 - fk) + high * fk)


@numba.njit(cache=True, nogil=True)
def profiles(
    values: Any, starts: Floats, directions: Floats, first_mm: Floats, step_mm: Floats, count: int
) -> npt.NDArray[np.float32]:
    """Values (n, angles, count) along rays.

    ``starts`` (n, 3) are indices (k, j, i), ``directions`` (n, angles, 3) indices per millimetre;
    the samples of a ray begin at ``first_mm`` and are ``step_mm`` apart, both (n, angles).
    """
    n, angles = first_mm.shape
    found = np.empty((n, angles, count), np.float32)
    for s in range(n):
        for a in range(angles):
            for c in range(count):
                t = first_mm[s, a] + c * step_mm[s, a]
                k = starts[s, 0] + t * directions[s, a, 0]
                j = starts[s, 1] + t * directions[s, a, 1]
                i = starts[s, 2] + t * directions[s, a, 2]
                found[s, a, c] = _at(values, k, j, i)
    return found


@numba.njit(cache=True, nogil=True)
def mask_edges(
    mask: npt.NDArray[np.uint8], starts: Floats, directions: Floats, step_mm: float, reach_mm: float
) -> Floats:
    """Distance (n, angles) from each start to where its ray leaves the mask [mm].

    The border runs half way between voxels.  NaN where a ray starts outside the mask, infinity
    where it stays inside as far as ``reach_mm``.  ``mask`` needs a border of zeros.
    """
    n, angles, _ = directions.shape
    edges = np.full((n, angles), np.inf)
    for s in range(n):
        inside = _at(mask, starts[s, 0], starts[s, 1], starts[s, 2])
        for a in range(angles):
            if inside < 0.5:
                edges[s, a] = np.nan
                continue
            before, t = inside, 0.0
            while t < reach_mm:
                t += step_mm
                k = starts[s, 0] + t * directions[s, a, 0]
                j = starts[s, 1] + t * directions[s, a, 1]
                i = starts[s, 2] + t * directions[s, a, 2]
                here = _at(mask, k, j, i)
                if here < 0.5:
                    edges[s, a] = t - step_mm * (0.5 - here) / (before - here)
                    break
                before = here
    return edges
