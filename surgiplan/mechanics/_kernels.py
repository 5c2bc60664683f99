"""The inner loops of the solver, compiled once by numba and kept on disk."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}

_A, _B = 0.5854101966249685, 0.1381966011250105
_EDGE_A = np.array([0, 1, 2, 0, 1, 2])
_EDGE_B = np.array([1, 2, 0, 3, 3, 3])

# Degree 4 rule of six points on a triangle (Dunavant, Int. J. Numer. Meth. Eng. 21:1129, 1985).
_T1, _W1 = 0.445948490915965, 0.223381589678011
_T2, _W2 = 0.091576213509771, 0.109951743655322
_TRI = np.array(
    [
        [1 - 2 * _T1, _T1, _T1],
        [_T1, 1 - 2 * _T1, _T1],
        [_T1, _T1, 1 - 2 * _T1],
        [1 - 2 * _T2, _T2, _T2],
        [_T2, 1 - 2 * _T2, _T2],
        [_T2, _T2, 1 - 2 * _T2],
    ]
)
_TRI_WEIGHTS = np.array([_W1, _W1, _W1, _W2, _W2, _W2])


@njit(**_OPTIONS)
def gradients_at(corner: Floats, point: int, out: Floats) -> None:
    """Gradients (10, 3) of the quadratic shape functions at quadrature point 0..3."""
    for a in range(4):
        factor = 4.0 * (_A if a == point else _B) - 1.0
        for i in range(3):
            out[a, i] = factor * corner[a, i]
    for e in range(6):
        p, q = _EDGE_A[e], _EDGE_B[e]
        lp = _A if p == point else _B
        lq = _A if q == point else _B
        for i in range(3):
            out[4 + e, i] = 4.0 * (lp * corner[q, i] + lq * corner[p, i])


@njit(**_OPTIONS)
def determinant(M: Floats) -> float:
    """Determinant of a 3x3 matrix."""
    found: float = (
        M[0, 0] * (M[1, 1] * M[2, 2] - M[1, 2] * M[2, 1])
        - M[0, 1] * (M[1, 0] * M[2, 2] - M[1, 2] * M[2, 0])
        + M[0, 2] * (M[1, 0] * M[2, 1] - M[1, 1] * M[2, 0])
    )
    return found


@njit(**_OPTIONS)
def solid(
    corner: Floats,
    volume: Floats,
    tets: Ints,
    u: Floats,
    lam: Floats,
    mu: Floats,
    slots: Ints,
    force: Floats,
    blocks: Floats,
    tangent: bool,
) -> tuple[float, float]:
    """Energy, smallest J, internal force (n, 3) and tangent blocks (b, 3, 3), added in place.

    The energy is infinite when an element turned inside out; then nothing else is to be used.
    """
    energy, smallest = 0.0, np.inf
    d = np.empty((10, 3))
    g = np.empty((10, 3))
    F = np.empty((3, 3))
    inverse = np.empty((3, 3))
    K = np.zeros((10, 10, 3, 3))
    for t in range(len(tets)):
        w, k, m = volume[t] / 4.0, lam[t], mu[t]
        if tangent:
            K[:] = 0.0
        for point in range(4):
            gradients_at(corner[t], point, d)
            for i in range(3):
                for j in range(3):
                    total = 0.0
                    for a in range(10):
                        total += u[tets[t, a], i] * d[a, j]
                    F[i, j] = total
            # From the displacement gradient, so that small strains keep their digits.
            trace = F[0, 0] + F[1, 1] + F[2, 2]
            squares, volume_change = 2.0 * trace, trace + determinant(F)
            for i in range(3):
                k1, k2 = (i + 1) % 3, (i + 2) % 3
                volume_change += F[k1, k1] * F[k2, k2] - F[k1, k2] * F[k2, k1]
                for j in range(3):
                    squares += F[i, j] * F[i, j]
            for i in range(3):
                F[i, i] += 1.0
            J = 1.0 + volume_change
            smallest = min(smallest, J)
            if not J > 0.0:
                return np.inf, smallest
            for i in range(3):
                for j in range(3):
                    i1, i2, j1, j2 = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
                    inverse[j, i] = (F[i1, j1] * F[i2, j2] - F[i1, j2] * F[i2, j1]) / J
            log_j = np.log1p(volume_change)
            energy += w * (m / 2 * squares - m * log_j + k / 2 * log_j * log_j)
            pull = k * log_j - m
            for a in range(10):
                node = tets[t, a]
                for i in range(3):
                    g[a, i] = (
                        inverse[0, i] * d[a, 0] + inverse[1, i] * d[a, 1] + inverse[2, i] * d[a, 2]
                    )
                    stretch = F[i, 0] * d[a, 0] + F[i, 1] * d[a, 1] + F[i, 2] * d[a, 2]
                    force[node, i] += w * (m * stretch + pull * g[a, i])
            if tangent:
                for a in range(10):
                    for b in range(10):
                        same = w * m * (d[a, 0] * d[b, 0] + d[a, 1] * d[b, 1] + d[a, 2] * d[b, 2])
                        for i in range(3):
                            K[a, b, i, i] += same
                            for j in range(3):
                                K[a, b, i, j] += w * (
                                    k * g[a, i] * g[b, j] - pull * g[a, j] * g[b, i]
                                )
        if tangent:
            for a in range(10):
                for b in range(10):
                    slot = slots[t, 10 * a + b]
                    for i in range(3):
                        for j in range(3):
                            blocks[slot, i, j] += K[a, b, i, j]
    return energy, smallest


@njit(**_OPTIONS)
def expander(
    X: Floats,
    faces: Ints,
    areas: Floats,
    u: Floats,
    curve: Floats,
    start: Ints,
    stiffness: float,
    slots: Ints,
    force: Floats,
    blocks: Floats,
    pressures: Floats,
    tangent: bool,
) -> float:
    """Energy, force and tangent of a springy expander about a curved axis, added in place.

    Energy per reference area: stiffness/2 share(s) <R(s) - r>^2, with r the distance to the axis,
    R and share what the expander has there and s the nearest place.  ``curve`` (segments, 4, 5):
    cubics of x, y, z, R and share in the place 0..1 on a segment, constant term first.
    ``start`` (f, 6): the segment nearest to each quadrature point at rest; the search walks from
    there, so that a strongly curved axis is never left for another of its branches.
    ``pressures`` (f, 6) receives the contact pressure at the quadrature points.
    The tangent leaves out the second slope of s, which is zero for a straight axis.
    """
    energy = 0.0
    N = np.empty(6)
    x = np.empty(3)
    c = np.empty((3, 5))
    n = np.empty(3)
    along = np.empty(3)
    slope = np.empty(3)
    for f in range(len(faces)):
        for point in range(6):
            pressures[f, point] = 0.0
            w = areas[f] * _TRI_WEIGHTS[point]
            l0, l1, l2 = _TRI[point]
            N[0], N[1], N[2] = l0 * (2 * l0 - 1), l1 * (2 * l1 - 1), l2 * (2 * l2 - 1)
            N[3], N[4], N[5] = 4 * l0 * l1, 4 * l1 * l2, 4 * l2 * l0
            for i in range(3):
                x[i] = 0.0
                for a in range(6):
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
            for a in range(6):
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
                    for a in range(6):
                        for b in range(6):
                            blocks[slots[f, 6 * a + b], i, k] += stiff * N[a] * N[b]
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
