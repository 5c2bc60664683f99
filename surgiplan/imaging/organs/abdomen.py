"""The upper abdomen in blocks: where liver, spleen and kidneys lie and how dense each one is."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse, coarsened
from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.edges import FLOOR_HU
from surgiplan.imaging.morphology import (
    Mask,
    Spacing,
    dilated,
    distance_mm,
    gaussian,
    labelled,
)
from surgiplan.jobs_report import silent
from surgiplan.model import Volume
from surgiplan.units import MM3_PER_ML

from .bodies import Body
from .frame import Frame, frame_of
from .kidney_pair import Pair, kidney_pair
from .parenchyma import Range, grown, range_within, smoothed
from .spleen_body import spleen_body
from .survey import Survey
from .territories import Territories, middle, shared_out
from .wall import wall

__all__ = ["Abdomen", "abdomen_of"]

Floats = npt.NDArray[np.float32]

_ABOVE_MM, _BELOW_MM = 60.0, 170.0
"""How far above and below the middle of the liver these organs reach beyond it."""

_EVEN_MM = 21.0
"""Liver is even over cubes of this size; bowel, vessels and borders are not."""

_EVEN_HU = (7.0, 12.0)
"""Largest spread within such a cube: the first in a scan without noise, never above the second."""

_SOFT_HU = (-30.0, 220.0)
"""From a very fatty liver to one with much contrast."""

_RIGHT_MM, _FRONT_MM = -25.0, 20.0
"""The right lobe lies right of the first and in front of the second."""

_NATIVE_HU = 80.0
"""Liver and kidneys are darker than this without contrast."""

_LEAST_CORE_ML = 15.0

_BESIDE_SPINE = 0.5
"""A liver lies beside the spine over at least this share of its height."""


@dataclass(frozen=True, eq=False)
class Abdomen:
    """What is known of these organs before any of them is cut out; all masks are blocks."""

    scan: Volume = field(repr=False)
    coarse: Coarse = field(repr=False)
    """Blocks of the abdomen with air at ``FLOOR_HU``."""
    inside: Mask = field(repr=False)
    """The body without the wall of ribs and muscles."""
    frame: Frame = field(repr=False)
    core: Mask = field(repr=False)
    """Surely liver: the even inside of the right lobe; empty where there is none."""
    core_hu: float | None
    """Density of the liver; None where there is none."""
    spine: npt.NDArray[np.bool_] = field(repr=False)
    """Slices that show the spinal canal: chest and loins, not the sacrum; shape (k,)."""
    contrast: bool
    """Whether the liver is brighter than it is without contrast; not yet in the arterial phase."""

    @property
    def spacing_mm(self) -> Spacing:
        """Size of the blocks."""
        return self.coarse.spacing_mm

    @cached_property
    def smooth(self) -> Floats:
        """The blocks' values without noise."""
        return smoothed(self.coarse.values)

    @cached_property
    def kidneys(self) -> Pair:
        """The kidneys that could be found."""
        return kidney_pair(self)

    @cached_property
    def enhanced(self) -> bool:
        """Whether organs can be expected to be brighter than without contrast."""
        kidneys = self.kidneys.level_hu
        return self.contrast or (kidneys is not None and kidneys > _NATIVE_HU)

    @cached_property
    def spleen(self) -> Body | None:
        """The spleen, if there is one."""
        return spleen_body(self)

    @cached_property
    def liver_block(self) -> npt.NDArray[np.int64]:
        """The block (3,) deepest within the sure liver."""
        depth = distance_mm(~self.core, self.spacing_mm)
        place: npt.NDArray[np.int64] = np.array(np.unravel_index(depth.argmax(), depth.shape))
        return place

    @cached_property
    def liver_range(self) -> Range:
        """Density of the liver's parenchyma."""
        return range_within(self.smooth[self.core])

    @cached_property
    def liver_seen(self) -> Mask:
        """All that connects to the sure liver with its density, leaks included."""
        if self.core_hu is None:
            return np.zeros_like(self.inside)
        others = [one.on(self.inside.shape) for one in self.others.values()]
        room = self.inside & ~np.any(others, axis=0) if others else self.inside
        return grown(
            self.coarse, self.smooth, self.liver_block, self.liver_range, silent, room=room
        )

    @cached_property
    def others(self) -> dict[str, Body]:
        """Spleen and kidneys, as far as they were recognised, by name."""
        found = {
            "spleen": self.spleen,
            "kidney_left": self.kidneys.left,
            "kidney_right": self.kidneys.right,
        }
        return {name: body for name, body in found.items() if body is not None}

    @cached_property
    def territories(self) -> Territories:
        """Which blocks each organ may have."""
        shape = self.inside.shape
        seen = {name: body.on(shape) for name, body in self.others.items()}
        sure = {name: middle(mask, 3.5, self.spacing_mm) for name, mask in seen.items()}
        if self.core_hu is not None:
            taken = np.zeros(shape, bool)
            for mask in seen.values():
                taken |= dilated(mask, 6.0, self.spacing_mm)
            sure["liver"] = self.core | (middle(self.liver_seen, 7.0, self.spacing_mm) & ~taken)
            seen["liver"] = self.liver_seen
        return shared_out(self.smooth, self.inside, seen, sure, self.spacing_mm)

    def taken_from(self, name: str) -> Mask:
        """The blocks that other organs than ``name`` have."""
        taken = np.zeros_like(self.inside)
        for other in self.territories.numbers:
            if other != name:
                taken |= self.territories.of(other)
        return taken

    @cached_property
    def core_slices(self) -> tuple[int, int]:
        """First slice of blocks with sure liver and one after the last; all slices without one."""
        box = bounding_box(self.core)
        return (0, len(self.core)) if box is None else (box.low[0], box.high[0])


