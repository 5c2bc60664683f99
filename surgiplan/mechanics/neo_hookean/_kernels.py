"""Neo-Hookean elements in one pass over their points; compiled by numba.

The tangent of this law is made of two vectors a node, d (the gradient of its shape function) and
g = F^-T d:  K_ab = mu (d_a . d_b) 1 + alpha g_b g_a^T + beta g_a g_b^T.  That is ten times less
work than a general tangent of fourth order.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": {"contract"}}


@njit(**_OPTIONS)
def gradients(x: Floats, slopes: Floats, d: Floats) -> float:
    """Fill ``d`` (n, 3) with the shape functions' gradients in space; the volume factor."""
    a0, a1, a2, b0, b1, b2, c0, c1, c2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for a in range(len(x)):
        s0, s1, s2 = slopes[a, 0], slopes[a, 1], slopes[a, 2]
        a0 += x[a, 0] * s0
        a1 += x[a, 0] * s1
        a2 += x[a, 0] * s2
        b0 += x[a, 1] * s0
        b1 += x[a, 1] * s1
        b2 += x[a, 1] * s2
        c0 += x[a, 2] * s0
        c1 += x[a, 2] * s1
        c2 += x[a, 2] * s2
    r00, r01, r02 = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    r10, r11, r12 = a2 * c1 - a1 * c2, a0 * c2 - a2 * c0, a1 * c0 - a0 * c1
    r20, r21, r22 = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    det: float = a0 * r00 + a1 * r01 + a2 * r02
    over = 1.0 / det
    for a in range(len(x)):
        s0, s1, s2 = slopes[a, 0] * over, slopes[a, 1] * over, slopes[a, 2] * over
        d[a, 0] = r00 * s0 + r01 * s1 + r02 * s2
        d[a, 1] = r10 * s0 + r11 * s1 + r12 * s2
        d[a, 2] = r20 * s0 + r21 * s1 + r22 * s2
    return det


@njit(**_OPTIONS)
def strain(d: Floats, v: Floats, H: Floats, R: Floats) -> float:
    """Fill H, the gradient of displacements v (n, 3), and R = F^-T where J > 0; J - 1."""
    h00, h01, h02, h10, h11, h12 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    h20, h21, h22 = 0.0, 0.0, 0.0
    for a in range(len(d)):
        d0, d1, d2 = d[a, 0], d[a, 1], d[a, 2]
        v0, v1, v2 = v[a, 0], v[a, 1], v[a, 2]
        h00 += v0 * d0
        h01 += v0 * d1
        h02 += v0 * d2
        h10 += v1 * d0
        h11 += v1 * d1
        h12 += v1 * d2
        h20 += v2 * d0
        h21 += v2 * d1
        h22 += v2 * d2
    H[0], H[1], H[2], H[3], H[4], H[5] = h00, h01, h02, h10, h11, h12
    H[6], H[7], H[8] = h20, h21, h22
    pairs = h00 * h11 - h01 * h10 + h00 * h22 - h02 * h20 + h11 * h22 - h12 * h21
    triple = h00 * (h11 * h22 - h12 * h21) + h01 * (h12 * h20 - h10 * h22)
    change: float = h00 + h11 + h22 + pairs + triple + h02 * (h10 * h21 - h11 * h20)
    if change > -1.0:
        over = 1.0 / (1.0 + change)
        f00, f11, f22 = 1.0 + h00, 1.0 + h11, 1.0 + h22
        R[0], R[1] = (f11 * f22 - h12 * h21) * over, (h12 * h20 - h10 * f22) * over
        R[2], R[3] = (h10 * h21 - f11 * h20) * over, (h02 * h21 - h01 * f22) * over
        R[4], R[5] = (f00 * f22 - h02 * h20) * over, (h01 * h20 - f00 * h21) * over
        R[6], R[7] = (h01 * h12 - h02 * f11) * over, (h02 * h10 - f00 * h12) * over
        R[8] = (f00 * f11 - h01 * h10) * over
    return change


@njit(**_OPTIONS)
def push(mu: float, pushed: float, H: Floats, R: Floats, d: Floats, w: float, g: Floats,
         f: Floats) -> None:  # fmt: skip
    """Add the forces of the stress mu F + (pushed - mu) R to f (n, 3); fill g = R d."""
    mw, c = mu * w, (pushed - mu) * w
    for a in range(len(d)):
        d0, d1, d2 = d[a, 0], d[a, 1], d[a, 2]
        for i in range(3):
            g[a, i] = R[3 * i] * d0 + R[3 * i + 1] * d1 + R[3 * i + 2] * d2
            turned = d[a, i] + H[3 * i] * d0 + H[3 * i + 1] * d1 + H[3 * i + 2] * d2
            f[a, i] += mw * turned + c * g[a, i]


