"""The aorta with its lumen and main branches."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report

from ..coarse import Coarse
from .aorta_course import Course, aortic_pool, contrast_course, working_blocks
from .aorta_fork import Fork, fork_below
from .organ import Found, Organ
from .survey import Survey
from .tube import STEP_MM, Section
from .tube_mask import lumen_mask

__all__ = ["Aorta", "AortaSettings"]

_SHORT_MM = 35.0
"""A vessel followed for less may be another one."""
_FAINT_HU = 100.0
"""Blood that is not brighter is hard to tell from its surroundings."""


@dataclass(frozen=True)
class AortaSettings:
    """Nothing to choose: blood, wall and branches are told from the scan."""


class Aorta(Organ):
    """The aorta followed by its round cross-sections, then its branches."""

    title: ClassVar[str] = "Aorta"
    about: ClassVar[str] = (
        "Follows the round lumen from the root over the arch to the fork, then both iliac "
        "arteries to the groin. Needs contrast to tell lumen from wall."
    )
    Settings: ClassVar[type] = AortaSettings
    names: ClassVar[tuple[str, ...]] = (
        "aorta_lumen",
        "iliac_artery_left",
        "iliac_artery_right",
    )

    def find(self, survey: Survey, settings: AortaSettings, report: Report) -> tuple[Found, ...]:
        """The segments that the scan shows.  Raises SegmentationError without an aorta."""
        report(0.0, "Looking for a bright vessel along the body")
        pool = aortic_pool(survey)
        if pool is None:
            raise SegmentationError(
                "No contrast-filled aorta was found; choose a scan with contrast, or draw it."
            )
        blocks = working_blocks(survey, pool.middles_kji.mean(axis=0))
        report(0.3, "Following the aorta")
        course = contrast_course(survey, blocks, pool)
        if course is None:
            raise SegmentationError(
                "A bright vessel runs along the body, but its lumen has no border that can be "
                "followed; use the vessel tool with two seeds."
            )
        report(0.5, "Looking for its fork")
        fork = fork_below(blocks, course.tube, course.level_hu)
        report(0.6, "Placing the border")
        found = [_lumen(survey, blocks, course, fork)]
        if fork is not None:
            report(0.8, "Placing the borders of the iliac arteries")
            found += _iliacs(survey, blocks, fork)
        return tuple(found)


def _lumen(survey: Survey, blocks: Coarse, course: Course, fork: Fork | None) -> Found:
    tube = course.tube
    if fork is not None:
        tube = tuple(s for s in tube if s.middle[0] > fork.height_mm)
    mask, box = lumen_mask(survey.scan, blocks, tube)
    length_mm = _length_mm(tube)
    confidence, remarks = 0.92, []
    if course.level_hu < _FAINT_HU:
        confidence = 0.6
        remarks.append(f"The contrast is faint ({course.level_hu:.0f} HU); check the border.")
    if length_mm < _SHORT_MM:
        confidence = min(confidence, 0.6)
        remarks.append(f"It was followed for {length_mm:.0f} mm only; check that it is the aorta.")
    made_by = (
        f"aorta: lumen of {course.level_hu:.0f} HU followed over {length_mm:.0f} mm, border "
        "halfway to its wall"
    )
    return Found("aorta_lumen", mask, box, made_by, confidence, tuple(remarks))


def _iliacs(survey: Survey, blocks: Coarse, fork: Fork) -> list[Found]:
    found = []
    for side, tube in (("left", fork.left), ("right", fork.right)):
        if _length_mm(tube) < _SHORT_MM:
            continue
        mask, box = lumen_mask(survey.scan, blocks, tube)
        made_by = (
            f"aorta: {side} common and external iliac artery followed over "
            f"{_length_mm(tube):.0f} mm from the fork"
        )
        found.append(Found(f"iliac_artery_{side}", mask, box, made_by, 0.85))
    return found


def _length_mm(tube: tuple[Section, ...]) -> float:
    if len(tube) < 2:
        return 0.0
    middles = np.array([s.middle for s in tube])
    return float(np.linalg.norm(np.diff(middles, axis=0), axis=1).sum()) + STEP_MM
