"""Sums over the points of elements: strain, nodal force, tangent; compiled by numba."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def gradients(X: Floats, slopes: Floats, d: Floats) -> float:
    """Fill ``d`` (n, 3) with the shape functions' gradients in space; the volume factor."""
    J, R = np.zeros((3, 3)), np.empty((3, 3))
    for a in range(len(X)):
        for i in range(3):
            for j in range(3):
                J[i, j] += X[a, i] * slopes[a, j]
    det = 0.0
    for i in range(3):
        for j in range(3):
            i1, i2, j1, j2 = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
            R[i, j] = J[i1, j1] * J[i2, j2] - J[i1, j2] * J[i2, j1]
        det += J[0, i] * R[0, i]
    for a in range(len(X)):
        for i in range(3):
            d[a, i] = (R[i, 0] * slopes[a, 0] + R[i, 1] * slopes[a, 1] + R[i, 2] * slopes[a, 2]) / (
                det
            )
    return det


@njit(**_OPTIONS)
def strained(X: Floats, u: Floats, cells: Ints, slopes: Floats, weights: Floats,
             d: Floats, w: Floats, H: Floats) -> None:  # fmt: skip
    """Fill gradients d (m, q, n, 3), volumes w (m, q) and displacement gradients H (m, q, 3, 3)."""
    nodes = cells.shape[1]
    x = np.empty((nodes, 3))
    for t in range(len(cells)):
        cell = cells[t]
        for a in range(nodes):
            x[a] = X[cell[a]]
        for q in range(len(weights)):
            w[t, q] = weights[q] * gradients(x, slopes[q], d[t, q])
            for i in range(3):
                for j in range(3):
                    total = 0.0
                    for a in range(nodes):
                        total += u[cell[a], i] * d[t, q, a, j]
                    H[t, q, i, j] = total


@njit(**_OPTIONS)
def add_forces(cells: Ints, d: Floats, w: Floats, P: Floats, force: Floats) -> None:
    """Add the nodal forces (n, 3) of first stresses P (m, q, 3, 3)."""
    for t in range(len(cells)):
        for q in range(w.shape[1]):
            for a in range(cells.shape[1]):
                for i in range(3):
                    force[cells[t, a], i] += w[t, q] * (
                        P[t, q, i, 0] * d[t, q, a, 0]
                        + P[t, q, i, 1] * d[t, q, a, 1]
                        + P[t, q, i, 2] * d[t, q, a, 2]
                    )


@njit(**_OPTIONS)
def add_tangents(cells: Ints, d: Floats, w: Floats, A: Floats, T: Floats, mixed: Floats,
                 slots: Ints, blocks: Floats) -> None:  # fmt: skip
    """Add the tangent blocks (b, 3, 3) of A (m, q, 3, 3, 3, 3), and of pressures of elements.

    ``mixed`` (m,): the stiffness of the one pressure of an element, 0 where it has none.
    """
    nodes = cells.shape[1]
    AB, g = np.empty((3, 3, 3)), np.empty((nodes, 3))
    K = np.empty((nodes, nodes, 3, 3))
    for t in range(len(cells)):
        K[:] = 0.0
        for q in range(w.shape[1]):
            add_tangent(A[t, q], AB, d[t, q], w[t, q], K)
        if mixed[t] != 0.0:
            g[:] = 0.0
            volume = 0.0
            for q in range(w.shape[1]):
                volume += w[t, q]
                for a in range(nodes):
                    for i in range(3):
                        for j in range(3):
                            g[a, i] += w[t, q] * T[t, q, i, j] * d[t, q, a, j]
            add_shared_pressure(mixed[t] / volume, g, K)
        scatter(K, slots[t], blocks)


@njit(**_OPTIONS)
def add_tangent(A: Floats, AB: Floats, d: Floats, s: float, K: Floats) -> None:
    """Upper blocks of d_a A d_b."""
    for b in range(len(d)):
        for i in range(3):
            for j in range(3):
                for k in range(3):
                    AB[i, j, k] = s * (
                        A[i, j, k, 0] * d[b, 0] + A[i, j, k, 1] * d[b, 1] + A[i, j, k, 2] * d[b, 2]
                    )
        for a in range(b + 1):
            for i in range(3):
                for k in range(3):
                    K[a, b, i, k] += (
                        d[a, 0] * AB[i, 0, k] + d[a, 1] * AB[i, 1, k] + d[a, 2] * AB[i, 2, k]
                    )


@njit(**_OPTIONS)
def add_shared_pressure(stiffness: float, g: Floats, K: Floats) -> None:
    """Upper blocks of the tangent that the one pressure of an element adds."""
    for b in range(len(g)):
        for a in range(b + 1):
            for i in range(3):
                for k in range(3):
                    K[a, b, i, k] += stiffness * g[a, i] * g[b, k]


@njit(**_OPTIONS)
def scatter(K: Floats, slots: Ints, blocks: Floats) -> None:
    """Upper blocks of an element, and their mirror images, into the sparse blocks."""
    nodes = len(K)
    for b in range(nodes):
        for a in range(b + 1):
            up, down = slots[nodes * a + b], slots[nodes * b + a]
            for i in range(3):
                for k in range(3):
                    blocks[up, i, k] += K[a, b, i, k]
                    if a != b:
                        blocks[down, k, i] += K[a, b, i, k]
