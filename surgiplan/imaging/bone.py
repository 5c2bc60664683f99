"""Bone, told from contrast by what surrounds it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .coarse import Coarse, coarsened
from .contrast import Cores, told_apart
from .crop import Box, bounding_box, cropped_segment
from .method import seed_voxels
from .morphology import Mask, closed, dilated, holes_filled, labelled, largest, opened

__all__ = ["Bone", "BoneSettings"]

_BLOCK_MM = 2.0
"""Size of the blocks in which contrast is told from bone."""

_BODY_HU = -150.0
_TABLE_MM = 6.0
"""Table tops are thinner than twice this."""

_SOFT_HU = (20.0, 90.0)
"""Muscle and unenhanced organs."""

_ABOVE_SOFT_HU = 140.0
"""Bone begins about this much above soft tissue: halfway to a cortex thinner than a voxel."""

_MARROW_MM = 5.0
"""Half the widest gap between trabeculae or cortices that marrow fills."""

_MARROW_ABOVE_SOFT_HU = 30.0
"""Marrow between cortices is at least this much brighter than soft tissue."""

_NEAR_CONTRAST_MM = 6.0
_CALCIUM_ML = 3.0
"""A part this small that lies on a vessel is calcium."""

_CERTAIN_HU = 350.0
"""Every bone has some cortex this dense."""


@dataclass(frozen=True)
class BoneSettings:
    """Where bone begins; left alone, it follows from the scan."""

    low_hu: Annotated[
        float | None, Quantity("HU", 80, 600, "lowest cortex; from soft tissue if not given")
    ] = None
    smallest_ml: Annotated[
        float | None, Quantity("ml", 0, 50, "smaller parts, such as calcium, are left out")
    ] = 0.5


class Bone:
    """All bones, automatically."""

    title: ClassVar[str] = "Bone"
    about: ClassVar[str] = (
        "Cortex by an adaptive threshold, and the marrow within it. Contrast-filled vessels and "
        "organs are left out because darker tissue, not cortex, surrounds them. Thin vessels on "
        "bone, large calcium, metal and dense bowel content may stay in."
    )
    Settings: ClassVar[type] = BoneSettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = ("bone",)
    needs_hu: ClassVar[bool] = True

    def run(
        self, volume: Volume, seeds_lps: Points, settings: BoneSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``bone``.  Raises SegmentationError if there is none."""
        seed_voxels(Bone, volume, seeds_lps)
        report(0.0, "Averaging")
        coarse = coarsened(volume, Box((0, 0, 0), volume.grid.shape), _BLOCK_MM, floor=-200.0)
        report(0.1, "Finding the body")
        body, coarse = _body(coarse)
        low = settings.low_hu or _bone_level(coarse, body)
        report(0.25, "Telling contrast from bone")
        cores = told_apart(coarse, body)
        report(0.5, "Thresholding")
        mask = _bright(volume, coarse, body, cores, low)
        report(0.65, "Leaving out vessels, calcium and islands")
        mask, dropped = _bony_parts(volume, coarse, mask, cores, settings.smallest_ml or 0.0)
        report(0.85, "Filling marrow")
        mask = _with_marrow(coarse, mask, cores, low)
        if not mask.any():
            raise SegmentationError(
                f"There is no bone above {low:.0f} {volume.unit} in this scan; set low_hu lower."
            )
        report(1.0, "Done")
        return (_segment(volume, mask, coarse.box, low, cores, dropped),)


def _body(coarse: Coarse) -> tuple[Mask, Coarse]:
    """The patient without the table, and the blocks cropped to it."""
    tissue = coarse.values > _BODY_HU
    body = largest(opened(tissue, _TABLE_MM, coarse.spacing_mm)) & tissue
    box = bounding_box(body)
    if box is None:
        raise SegmentationError("There is nothing but air in this scan; choose another series.")
    values = np.ascontiguousarray(coarse.values[box.slices])
    cropped = Coarse(values, coarse.fine_box(box), coarse.factors, coarse.spacing_mm)
    return dilated(body[box.slices], 3.0, coarse.spacing_mm), cropped


def _bone_level(coarse: Coarse, body: Mask) -> float:
    values = coarse.values[body]
    soft = values[(values > _SOFT_HU[0]) & (values < _SOFT_HU[1])]
    return (float(np.median(soft)) if soft.size else 50.0) + _ABOVE_SOFT_HU


