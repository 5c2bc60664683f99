"""The inner loops of the solver, compiled once by numba and kept on disk."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def pressing(x: Floats, faces: Ints, shapes: Floats, slopes: Floats, weights: Floats,
             pressure: float, slots: Ints, force: Floats, blocks: Floats, tangent: bool,
             ) -> None:  # fmt: skip
    """Add the force (n, 3) of a pressure on faces that lie at ``x`` now, and take off its slope.

    The slope is made symmetric, which it is by itself where the edge of the faces is held.
    """
    nodes = faces.shape[1]
    along, across = np.empty(3), np.empty(3)
    turn = np.empty((3, 3))
    D = np.empty((nodes, nodes, 3, 3))
    for f in range(len(faces)):
        D[:] = 0.0
        for point in range(len(weights)):
            s = pressure * weights[point]
            N, dN = shapes[point], slopes[point]
            for i in range(3):
                along[i], across[i] = 0.0, 0.0
                for a in range(nodes):
                    along[i] += dN[a, 0] * x[faces[f, a], i]
                    across[i] += dN[a, 1] * x[faces[f, a], i]
            for a in range(nodes):
                for i in range(3):
                    j, k = (i + 1) % 3, (i + 2) % 3
                    normal = along[j] * across[k] - along[k] * across[j]
                    force[faces[f, a], i] -= s * N[a] * normal
            if not tangent:
                continue
            for b in range(nodes):
                for i in range(3):
                    j, k = (i + 1) % 3, (i + 2) % 3
                    turn[i, i] = 0.0
                    turn[i, j] = dN[b, 0] * across[k] - dN[b, 1] * along[k]
                    turn[i, k] = dN[b, 1] * along[j] - dN[b, 0] * across[j]
                for a in range(nodes):
                    for i in range(3):
                        for k in range(3):
                            D[a, b, i, k] += s * N[a] * turn[i, k]
        if tangent:
            for a in range(nodes):
                for b in range(nodes):
                    for i in range(3):
                        for k in range(3):
                            both = (D[a, b, i, k] + D[b, a, k, i]) / 2
                            blocks[slots[f, nodes * a + b], i, k] += both


@njit(**_OPTIONS)
def multiply(starts: Ints, columns: Ints, blocks: Floats, x: Floats, out: Floats) -> None:
    """Product (n, 3) of the block matrix with ``x`` (n, 3)."""
    for row in range(len(starts) - 1):
        s0, s1, s2 = 0.0, 0.0, 0.0
        for slot in range(starts[row], starts[row + 1]):
            c, B = columns[slot], blocks[slot]
            x0, x1, x2 = x[c, 0], x[c, 1], x[c, 2]
            s0 += B[0, 0] * x0 + B[0, 1] * x1 + B[0, 2] * x2
            s1 += B[1, 0] * x0 + B[1, 1] * x1 + B[1, 2] * x2
            s2 += B[2, 0] * x0 + B[2, 1] * x1 + B[2, 2] * x2
        out[row, 0], out[row, 1], out[row, 2] = s0, s1, s2


@njit(**_OPTIONS)
def sweep(
    starts: Ints,
    columns: Ints,
    blocks: Floats,
    pivots: Floats,
    right: Floats,
    x: Floats,
    backward: bool,
) -> None:
    """One block Gauss-Seidel sweep on ``x`` (n, 3), last row first when ``backward``."""
    rows = len(starts) - 1
    for count in range(rows):
        row = rows - 1 - count if backward else count
        s0, s1, s2 = right[row, 0], right[row, 1], right[row, 2]
        for slot in range(starts[row], starts[row + 1]):
            c, B = columns[slot], blocks[slot]
            if c == row:
                continue
            x0, x1, x2 = x[c, 0], x[c, 1], x[c, 2]
            s0 -= B[0, 0] * x0 + B[0, 1] * x1 + B[0, 2] * x2
            s1 -= B[1, 0] * x0 + B[1, 1] * x1 + B[1, 2] * x2
            s2 -= B[2, 0] * x0 + B[2, 1] * x1 + B[2, 2] * x2
        P = pivots[row]
        for i in range(3):
            x[row, i] = P[i, 0] * s0 + P[i, 1] * s1 + P[i, 2] * s2


@njit(**_OPTIONS)
def constrain(starts: Ints, columns: Ints, blocks: Floats, fixed: Flags) -> None:
    """Clear rows and columns of fixed components (n, 3), put one on their diagonal."""
    for row in range(len(starts) - 1):
        for slot in range(starts[row], starts[row + 1]):
            c = columns[slot]
            for i in range(3):
                for k in range(3):
                    if fixed[row, i] or fixed[c, k]:
                        blocks[slot, i, k] = 1.0 if row == c and i == k else 0.0


@njit(**_OPTIONS)
def coarsen(
    starts: Ints, columns: Ints, blocks: Floats, slots: Ints, fixed: Flags, out: Floats
) -> None:
    """The matrix seen by the corner nodes alone: P^T K P, with P the linear interpolation.

    ``slots`` (b, 4): where the shares of a block go, one for each pair of the two corners between
    which its row and its column lie (a corner lies between itself and itself).
    """
    for row in range(len(starts) - 1):
        for slot in range(starts[row], starts[row + 1]):
            c = columns[slot]
            for i in range(3):
                for k in range(3):
                    if not (fixed[row, i] or fixed[c, k]):
                        share = 0.25 * blocks[slot, i, k]
                        for target in range(4):
                            out[slots[slot, target], i, k] += share


@njit(**_OPTIONS)
def gathered(
    starts: Ints, columns: Ints, blocks: Floats, group: Ints, modes: Floats, out: Floats
) -> None:
    """Add M^T K M to ``out`` (6 g, 6 g), M the six modes (n, 3, 6) of each node's group."""
    half = np.empty((3, 6))
    for row in range(len(starts) - 1):
        top = 6 * group[row]
        for slot in range(starts[row], starts[row + 1]):
            c, B = columns[slot], blocks[slot]
            left = 6 * group[c]
            for i in range(3):
                for b in range(6):
                    half[i, b] = (
                        B[i, 0] * modes[c, 0, b]
                        + B[i, 1] * modes[c, 1, b]
                        + B[i, 2] * modes[c, 2, b]
                    )
            for a in range(6):
                for b in range(6):
                    out[top + a, left + b] += (
                        modes[row, 0, a] * half[0, b]
                        + modes[row, 1, a] * half[1, b]
                        + modes[row, 2, a] * half[2, b]
                    )


