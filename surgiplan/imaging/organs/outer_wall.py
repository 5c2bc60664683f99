"""The outer wall of a vessel: the circle of fat and lung around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..coarse import Coarse
from .tube import ANGLES, CIRCLE, Section, Tube, crossing, rays

__all__ = ["Ring", "outer_tube", "ring_around"]

Floats = npt.NDArray[np.float64]

_FAT_BORDER_HU = -25.0
"""Halfway between wall and fat."""
_REACH_MM = 45.0
_OFF_MM = 2.0
"""Rays that end this near to a circle agree with it."""
_LEAST_SEEN = 0.25
"""Share of rays that must end in fat or lung at all."""
_TRIALS = 150
_WIDER_MM = 4.5
"""A wall is thinner; what is wider than the lumen by more has thrombus or a second lumen."""
_AGREEING = 0.5
"""Share of rays on one circle that makes a wall of it."""
_BESIDE = 6
"""Sections on either side that have a say in whether the wall stands off."""
_LASTS_MM = 16.0


@dataclass(frozen=True)
class Ring:
    """A circle in the plane of a section, its centre from the section's middle [mm]."""

    centre: Floats
    radius: float
    agreeing: float
    """Share of rays that end on it."""
    ends: Floats
    """Where each ray ends in fat or lung, (ANGLES,) [mm]; NaN where it does not."""

    @property
    def radii(self) -> Floats:
        """From the section's middle to the wall: the rays' ends, or the circle where they miss."""
        along = CIRCLE @ self.centre
        inner = self.radius**2 - (self.centre @ self.centre) + along**2
        circle = along + np.sqrt(np.maximum(inner, 0))
        agrees = np.abs(self.ends - circle) < 1.5 * _OFF_MM
        return np.asarray(np.where(agrees, self.ends, circle))


def ring_around(
    coarse: Coarse, section: Section, least_mm: float, most_mm: float, *, brightest: float = np.inf
) -> Ring | None:
    """The circle around a section on which most rays end; None if few end at all.

    ``least_mm`` and ``most_mm`` bound its radius; values above ``brightest`` end a ray too.
    """
    values, r = rays(coarse, section.middle, section.across, _REACH_MM)
    beyond = r[None, :] > section.radii[:, None]
    out = ((values < _FAT_BORDER_HU) | (values > brightest)) & beyond
    ends = crossing(values, r, out, np.full(ANGLES, _REACH_MM - 1.0))
    known = np.flatnonzero(~np.isnan(ends))
    if len(known) < max(_LEAST_SEEN * ANGLES, 3):
        return None
    points = ends[known, None] * CIRCLE[known]
    centres, radii = _circles(points)
    border = section.radii[:, None] * CIRCLE
    spill = _away(border, centres).max(axis=0) - radii
    good = (radii >= least_mm) & (radii <= most_mm) & (spill < 1.5)
    if not good.any():
        return None
    centres, radii = centres[good], radii[good]
    off = np.abs(_away(points, centres) - radii)
    best = int(np.argmax(np.maximum(0, 1 - (off / _OFF_MM) ** 2).sum(axis=0)))
    agreeing = np.count_nonzero(off[:, best] < _OFF_MM) / ANGLES
    return Ring(centres[best], float(radii[best]), float(agreeing), ends)


def _circles(points: Floats) -> tuple[Floats, Floats]:
    """Centres (n, 2) and radii (n,) of circles through some triples of points (m, 2)."""
    rng = np.random.default_rng(len(points))
    triples = np.argsort(rng.random((_TRIALS, len(points))), axis=1)[:, :3]
    a, b, c = (points[triples[:, n]] for n in range(3))
    ab, ac = b - a, c - a
    twice = 2 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
    twice = np.where(np.abs(twice) < 1e-6, np.inf, twice)
    bb, cc = (ab**2).sum(axis=1), (ac**2).sum(axis=1)
    x = (ac[:, 1] * bb - ab[:, 1] * cc) / twice
    y = (ab[:, 0] * cc - ac[:, 0] * bb) / twice
    radii = np.hypot(x, y)
    return a + np.stack([x, y], 1), np.where(np.isfinite(twice), radii, np.nan)


def _away(points: Floats, centres: Floats) -> Floats:
    """Distances of points (n, 2) from centres (m, 2), (n, m)."""
    return np.asarray(np.linalg.norm(points[:, None] - centres[None], axis=2))


def outer_tube(coarse: Coarse, tube: Tube) -> list[tuple[Section, ...]]:
    """The runs of sections where the outer wall stands clear of the lumen, with its radii."""
    rings = [ring_around(coarse, s, 0.95 * s.radius, 42.0) for s in tube]
    wider = np.zeros((len(tube), 2))
    for n, (ring, section) in enumerate(zip(rings, tube, strict=True)):
        if ring is not None:
            wider[n] = ring.agreeing, ring.radius - section.radius
    usual = np.array([np.median(_around(wider, n), axis=0) for n in range(len(tube))])
    stands_off = (usual[:, 0] >= _AGREEING) & (usual[:, 1] >= _WIDER_MM)
    found = []
    for run in _runs(stands_off):
        sections = [tube[n] for n in run]
        length = sum(float(np.linalg.norm(b.middle - a.middle)) for a, b in pairwise(sections))
        if length >= _LASTS_MM:
            found.append(_evened(sections, [rings[n] for n in run]))
    return found


def _around(values: Floats, n: int) -> Floats:
    return values[max(n - _BESIDE, 0) : n + _BESIDE + 1]


def _runs(wanted: npt.NDArray[np.bool_]) -> list[range]:
    """The stretches of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(int)))
    return [range(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _evened(sections: Sequence[Section], rings: Sequence[Ring | None]) -> tuple[Section, ...]:
    """Sections with the radii of the outer wall, each by the majority of its neighbours."""
    from scipy.ndimage import median_filter

    radii = np.array(
        [
            np.full(ANGLES, np.nan) if ring is None or ring.agreeing < 0.4 else ring.radii
            for ring in rings
        ]
    )
    known = ~np.isnan(radii[:, 0])
    at = np.arange(len(sections))
    filled = np.stack([np.interp(at, at[known], column[known]) for column in radii.T], axis=1)
    around = np.concatenate([filled[:, -1:], filled, filled[:, :1]], axis=1)
    even = median_filter(around, size=(5, 3), mode="nearest")[:, 1:-1]
    inner = np.array([s.radii for s in sections])
    even = np.maximum(even, inner)
    return tuple(replace(s, radii=r) for s, r in zip(sections, even, strict=True))
