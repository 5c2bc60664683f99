"""What every segmentation method is, and the seeds it is given."""

from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume

__all__ = ["Method", "seed_voxels", "words"]


class Method(Protocol):
    """One way to find structures in a scan."""

    title: ClassVar[str]
    """Its name on a button, ``Liver from a seed``."""
    about: ClassVar[str]
    """What it does and where it fails, in one or two sentences."""
    Settings: ClassVar[type]
    """Frozen dataclass of its numbers, each with a Quantity."""
    seeds: ClassVar[tuple[int, int]]
    """Fewest and most seeds it takes."""
    names: ClassVar[tuple[str, ...]]
    """Ids of the segments that it writes."""
    needs_hu: ClassVar[bool]
    """Whether its limits are Hounsfield units, so that it makes no sense on other values."""

    def run(
        self, volume: Volume, seeds_lps: Points, settings: Any, report: Report
    ) -> tuple[Segment, ...]:
        """Segments of ``volume`` from seeds (n, 3) in LPS [mm].  Raises SegmentationError."""
        ...


def seed_voxels(
    method: type[Method], volume: Volume, seeds_lps: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """The voxels (n, 3) in (k, j, i) order that hold the seeds.

    Raises SegmentationError for too few or too many seeds and for seeds outside the volume.
    """
    seeds = np.asarray(seeds_lps, np.float64).reshape(-1, 3)
    fewest, most = method.seeds
    if not fewest <= len(seeds) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise SegmentationError(
            f"{method.title} takes {wanted} seed{'s' if most != 1 else ''}, not {len(seeds)}; "
            f"{'add' if len(seeds) < fewest else 'remove'} seeds and try again."
        )
    outside = ~volume.grid.contains(seeds)
    if outside.any():
        corners = volume.grid.corners_lps()
        low, high = corners.min(axis=0), corners.max(axis=0)
        extent = ", ".join(
            f"{axis} {a:.0f} to {b:.0f}" for axis, a, b in zip("xyz", low, high, strict=True)
        )
        point = ", ".join(f"{x:.1f}" for x in seeds[outside][0])
        raise SegmentationError(
            f"Seed ({point}) lies outside the scan, which spans {extent} mm (LPS); "
            "choose a point inside it."
        )
    return np.rint(volume.grid.to_index(seeds)).astype(np.int64).reshape(-1, 3)


def words(points_lps: npt.ArrayLike) -> str:
    """Seeds (n, 3) as words for ``made_by``: ``1 seed (10.0, -20.5, 300.0)``."""
    seeds = np.asarray(points_lps, np.float64).reshape(-1, 3)
    if not len(seeds):
        return "no seed"
    listed = " ".join("(" + ", ".join(f"{x:.1f}" for x in seed) + ")" for seed in seeds)
    return f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''} {listed}"
