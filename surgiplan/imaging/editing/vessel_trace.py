"""Guided tracing: two clicks in a vessel, the way between them, and the lumen around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import distance_mm
from surgiplan.imaging.neighbourhood import tissue_at
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Points, Quantity, Segment, Volume

from .marching import require_tissue
from .operation import Operation, box_of_points, box_of_segments, joined
from .patch import Mask, Patch
from .seeded import calm_values

__all__ = ["TraceVessel", "TraceVesselSettings", "vessel_way"]

_BALL_MM = 1.5
_LEAST_SPREAD = 10.0
_STEP_MM = 1.2
"""The way is looked for in steps of about so much."""
_DEAREST = 200.0
"""Price of a step through other tissue, beside one through the lumen."""
_ALIKE = 0.5
"""Largest difference between the ends, as a fraction of the brighter one."""
_FOREIGN = 0.3
"""Largest part of a vessel's way in other tissue: occlusions, calcium, missing contrast."""
_WIDER = 3.0
_MORE_MM = 1.5
"""What lies farther from the way than so many times its widest circle, and so much more, is a
branch; a lumen that a flap has flattened is no branch."""


@dataclass(frozen=True)
class TraceVesselSettings:
    """How far the vessel may wind."""

    reach_mm: Annotated[
        float, Quantity("mm", 5, 200, "how far the vessel may leave the box around both clicks")
    ] = 40.0


class TraceVessel(Operation):
    """The lumen along the way between two clicks."""

    name: ClassVar[str] = "trace_vessel"
    title: ClassVar[str] = "Trace vessel"
    about: ClassVar[str] = (
        "Click both ends of a contrast-filled vessel: the way through values like those at the "
        "clicks is found, and the lumen around it, without branches and without what lies beyond "
        "the ends."
    )
    Settings: ClassVar[type] = TraceVesselSettings
    segments: ClassVar[tuple[int, int]] = (0, 1)
    seeds: ClassVar[tuple[int, int]] = (2, 2)
    if_empty: ClassVar[str] = "click the middle of the vessel at both ends"

    def box(
        self,
        volume: Volume,
        segments: Sequence[Segment],
        points: Points,
        settings: TraceVesselSettings,
    ) -> Box:
        around = box_of_points(volume, points, settings.reach_mm)
        return joined(around, box_of_segments(volume, segments, 0.0)) if segments else around

    def label(self, segments: Sequence[Segment], settings: TraceVesselSettings) -> str:
        return f"Trace a vessel into {segments[0].name}" if segments else self.title

    def find(self, patch: Patch, settings: TraceVesselSettings, report: Report) -> tuple[Mask, ...]:
        way = vessel_way(patch.volume, patch.points_lps, settings.reach_mm, part(report, 0, 0.4))
        lumen = _lumen(patch, way, settings, part(report, 0.4, 0.9))
        lumen = _along(lumen, way - np.array(patch.box.low), patch.spacing_mm)
        return (lumen | patch.mask() if patch.segments else lumen,)