def _bright(volume: Volume, coarse: Coarse, body: Mask, cores: Cores, low: float) -> Mask:
    """Voxels above the bone level within the body that are not contrast."""
    values = volume.values[coarse.box.slices]
    mask = values > low
    mask &= _repeated(body, coarse.factors)
    if cores.brightest_hu is not None:
        # Bone beside a vessel is brighter than any contrast, or lies beyond the vessel's edge.
        mask &= ~(_repeated(cores.vicinity, coarse.factors) & (values < cores.brightest_hu))
    return mask


def _repeated(blocks: Mask, factors: tuple[int, int, int]) -> Mask:
    """Each block's value for all its voxels."""
    for axis, factor in enumerate(factors):
        blocks = blocks.repeat(factor, axis)
    return blocks


def _bony_parts(
    volume: Volume, coarse: Coarse, mask: Mask, cores: Cores, smallest_ml: float
) -> tuple[Mask, int]:
    """Parts that hold certain cortex, are not small, and are no calcium of a vessel."""
    labels, sizes = labelled(mask)
    certain = max(_CERTAIN_HU, cores.brightest_hu or 0.0)
    count = len(sizes)
    bright = volume.values[coarse.box.slices][mask] > certain
    parts = labels[mask]
    has_cortex = np.bincount(parts[bright], minlength=count) > 0.01 * sizes
    ml = sizes * volume.grid.voxel_mm3 / MM3_PER_ML
    keep = has_cortex & (ml >= smallest_ml)
    if cores.brightest_hu is not None:
        near = dilated(cores.contrast, _NEAR_CONTRAST_MM, coarse.spacing_mm)
        on_vessel = np.bincount(
            parts[_repeated(near, coarse.factors)[mask]], minlength=count
        ) > 0.5 * np.maximum(sizes, 1)
        keep &= ~(on_vessel & (ml < _CALCIUM_ML))
    keep[0] = False
    dropped = int(np.count_nonzero(~keep[1:] & (ml[1:] >= 0.1)))
    result: Mask = keep[labels]
    return result, dropped


def _with_marrow(coarse: Coarse, mask: Mask, cores: Cores, low: float) -> Mask:
    """With the marrow that is bright enough to be seen, and whatever the cortex encloses."""
    fk, fj, fi = coarse.factors
    k, j, i = coarse.values.shape
    share = mask.reshape(k, fk, j, fj, i, fi).mean(axis=(1, 3, 5), dtype=np.float32)
    shell = share > 0.35
    marrow = cores.marrow & dilated(shell, 4.0, coarse.spacing_mm)
    between = closed(shell | marrow, _MARROW_MM, coarse.spacing_mm)
    brighter = coarse.values > low - _ABOVE_SOFT_HU + _MARROW_ABOVE_SOFT_HU
    solid = (shell | marrow | (between & brighter)) & ~cores.vicinity
    # A shaft that the scan cuts is closed there; the spinal canal stays open at its sides.
    tight = closed(solid, 1.05 * max(coarse.spacing_mm), coarse.spacing_mm)
    ends = np.ones((1, j, i), bool)
    whole = holes_filled(np.concatenate([ends, tight, ends]))[1:-1]
    enclosed = whole & ~tight & ~cores.vicinity & (coarse.values > _BODY_HU)
    inner = (solid & ~shell) | enclosed
    # The cortex alone decides the outer border: fill only what is deep enough to be inside it.
    filled = coarse.upsampled(inner | shell) > 0.6
    near = _repeated(dilated(inner, _BLOCK_MM, coarse.spacing_mm), coarse.factors)
    return holes_filled(mask | (filled & near))


def _segment(
    volume: Volume, mask: Mask, box: Box, low: float, cores: Cores, dropped: int
) -> Segment:
    made_by = f"bone: above {low:.0f} {volume.unit}, with marrow"
    remarks = []
    if cores.brightest_hu is not None:
        made_by += f", without contrast up to {cores.brightest_hu:.0f} {volume.unit}"
        remarks.append(
            "Contrast was left out by its surroundings: cortex that touches a vessel may be "
            "thinned, and thin vessels on bone may remain."
        )
    if dropped:
        remarks.append(
            f"{dropped} bright part{'s were' if dropped > 1 else ' was'} left out as calcium, "
            "vessel or bowel content."
        )
    return cropped_segment(
        mask,
        volume.grid.cropped(box.low, box.high),
        segment_id="bone",
        volume_id=volume.id,
        made_by=made_by,
        confidence=0.8 if cores.brightest_hu is None else 0.7,
        remarks=tuple(remarks),
    )