@njit(**_OPTIONS)
def cholesky(A: Floats) -> None:
    """Factor a symmetric matrix in place, L below; the same bits whatever the threads of BLAS.

    A pivot that is not positive is made huge, which leaves its unknown where it is.
    """
    n = len(A)
    column = np.empty(n)
    for k in range(n):
        pivot = np.sqrt(A[k, k]) if A[k, k] > 0.0 else 1e150
        A[k, k] = pivot
        for i in range(k + 1, n):
            A[i, k] /= pivot
            column[i] = A[i, k]
        for i in range(k + 1, n):
            share = column[i]
            row = A[i]
            for j in range(k + 1, i + 1):
                row[j] -= share * column[j]


@njit(**_OPTIONS)
def cholesky_solve(L: Floats, x: Floats) -> None:
    """Solve in place for the right side ``x`` (n,)."""
    n = len(L)
    for i in range(n):
        row = L[i]
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        for j in range(0, i - 3, 4):
            s0 += row[j] * x[j]
            s1 += row[j + 1] * x[j + 1]
            s2 += row[j + 2] * x[j + 2]
            s3 += row[j + 3] * x[j + 3]
        for j in range(i - i % 4, i):
            s0 += row[j] * x[j]
        x[i] = (x[i] - (s0 + s1 + s2 + s3)) / row[i]
    for i in range(n - 1, -1, -1):
        row = L[i]
        x[i] /= row[i]
        share = x[i]
        for j in range(i):
            x[j] -= share * row[j]
