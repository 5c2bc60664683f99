"""Growing, shrinking and hollowing by millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Quantity, Segment

from .offsets import grown, shrunk
from .operation import Operation
from .patch import Mask, Patch

__all__ = ["Hollow", "HollowSettings", "Margin", "MarginSettings"]


@dataclass(frozen=True)
class MarginSettings:
    """How far the surface moves."""

    margin_mm: Annotated[
        float, Quantity("mm", -100, 100, "outwards; negative moves the surface inwards")
    ] = 3.0


class Margin(Operation):
    """Moves the surface outwards or inwards."""

    name: ClassVar[str] = "margin"
    title: ClassVar[str] = "Margin"
    about: ClassVar[str] = (
        "Grows or shrinks a segment by millimetres, the same in all directions whatever the "
        "voxels' shape. Where the scan cuts the structure off, the cut does not move."
    )
    Settings: ClassVar[type] = MarginSettings
    if_empty: ClassVar[str] = "choose a margin larger than a voxel and smaller than the structure"

    def reach_mm(self, settings: MarginSettings) -> float:
        return max(settings.margin_mm, 0.0)

    def label(self, segments: Sequence[Segment], settings: MarginSettings) -> str:
        verb = "Grow" if settings.margin_mm > 0 else "Shrink"
        return f"{verb} {segments[0].name} by {abs(settings.margin_mm):g} mm"

    def find(self, patch: Patch, settings: MarginSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        if settings.margin_mm == 0:
            raise SegmentationError("A margin of 0 mm changes nothing; choose another.")
        if settings.margin_mm > 0:
            return (grown(mask, settings.margin_mm, patch.spacing_mm),)
        return (shrunk(mask, -settings.margin_mm, patch.spacing_mm),)


@dataclass(frozen=True)
class HollowSettings:
    """The shell, and on which side of the surface it lies."""

    shell_mm: Annotated[float, Quantity("mm", 0.1, 100, "thickness of the shell")] = 2.0
    outside: Annotated[
        float, Quantity("1", 0, 1, "1: the shell lies outside the surface, 0: inside it")
    ] = 0.0


class Hollow(Operation):
    """Leaves a shell."""

    name: ClassVar[str] = "hollow"
    title: ClassVar[str] = "Hollow"
    about: ClassVar[str] = (
        "Leaves a shell of a thickness in mm, inside or outside the surface, such as a vessel's "
        "wall around its lumen. A structure cut off by the scan stays open there."
    )
    Settings: ClassVar[type] = HollowSettings
    if_empty: ClassVar[str] = "choose a shell thicker than a voxel and thinner than the structure"

    def reach_mm(self, settings: HollowSettings) -> float:
        return settings.shell_mm if settings.outside else 0.0

    def label(self, segments: Sequence[Segment], settings: HollowSettings) -> str:
        return f"Hollow {segments[0].name} to {settings.shell_mm:g} mm"

    def find(self, patch: Patch, settings: HollowSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        if settings.outside:
            return (grown(mask, settings.shell_mm, patch.spacing_mm) & ~mask,)
        return (mask & ~shrunk(mask, settings.shell_mm, patch.spacing_mm),)
