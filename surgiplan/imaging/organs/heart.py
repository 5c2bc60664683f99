"""The heart, and the blood in it where contrast shows it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.morphology import Mask, dilated, eroded, gaussian, holes_filled, largest
from surgiplan.jobs_report import Report
from surgiplan.units import MM3_PER_ML

from .heart_blocks import TISSUE_HU, HeartBlocks, heart_blocks
from .organ import Found, Organ
from .spread import covering, share, shrunk_by_a_block, spread
from .survey import Survey

__all__ = ["Heart", "HeartSettings"]

_WALL_MM = 2.5
"""Wall of the aorta, which is no heart."""

_LIKELY_ML = (100.0, 2000.0)

_STEP_HU = 60.0
"""Blood that is less than this brighter than muscle cannot be told from it in the noise."""

_UNEVEN_MM = 25.0


@dataclass(frozen=True)
class HeartSettings:
    """Nothing to choose: lungs, windpipe and diaphragm say where the heart is."""


class Heart(Organ):
    """The whole heart: muscle and chambers."""

    title: ClassVar[str] = "Heart"
    about: ClassVar[str] = (
        "Muscle and chambers between the lungs, from below the fork of the windpipe to the "
        "diaphragm; with contrast also the blood in them. Needs both lungs and the windpipe in "
        "the scan. Where heart and liver touch, the border is a plane between the lungs' edges."
    )
    Settings: ClassVar[type] = HeartSettings
    names: ClassVar[tuple[str, ...]] = ("heart", "heart_blood_pool")

    def find(self, survey: Survey, settings: HeartSettings, report: Report) -> tuple[Found, ...]:
        """The heart, and its blood pool where that is bright enough.

        Raises SegmentationError where the scan does not show lungs and windpipe.
        """
        report(0.1, "Looking between the lungs")
        sides, tree = survey.lung_sides, survey.airways
        if tree is None or not sides.left.any() or not sides.right.any():
            raise SegmentationError(
                "The heart is looked for between both lungs, below the windpipe, and this scan "
                "does not show them; outline it by hand."
            )
        vessels = _aorta(survey)
        canal = survey.spine
        blocks = heart_blocks(
            survey.coarse.values,
            sides,
            vessels,
            None if canal is None else canal.canal_ji,
            tree.pipe_end_k / survey.coarse.factors[0],
            survey.spacing_mm,
        )
        report(0.6, "Refining")
        heart, box = _refined(survey, blocks)
        ml = np.count_nonzero(heart) * survey.scan.grid.voxel_mm3 / MM3_PER_ML
        if not _LIKELY_ML[0] < ml < _LIKELY_ML[1]:
            raise SegmentationError(
                f"What lies between the lungs measures {ml:.0f} ml, which is no heart; outline it "
                "by hand."
            )
        sure, remarks = _verdict(survey, blocks)
        made_by = "heart: tissue between the lungs, below the windpipe, above the diaphragm"
        whole = Found("heart", heart, box, made_by, sure, remarks)
        return whole, *_blood(survey, heart, box, sure)


def _aorta(survey: Survey) -> Mask:
    """Blocks of the aorta with its wall; none where it was not found."""
    blocks = np.zeros(survey.coarse.values.shape, bool)
    aorta = survey.organ("aorta_lumen")
    if aorta is None:
        return blocks
    low = [one.start for one in aorta.grid.box_in(survey.scan.grid)]
    blocks |= share(survey.coarse, aorta.mask, low) > 0.3
    return dilated(blocks, _WALL_MM, survey.spacing_mm)


def _refined(survey: Survey, blocks: HeartBlocks) -> tuple[Mask, Box]:
    """The heart at full resolution: the voxels decide where it borders on fat and lung."""
    around = bounding_box(blocks.reach)
    assert around is not None
    box = covering(survey.coarse, around, survey.scan.grid.shape)
    values = np.clip(survey.scan.values[box.slices], -200, 300)
    tissue = gaussian(values, 0.8, survey.scan.grid.spacing_mm) > TISSUE_HU
    tissue &= spread(survey.coarse, blocks.reach, box)
    tissue |= spread(survey.coarse, shrunk_by_a_block(blocks.mask), box)
    return largest(holes_filled(tissue)), box


def _verdict(survey: Survey, blocks: HeartBlocks) -> tuple[float, tuple[str, ...]]:
    """How sure we are, and what a reader must know."""
    sure = 0.7
    remarks = ["Where the heart lies on the diaphragm its border is a plane between the lungs."]
    if survey.blood_pool is None:
        sure = 0.5
        remarks.append("Without contrast the roots of the great vessels are part of it.")
    if blocks.floor_spread_mm > _UNEVEN_MM:
        sure = 0.4
        remarks.append("The lungs end at uneven heights beside it: check its lower border.")
    if blocks.backless:
        sure = 0.4
        remarks.append("The scan does not show the whole back of the chest: check its back border.")
    if blocks.cut:
        sure = min(sure, 0.5)
        remarks.append("The end of the scan cuts it.")
    return sure, tuple(remarks)


def _blood(survey: Survey, heart: Mask, box: Box, sure: float) -> tuple[Found, ...]:
    """What is brighter than heart muscle, where contrast parts the two."""
    spacing = survey.scan.grid.spacing_mm
    if survey.blood_pool is None:
        return ()
    smooth = gaussian(np.clip(survey.scan.values[box.slices], -200, 800), 1.2, spacing)
    inner = smooth[eroded(heart, 4.0, spacing)]
    if not inner.size:
        return ()
    muscle, blood = np.percentile(inner, [10, 70])
    if blood - muscle < _STEP_HU:
        return ()
    level = float((muscle + min(blood, muscle + 4 * _STEP_HU)) / 2)
    pool = heart & (smooth > level)
    made_by = f"heart: blood above {level:.0f} HU"
    return (Found("heart_blood_pool", pool, box, made_by, min(sure, 0.6)),)
