"""Gaps of a scan, where slices were interpolated: what lies there is seen but not measured."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import Branch, Points, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .resections import Margin

__all__ = ["gap_ml", "gap_remarks", "gaps_along", "margin_remarks", "span_remarks", "touches_gap"]

Flags = npt.NDArray[np.bool_]


def touches_gap(volume: Volume, groups_lps: Points) -> Flags:
    """Whether the points (m, 3) of each group (n, m, 3) in LPS [mm] reach into a gap, (n,).

    A section that spans a whole gap reaches into it, also if none of its points lies there.
    """
    touches = np.zeros(len(groups_lps), bool)
    if not volume.source.interpolated_k:
        return touches
    k = volume.grid.to_index(groups_lps)[..., 0]
    lowest, highest = k.min(axis=1), k.max(axis=1)
    touches |= volume.is_interpolated(groups_lps).any(axis=1)
    for first, after in volume.source.interpolated_k:
        touches |= (lowest < first) & (highest > after - 1)
    return touches


def gaps_along(
    touches: Flags, stations_mm: npt.NDArray[np.float64]
) -> tuple[tuple[float, float], ...]:
    """Stations from and to which flags (n,) are set, half a step wider at either end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], touches, [False]]).astype(np.int8)))
    half_mm = float(stations_mm[-1]) / max(len(stations_mm) - 1, 1) / 2
    return tuple(
        (
            max(float(stations_mm[start]) - half_mm, 0.0),
            min(float(stations_mm[end - 1]) + half_mm, float(stations_mm[-1])),
        )
        for start, end in edges.reshape(-1, 2)
    )


def gap_ml(segment: Segment, volume: Volume) -> float:
    """Volume of a segment in slices that were never scanned.

    Raises GeometryError for a segment that does not lie on the scan's voxels.
    """
    if not volume.source.interpolated_k:
        return 0.0
    offset = segment.grid.box_in(volume.grid)[0].start
    voxels = 0
    for first, after in volume.source.interpolated_k:
        low, high = max(first - offset, 0), max(after - offset, 0)
        voxels += int(np.count_nonzero(segment.mask[low:high]))
    return voxels * segment.grid.voxel_mm3 / MM3_PER_ML


def gap_remarks(segment: Segment, volume: Volume) -> tuple[str, ...]:
    """What to say of a segment that reaches into a gap of the scan."""
    inside_ml = gap_ml(segment, volume)
    if not inside_ml:
        return ()
    return (
        f"{inside_ml:.1f} of {segment.volume_ml:.1f} ml lie in slices that were interpolated, "
        "where nothing was scanned.",
    )


def margin_remarks(margin: Margin, volume: Volume) -> tuple[str, ...]:
    """What to say of a margin whose smallest distance was taken in a gap of the scan."""
    if not volume.is_interpolated(margin.nearest_lps):
        return ()
    return (
        "The lesion's nearest point lies in slices that were interpolated, where nothing was "
        "scanned; the margin there is not measured.",
    )


def span_remarks(branch: Branch, named_spans_mm: dict[str, tuple[float, float]]) -> tuple[str, ...]:
    """Which stretches of a vessel, by name, reach into a gap of the scan."""
    remarks = []
    for name, (start_mm, end_mm) in named_spans_mm.items():
        for low, high in branch.gaps_mm:
            if start_mm < high and end_mm > low:
                remarks.append(
                    f"{name} reaches into a gap of the scan ({low:.0f} to {high:.0f} mm along the "
                    "vessel) where slices were interpolated and nothing was measured."
                )
    return tuple(remarks)
