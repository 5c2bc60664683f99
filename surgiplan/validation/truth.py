"""What a plan measured beside the known truth of a synthetic study."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from surgiplan.model import Branch, Case, Points, Segment

__all__ = ["TruthRow", "beside_truth"]

_VOLUME_TOLERANCE_FRACTION = 0.05
_BIAS_TOLERANCE_MM = 0.2
_NEAR_MM = 6.0
"""A truth centreline further than this on average is that of another vessel."""


@dataclass(frozen=True)
class TruthRow:
    """What was measured, what is true, and how far apart they may be; the unit is in the name."""

    name: str
    measured: float
    truth: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the measurement lies within the tolerance."""
        return abs(self.measured - self.truth) <= self.tolerance


def beside_truth(
    case: Case, truth: Mapping[str, Any], segments: Mapping[str, Segment]
) -> list[TruthRow]:
    """Each measurement of ``case`` that the truth knows.

    ``truth`` is the content of a ``truth.json``; ``segments`` are the true masks by name.
    Volumes of what the plan stands on within 5 % (how near the other structures come is measured
    over many patients and scans, not on this one); diameters with a mean bias within 0.2 mm and
    each station within one in-plane voxel; lengths and margins within one voxel, its longest side.
    """
    rows = [*_volumes(case, truth)]
    for centerline in case.plan.centerlines.values():
        for number, branch in enumerate(centerline.branches):
            name = f"{centerline.id} branch {number}"
            rows += _branch(name, branch, truth, case.volume().grid.spacing_mm)
    rows += _margins(case, segments)
    rows += _distances(case, truth)
    return rows


def _volumes(case: Case, truth: Mapping[str, Any]) -> Iterator[TruthRow]:
    planned = {one.segment_id for one in case.plan.centerlines.values()}
    for resection in case.plan.resections.values():
        planned |= {resection.target_id, resection.lesion_id}
    for segment_id, segment in case.segments.items():
        known = truth["segments"].get(segment_id)
        if known and segment_id in planned:
            true_ml = float(known["volume_ml"])
            tolerance = _VOLUME_TOLERANCE_FRACTION * true_ml
            yield TruthRow(f"{segment_id} volume_ml", segment.volume_ml, true_ml, tolerance)


def _branch(
    name: str, branch: Branch, truth: Mapping[str, Any], spacing_mm: tuple[float, float, float]
) -> Iterator[TruthRow]:
    """Diameters at the stations of the truth that this branch passes, and the length."""
    from surgiplan.planning import sections

    true = _nearest_centerline(branch, truth)
    if true is None:
        return
    in_plane_mm, longest_mm = max(spacing_mm[1:]), max(spacing_mm)
    measured = sections(branch)
    stations = [s for s in true["stations"] if _passes(branch, s)]
    at = [branch.nearest_station_mm(s["point_lps"]) for s in stations]
    for key in ("d_min_mm", "d_max_mm", "d_area_mm"):
        found = np.interp(at, measured.s_mm, getattr(measured, key))
        known = np.array([_diameter(s, key) for s in stations])
        error = found - known
        usable = np.isfinite(error)
        if not usable.any():
            continue
        worst = int(np.nanargmax(np.abs(error)))
        yield TruthRow(
            f"{name} {key} mean of {int(usable.sum())} of {len(stations)} stations",
            float(found[usable].mean()),
            float(known[usable].mean()),
            _BIAS_TOLERANCE_MM,
        )
        yield TruthRow(
            f"{name} {key} at its worst station ({at[worst]:.0f} mm)",
            float(found[worst]),
            float(known[worst]),
            in_plane_mm,
        )
    yield TruthRow(f"{name} length_mm", branch.length_mm, _true_length_mm(branch, true), longest_mm)


def _diameter(station: Mapping[str, Any], key: str) -> float:
    if key in station:
        return float(station[key])
    return float(2 * np.sqrt(station["area_mm2"] / np.pi))


def _nearest_centerline(branch: Branch, truth: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The true centreline that this branch follows; None if there is none near."""
    distances = [_mean_distance_mm(branch, c["points_lps"]) for c in truth["centerlines"]]
    if not distances or min(distances) > _NEAR_MM:
        return None
    found: Mapping[str, Any] = truth["centerlines"][int(np.argmin(distances))]
    return found


def _mean_distance_mm(branch: Branch, points_lps: Any) -> float:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(np.asarray(points_lps, float)).query(branch.points_lps)
    return float(np.mean(distance))


def _passes(branch: Branch, station: Mapping[str, Any]) -> bool:
    """Whether the branch runs through the plane of a true station, and not only ends near it."""
    offset = branch.points_lps - np.asarray(station["point_lps"], float)
    along = offset @ np.asarray(station["tangent"], float)
    return bool(along.min() < 0 < along.max() and np.linalg.norm(offset, axis=1).min() < _NEAR_MM)


def _true_length_mm(branch: Branch, true: Mapping[str, Any]) -> float:
    """Length of the true centreline between the places nearest to the branch's two ends."""
    points: Points = np.asarray(true["points_lps"], float)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    whole = Branch(points, tangents, np.zeros((len(points), 1, 3)))
    ends = [whole.nearest_station_mm(branch.points_lps[n]) for n in (0, -1)]
    return abs(ends[1] - ends[0])


def _margins(case: Case, segments: Mapping[str, Segment]) -> Iterator[TruthRow]:
    from surgiplan.planning import divide, margin

    for one in case.plan.resections.values():
        longest_mm = max(case.volume().grid.spacing_mm)
        if one.lesion_id in segments and one.lesion_id in case.segments:
            measured = margin(case.segments[one.lesion_id], one).min_mm
            true = margin(segments[one.lesion_id], one).min_mm
            yield TruthRow(f"{one.id} margin_min_mm", measured, true, longest_mm)
        if one.target_id in segments:
            found = divide(case.segments[one.target_id], one)
            known = divide(segments[one.target_id], one)
            for key in ("resected_ml", "remnant_ml"):
                true = getattr(known, key)
                tolerance = _VOLUME_TOLERANCE_FRACTION * true
                yield TruthRow(f"{one.id} {key}", getattr(found, key), true, tolerance)


def _distances(case: Case, truth: Mapping[str, Any]) -> Iterator[TruthRow]:
    """Measurements that carry the name of a true measure."""
    for one in case.plan.measurements.values():
        true = truth.get("measures", {}).get(one.name)
        if true is not None:
            longest_mm = max(case.volume().grid.spacing_mm)
            yield TruthRow(one.name, one.length_mm, float(true), longest_mm)
