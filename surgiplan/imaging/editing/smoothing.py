"""Smoothing of one segment: each way keeps something else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import gaussian
from surgiplan.jobs_report import Report
from surgiplan.model import Quantity, Segment

from .offsets import Spacing, grown, shrunk, signed_mm
from .operation import Operation
from .patch import Mask, Patch

__all__ = ["Closing", "Gaussian", "Median", "Opening", "Smooth"]

_SIGMAS = 3.0
"""Where the Gaussian ends."""


@dataclass(frozen=True)
class RadiusSettings:
    """How large what vanishes is."""

    radius_mm: Annotated[
        float, Quantity("mm", 0.1, 50, "half the size of what is smoothed away")
    ] = 2.0


class _Radius(Operation):
    Settings: ClassVar[type] = RadiusSettings
    if_empty: ClassVar[str] = "choose another radius, larger than a voxel"
    verb: ClassVar[str]

    def label(self, segments: Sequence[Segment], settings: RadiusSettings) -> str:
        return f"{self.verb} {segments[0].name} by {settings.radius_mm:g} mm"


class Median(_Radius):
    """Majority of the neighbourhood."""

    name: ClassVar[str] = "median"
    title: ClassVar[str] = "Median"
    about: ClassVar[str] = (
        "Each voxel becomes what most voxels in the cuboid around it are. Removes crumbs and "
        "notches, and rounds corners; what is thinner than the radius vanishes."
    )
    verb: ClassVar[str] = "Smooth"

    def reach_mm(self, settings: RadiusSettings) -> float:
        return settings.radius_mm

    def find(self, patch: Patch, settings: RadiusSettings, report: Report) -> tuple[Mask, ...]:
        half = [round(settings.radius_mm / step) for step in patch.spacing_mm]
        counts = _counted(patch.mask(), half)
        return (2 * counts > np.prod([2 * n + 1 for n in half]),)


class Closing(_Radius):
    """Fills gaps."""

    name: ClassVar[str] = "closing"
    title: ClassVar[str] = "Closing"
    about: ClassVar[str] = (
        "Fills gaps and notches thinner than twice the radius; adds, never takes."
    )
    verb: ClassVar[str] = "Close"

    def reach_mm(self, settings: RadiusSettings) -> float:
        return 2 * settings.radius_mm

    def find(self, patch: Patch, settings: RadiusSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        wide = grown(mask, settings.radius_mm, patch.spacing_mm)
        report(0.5, self.title)
        return (mask | shrunk(wide, settings.radius_mm, patch.spacing_mm),)


class Opening(_Radius):
    """Removes what is thin."""

    name: ClassVar[str] = "opening"
    title: ClassVar[str] = "Opening"
    about: ClassVar[str] = (
        "Removes what is thinner than twice the radius, such as bridges; takes, never adds."
    )
    verb: ClassVar[str] = "Open"

    def find(self, patch: Patch, settings: RadiusSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        core = shrunk(mask, settings.radius_mm, patch.spacing_mm)
        if not core.any():
            return (core,)
        report(0.5, self.title)
        return (mask & grown(core, settings.radius_mm, patch.spacing_mm),)


@dataclass(frozen=True)
class BlurSettings:
    """How strongly."""

    sigma_mm: Annotated[float, Quantity("mm", 0.1, 20, "width of the Gaussian")] = 1.5


class _Blur(Operation):
    Settings: ClassVar[type] = BlurSettings
    if_empty: ClassVar[str] = "choose another width, about that of a voxel or more"

    def reach_mm(self, settings: BlurSettings) -> float:
        return _SIGMAS * settings.sigma_mm

    def label(self, segments: Sequence[Segment], settings: BlurSettings) -> str:
        return f"Smooth {segments[0].name} by {settings.sigma_mm:g} mm"


class Gaussian(_Blur):
    """Blur and cut at one half."""

    name: ClassVar[str] = "gaussian"
    title: ClassVar[str] = "Gaussian"
    about: ClassVar[str] = (
        "Blurs the mask and cuts it at one half: the smoothest surface, but round structures "
        "shrink and thin vessels vanish."
    )

    def find(self, patch: Patch, settings: BlurSettings, report: Report) -> tuple[Mask, ...]:
        return (blurred(patch.mask(), settings.sigma_mm, patch.spacing_mm) > 0.5,)


class Smooth(_Blur):
    """Smooth and keep the volume."""

    name: ClassVar[str] = "smooth"
    title: ClassVar[str] = "Smooth"
    about: ClassVar[str] = (
        "Smooths without shrinking: the volume stays the same to the voxel, and no part of the "
        "surface moves farther than the width of the Gaussian."
    )

    def find(self, patch: Patch, settings: BlurSettings, report: Report) -> tuple[Mask, ...]:
        mask = patch.mask()
        once = blurred(mask, settings.sigma_mm, patch.spacing_mm)
        report(0.3, self.title)
        # Twice the blur lacks twice of what the blur takes from thin parts: give it back.
        twice = gaussian(once, settings.sigma_mm, patch.spacing_mm)
        likeness = 2 * once - twice
        report(0.6, self.title)
        free = np.abs(signed_mm(mask, patch.spacing_mm)) <= _at_least_a_voxel(settings, patch)
        wanted = int(np.count_nonzero(mask & free))
        order = np.argsort(-likeness[free], kind="stable")
        kept = np.zeros(len(order), bool)
        kept[order[:wanted]] = True
        result = mask.copy()
        result[free] = kept
        return (result,)

    def reach_mm(self, settings: BlurSettings) -> float:
        return 2 * _SIGMAS * settings.sigma_mm


def blurred(mask: Mask, sigma_mm: float, spacing_mm: Spacing) -> npt.NDArray[np.float32]:
    """How much of the Gaussian around each voxel lies in the mask, 0..1."""
    return gaussian(mask.astype(np.float32), sigma_mm, spacing_mm)


def _at_least_a_voxel(settings: BlurSettings, patch: Patch) -> float:
    return max(settings.sigma_mm, 1.01 * max(patch.spacing_mm))


def _counted(mask: Mask, half: Sequence[int]) -> npt.NDArray[np.int32]:
    """True voxels in the cuboid of ``half`` voxels to each side; the array's edge is repeated."""
    counts: npt.NDArray[np.int32] = mask.astype(np.int32)
    for axis, reach in enumerate(half):
        if not reach:
            continue
        pad = [(reach + 1, reach) if a == axis else (0, 0) for a in range(3)]
        sums = np.cumsum(np.pad(counts, pad, mode="edge"), axis=axis, dtype=np.int32)
        sums = np.moveaxis(sums, axis, 0)
        width = 2 * reach + 1
        counts = np.moveaxis(sums[width:] - sums[:-width], 0, axis)
    return counts
