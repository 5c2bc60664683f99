"""Compiled: the passes of a filter over the points of a mesh."""

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["filtered"]

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def _summed(points: Floats, triangles: npt.NDArray[np.int32], around: Floats) -> None:
    """Into ``around`` the sum of the neighbours of each point, once per triangle."""
    around[:] = 0.0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        for axis in range(3):
            p, q, r = points[a, axis], points[b, axis], points[c, axis]
            around[a, axis] += q + r
            around[b, axis] += r + p
            around[c, axis] += p + q


@numba.njit(cache=True, nogil=True)
def filtered(
    points: Floats, triangles: npt.NDArray[np.int32], weights: Floats, result: Floats
) -> None:
    """Into ``result`` the sum of Chebyshev polynomials T_n(1 - L / 2) of points (n, 3).

    ``weights`` (passes + 1,) are their factors.  L is the point less the mean of its neighbours,
    each edge counted once per triangle.
    """
    n = len(points)
    share = np.zeros(n)
    for t in range(len(triangles)):
        for corner in range(3):
            share[triangles[t, corner]] += 2.0
    for v in range(n):
        share[v] = 1.0 / max(share[v], 1.0)
    before = points.copy()
    now = np.empty_like(points)
    around = np.zeros_like(points)
    _summed(points, triangles, around)
    for v in range(n):
        for axis in range(3):
            now[v, axis] = 0.5 * (points[v, axis] + around[v, axis] * share[v])
            result[v, axis] = weights[0] * points[v, axis] + weights[1] * now[v, axis]
    for order in range(2, len(weights)):
        _summed(now, triangles, around)
        for v in range(n):
            for axis in range(3):
                after = now[v, axis] + around[v, axis] * share[v] - before[v, axis]
                result[v, axis] += weights[order] * after
                before[v, axis] = now[v, axis]
                now[v, axis] = after