@njit(**_OPTIONS)
def stiffen(mu: float, alpha: float, beta: float, d: Floats, g: Floats, K: Floats) -> None:
    """Add mu (d_a . d_b) 1 + alpha g_b g_a^T + beta g_a g_b^T for a <= b to K (n, n, 9)."""
    for b in range(len(d)):
        e0, e1, e2 = mu * d[b, 0], mu * d[b, 1], mu * d[b, 2]
        p0, p1, p2 = alpha * g[b, 0], alpha * g[b, 1], alpha * g[b, 2]
        q0, q1, q2 = beta * g[b, 0], beta * g[b, 1], beta * g[b, 2]
        for a in range(b + 1):
            same = e0 * d[a, 0] + e1 * d[a, 1] + e2 * d[a, 2]
            g0, g1, g2 = g[a, 0], g[a, 1], g[a, 2]
            k = K[a, b]
            k[0] += same + (p0 + q0) * g0
            k[1] += p0 * g1 + q1 * g0
            k[2] += p0 * g2 + q2 * g0
            k[3] += p1 * g0 + q0 * g1
            k[4] += same + (p1 + q1) * g1
            k[5] += p1 * g2 + q2 * g1
            k[6] += p2 * g0 + q0 * g2
            k[7] += p2 * g1 + q1 * g2
            k[8] += same + (p2 + q2) * g2


@njit(**_OPTIONS)
def share(stiffness: float, G: Floats, K: Floats) -> None:
    """Add what the one pressure of an element adds for a <= b."""
    for b in range(len(G)):
        for a in range(b + 1):
            for i in range(3):
                for k in range(3):
                    K[a, b, 3 * i + k] += stiffness * G[a, i] * G[b, k]


@njit(**_OPTIONS)
def scatter(K: Floats, slots: Ints, blocks: Floats) -> None:
    """Upper blocks of an element, and their mirror images, into the sparse blocks; K is cleared."""
    nodes = len(K)
    for b in range(nodes):
        for a in range(b + 1):
            k, up = K[a, b], blocks[slots[nodes * a + b]]
            if a != b:
                down = blocks[slots[nodes * b + a]]
                for i in range(3):
                    for j in range(3):
                        down[j, i] += k[3 * i + j]
            for i in range(3):
                for j in range(3):
                    up[i, j] += k[3 * i + j]
                    k[3 * i + j] = 0.0


@njit(**_OPTIONS)
def evaluate(X: Floats, u: Floats, cells: Ints, slopes: Floats, weights: Floats, moduli: Floats,
             mixed: Flags, slots: Ints, force: Floats, blocks: Floats, own: Floats,
             tangent: bool) -> tuple[float, float]:  # fmt: skip
    """Energy and smallest J; adds nodal forces (n, 3), and tangent blocks if asked.

    ``moduli`` (m, 4): mu, lambda, the factor of all stresses, and the resistance of ``mixed``
    elements to an uneven change of volume.  Those have one pressure, which ``own`` (m,) receives.
    The energy is infinite when a point turned inside out; the rest is void then.
    """
    nodes, points = cells.shape[1], len(weights)
    x, v, f = np.empty((nodes, 3)), np.empty((nodes, 3)), np.empty((nodes, 3))
    d, g = np.empty((points, nodes, 3)), np.empty((nodes, 3))
    H, R = np.empty((points, 9)), np.empty((points, 9))
    w, change = np.empty(points), np.empty(points)
    G, K = np.empty((nodes, 3)), np.zeros((nodes, nodes, 9))
    energy, smallest = 0.0, np.inf
    for t in range(len(cells)):
        for a in range(nodes):
            for i in range(3):
                x[a, i], v[a, i] = X[cells[t, a], i], u[cells[t, a], i]
                f[a, i], G[a, i] = 0.0, 0.0
        mu, lam, factor, uneven = moduli[t, 0], moduli[t, 1], moduli[t, 2], moduli[t, 3]
        volume, mean, p, stiff, stored = 0.0, 0.0, 0.0, 0.0, 0.0
        for q in range(points):
            w[q] = weights[q] * gradients(x, slopes[q], d[q])
            change[q] = strain(d[q], v, H[q], R[q])
            smallest = min(smallest, 1.0 + change[q])
            if not change[q] > -1.0:
                return np.inf, smallest
            volume += w[q]
            mean += w[q] * change[q]
        if mixed[t]:
            mean /= volume
            theta = np.log1p(mean)
            p, stored = lam * theta / (1.0 + mean), lam / 2 * theta * theta
            stiff = lam * (1.0 - theta) / (1.0 + mean) ** 2 - uneven
            own[t] = p
        for q in range(points):
            J, h, log_j = 1.0 + change[q], H[q], np.log1p(change[q])
            trace, squares = h[0] + h[4] + h[8], 0.0
            for i in range(9):
                squares += h[i] * h[i]
            shape = mu / 2 * (2.0 * trace + squares) - mu * log_j
            if mixed[t]:
                apart = change[q] - mean
                pushed = (p + uneven * apart) * J
                beta, kept = pushed + uneven * J * J, stored + uneven / 2 * apart * apart
            else:
                pushed, beta, kept = lam * log_j, lam, lam / 2 * log_j * log_j
            weight = factor * w[q]
            energy += weight * (shape + kept)
            push(mu, pushed, h, R[q], d[q], weight, g, f)
            if tangent:
                stiffen(weight * mu, weight * (mu - pushed), weight * beta, d[q], g, K)
                for a in range(nodes):
                    for i in range(3):
                        G[a, i] += w[q] * J * g[a, i]
        for a in range(nodes):
            for i in range(3):
                force[cells[t, a], i] += f[a, i]
        if tangent:
            if mixed[t]:
                share(factor * stiff / volume, G, K)
            scatter(K, slots[t], blocks)
    return energy, smallest
