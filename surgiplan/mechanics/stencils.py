"""What of a lattice tetrahedron lies inside a surface that cuts its edges, as tetrahedra."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Cuts", "cut_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Cuts:
    """Numbers of the cut points, and the order in which lattice vertices split a quadrilateral."""

    def __init__(self, points: Floats, value: Floats, edges: Ints, cuts: Floats) -> None:
        self.points = np.vstack([points, cuts])
        self._base = len(points)
        self._keys = edges[:, 0] * self._base + edges[:, 1]
        self.rank = np.empty(self._base, np.int64)
        self.rank[np.lexsort((np.arange(self._base), value))] = np.arange(self._base)

    def between(self, a: Ints, b: Ints) -> Ints:
        """Numbers (n,) of the cut points on the edges from ``a`` to ``b``."""
        key = np.minimum(a, b) * self._base + np.maximum(a, b)
        return self._base + np.searchsorted(self._keys, key)


def cut_cells(tets: Ints, sign: Ints, cuts: Cuts) -> Ints:
    """What of each lattice tetrahedron lies inside, as tetrahedra of lattice and cut points."""
    order = np.lexsort((cuts.rank[tets], sign[tets]), axis=1)
    sorted_tets = np.take_along_axis(tets, order, axis=1)
    signs = sign[sorted_tets]
    inside, outside = (signs < 0).sum(axis=1), (signs > 0).sum(axis=1)
    parts = [sorted_tets[(inside > 0) & (outside == 0)]]
    for count in (1, 2, 3):
        one = sorted_tets[(inside == 1) & (outside == count)].copy()
        for column in range(4 - count, 4):
            one[:, column] = cuts.between(one[:, 0], one[:, column])
        parts.append(one)
    parts.append(_pyramids(sorted_tets[(inside == 2) & (outside == 1)], cuts))
    parts.append(_wedges(sorted_tets[(inside == 2) & (outside == 2)], cuts))
    parts.append(_prisms(sorted_tets[(inside == 3) & (outside == 1)], cuts))
    return np.concatenate(parts)


def _pyramids(tets: Ints, cuts: Cuts) -> Ints:
    n1, n2, zero, out = tets.T
    c1, c2 = cuts.between(n1, out), cuts.between(n2, out)
    return _stacked((n1, n2, c2, zero), (n1, c1, c2, zero))


def _wedges(tets: Ints, cuts: Cuts) -> Ints:
    n1, n2, p, q = tets.T
    p1, p2, q1, q2 = (cuts.between(n, out) for out in (p, q) for n in (n1, n2))
    at = cuts.points
    swap = np.linalg.norm(at[q1] - at[p2], axis=1) < np.linalg.norm(at[p1] - at[q2], axis=1)
    p1, q1 = np.where(swap, q1, p1), np.where(swap, p1, q1)
    p2, q2 = np.where(swap, q2, p2), np.where(swap, p2, q2)
    return _stacked((n1, n2, p2, q2), (n1, p1, q1, q2), (n1, p1, q2, p2))


def _prisms(tets: Ints, cuts: Cuts) -> Ints:
    n1, n2, n3, out = tets.T
    c1, c2, c3 = (cuts.between(n, out) for n in (n1, n2, n3))
    return _stacked((n1, n2, n3, c3), (n1, n2, c2, c3), (n1, c1, c2, c3))


def _stacked(*tets: Sequence[Ints]) -> Ints:
    return np.concatenate([np.stack(list(tet), axis=1) for tet in tets])