def abdomen_of(survey: Survey) -> Abdomen:
    """The abdomen of a trunk, cropped to where these organs can be."""
    whole = frame_of(survey.coarse, survey.body, survey.spine)
    core, level = _liver_core(survey.coarse, survey.body, whole)
    trunk = np.zeros(len(core), bool) if survey.spine is None else survey.spine.seen
    beside = core.any(axis=(1, 2))
    if beside.any() and np.mean(trunk[beside]) < _BESIDE_SPINE:
        # Muscles of hips and buttocks are as even as a liver, but lie below the lumbar spine.
        core, level = np.zeros_like(core), None
    blocks = bounding_box(survey.body)
    assert blocks is not None
    found = bounding_box(core)
    low, high = blocks.low, blocks.high
    if found is not None:
        step = survey.spacing_mm[0]
        low = (max(low[0], found.low[0] - int(_BELOW_MM / step)), *low[1:])
        high = (min(high[0], found.high[0] + int(_ABOVE_MM / step)), *high[1:])
    box = Box(low, high)
    part = box.slices
    coarse = coarsened(
        survey.scan,
        survey.coarse.fine_box(box),
        np.array(survey.coarse.factors) * survey.scan.grid.spacing_mm,
        floor=FLOOR_HU,
    )
    frame = Frame(whole.left_mm[part[0], :, part[2]], whole.back_mm[part[0], part[1]])
    contrast = level is not None and level > _NATIVE_HU
    inner = survey.body[part] & ~wall(coarse, survey.body[part], frame)
    return Abdomen(
        survey.scan, coarse, inner, frame, core[part] & inner, level, trunk[part[0]], contrast
    )


def _liver_core(coarse: Coarse, body: Mask, frame: Frame) -> tuple[Mask, float | None]:
    """The even inside of the right lobe and its density: the largest even region on that side."""
    from scipy.ndimage import uniform_filter

    spacing = coarse.spacing_mm
    low, high = _SOFT_HU
    values = gaussian(np.clip(coarse.values, FLOOR_HU, 2 * high), 2.5, spacing)
    size = [2 * round((_EVEN_MM / step - 1) / 2) + 1 for step in spacing]
    mean = uniform_filter(values, size)
    variance = uniform_filter(values**2, size) - mean**2
    soft = body & (mean > low) & (mean < high)
    right = soft & (frame.left_mm < _RIGHT_MM) & (frame.back_mm < _FRONT_MM)
    nothing = np.zeros_like(body)
    if not right.any():
        return nothing, None
    spread = np.sqrt(np.maximum(variance, 0.0))
    even = right & (spread < np.clip(2.5 * np.percentile(spread[right], 2), *_EVEN_HU))
    counts, edges = np.histogram(mean[even], np.arange(low, high + 2.0, 2.0))
    peak = int(np.convolve(counts, np.ones(5), "same").argmax())
    level = float(edges[peak] + edges[peak + 1]) / 2
    labels, sizes = labelled(even & (np.abs(mean - level) < 8.0))
    sizes[0] = 0
    if sizes.max() * np.prod(spacing) < _LEAST_CORE_ML * MM3_PER_ML:
        return nothing, None
    core: Mask = labels == sizes.argmax()
    return core, float(np.median(values[core]))
