"""Products, sweeps and factors of block matrices; compiled by numba, kept on disk.

Preconditioners keep their matrices in single precision, which halves what has to be read; all
arithmetic is double.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": {"contract"}}


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
def swept_forward(starts: Ints, middles: Ints, columns: Ints, blocks: Singles, pivots: Floats,
                  right: Floats, x: Floats, left: Floats) -> None:  # fmt: skip
    """One Gauss-Seidel sweep from nothing: fills x (n, 3) and what is ``left`` of the right side.

    What is left is minus the blocks above the diagonal times x, and needs no product of its own.
    ``middles``: the slots of the diagonal; ``pivots`` its inverse.
    """
    rows = len(starts) - 1
    for row in range(rows):
        s0, s1, s2 = right[row, 0], right[row, 1], right[row, 2]
        for slot in range(starts[row], middles[row]):
            c, B = columns[slot], blocks[slot]
            x0, x1, x2 = x[c, 0], x[c, 1], x[c, 2]
            s0 -= B[0, 0] * x0 + B[0, 1] * x1 + B[0, 2] * x2
            s1 -= B[1, 0] * x0 + B[1, 1] * x1 + B[1, 2] * x2
            s2 -= B[2, 0] * x0 + B[2, 1] * x1 + B[2, 2] * x2
        P = pivots[row]
        for i in range(3):
            x[row, i] = P[i, 0] * s0 + P[i, 1] * s1 + P[i, 2] * s2
    for row in range(rows):
        s0, s1, s2 = 0.0, 0.0, 0.0
        for slot in range(middles[row] + 1, starts[row + 1]):
            c, B = columns[slot], blocks[slot]
            x0, x1, x2 = x[c, 0], x[c, 1], x[c, 2]
            s0 -= B[0, 0] * x0 + B[0, 1] * x1 + B[0, 2] * x2
            s1 -= B[1, 0] * x0 + B[1, 1] * x1 + B[1, 2] * x2
            s2 -= B[2, 0] * x0 + B[2, 1] * x1 + B[2, 2] * x2
        left[row, 0], left[row, 1], left[row, 2] = s0, s1, s2


@njit(**_OPTIONS)
def sweep_backward(starts: Ints, middles: Ints, columns: Ints, blocks: Singles, pivots: Floats,
                   right: Floats, x: Floats) -> None:  # fmt: skip
    """One Gauss-Seidel sweep on x (n, 3), last row first."""
    for count in range(len(starts) - 1):
        row = len(starts) - 2 - count
        s0, s1, s2 = right[row, 0], right[row, 1], right[row, 2]
        for half in range(2):
            first = starts[row] if half == 0 else middles[row] + 1
            last = middles[row] if half == 0 else starts[row + 1]
            for slot in range(first, last):
                c, B = columns[slot], blocks[slot]
                x0, x1, x2 = x[c, 0], x[c, 1], x[c, 2]
                s0 -= B[0, 0] * x0 + B[0, 1] * x1 + B[0, 2] * x2
                s1 -= B[1, 0] * x0 + B[1, 1] * x1 + B[1, 2] * x2
                s2 -= B[2, 0] * x0 + B[2, 1] * x1 + B[2, 2] * x2
        P = pivots[row]
        for i in range(3):
            x[row, i] = P[i, 0] * s0 + P[i, 1] * s1 + P[i, 2] * s2


@njit(**_OPTIONS)
def invert_pivots(middles: Ints, blocks: Floats, fixed: Flags, pivots: Floats) -> None:
    """Fill pivots (n, 3, 3) with the inverses of the diagonal blocks, zero for fixed components.

    What is multiplied by them has no part in fixed components, whatever else the matrix says.
    """
    B = np.empty((3, 3))
    for row in range(len(middles)):
        for i in range(3):
            for k in range(3):
                held = fixed[row, i] or fixed[row, k]
                B[i, k] = (1.0 if i == k else 0.0) if held else blocks[middles[row], i, k]
        invert(B, pivots[row])
        for i in range(3):
            if fixed[row, i]:
                pivots[row, i, i] = 0.0


@njit(**_OPTIONS)
def invert(B: Floats, out: Floats) -> None:
    """Inverse of a 3x3 block."""
    r00 = B[1, 1] * B[2, 2] - B[1, 2] * B[2, 1]
    r01 = B[1, 2] * B[2, 0] - B[1, 0] * B[2, 2]
    r02 = B[1, 0] * B[2, 1] - B[1, 1] * B[2, 0]
    over = 1.0 / (B[0, 0] * r00 + B[0, 1] * r01 + B[0, 2] * r02)
    out[0, 0], out[1, 0], out[2, 0] = over * r00, over * r01, over * r02
    out[0, 1] = over * (B[0, 2] * B[2, 1] - B[0, 1] * B[2, 2])
    out[1, 1] = over * (B[0, 0] * B[2, 2] - B[0, 2] * B[2, 0])
    out[2, 1] = over * (B[0, 1] * B[2, 0] - B[0, 0] * B[2, 1])
    out[0, 2] = over * (B[0, 1] * B[1, 2] - B[0, 2] * B[1, 1])
    out[1, 2] = over * (B[0, 2] * B[1, 0] - B[0, 0] * B[1, 2])
    out[2, 2] = over * (B[0, 0] * B[1, 1] - B[0, 1] * B[1, 0])


@njit(**_OPTIONS)
def coarsen(
    starts: Ints, columns: Ints, blocks: Floats, slots: Ints, fixed: Flags, out: Floats
) -> None:
    """The matrix seen by the corner nodes alone: P^T K P, with P the linear interpolation.

    ``slots`` (b, 4): where the shares of a block go, one for each pair of the two corners between
    which its row and its column lie (a corner lies between itself and itself).
    """
    share = np.empty((3, 3))
    for row in range(len(starts) - 1):
        held = fixed[row, 0] or fixed[row, 1] or fixed[row, 2]
        for slot in range(starts[row], starts[row + 1]):
            c, B = columns[slot], blocks[slot]
            held_too = held or fixed[c, 0] or fixed[c, 1] or fixed[c, 2]
            for i in range(3):
                for k in range(3):
                    share[i, k] = 0.25 * B[i, k]
                    if held_too and (fixed[row, i] or fixed[c, k]):
                        share[i, k] = 0.0
            for target in range(4):
                found = out[slots[slot, target]]
                for i in range(3):
                    for k in range(3):
                        found[i, k] += share[i, k]


@njit(**_OPTIONS)
def to_corners(parents: Ints, fixed: Flags, corner_fixed: Flags, x: Floats, out: Floats) -> None:
    """Forces x (n, 3) as the corner nodes feel them: P^T x."""
    out[:] = 0.0
    for node in range(len(parents)):
        for i in range(3):
            if not fixed[node, i]:
                for end in range(2):
                    if not corner_fixed[parents[node, end], i]:
                        out[parents[node, end], i] += x[node, i] / 2


@njit(**_OPTIONS)
def from_corners(parents: Ints, fixed: Flags, x: Floats, out: Floats) -> None:
    """Displacements of the corners (c, 3) carried to all nodes: P x."""
    for node in range(len(parents)):
        for i in range(3):
            mean = (x[parents[node, 0], i] + x[parents[node, 1], i]) / 2
            out[node, i] = 0.0 if fixed[node, i] else mean


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
def moved_together(
    group: Ints, modes: Floats, L: Floats | Singles, residual: Floats, out: Floats
) -> None:
    """Fill out (n, 3) with how groups of nodes move under forces (n, 3), L their factor."""
    x = np.zeros(len(L))
    for node in range(len(group)):
        top = 6 * group[node]
        for i in range(3):
            f = residual[node, i]
            for a in range(6):
                x[top + a] += modes[node, i, a] * f
    cholesky_solve(L, x)
    for node in range(len(group)):
        top = 6 * group[node]
        for i in range(3):
            total = 0.0
            for a in range(6):
                total += modes[node, i, a] * x[top + a]
            out[node, i] = total


@njit(**_OPTIONS)
def cholesky(A: Floats, L: Floats | Singles) -> None:
    """Factor a symmetric matrix; L receives the factor below its diagonal and mirrored above.

    A is used up.  No BLAS: the same bits whatever its threads.  A panel of columns is factored,
    kept as rows, then taken from all rows below.  A pivot that is not positive is made huge, which
    leaves its unknown where it is.
    """
    n, width = len(A), 32
    panel = np.zeros((width, n))
    for start in range(0, n, width):
        count = min(width, n - start)
        for i in range(start, n):
            for k in range(count):
                panel[k, i] = A[i, start + k]
        for k in range(count):
            pivot = panel[k, start + k]
            panel[k, start + k :] *= 1.0 / np.sqrt(pivot) if pivot > 0.0 else 1e-150
            if not pivot > 0.0:
                panel[k, start + k] = 1e150
            for m in range(k + 1, count):
                subtract(panel[m, start + m :], panel[k, start + m], panel[k, start + m :])
        for i in range(start, n):
            for k in range(min(count, i + 1 - start)):
                L[i, start + k] = panel[k, i]
                L[start + k, i] = panel[k, i]
        if count < width:
            return
        first = start + width
        for i in range(first, n):
            for k in range(0, width, 4):
                subtract_four(A[i, first : i + 1], panel[k : k + 4, i], panel[k : k + 4, first:])


# Slices from 0 instead of ranges from somewhere: what cannot wrap around, the compiler vectorises.


@njit(**_OPTIONS)
def subtract(row: Floats, share: float, other: Floats) -> None:
    """Take a share of another row from a row."""
    for j in range(len(row)):
        row[j] -= share * other[j]


@njit(**_OPTIONS)
def subtract_four(row: Floats, shares: Floats, others: Floats) -> None:
    """Take shares (4,) of four other rows from a row."""
    s0, s1, s2, s3 = shares[0], shares[1], shares[2], shares[3]
    p0, p1, p2, p3 = others[0], others[1], others[2], others[3]
    for j in range(len(row)):
        row[j] -= (s0 * p0[j] + s1 * p1[j]) + (s2 * p2[j] + s3 * p3[j])


@njit(**_OPTIONS)
def cholesky_solve(L: Floats | Singles, x: Floats) -> None:
    """Solve in place for the right side ``x`` (n,)."""
    n = len(L)
    for i in range(n):
        x[i] /= L[i, i]
        subtract(x[i + 1 :], x[i], L[i, i + 1 :])
    for i in range(n - 1, -1, -1):
        x[i] /= L[i, i]
        subtract(x[:i], x[i], L[i, :i])
