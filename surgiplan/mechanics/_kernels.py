"""The inner loops of the solver, compiled once by numba and kept on disk."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def expander(X: Floats, faces: Ints, shapes: Floats, weights: Floats, u: Floats, curve: Floats,
             start: Ints, stiffness: float, slots: Ints, force: Floats, blocks: Floats,
             pressures: Floats, tangent: bool) -> float:  # fmt: skip
    """Energy, force and tangent of a springy expander about a curved axis, added in place.

    Energy per reference area: stiffness/2 share(s) <R(s) - r>^2, with r the distance to the axis,
    R and share what the expander has there and s the nearest place.  ``curve`` (segments, 4, 5):
    cubics of x, y, z, R and share in the place 0..1 on a segment, constant term first.
    ``shapes`` (q, k) and ``weights`` (f, q) integrate over faces (f, k).
    ``start`` (f, q): the segment nearest to each quadrature point at rest; the search walks from
    there, so that a strongly curved axis is never left for another of its branches.
    ``pressures`` (f, q) receives the contact pressure at the quadrature points.
    The tangent leaves out the second slope of s, which is zero for a straight axis.
    """
    energy, nodes = 0.0, faces.shape[1]
    x = np.empty(3)
    c = np.empty((3, 5))
    n = np.empty(3)
    along = np.empty(3)
    slope = np.empty(3)
    for f in range(len(faces)):
        for point in range(len(shapes)):
            pressures[f, point] = 0.0
            w, N = weights[f, point], shapes[point]
            for i in range(3):
                x[i] = 0.0
                for a in range(nodes):
                    x[i] += N[a] * (X[faces[f, a], i] + u[faces[f, a], i])
            inside = nearest_place(curve, start[f, point], x, c)
            r = np.sqrt((x[0] - c[0, 0]) ** 2 + (x[1] - c[1, 0]) ** 2 + (x[2] - c[2, 0]) ** 2)
            gap, share = c[0, 3] - r, c[0, 4]
            if not (gap > 0.0 and share > 0.0 and r > 0.0):
                continue
            pressures[f, point] = stiffness * share * gap
            energy += w * stiffness / 2 * share * gap * gap
            bottom = 0.0
            for i in range(3):
                bottom += c[i, 1] * c[i, 1] - (x[i] - c[i, 0]) * c[i, 2]
            for i in range(3):
                n[i] = (x[i] - c[i, 0]) / r
                along[i] = c[i, 1] / bottom if inside else 0.0
                slope[i] = c[1, 3] * along[i] - n[i]
            for a in range(nodes):
                for i in range(3):
                    push = share * gap * slope[i] + gap * gap / 2 * c[1, 4] * along[i]
                    force[faces[f, a], i] += w * stiffness * push * N[a]
            if not tangent:
                continue
            for i in range(3):
                for k in range(3):
                    bend = (1.0 if i == k else 0.0) - n[i] * n[k] - c[i, 1] * along[k]
                    curved = c[2, 3] * along[i] * along[k] - bend / r
                    fading = slope[i] * along[k] + along[i] * slope[k]
                    stiff = (
                        w
                        * stiffness
                        * (
                            share * (slope[i] * slope[k] + gap * curved)
                            + gap * c[1, 4] * fading
                            + gap * gap / 2 * c[2, 4] * along[i] * along[k]
                        )
                    )
                    for a in range(nodes):
                        for b in range(nodes):
                            blocks[slots[f, nodes * a + b], i, k] += stiff * N[a] * N[b]
    return energy


@njit(**_OPTIONS)
def nearest_place(curve: Floats, segment: int, x: Floats, c: Floats) -> bool:
    """Fill ``c`` (3, 5) for the place of the axis nearest to ``x``; False beyond its ends.

    Rows of columns 0 to 2: x, y, z of the axis with their first and second derivative; rows of
    columns 3 and 4: value, first and second derivative of the radius and of the share.
    """
    last = len(curve) - 1
    best = chord_distance2(curve, segment, x)[0]
    for step in (-1, 1):
        while 0 <= segment + step <= last:
            other = chord_distance2(curve, segment + step, x)[0]
            if other >= best:
                break
            segment, best = segment + step, other
    t = chord_distance2(curve, segment, x)[1]
    for _ in range(12):
        for i in range(3):
            p = curve[segment, :, i]
            c[i, 0] = p[0] + t * (p[1] + t * (p[2] + t * p[3]))
            c[i, 1] = p[1] + t * (2 * p[2] + 3 * t * p[3])
            c[i, 2] = 2 * p[2] + 6 * t * p[3]
        miss, bottom = 0.0, 0.0
        for i in range(3):
            miss += (x[i] - c[i, 0]) * c[i, 1]
            bottom += c[i, 1] * c[i, 1] - (x[i] - c[i, 0]) * c[i, 2]
        for column in (3, 4):
            p = curve[segment, :, column]
            c[0, column] = p[0] + t * (p[1] + t * (p[2] + t * p[3]))
            c[1, column] = p[1] + t * (2 * p[2] + 3 * t * p[3])
            c[2, column] = 2 * p[2] + 6 * t * p[3]
        if not bottom > 0.0:
            return False
        move = miss / bottom
        if abs(move) < 1e-13:
            return True
        place = t + move
        if place < 0.0 and segment == 0:
            if t == 0.0:
                return False
            t = 0.0
        elif place > 1.0 and segment == last:
            if t == 1.0:
                return False
            t = 1.0
        elif place < 0.0:
            segment, t = segment - 1, max(1.0 + place, 0.0)
        elif place > 1.0:
            segment, t = segment + 1, min(place - 1.0, 1.0)
        else:
            t = place
    return True


@njit(**_OPTIONS)
def chord_distance2(curve: Floats, segment: int, x: Floats) -> tuple[float, float]:
    """Squared distance of ``x`` to the chord of a segment, and how far along it (0..1)."""
    length2, dot = 0.0, 0.0
    for i in range(3):
        edge = curve[segment, 1, i] + curve[segment, 2, i] + curve[segment, 3, i]
        length2 += edge * edge
        dot += edge * (x[i] - curve[segment, 0, i])
    along = min(max(dot / length2, 0.0), 1.0)
    distance2 = 0.0
    for i in range(3):
        edge = curve[segment, 1, i] + curve[segment, 2, i] + curve[segment, 3, i]
        distance2 += (x[i] - curve[segment, 0, i] - along * edge) ** 2
    return distance2, along


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