def vessel_way(
    volume: Volume, ends_lps: Points, reach_mm: float, report: Report = silent
) -> npt.NDArray[np.int64]:
    """The voxels (n, 3) of the way between two points (2, 3) in LPS [mm] that costs least.

    A step costs little where the scan is as it is at its ends.  Raises SegmentationError for ends
    in air and for ends too unlike to be one vessel.
    """
    from skimage.graph import MCP_Geometric

    box = box_of_points(volume, ends_lps, reach_mm)
    ends = np.rint(volume.grid.to_index(ends_lps)).astype(np.int64)
    tissues = [tissue_at(volume, end, _BALL_MM) for end in ends]
    levels = [tissue.level for tissue in tissues]
    for end, level in zip(ends_lps, levels, strict=True):
        require_tissue(volume, end, level)
    if max(levels) - min(levels) > _ALIKE * max(levels):
        raise SegmentationError(
            f"The points lie in {levels[0]:.0f} and {levels[1]:.0f} {volume.unit}, too unlike to "
            "be one vessel; click in one lumen."
        )
    report(0.2, "Looking for the way")
    every = [max(1, int(_STEP_MM / step)) for step in volume.grid.spacing_mm]
    values = calm_values(volume, box, 0.5)[tuple(slice(None, None, n) for n in every)]
    spread = max(_LEAST_SPREAD, *(tissue.spread for tissue in tissues))
    unlike = np.maximum(min(levels) - values, values - max(levels)).clip(0) / (3 * spread)
    costs = np.minimum(1 + unlike**2 * 10, _DEAREST)
    steps = [step * n for step, n in zip(volume.grid.spacing_mm, every, strict=True)]
    places = np.minimum(np.rint((ends - box.low) / every), np.array(values.shape) - 1).astype(int)
    search = MCP_Geometric(costs, sampling=steps)
    search.find_costs([places[0]], [places[1]])
    way = np.array(search.traceback(places[1]))
    report(1.0, "Looking for the way")
    if np.mean(unlike[tuple(way.T)] > 1) > _FOREIGN:
        raise SegmentationError(
            f"No vessel joins the points: they lie in {levels[0]:.0f} and {levels[1]:.0f} "
            f"{volume.unit}, and the way between them in other tissue; click in one lumen."
        )
    inner = way[1:-1] * every + np.array(box.low)
    result: npt.NDArray[np.int64] = np.concatenate([ends[:1], inner, ends[1:]])
    return result


def _lumen(
    patch: Patch, way: npt.NDArray[np.int64], settings: TraceVesselSettings, report: Report
) -> Mask:
    """What the method ``vessel`` finds between the clicks, in the patch.

    Where contrast fades too much for it, the range is opened down to what the way passes.
    """
    from surgiplan.imaging.vessel import Vessel, VesselSettings

    volume = patch.volume
    try:
        choice = VesselSettings(reach_mm=max(10.0, settings.reach_mm / 2))
        found = Vessel().run(volume, patch.points_lps, choice, report)
    except SegmentationError:
        passed = [tissue_at(volume, voxel, _BALL_MM).level for voxel in way]
        faintest = float(np.percentile(passed, 5))
        low = faintest - 0.3 * max(float(np.median(passed)) - faintest, 50.0)
        choice = VesselSettings(reach_mm=max(10.0, settings.reach_mm / 2), low_hu=low, opening_mm=0)
        found = Vessel().run(volume, patch.points_lps, choice, report)
    return Patch(volume, patch.box, found, patch.points_lps).mask()


def _along(lumen: Mask, way: npt.NDArray[np.int64], spacing_mm: tuple[float, float, float]) -> Mask:
    """The lumen near the way and between its ends: branches and what lies beyond are cut off."""
    from scipy.spatial import KDTree

    steps = np.array(spacing_mm)
    within = np.all((way >= 0) & (way < lumen.shape), axis=1)
    way = way[within]
    radii = distance_mm(~lumen, spacing_mm)[tuple(way.T)]
    places = np.argwhere(lumen)
    away, nearest = KDTree(way * steps).query(places * steps)
    widest: Any = np.maximum.reduce([np.roll(np.pad(radii, 5), n)[5:-5] for n in range(-5, 6)])
    keep = away <= _WIDER * widest[nearest] + _MORE_MM
    for end, inner in ((0, min(5, len(way) - 1)), (len(way) - 1, max(len(way) - 6, 0))):
        outwards = (way[end] - way[inner]) * steps
        beyond = (places - way[end]) * steps @ outwards > 0.5 * min(steps) * np.linalg.norm(
            outwards
        )
        keep &= ~(beyond & (away <= _WIDER * widest[end] + _MORE_MM) & (np.abs(nearest - end) <= 5))
    result = np.zeros_like(lumen)
    result[tuple(places[keep].T)] = True
    return result
