"""Compiled loops that write distances of primitives into a grid, each near the primitive only."""

from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from .grid import Floats, Points

Indices: TypeAlias = NDArray[np.int64]

_FAST = {"cache": True, "fastmath": True, "nogil": True}


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _span(origin: float, step: float, size: int, low: float, high: float) -> tuple[int, int]:
    first = max(0, int(np.ceil((low - origin) / step)))
    last = min(size, int(np.floor((high - origin) / step)) + 1)
    return first, last


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _blend(a: float, b: float, k: float) -> float:
    if k <= 0.0:
        return min(a, b)
    h = max(k - abs(a - b), 0.0) / k
    # Distances saturate far out; fading the fillet there keeps it from making matter of nothing.
    near = min(max(1.0 - min(a, b) / 6.0, 0.0), 1.0)
    return min(a, b) - near * h * h * k * 0.25


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def add_cones(
    sd: Floats, origin: Points, step: Points, cones: Points, k: float, reach: float
) -> None:
    """Join round cones (ax, ay, az, ra, bx, by, bz, rb) into ``sd`` with blend width ``k``."""
    nz, ny, nx = sd.shape
    for n in range(cones.shape[0]):
        ax, ay, az, ra, bx, by, bz, rb = cones[n]
        pad = max(ra, rb) + reach
        dx, dy, dz = bx - ax, by - ay, bz - az
        length2 = max(dx * dx + dy * dy + dz * dz, 1e-9)
        k0, k1 = _span(origin[0], step[0], nz, min(az, bz) - pad, max(az, bz) + pad)
        j0, j1 = _span(origin[1], step[1], ny, min(ay, by) - pad, max(ay, by) + pad)
        i0, i1 = _span(origin[2], step[2], nx, min(ax, bx) - pad, max(ax, bx) + pad)
        for kk in range(k0, k1):
            pz = origin[0] + kk * step[0] - az
            for jj in range(j0, j1):
                py = origin[1] + jj * step[1] - ay
                for ii in range(i0, i1):
                    px = origin[2] + ii * step[2] - ax
                    t = (px * dx + py * dy + pz * dz) / length2
                    t = min(max(t, 0.0), 1.0)
                    qx, qy, qz = px - t * dx, py - t * dy, pz - t * dz
                    d = np.sqrt(qx * qx + qy * qy + qz * qz) - (ra + t * (rb - ra))
                    if d < reach:
                        sd[kk, jj, ii] = _blend(sd[kk, jj, ii], d, k)


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def add_ellipsoids(
    sd: Floats, origin: Points, step: Points, ellipsoids: Points, k: float, reach: float
) -> None:
    """Join ellipsoids (centre, largest semi-axis, 3 x 3 map to the unit ball) into ``sd``."""
    nz, ny, nx = sd.shape
    for n in range(ellipsoids.shape[0]):
        e = ellipsoids[n]
        pad = e[3] + reach
        k0, k1 = _span(origin[0], step[0], nz, e[2] - pad, e[2] + pad)
        j0, j1 = _span(origin[1], step[1], ny, e[1] - pad, e[1] + pad)
        i0, i1 = _span(origin[2], step[2], nx, e[0] - pad, e[0] + pad)
        for kk in range(k0, k1):
            pz = origin[0] + kk * step[0] - e[2]
            for jj in range(j0, j1):
                py = origin[1] + jj * step[1] - e[1]
                for ii in range(i0, i1):
                    px = origin[2] + ii * step[2] - e[0]
                    u = e[4] * px + e[5] * py + e[6] * pz
                    v = e[7] * px + e[8] * py + e[9] * pz
                    w = e[10] * px + e[11] * py + e[12] * pz
                    gx = e[4] * u + e[7] * v + e[10] * w
                    gy = e[5] * u + e[8] * v + e[11] * w
                    gz = e[6] * u + e[9] * v + e[12] * w
                    rho = np.sqrt(u * u + v * v + w * w)
                    slope = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
                    d = (rho - 1.0) * (rho + 1e-9) / slope
                    if d < reach:
                        sd[kk, jj, ii] = _blend(sd[kk, jj, ii], d, k)


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _to_edge(px: float, py: float, pz: float, t: Points, e: int) -> float:
    """Distance to one edge of a plate, seen as a round cone."""
    a, b = 4 * e, 4 * ((e + 1) % 3)
    dx, dy, dz = t[b] - t[a], t[b + 1] - t[a + 1], t[b + 2] - t[a + 2]
    qx, qy, qz = px - t[a], py - t[a + 1], pz - t[a + 2]
    s = (qx * dx + qy * dy + qz * dz) / max(dx * dx + dy * dy + dz * dz, 1e-9)
    s = min(max(s, 0.0), 1.0)
    qx, qy, qz = qx - s * dx, qy - s * dy, qz - s * dz
    radius = t[a + 3] + s * (t[b + 3] - t[a + 3])
    return float(np.sqrt(qx * qx + qy * qy + qz * qz) - radius)


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _to_triangle(px: float, py: float, pz: float, off: float, t: Points) -> float:
    """Distance to a plate (three corners, each x, y, z, half thickness), ``off`` its plane."""
    ux, uy, uz = t[4] - t[0], t[5] - t[1], t[6] - t[2]
    wx, wy, wz = t[8] - t[0], t[9] - t[1], t[10] - t[2]
    qx, qy, qz = px - t[0], py - t[1], pz - t[2]
    uu, ww = ux * ux + uy * uy + uz * uz, wx * wx + wy * wy + wz * wz
    uw = ux * wx + uy * wy + uz * wz
    qu, qw = qx * ux + qy * uy + qz * uz, qx * wx + qy * wy + qz * wz
    det = max(uu * ww - uw * uw, 1e-9)
    v = (ww * qu - uw * qw) / det
    w = (uu * qw - uw * qu) / det
    if v >= 0.0 and w >= 0.0 and v + w <= 1.0:
        return float(abs(off) - (t[3] + v * (t[7] - t[3]) + w * (t[11] - t[3])))
    best = _to_edge(px, py, pz, t, 0)
    best = min(best, _to_edge(px, py, pz, t, 1))
    return float(min(best, _to_edge(px, py, pz, t, 2)))


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def add_plates(
    sd: Floats, origin: Points, step: Points, plates: Points, k: float, reach: float
) -> None:
    """Join thick triangles (three corners, each x, y, z, half thickness) into ``sd``."""
    nz, ny, nx = sd.shape
    for n in range(plates.shape[0]):
        t = plates[n]
        pad = max(t[3], t[7], t[11]) + reach
        low = np.array([min(t[c], t[4 + c], t[8 + c]) - pad for c in range(3)])
        high = np.array([max(t[c], t[4 + c], t[8 + c]) + pad for c in range(3)])
        normal = np.cross(t[4:7] - t[0:3], t[8:11] - t[0:3])
        normal = normal / max(np.sqrt(np.dot(normal, normal)), 1e-9)
        k0, k1 = _span(origin[0], step[0], nz, low[2], high[2])
        j0, j1 = _span(origin[1], step[1], ny, low[1], high[1])
        i0, i1 = _span(origin[2], step[2], nx, low[0], high[0])
        for kk in range(k0, k1):
            pz = origin[0] + kk * step[0]
            for jj in range(j0, j1):
                py = origin[1] + jj * step[1]
                for ii in range(i0, i1):
                    px = origin[2] + ii * step[2]
                    off = (px - t[0]) * normal[0] + (py - t[1]) * normal[1]
                    off += (pz - t[2]) * normal[2]
                    if abs(off) > pad:
                        continue
                    d = _to_triangle(px, py, pz, off, t)
                    if d < reach:
                        sd[kk, jj, ii] = _blend(sd[kk, jj, ii], d, k)


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def add_sweep(
    sd: Floats, nearest2: Floats, origin: Points, step: Points, sweep: Points, reach: float
) -> None:
    """Write a swept ellipse into ``sd``.

    Rows of ``sweep``: centre (0:3), tangent (3:6), first axis (6:9), second axis (9:12), semi-axes
    (12, 13). Each voxel takes the section at its nearest axis point, so the section orthogonal to
    the axis is the ellipse itself. ``nearest2`` is scratch, filled with a large number [mm^2].
    """
    nz, ny, nx = sd.shape
    count = sweep.shape[0] - 1
    for n in range(count):
        a, b = sweep[n], sweep[n + 1]
        pad = max(a[12], a[13], b[12], b[13]) + reach
        dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        length2 = max(dx * dx + dy * dy + dz * dz, 1e-9)
        k0, k1 = _span(origin[0], step[0], nz, min(a[2], b[2]) - pad, max(a[2], b[2]) + pad)
        j0, j1 = _span(origin[1], step[1], ny, min(a[1], b[1]) - pad, max(a[1], b[1]) + pad)
        i0, i1 = _span(origin[2], step[2], nx, min(a[0], b[0]) - pad, max(a[0], b[0]) + pad)
        for kk in range(k0, k1):
            pz = origin[0] + kk * step[0] - a[2]
            for jj in range(j0, j1):
                py = origin[1] + jj * step[1] - a[1]
                for ii in range(i0, i1):
                    px = origin[2] + ii * step[2] - a[0]
                    raw = (px * dx + py * dy + pz * dz) / length2
                    t = min(max(raw, 0.0), 1.0)
                    qx, qy, qz = px - t * dx, py - t * dy, pz - t * dz
                    d2 = qx * qx + qy * qy + qz * qz
                    if d2 >= nearest2[kk, jj, ii] or d2 > pad * pad:
                        continue
                    nearest2[kk, jj, ii] = d2
                    s = 1.0 - t
                    u = qx * (s * a[6] + t * b[6]) + qy * (s * a[7] + t * b[7])
                    u += qz * (s * a[8] + t * b[8])
                    v = qx * (s * a[9] + t * b[9]) + qy * (s * a[10] + t * b[10])
                    v += qz * (s * a[11] + t * b[11])
                    ra, rb = s * a[12] + t * b[12], s * a[13] + t * b[13]
                    rho = np.sqrt((u / ra) ** 2 + (v / rb) ** 2)
                    slope = np.sqrt((u / (ra * ra)) ** 2 + (v / (rb * rb)) ** 2)
                    d = -min(ra, rb)
                    if rho > 1e-4:
                        d = (rho - 1.0) * rho / slope
                    axial = 0.0
                    if n == 0 and raw < 0.0:
                        axial = -raw * np.sqrt(length2)
                    if n == count - 1 and raw > 1.0:
                        axial = (raw - 1.0) * np.sqrt(length2)
                    if axial > 0.0:
                        d = max(d, axial)
                    sd[kk, jj, ii] = d


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def spline_field(
    values: Floats,
    at_z: Indices,
    at_y: Indices,
    at_x: Indices,
    weight_z: Floats,
    weight_y: Floats,
    weight_x: Floats,
    out: Floats,
) -> None:
    """Sum of ``values`` at four places along each axis, (n, 4), by weights (n, 4), into ``out``."""
    rows, columns = values.shape[1], values.shape[2]
    plane = np.empty((rows, columns), dtype=np.float32)
    row = np.empty(columns, dtype=np.float32)
    for k in range(out.shape[0]):
        plane[:] = 0
        for n in range(4):
            plane += weight_z[k, n] * values[at_z[k, n]]
        for j in range(out.shape[1]):
            for c in range(columns):
                total = weight_y[j, 0] * plane[at_y[j, 0], c]
                total += weight_y[j, 1] * plane[at_y[j, 1], c]
                total += weight_y[j, 2] * plane[at_y[j, 2], c]
                row[c] = total + weight_y[j, 3] * plane[at_y[j, 3], c]
            for i in range(out.shape[2]):
                total = weight_x[i, 0] * row[at_x[i, 0]] + weight_x[i, 1] * row[at_x[i, 1]]
                total += weight_x[i, 2] * row[at_x[i, 2]] + weight_x[i, 3] * row[at_x[i, 3]]
                out[k, j, i] = total
