"""Splines through the body and the swept ellipses that follow them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .grid import Points


@dataclass(frozen=True)
class Vessel:
    """A swept ellipse: its axis every half millimetre and its section at each axis point.

    ``points``, ``tangents``, ``first`` and ``second`` are (n, 3) in template space; ``first`` and
    ``second`` are the directions of the semi-axes ``a_mm`` and ``b_mm`` (n,); ``s_mm`` (n,) is the
    arc length.
    """

    points: Points
    tangents: Points
    first: Points
    second: Points
    a_mm: Points
    b_mm: Points
    s_mm: Points

    @property
    def rows(self) -> Points:
        """The sweep as the compiled loop wants it, (n, 14)."""
        return np.column_stack(
            [self.points, self.tangents, self.first, self.second, self.a_mm, self.b_mm]
        )

    @property
    def length_mm(self) -> float:
        """Arc length of the axis."""
        return float(self.s_mm[-1])

    def widened(self, by_mm: ArrayLike) -> "Vessel":
        """The vessel with both semi-axes larger, for a wall or a clearance."""
        by = np.asarray(by_mm, dtype=np.float64)
        return Vessel(
            self.points,
            self.tangents,
            self.first,
            self.second,
            self.a_mm + by,
            self.b_mm + by,
            self.s_mm,
        )

    def part(self, start_mm: float, stop_mm: float) -> "Vessel":
        """The vessel between two arc lengths."""
        keep = (self.s_mm >= start_mm) & (self.s_mm <= stop_mm)
        return Vessel(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    def at(self, s_mm: ArrayLike) -> Points:
        """Points of the axis at given arc lengths, (n, 3)."""
        s = np.asarray(s_mm, dtype=np.float64)
        return np.stack([np.interp(s, self.s_mm, c) for c in self.points.T], axis=-1)

    def nearest_s(self, point: ArrayLike) -> float:
        """Arc length of the axis point nearest to ``point`` [mm]."""
        offsets = self.points - np.asarray(point, dtype=np.float64)
        return float(self.s_mm[np.argmin((offsets**2).sum(axis=1))])


def vessel(
    controls: ArrayLike,
    a_mm: ArrayLike,
    b_mm: ArrayLike | None = None,
    *,
    first_axis: ArrayLike = (1.0, 0.0, 0.0),
    step_mm: float = 0.5,
) -> Vessel:
    """A vessel through control points (n, 3) with semi-axes given at each of them.

    ``first_axis`` is the direction of the first semi-axis before it is made orthogonal to the
    axis of the vessel; it may be given for each control point, (n, 3).
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    p = np.asarray(controls, dtype=np.float64)
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
    spline = CubicSpline(chord, p)
    dense = np.linspace(0, chord[-1], max(int(chord[-1] / step_mm) * 8, 16))
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(spline(dense), axis=0), axis=1))])
    count = max(int(arc[-1] / step_mm) + 1, 4)
    s = np.linspace(0, arc[-1], count)
    u = np.interp(s, arc, dense)
    tangents = spline(u, 1)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    wanted = np.asarray(first_axis, dtype=np.float64)
    wanted = CubicSpline(chord, wanted)(u) if wanted.ndim == 2 else np.tile(wanted, (count, 1))
    first = wanted - tangents * (tangents * wanted).sum(axis=1, keepdims=True)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(tangents, first)
    a = PchipInterpolator(chord, np.broadcast_to(np.asarray(a_mm, float), len(p)))(u)
    b = (
        a
        if b_mm is None
        else PchipInterpolator(chord, np.broadcast_to(np.asarray(b_mm, float), len(p)))(u)
    )
    return Vessel(spline(u), tangents, first, second, a, np.asarray(b), s)


def smooth_path(controls: ArrayLike, step_mm: float = 2.0) -> Points:
    """Points every ``step_mm`` on a smooth curve through control points (n, 3)."""
    return vessel(controls, 1.0, step_mm=step_mm).points


def ellipse_perimeter(a_mm: Points, b_mm: Points) -> Points:
    """Perimeter of ellipses with semi-axes ``a_mm`` and ``b_mm`` [mm]."""
    from scipy.special import ellipe

    large, small = np.maximum(a_mm, b_mm), np.minimum(a_mm, b_mm)
    return np.asarray(4 * large * ellipe(1 - (small / large) ** 2))
