"""The axis of a device that moves sideways in its vessel, as a beam that is straight when free."""

import numpy as np
import numpy.typing as npt

from ..loads import Expander

__all__ = ["Axis", "factored"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_CENTRING = 1e-4
"""Hold of the axis at its place, as a part of the stiffness of full contact."""


class Axis:
    """The moves of an expander's axis: a cubic spline along the device, and what resists them.

    ``moved`` (m, 3) [mm] are its coefficients; ``tables`` (segments, 4, m) its cubics on the
    segments of the axis, of which those from ``leads`` (segments,) on and three more count.
    """

    def __init__(self, expander: Expander) -> None:
        present = np.flatnonzero(expander.share > 0)
        first, last = int(present[0]), int(present[-1])
        radius = float(expander.radius_mm[present].mean())
        axis = expander.axis_mm
        self._pitch = float(np.linalg.norm(np.diff(axis[first : last + 1], axis=0), axis=1).mean())
        knots = _knots(first, last, radius / self._pitch)
        self.tables, self.leads = _spline_tables(knots, len(axis) - 1)
        self.moved = np.zeros((self.tables.shape[2], 3))
        self._hold = self._holding(expander, first, last, radius)
        self._bend, self._pull, self._rest = self._bending(expander, first, last)

    def energy(self, load: float) -> float:
        """Energy [mN mm] of bending and of what keeps the axis from sliding along."""
        d = self.moved
        bending = np.einsum("ij,ik,jk->", self._bend, d, d) / 2 + (self._pull * d).sum()
        holding = np.einsum("iajb,ia,jb->", self._hold, d, d) / 2
        return float(load * (bending + self._rest) + holding)

    def slopes(self, load: float) -> tuple[Floats, Floats]:
        """First (m, 3) and second (m, 3, m, 3) slope of that energy."""
        d = self.moved
        slope = load * (self._bend @ d + self._pull) + np.einsum("iajb,jb->ia", self._hold, d)
        curvature = self._hold.copy()
        for axis in range(3):
            curvature[:, axis, :, axis] += load * self._bend
        return slope, curvature

    def step(self, slope: Floats, curvature: Floats) -> Floats:
        """Newton's step (m, 3) of the moves."""
        from ..matrix import _kernels

        right = -slope.reshape(-1)
        _kernels.cholesky_solve(factored(curvature), right)
        return np.asarray(right.reshape(slope.shape))

    def _bending(self, expander: Expander, first: int, last: int) -> tuple[Floats, Floats, float]:
        """E I / 2 times the squared curvature along the device, a quadratic form of the moves."""
        from scipy.interpolate import CubicSpline

        stiffness = 1000.0 * float(expander.bending_n_mm2 or 0.0)
        part = np.arange(first, last)
        own = CubicSpline(np.arange(len(expander.axis_mm)), expander.axis_mm)
        count = self.tables.shape[2]
        bend, pull, rest = np.zeros((count, count)), np.zeros((count, 3)), 0.0
        for t in (0.5 - 12**-0.5, 0.5 + 12**-0.5):
            bent = (2 * self.tables[part, 2] + 6 * t * self.tables[part, 3]) / self._pitch**2
            given = own(part + t, 2) / self._pitch**2
            weight = stiffness * self._pitch / 2
            bend += weight * np.einsum("si,sj->ij", bent, bent)
            pull += weight * np.einsum("si,sk->ik", bent, given)
            rest += weight / 2 * float((given**2).sum())
        return bend, pull, rest

    def _holding(self, expander: Expander, first: int, last: int, radius: float) -> Floats:
        """Stiffness that keeps the device where it lies along the vessel, friction's share."""
        axis = expander.axis_mm
        part = np.arange(first, last)
        way = axis[part + 1] - axis[part]
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        middle = np.einsum("spm,p->sm", self.tables[part], [1.0, 0.5, 0.25, 0.125])
        weight = expander.stiffness_kpa_per_mm * np.pi * radius * self._pitch
        ways = way[:, :, None] * way[:, None, :] + _CENTRING * np.eye(3)
        return np.asarray(weight * np.einsum("si,sab,sj->iajb", middle, ways, middle))


def factored(curvature: Floats) -> Floats:
    """Factor (c, c) of a symmetric curvature (m, 3, m, 3), c = 3 m, mirrored above its diagonal."""
    from ..matrix import _kernels

    count = 3 * len(curvature)
    matrix = np.ascontiguousarray(curvature.reshape(count, count))
    matrix = (matrix + matrix.T) / 2
    factor = np.empty_like(matrix)
    _kernels.cholesky(matrix, factor)
    return factor


def _knots(first: int, last: int, spacing: float) -> npt.NDArray[np.int64]:
    """Points of the axis between which its moves are one cubic each, about ``spacing`` apart."""
    pieces = int(np.clip(round((last - first) / spacing), 1, 20))
    return np.unique(np.round(np.linspace(first, last, pieces + 1)).astype(np.int64))


def _spline_tables(knots: npt.NDArray[np.int64], segments: int) -> tuple[Floats, Ints]:
    """Cubics (segments, 4, m) of the B-splines on ``knots``, straight on beyond, and ``leads``."""
    from scipy.interpolate import BSpline

    padded = np.concatenate([[knots[0]] * 3, knots, [knots[-1]] * 3]).astype(float)
    count = len(knots) + 2
    place = np.arange(segments)
    inside = (place >= knots[0]) & (place < knots[-1])
    tables = np.zeros((segments, 4, count))
    for number in range(count):
        spline = BSpline(padded, np.eye(count)[number], 3)
        for order, share in enumerate((1.0, 1.0, 0.5, 1 / 6)):
            tables[inside, order, number] = share * spline(place[inside], order)
        for beyond, end in ((place < knots[0], knots[0]), (place >= knots[-1], knots[-1] - 1e-9)):
            steep = spline(end, 1)
            tables[beyond, 0, number] = spline(end) + steep * (place[beyond] - end)
            tables[beyond, 1, number] = steep
    leads = np.clip(np.searchsorted(knots, place, side="right") - 1, 0, len(knots) - 2)
    return np.ascontiguousarray(tables), leads.astype(np.int32)
