"""Smoothing of neighbours together, so that no gap opens between them."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from surgiplan.imaging.crop import Box
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Segment, Volume

from .operation import Operation, box_of_segments
from .patch import Mask, Patch
from .smoothing import BlurSettings, blurred

__all__ = ["Joint"]


class Joint(Operation):
    """Each voxel goes to the segment that has most of its neighbourhood."""

    name: ClassVar[str] = "joint"
    title: ClassVar[str] = "Joint smoothing"
    about: ClassVar[str] = (
        "Smooths neighbouring segments together: the border that they share stays shared, "
        "without gaps and overlaps. Where they overlapped, the one with more around it wins."
    )
    Settings: ClassVar[type] = BlurSettings
    segments: ClassVar[tuple[int, int]] = (2, 50)
    changes_all: ClassVar[bool] = True
    if_empty: ClassVar[str] = "choose another width, or leave the thin ones out"

    def reach_mm(self, settings: BlurSettings) -> float:
        return 3 * settings.sigma_mm

    def box(
        self, volume: Volume, segments: Sequence[Segment], points: Points, settings: BlurSettings
    ) -> Box:
        return box_of_segments(volume, segments, self.reach_mm(settings))

    def label(self, segments: Sequence[Segment], settings: BlurSettings) -> str:
        named = ", ".join(one.name for one in segments[:-1])
        return f"Smooth {named} and {segments[-1].name} together"

    def find(self, patch: Patch, settings: BlurSettings, report: Report) -> tuple[Mask, ...]:
        count = len(patch.segments)
        anywhere = np.zeros(patch.box.shape, bool)
        best = np.zeros(patch.box.shape, np.float32)
        owner = np.zeros(patch.box.shape, np.uint8)
        for number in range(count):
            report(number / (count + 1), self.title)
            mask = patch.mask(number)
            anywhere |= mask
            share = blurred(mask, settings.sigma_mm, patch.spacing_mm)
            won = share > best
            owner[won] = number + 1
            best[won] = share[won]
        nothing = 1 - blurred(anywhere, settings.sigma_mm, patch.spacing_mm)
        owner[nothing >= best] = 0
        return tuple(owner == number + 1 for number in range(count))
