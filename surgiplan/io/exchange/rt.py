"""DICOM structure sets in: read in a decoder, filled on the slices that they were drawn on."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, silent
from surgiplan.model import Segment, Volume

from .contours import filled
from .seg import coded

__all__ = ["filled_structures"]

_OFF_PLANE = 0.2
"""Slices by which the points of a contour may lie beside one slice."""

Contours = list[npt.NDArray[np.float64]]


def filled_structures(
    document: Any, arrays: Mapping[str, npt.NDArray[Any]], volume: Volume, report: Report = silent
) -> tuple[Segment, ...]:
    """The structures in the parcel of an RTSTRUCT as voxels of their scan.

    A voxel belongs to a structure if its middle lies within an odd number of its contours.  What
    could not be kept (contours beside the slices, open lines, points) is in the remarks.  Raises
    SegmentationError if none of them has a voxel in it.
    """
    ends = np.cumsum(arrays["lengths"])[:-1]
    points: Contours = [volume.grid.to_index(part) for part in np.split(arrays["points"], ends)]
    found, at, empty = [], 0, ""
    for n, one in enumerate(document["structures"]):
        report(0.3 + 0.7 * n / len(document["structures"]), f"Filling {one['name']}")
        mine, at = points[at : at + one["contours"]], at + one["contours"]
        made = _segment(one, mine, volume)
        if isinstance(made, Segment):
            found.append(made)
        elif mine:
            empty = made
    if not found:
        raise SegmentationError(empty)
    return tuple(found)


def _segment(one: Any, contours: Contours, volume: Volume) -> Segment | str:
    """A structure with its remarks, or the sentence that says why there is nothing of it."""
    planes: dict[int, Contours] = defaultdict(list)
    off: list[float] = []
    for contour in contours:
        k = round(float(contour[:, 0].mean()))
        away = float(np.abs(contour[:, 0] - k).max())
        if away > _OFF_PLANE:
            off.append(away)
        elif 0 <= k < volume.grid.shape[0]:
            planes[k].append(contour[:, 1:])
    remarks = []
    if off:
        remarks.append(
            f"{len(off)} of {len(contours)} contours lie off the slices (by up to "
            f"{max(off) * volume.grid.spacing_mm[0]:.1f} mm) and were left out."
        )
    if one["others"]:
        remarks.append(f"{one['others']} points or open lines of it were left out.")
    filled_planes = {k: filled(some, volume.grid.shape[1:]) for k, some in planes.items()}
    mask, low = _boxed({k: plane for k, plane in filled_planes.items() if plane.any()})
    if mask is None:
        why = remarks[0] if off else "no voxel of it lies within the scan."
        return f"{one['name']} cannot be filled: {why} Choose the scan that it was drawn on."
    colour = one["colour"]
    return Segment(
        id=f"structure{one['number']}",
        name=one["name"],
        mask=mask,
        grid=volume.grid.cropped(low, low + mask.shape),
        volume_id=volume.id,
        made_by=f"imported: structure {one['number']} of an RTSTRUCT, {len(contours)} contours",
        remarks=tuple(remarks),
        anatomy=coded(one["anatomy"]),
        colour="#" + "".join(f"{n:02x}" for n in colour) if colour else "",
    )


def _boxed(
    planes: dict[int, npt.NDArray[np.bool_]],
) -> tuple[npt.NDArray[np.bool_] | None, npt.NDArray[np.int64]]:
    """The planes as one mask cropped to its box, and where that begins; None if all are empty."""
    if not planes:
        return None, np.zeros(3, np.int64)
    rows = np.flatnonzero(np.any([plane.any(axis=1) for plane in planes.values()], axis=0))
    columns = np.flatnonzero(np.any([plane.any(axis=0) for plane in planes.values()], axis=0))
    low = np.array([min(planes), rows[0], columns[0]])
    high = np.array([max(planes), rows[-1], columns[-1]]) + 1
    mask = np.zeros(high - low, bool)
    for k, plane in planes.items():
        mask[k - low[0]] = plane[low[1] : high[1], low[2] : high[2]]
    return mask, low
