"""Energy, stress and tangent of the tissue laws at the points of elements; compiled by numba.

All laws W(F) = W_shape(F) + kappa/2 theta(F)^2, theta the measure of volume change of the law:
ln J, J - 1 or the trace of the strain.  H is the displacement gradient, F = 1 + H; energies are
formed from H, so that small strains keep their digits.  Kernels call none of another file, because
numba's cache on disk would not see changes there.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NEO_HOOKEAN, INVARIANTS, OGDEN, LINEAR = 0, 1, 2, 3
LOG, DIFFERENCE, TRACE = 0, 1, 2

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def kinematics(H: Floats, F: Floats, R: Floats) -> float:
    """Fill F = 1 + H and its inverse transposed R; J - 1 of it, not inverted unless J > 0."""
    change: float = H[0, 0] + H[1, 1] + H[2, 2]
    for i in range(3):
        i1, i2 = (i + 1) % 3, (i + 2) % 3
        change += H[i1, i1] * H[i2, i2] - H[i1, i2] * H[i2, i1]
        change += H[0, i] * (H[1, i1] * H[2, i2] - H[1, i2] * H[2, i1])
        for j in range(3):
            F[i, j] = H[i, j] + (1.0 if i == j else 0.0)
    J = 1.0 + change
    if J > 0.0:
        for i in range(3):
            for j in range(3):
                i1, i2, j1, j2 = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
                R[i, j] = (F[i1, j1] * F[i2, j2] - F[i1, j2] * F[i2, j1]) / J
    return change


@njit(**_OPTIONS)
def strain_twice(H: Floats, S: Floats) -> None:
    """S = C - 1 = H + H^T + H^T H."""
    for i in range(3):
        for j in range(3):
            S[i, j] = H[i, j] + H[j, i] + H[0, i] * H[0, j] + H[1, i] * H[1, j] + H[2, i] * H[2, j]


@njit(**_OPTIONS)
def neo_hookean(par: Floats, H: Floats, F: Floats, R: Floats, change: float,
                P: Floats, A: Floats, tangent: bool) -> float:  # fmt: skip
    """mu/2 (tr C - 3) - mu ln J."""
    mu = par[0]
    squares = 2.0 * (H[0, 0] + H[1, 1] + H[2, 2])
    for i in range(3):
        for j in range(3):
            squares += H[i, j] * H[i, j]
            P[i, j] = mu * (F[i, j] - R[i, j])
    if tangent:
        for i in range(3):
            for j in range(3):
                for k in range(3):
                    for m in range(3):
                        same = 1.0 if i == k and j == m else 0.0
                        A[i, j, k, m] = mu * (same + R[i, m] * R[k, j])
    energy: float = mu / 2 * squares - mu * np.log1p(change)
    return energy


@njit(**_OPTIONS)
def linear(par: Floats, H: Floats, P: Floats, A: Floats, tangent: bool) -> float:
    """The energy mu e:e, e the small strain."""
    mu, energy = par[0], 0.0
    for i in range(3):
        for j in range(3):
            e = (H[i, j] + H[j, i]) / 2
            energy += mu * e * e
            P[i, j] = 2 * mu * e
    if tangent:
        for i in range(3):
            for j in range(3):
                for k in range(3):
                    for m in range(3):
                        A[i, j, k, m] = mu * (
                            (1.0 if i == k and j == m else 0.0)
                            + (1.0 if i == m and j == k else 0.0)
                        )
    return energy


@njit(**_OPTIONS)
def invariants(par: Floats, fibres: Floats, H: Floats, F: Floats, R: Floats, change: float,
               P: Floats, A: Floats, tangent: bool) -> float:  # fmt: skip
    """c10 x + c20 x^2 + c01 y + c02 y^2 + d1 (exp(d2 x) - 1), and fibres that only pull.

    x and y are the first and second invariant of C without its volume change, less 3.  Fibres a:
    k1/(2 k2) (exp(k2 e^2) - 1), e = |F a|^2 - 1 where positive.
    """
    c10, c20, c01, c02, d1, d2, k1, k2 = par[:8]
    S, M = np.empty((3, 3)), np.empty((3, 3))
    strain_twice(H, S)
    t1 = S[0, 0] + S[1, 1] + S[2, 2]
    t2 = 2.0 * t1 + t1 * t1 / 2
    for i in range(3):
        for j in range(3):
            t2 -= S[i, j] * S[i, j] / 2
    I1, I2, log_j = 3.0 + t1, 3.0 + t2, np.log1p(change)
    j1, j2 = np.exp(-2 / 3 * log_j), np.exp(-4 / 3 * log_j)
    x = j1 * t1 + 3 * np.expm1(-2 / 3 * log_j)
    y = j2 * t2 + 3 * np.expm1(-4 / 3 * log_j)
    grown = d1 * np.exp(d2 * x)
    f1, f11 = c10 + 2 * c20 * x + d2 * grown, 2 * c20 + d2 * d2 * grown
    f2, f22 = c01 + 2 * c02 * y, 2 * c02
    energy: float = c10 * x + c20 * x * x + c01 * y + c02 * y * y + d1 * np.expm1(d2 * x)
    for i in range(3):
        for j in range(3):
            M[i, j] = I1 * F[i, j]
            for k in range(3):
                M[i, j] -= F[i, k] * (S[k, j] + (1.0 if k == j else 0.0))
    B = F @ F.T
    for i in range(3):
        for j in range(3):
            X = 2 * j1 * (F[i, j] - I1 / 3 * R[i, j])
            Y = 2 * j2 * (M[i, j] - 2 / 3 * I2 * R[i, j])
            P[i, j] = f1 * X + f2 * Y
            if not tangent:
                continue
            for k in range(3):
                for m in range(3):
                    same = 1.0 if i == k and j == m else 0.0
                    RR, turned = R[i, j] * R[k, m], R[i, m] * R[k, j]
                    xx = same - 2 / 3 * (R[k, m] * F[i, j] + F[k, m] * R[i, j])
                    xx += I1 * (2 / 9 * RR + turned / 3)
                    A[i, j, k, m] = f1 * 2 * j1 * xx
                    if f11 != 0.0:
                        A[i, j, k, m] += f11 * X * 2 * j1 * (F[k, m] - I1 / 3 * R[k, m])
                    if f2 == 0.0 and f22 == 0.0:
                        continue
                    yy = 2 * F[i, j] * F[k, m] + I1 * same - F[i, m] * F[k, j]
                    if i == k:
                        yy -= S[j, m] + (1.0 if j == m else 0.0)
                    if j == m:
                        yy -= B[i, k]
                    yy += -4 / 3 * (R[k, m] * M[i, j] + M[k, m] * R[i, j])
                    yy += I2 * (8 / 9 * RR + 2 / 3 * turned)
                    A[i, j, k, m] += f2 * 2 * j2 * yy
                    A[i, j, k, m] += f22 * Y * 2 * j2 * (M[k, m] - 2 / 3 * I2 * R[k, m])
    if k1 > 0.0:
        for fibre in range(len(fibres)):
            energy += pulled_fibre(k1, k2, fibres[fibre], S, F, P, A, tangent)
    return energy


@njit(**_OPTIONS)
def pulled_fibre(k1: float, k2: float, a: Floats, S: Floats, F: Floats,
                 P: Floats, A: Floats, tangent: bool) -> float:  # fmt: skip
    """Add one family of fibres along the unit vector ``a`` at rest."""
    e = 0.0
    for i in range(3):
        for j in range(3):
            e += a[i] * S[i, j] * a[j]
    if not e > 0.0:
        return 0.0
    grown = k1 * np.exp(k2 * e * e)
    first, second = grown * e, grown * (1 + 2 * k2 * e * e)
    n = F @ a
    for i in range(3):
        for j in range(3):
            P[i, j] += 2 * first * n[i] * a[j]
            if tangent:
                for k in range(3):
                    for m in range(3):
                        A[i, j, k, m] += 4 * second * n[i] * a[j] * n[k] * a[m]
                        if i == k:
                            A[i, j, k, m] += 2 * first * a[j] * a[m]
    energy: float = k1 / (2 * k2) * np.expm1(k2 * e * e)
    return energy


@njit(**_OPTIONS)
def ogden(par: Floats, H: Floats, F: Floats, change: float,
          P: Floats, A: Floats, tangent: bool) -> float:  # fmt: skip
    """Sum over three terms of 2 mu/alpha^2 (l1^alpha + l2^alpha + l3^alpha - 3).

    The l are principal stretches without volume change.
    """
    S = np.empty((3, 3))
    strain_twice(H, S)
    values, N = np.linalg.eigh(S)
    third = np.log1p(change) / 3
    stretch2 = 1.0 + values
    s, ds = np.zeros(3), np.zeros((3, 3))
    energy = 0.0
    for term in range(3):
        mu, alpha = par[2 * term], par[2 * term + 1]
        if mu == 0.0:
            continue
        x = np.empty(3)
        for a in range(3):
            x[a] = np.exp(alpha * (np.log1p(values[a]) / 2 - third))
            energy += 2 * mu / alpha**2 * np.expm1(alpha * (np.log1p(values[a]) / 2 - third))
        mean = (x[0] + x[1] + x[2]) / 3
        for a in range(3):
            # tau_a = dW/d(ln l_a), and its slopes along ln l_b.
            s[a] += 2 * mu / alpha * (x[a] - mean)
            for b in range(3):
                part = (1.0 if a == b else 0.0) * x[a] - (x[a] + x[b]) / 3 + mean / 3
                ds[a, b] += 2 * mu * part
    second = np.zeros((3, 3))
    for a in range(3):
        for i in range(3):
            for j in range(3):
                second[i, j] += s[a] / stretch2[a] * N[i, a] * N[j, a]
    P[:] = F @ second
    if tangent:
        C = spectral_tangent(values, stretch2, N, s, ds)
        for i in range(3):
            for j in range(3):
                for k in range(3):
                    for m in range(3):
                        total = second[j, m] if i == k else 0.0
                        for p in range(3):
                            for q in range(3):
                                total += F[i, p] * C[p, j, q, m] * F[k, q]
                        A[i, j, k, m] = total
    return energy


@njit(**_OPTIONS)
def spectral_tangent(values: Floats, stretch2: Floats, N: Floats, s: Floats, ds: Floats) -> Floats:
    """2 dS/dC (3, 3, 3, 3) of S = sum s_a / l_a^2 N_a N_a, ``ds`` the slopes of s along ln l."""
    C = np.zeros((3, 3, 3, 3))
    for a in range(3):
        for b in range(3):
            straight = ds[a, b] / (stretch2[a] * stretch2[b])
            if a == b:
                straight -= 2 * s[a] / stretch2[a] ** 2
                turned = 0.0
            else:
                gap = values[b] - values[a]
                if abs(gap) > 1e-6 * stretch2[a]:
                    turned = (s[b] / stretch2[b] - s[a] / stretch2[a]) / gap
                else:
                    turned = (ds[b, b] - ds[a, b] - 2 * s[b]) / (2 * stretch2[b] ** 2)
            for i in range(3):
                for j in range(3):
                    for k in range(3):
                        for m in range(3):
                            C[i, j, k, m] += straight * N[i, a] * N[j, a] * N[k, b] * N[m, b]
                            if turned != 0.0:
                                mixed = N[k, a] * N[m, b] + N[k, b] * N[m, a]
                                C[i, j, k, m] += turned * N[i, a] * N[j, b] * mixed
    return C


@njit(**_OPTIONS)
def shape_energy(law: int, par: Floats, fibres: Floats, H: Floats, F: Floats, R: Floats,
                 change: float, P: Floats, A: Floats, tangent: bool) -> float:  # fmt: skip
    """Energy, first stress P and tangent A = dP/dF of the part without kappa."""
    energy: float = 0.0
    if law == NEO_HOOKEAN:
        energy = neo_hookean(par, H, F, R, change, P, A, tangent)
    elif law == INVARIANTS:
        energy = invariants(par, fibres, H, F, R, change, P, A, tangent)
    elif law == OGDEN:
        energy = ogden(par, H, F, change, P, A, tangent)
    else:
        energy = linear(par, H, P, A, tangent)
    return energy


@njit(**_OPTIONS)
def volume_measure(kind: int, H: Floats, change: float) -> float:
    """theta: ln J, J - 1, or the trace of the strain."""
    if kind == LOG:
        return float(np.log1p(change))
    return float(change) if kind == DIFFERENCE else float(H[0, 0] + H[1, 1] + H[2, 2])


@njit(**_OPTIONS)
def add_pressure(kind: int, p: float, kappa: float, R: Floats, J: float,
                 P: Floats, A: Floats, T: Floats, tangent: bool) -> None:  # fmt: skip
    """Add p dtheta/dF to P, p d2theta + kappa dtheta dtheta to A; T receives dtheta/dF."""
    for i in range(3):
        for j in range(3):
            T[i, j] = R[i, j] if kind == LOG else J * R[i, j]
            if kind == TRACE:
                T[i, j] = 1.0 if i == j else 0.0
            P[i, j] += p * T[i, j]
    if not tangent:
        return
    for i in range(3):
        for j in range(3):
            for k in range(3):
                for m in range(3):
                    bent = 0.0
                    if kind == LOG:
                        bent = -R[i, m] * R[k, j]
                    elif kind == DIFFERENCE:
                        bent = J * (R[i, j] * R[k, m] - R[i, m] * R[k, j])
                    A[i, j, k, m] += p * bent + kappa * T[i, j] * T[k, m]


@njit(**_OPTIONS)
def mean_change(kind: int, H: Floats, w: Floats) -> float:
    """Mean over an element of J - 1, or of the trace of the strain."""
    total, volume = 0.0, 0.0
    F, R = np.empty((3, 3)), np.empty((3, 3))
    measure = TRACE if kind == TRACE else DIFFERENCE
    for q in range(len(w)):
        total += w[q] * volume_measure(measure, H[q], kinematics(H[q], F, R))
        volume += w[q]
    return float(total / volume)


@njit(**_OPTIONS)
def shared_pressure(kind: int, kappa: float, firmness: float, guess: float, mean: float,
                    ) -> tuple[float, float, float]:  # fmt: skip
    """Energy per volume, pressure and slope of an element with one change of volume, ``mean``.

    The law sees a change c, kept near ``mean`` by a spring: p = ``guess`` + firmness (mean - c).
    """
    if kind != LOG:
        soft = 1 / (1 / kappa + 1 / firmness)
        p = soft * (mean + guess / firmness)
        return p * p / (2 * kappa) + (p * p - guess * guess) / (2 * firmness), p, soft
    c = mean
    if np.isfinite(firmness):
        c = 0.0
        for _ in range(50):
            p = kappa * np.log1p(c) / (1 + c)
            slope = kappa * (1 - np.log1p(c)) / (1 + c) ** 2
            move = (mean - c - (p - guess) / firmness) / (1 + slope / firmness)
            c = max(c + move, -0.9 + 0.1 * c)
            if abs(move) < 1e-15:
                break
    theta = np.log1p(c)
    p, slope = kappa * theta / (1 + c), kappa * (1 - theta) / (1 + c) ** 2
    spring = (p * p - guess * guess) / (2 * firmness)
    return kappa / 2 * theta * theta + spring, p, 1 / (1 / slope + 1 / firmness)


@njit(**_OPTIONS)
def respond(H: Floats, w: Floats, law: Ints, kind: Ints, par: Floats, factor: Floats,
            fibres: Floats, mixed: Flags, uneven: Floats, firmness: Floats, guess: Floats,
            shared: Floats, P: Floats, A: Floats, T: Floats, tangent: bool,
            ) -> tuple[float, float]:  # fmt: skip
    """Energy and smallest J; fills P, T (m, q, 3, 3) and A (m, q, 3, 3, 3, 3) of elements.

    H (m, q, 3, 3) and volumes w (m, q) at the points; ``par`` (m, 9) ends with kappa.  ``mixed``
    elements have one pressure, sought with ``firmness`` around its ``guess`` (m,), and resist an
    ``uneven`` (m,) change of volume: uneven/2 (J - mean of J)^2.  ``shared`` (m, 2) receives the
    pressure and its stiffness, whose tangent is not in A but follows from T, the slope
    of J or of the trace.  The energy is infinite when a point turned inside out; the rest is void
    then.
    """
    energy, smallest = 0.0, np.inf
    F, R = np.empty((3, 3)), np.empty((3, 3))
    A1 = np.empty((3, 3, 3, 3))
    for t in range(len(H)):
        kappa, own, p, measure, local = par[t, 8], 0.0, 0.0, kind[t], par[t, 8]
        mean, common, mean_energy = 0.0, 0.0, 0.0
        for q in range(H.shape[1]):
            J = 1.0 + kinematics(H[t, q], F, R)
            smallest = min(smallest, J)
            if not J > 0.0 and kind[t] != TRACE:
                return np.inf, smallest
        if mixed[t]:
            mean = mean_change(kind[t], H[t], w[t])
            own, p, slope = shared_pressure(kind[t], kappa, firmness[t], guess[t], mean)
            shared[t, 0], shared[t, 1] = p, (slope - uneven[t]) * factor[t]
            measure, local = (TRACE if kind[t] == TRACE else DIFFERENCE), uneven[t]
            common, mean_energy = p, own
        for q in range(H.shape[1]):
            change = kinematics(H[t, q], F, R)
            if not mixed[t]:
                theta = volume_measure(measure, H[t, q], change)
                own, p = kappa / 2 * theta * theta, kappa * theta
            else:
                apart = volume_measure(measure, H[t, q], change) - mean
                own = mean_energy + uneven[t] / 2 * apart * apart
                p = common + uneven[t] * apart
            if tangent:
                A1 = A[t, q]
            shape = shape_energy(
                law[t], par[t], fibres[t], H[t, q], F, R, change, P[t, q], A1, tangent
            )
            energy += factor[t] * w[t, q] * (shape + own)
            add_pressure(measure, p, local, R, 1.0 + change, P[t, q], A1, T[t, q], tangent)
            P[t, q] *= factor[t]
            if tangent:
                A1 *= factor[t]
    return energy, smallest
