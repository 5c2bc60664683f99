"""Which compact bodies beside the spine are the kidneys."""

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .bodies import Body, bodies, likely

if TYPE_CHECKING:
    from .abdomen import Abdomen

__all__ = ["Pair", "kidney_pair"]

_BANDS_HU = (
    *((low, high) for low in (-15.0, 10.0) for high in (30.0, 38.0, 46.0, 60.0)),
    *((low, 400.0) for low in (5.0, 30.0, 60.0, 85.0, 110.0, 135.0)),
)
"""Ranges that may hold a kidney and not what touches it: without contrast, and with ever more."""

_OPENINGS_MM = (3.5, 5.0, 7.0, 9.0)
_VOLUME_ML = (25.0, 600.0)
_BESIDE_MM, _DEPTH_MM = (12.0, 115.0), (-80.0, 45.0)
"""Where kidneys lie beside and behind the spinal canal."""

_BRIGHT_HU = 30.0
"""Kidneys with contrast are brighter than the liver by this."""

_CANDIDATES = 8
_LEAST_WITHOUT_LIVER = 0.7
_LEAST = 0.12
_LEAST_ALONE = 0.45
"""Least score of a kidney in a scan without a liver, of a pair, and of one without partner."""


@dataclass(frozen=True)
class Pair:
    """The kidneys and how kidney-like they are, 0 to 1."""

    left: Body | None
    right: Body | None
    score: float

    @property
    def level_hu(self) -> float | None:
        """Density of the brighter one; None without any."""
        return max((one.level_hu for one in (self.left, self.right) if one), default=None)


def kidney_pair(abdomen: "Abdomen") -> Pair:
    """The two bodies that are most like kidneys and like each other, or the one, or none."""
    sides = [_candidates(abdomen, side) for side in (1, -1)]
    liver = 60.0 if abdomen.core_hu is None else max(abdomen.core_hu, 60.0)
    bright = [[one for one in side if one[1].level_hu > liver + _BRIGHT_HU] for side in sides]
    if abdomen.contrast or any(score > 0.3 for side in bright for score, _ in side):
        sides = bright
    step = abdomen.spacing_mm[0]
    pairs = [
        (a * b * _alike(one, other, step), one, other)
        for (a, one), (b, other) in product(*sides)
    ]  # fmt: skip
    score, left, right = max(pairs, key=lambda pair: pair[0], default=(0.0, None, None))
    if score >= _LEAST:
        return Pair(left, right, score**0.5)
    best = [max(side, key=lambda one: one[0], default=(0.0, None)) for side in sides]
    (left_score, left), (right_score, right) = best
    if max(left_score, right_score) < _LEAST_ALONE:
        return Pair(None, None, 0.0)
    if left_score > right_score:
        return Pair(left, None, left_score)
    return Pair(None, right, right_score)


def _candidates(abdomen: "Abdomen", side: int) -> list[tuple[float, Body]]:
    """The best bodies on one side, the best first."""
    beside, back = side * abdomen.frame.left_mm, abdomen.frame.back_mm
    room = abdomen.inside & (beside > _BESIDE_MM[0]) & (beside < _BESIDE_MM[1])
    room &= (back > _DEPTH_MM[0]) & (back < _DEPTH_MM[1])
    first, after = abdomen.core_slices
    step = abdomen.spacing_mm[0]
    if abdomen.core_hu is not None:
        room[: max(0, int(first - 110 / step))] = False
        room[max(0, int(after - 15 / step)) :] = False
    found = [
        (_kidney_like(body), body)
        for body in bodies(
            abdomen.smooth, room, abdomen.frame, abdomen.spacing_mm,
            bands_hu=_BANDS_HU, openings_mm=_OPENINGS_MM, volume_ml=_VOLUME_ML,
        )
    ]  # fmt: skip
    least = 0.02 if abdomen.core_hu is not None else _LEAST_WITHOUT_LIVER
    found = [(score, one) for score, one in found if score > least and _beside(abdomen, one)]
    found.sort(key=lambda one: -one[0])
    dark = [one for one in found if one[1].level_hu < 85][:_CANDIDATES]
    return [*dark, *[one for one in found if one[1].level_hu >= 85][:_CANDIDATES]]


def _beside(abdomen: "Abdomen", body: Body) -> bool:
    """Whether the spinal canal is seen at the height of a body."""
    return bool(abdomen.spine[min(int(body.slice), len(abdomen.spine) - 1)])


def _kidney_like(body: Body) -> float:
    """How well size, place, shape and surroundings fit a kidney, 0 to 1."""
    short, middle, long = body.axes_mm
    factors = (
        likely(body.volume_ml, 25, 80, 200, 500),
        likely(abs(body.left_mm), 20, 42, 85, 115),
        likely(body.back_mm, -75, -50, 22, 45),
        likely(long, 25, 40, 75, 100),
        likely(short, 9, 17, 33, 45),
        likely(middle, 14, 22, 36, 50),
        likely(long / np.sqrt(short * middle), 1.0, 1.3, 2.4, 3.3),
        likely(body.filling, 0.45, 0.85, 2.0, 3.0),
        body.edge**0.5,
        likely(body.spread_hu, -2.0, -1.0, 25.0, 60.0),
    )
    return float(np.prod(factors))


def _alike(one: Body, other: Body, step_mm: float) -> float:
    """How well density, height and volume of two kidneys agree, 0 to 1."""
    sizes = sorted((one.volume_ml, other.volume_ml))
    reach = 20.0 + 0.1 * max(one.level_hu, 0.0)
    return (
        likely(abs(one.level_hu - other.level_hu), -2, -1, reach, 3 * reach)
        * likely(abs(one.slice - other.slice) * step_mm, -2, -1, 45, 100)
        * likely(sizes[1] / sizes[0], 0.0, 0.5, 1.4, 3.5)
    )
