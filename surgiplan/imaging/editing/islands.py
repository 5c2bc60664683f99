"""Connected parts of a segment, and the holes in it.  Parts connect by the faces of voxels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.morphology import holes_filled, labelled, reached
from surgiplan.jobs_report import Report
from surgiplan.model import Quantity, Segment
from surgiplan.units import MM3_PER_ML

from .operation import Operation
from .patch import Mask, Patch

__all__ = ["FillHoles", "KeepIslands", "KeepLargest", "RemoveIslands", "Split"]

_MOST_PARTS = 50
"""More parts than these are noise, not structures."""


@dataclass(frozen=True)
class CountSettings:
    """How many parts."""

    count: Annotated[float, Quantity("1", 1, 100, "how many of the largest parts are kept")] = 1.0


class KeepLargest(Operation):
    """Keeps the largest parts."""

    name: ClassVar[str] = "keep_largest"
    title: ClassVar[str] = "Keep largest part"
    about: ClassVar[str] = "Keeps the largest connected part, or the largest few."
    Settings: ClassVar[type] = CountSettings
    if_empty: ClassVar[str] = "it has no more parts than these"

    def label(self, segments: Sequence[Segment], settings: CountSettings) -> str:
        return f"Keep the largest part of {segments[0].name}"

    def find(self, patch: Patch, settings: CountSettings, report: Report) -> tuple[Mask, ...]:
        labels, sizes = labelled(patch.mask())
        order = 1 + np.argsort(-sizes[1:], kind="stable")
        return (np.isin(labels, order[: int(settings.count)]),)


class KeepIslands(Operation):
    """Keeps the parts at points."""

    name: ClassVar[str] = "keep_islands"
    title: ClassVar[str] = "Keep parts at points"
    about: ClassVar[str] = "Keeps the connected parts that were clicked."
    seeds: ClassVar[tuple[int, int]] = (1, 50)
    if_empty: ClassVar[str] = "click in the parts to keep"

    def label(self, segments: Sequence[Segment], settings: object) -> str:
        return f"Keep clicked parts of {segments[0].name}"

    def find(self, patch: Patch, settings: object, report: Report) -> tuple[Mask, ...]:
        points = patch.points_kji
        inside = np.all((points >= 0) & (points < patch.box.shape), axis=1)
        return (reached(patch.mask(), points[inside]),)


@dataclass(frozen=True)
class SizeSettings:
    """How large a part must be."""

    min_ml: Annotated[float, Quantity("ml", 0.0001, 5000, "smallest part that counts")] = 0.5


class RemoveIslands(Operation):
    """Removes small parts."""

    name: ClassVar[str] = "remove_islands"
    title: ClassVar[str] = "Remove small parts"
    about: ClassVar[str] = "Removes connected parts below a volume."
    Settings: ClassVar[type] = SizeSettings
    if_empty: ClassVar[str] = "choose another smallest volume"

    def label(self, segments: Sequence[Segment], settings: SizeSettings) -> str:
        return f"Remove parts of {segments[0].name} below {settings.min_ml:g} ml"

    def find(self, patch: Patch, settings: SizeSettings, report: Report) -> tuple[Mask, ...]:
        labels, sizes = labelled(patch.mask())
        keep = sizes * patch.grid.voxel_mm3 >= settings.min_ml * MM3_PER_ML
        keep[0] = False
        return (keep[labels],)


class Split(Operation):
    """Makes a segment of each part."""

    name: ClassVar[str] = "split"
    title: ClassVar[str] = "Split into parts"
    about: ClassVar[str] = (
        "Makes a segment of each connected part; parts below the smallest volume stay with the "
        "largest."
    )
    Settings: ClassVar[type] = SizeSettings
    if_empty: ClassVar[str] = "it is one part, or only one is large enough"

    def label(self, segments: Sequence[Segment], settings: SizeSettings) -> str:
        return f"Split {segments[0].name} into parts"

    def find(self, patch: Patch, settings: SizeSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        labels, sizes = labelled(mask)
        order = 1 + np.argsort(-sizes[1:], kind="stable")
        large = sizes[order] * patch.grid.voxel_mm3 >= settings.min_ml * MM3_PER_ML
        if np.count_nonzero(large) > _MOST_PARTS:
            raise SegmentationError(
                f"{patch.segments[0].name} has {np.count_nonzero(large)} parts of "
                f"{settings.min_ml:g} ml or more; remove small parts first or choose a larger "
                "smallest volume."
            )
        others = tuple(labels == number for number in order[1:][large[1:]])
        for other in others:
            mask &= ~other
        return (mask, *others)


@dataclass(frozen=True)
class HolesSettings:
    """Which holes."""

    slicewise: Annotated[
        float, Quantity("1", 0, 1, "1: also what is closed within a slice of the scan, 0: in 3D")
    ] = 0.0
    largest_ml: Annotated[
        float | None, Quantity("ml", 0.0001, 5000, "larger holes stay; no limit if not given")
    ] = None


class FillHoles(Operation):
    """Fills cavities."""

    name: ClassVar[str] = "fill_holes"
    title: ClassVar[str] = "Fill holes"
    about: ClassVar[str] = (
        "Fills cavities that are closed on all sides, or within each slice. A hole that opens to "
        "the outside is none: close it first."
    )
    Settings: ClassVar[type] = HolesSettings
    if_empty: ClassVar[str] = "it has no such hole; try a closing, or slice by slice"

    def find(self, patch: Patch, settings: HolesSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        full = holes_filled(mask)
        if settings.slicewise:
            full = np.concatenate([_filled_in_plane(one) for one in full[:, None]])
        if settings.largest_ml is not None:
            labels, sizes = labelled(full & ~mask)
            small = sizes * patch.grid.voxel_mm3 <= settings.largest_ml * MM3_PER_ML
            small[0] = False
            full = mask | small[labels]
        return (full,)


def _filled_in_plane(slab: Mask) -> Mask:
    """A slab (1, j, i) in which also what only its plane closes is filled."""
    from scipy.ndimage import binary_fill_holes

    if not slab.any():
        return slab
    filled: Mask = binary_fill_holes(slab[0])[None]
    return filled
