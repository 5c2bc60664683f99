"""Thrombus and calcium of a case at the wall of a vessel, as mechanics needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.model import Case, Points, Segment

if TYPE_CHECKING:
    from surgiplan.mechanics import Deposits

__all__ = ["DepositsInCase", "deposits_in"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_FARTHEST_MM, _STEP_MM = 40.0, 0.5
_GAP_MM = 1.5
"""So wide a gap between lumen and thrombus, or within it, is for want of resolution."""


@dataclass(frozen=True, eq=False)
class DepositsInCase:
    """What lies at the wall, and the ids of the segments that show it."""

    deposits: "Deposits"
    segments: tuple[str, ...]


def deposits_in(case: Case, axis_lps: Points, contours_lps: Points) -> DepositsInCase:
    """Thrombus and calcium around the lumen's contours (n, angles, 3) about an axis (n, 3)."""
    from surgiplan.mechanics import Deposits

    thrombi, calcium = _named(case, "thrombus"), _named(case, "calci")
    thickness = _thickness_mm(thrombi, axis_lps, contours_lps) if thrombi else None
    return DepositsInCase(
        Deposits(thickness, (lambda points: _in_any(calcium, points)) if calcium else None),
        tuple(segment.id for segment in (*thrombi, *calcium)),
    )


def _named(case: Case, word: str) -> list[Segment]:
    return [segment for segment in case.segments.values() if word in segment.name.lower()]


def _thickness_mm(thrombi: list[Segment], axis_lps: Points, contours_lps: Points) -> Floats:
    """How far thrombus reaches outward (n, angles) from the contours, on rays from the axis."""
    from scipy.ndimage import median_filter

    ways = contours_lps - axis_lps[:, None]
    ways = ways / np.maximum(np.linalg.norm(ways, axis=2, keepdims=True), 1e-9)
    reached, gap = np.zeros(ways.shape[:2]), np.zeros(ways.shape[:2])
    for depth in np.arange(_STEP_MM / 2, _FARTHEST_MM, _STEP_MM):
        hit = _in_any(thrombi, contours_lps + depth * ways) & (gap <= _GAP_MM)
        gap = np.where(hit, 0.0, gap + _STEP_MM)
        reached[hit] = depth + _STEP_MM / 2
    closed = np.pad(reached, ((0, 0), (1, 1)), mode="wrap")
    return np.asarray(median_filter(closed, 3, mode="nearest")[:, 1:-1])


def _in_any(segments: list[Segment], points_lps: Points) -> Flags:
    """Which points (..., 3) lie in one of the segments."""
    found = np.zeros(points_lps.shape[:-1], bool)
    for segment in segments:
        index = np.rint(segment.grid.to_index(points_lps)).astype(int)
        inside = ((index >= 0) & (index < segment.mask.shape)).all(axis=-1)
        found[inside] |= segment.mask[tuple(index[inside].T)]
    return found
