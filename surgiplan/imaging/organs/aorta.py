"""The aorta with its lumen and main branches."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report

from ..coarse import Coarse
from ..crop import Box
from ..morphology import Mask
from .aorta_course import Course, aortic_pool, contrast_course, working_blocks
from .aorta_fork import Fork, fork_below
from .aorta_wall import calcium, depths_of, thrombus
from .organ import Found, Organ
from .outer_wall import outer_tube
from .renal_arteries import renal_arteries
from .survey import Survey
from .tube import STEP_MM, Section
from .tube_mask import lumen_mask

__all__ = ["Aorta", "AortaSettings"]

_SHORT_MM = 35.0
"""A vessel followed for less may be another one."""
_CHEST = 0.15
"""A slice of the chest has more lung than this share of its area; bowel gas is less."""
_NEAR_END_MM = 15.0
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
        "arteries to the groin and the renal arteries; finds thrombus where a round outer wall "
        "stands off the lumen, and calcium. Needs contrast to tell lumen from wall."
    )
    Settings: ClassVar[type] = AortaSettings
    names: ClassVar[tuple[str, ...]] = (
        "aorta_lumen",
        "aorta_thrombus",
        "aorta_calcium",
        "renal_artery_left",
        "renal_artery_right",
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
        fork = _sure(survey, blocks, course, fork_below(blocks, course.tube, course.level_hu))
        report(0.6, "Placing the border")
        lumens = _lumens(survey, blocks, course, fork)
        report(0.7, "Looking for the renal arteries")
        renals = _renals(survey, blocks, course, fork, lumens[0])
        if _is_lost(course, fork):
            return (*lumens, *renals)
        report(0.8, "Looking for thrombus and calcium")
        return (*_with_deposits(survey, blocks, course, fork, lumens), *renals)


def _lumens(survey: Survey, blocks: Coarse, course: Course, fork: Fork | None) -> tuple[Found, ...]:
    tube = _aortic(course, fork)
    mask, box = lumen_mask(survey.scan, blocks, tube)
    length_mm = _length_mm(tube)
    confidence, remarks = 0.92, []
    if course.level_hu < _FAINT_HU:
        confidence = 0.6
        remarks.append(f"The contrast is faint ({course.level_hu:.0f} HU); check the border.")
    if length_mm < _SHORT_MM:
        confidence = min(confidence, 0.6)
        remarks.append(f"It was followed for {length_mm:.0f} mm only; check that it is the aorta.")
    if _is_lost(course, fork):
        confidence = min(confidence, 0.4)
        remarks.append(
            "The lumen was lost before the end of the scan and before a fork: it may be dissected, "
            "occluded or cut. What lies below is missing; thrombus and calcium are left out."
        )
    made_by = (
        f"aorta: lumen of {course.level_hu:.0f} HU followed over {length_mm:.0f} mm, border "
        "halfway to its wall"
    )
    found = [Found("aorta_lumen", mask, box, made_by, confidence, tuple(remarks))]
    for side, iliac in _iliacs(fork):
        mask, box = lumen_mask(survey.scan, blocks, iliac)
        made_by = (
            f"aorta: {side} common and external iliac artery followed over "
            f"{_length_mm(iliac):.0f} mm from the fork"
        )
        found.append(Found(f"iliac_artery_{side}", mask, box, made_by, min(0.85, confidence)))
    return tuple(found)


def _renals(
    survey: Survey, blocks: Coarse, course: Course, fork: Fork | None, lumen: Found
) -> tuple[Found, ...]:
    height_mm = None if fork is None else fork.height_mm
    branches = renal_arteries(
        survey.scan, blocks, _aortic(course, fork), height_mm, course.level_hu
    )
    found = []
    for side, branch in branches.items():
        mask, box = lumen_mask(survey.scan, branch.blocks, branch.tube)
        mask = mask & ~_within(lumen.mask, lumen.box, box)
        made_by = (
            f"aorta: longest branch to the {side} above the fork, followed over "
            f"{_length_mm(branch.tube):.0f} mm"
        )
        found.append(Found(f"renal_artery_{side}", mask, box, made_by, 0.7))
    return tuple(found)


def _with_deposits(
    survey: Survey, blocks: Coarse, course: Course, fork: Fork | None, lumens: tuple[Found, ...]
) -> tuple[Found, ...]:
    """Thrombus and calcium too, and the lumens without calcium."""
    level = course.level_hu
    outer = outer_tube(blocks, _aortic(course, fork))
    tubes = [course.tube, *(iliac for _, iliac in _iliacs(fork))]
    depths = depths_of(blocks, tubes, outer)
    stones, box, has_metal = calcium(survey.scan, blocks, depths, level)
    found = [replace(one, mask=one.mask & ~_within(stones, box, one.box)) for one in lumens]
    if has_metal:
        metal = "There is metal in it, a stent perhaps, which counts as lumen."
        found[0] = replace(found[0], remarks=(*found[0].remarks, metal))
    clot = thrombus(survey.scan, blocks, depths, level)
    if clot is not None:
        mask, where = clot
        mask = mask & ~_within(stones, box, where)
        made_by = (
            "aorta: soft tissue between the lumen and a round outer wall that fat shows, without "
            "1.5 mm of wall on both sides"
        )
        found.append(Found("aorta_thrombus", mask, where, made_by, 0.8))
    made_by = "aorta: spots in the wall that are brighter than the lumen, border at half their peak"
    found.append(Found("aorta_calcium", stones, box, made_by, 0.75))
    return tuple(found)


def _within(mask: Mask, box: Box, other: Box) -> Mask:
    """A mask of ``box`` on the voxels of ``other``."""
    result = np.zeros(other.shape, bool)
    low, high = np.maximum(box.low, other.low), np.minimum(box.high, other.high)
    if np.all(low < high):
        there = tuple(slice(a, b) for a, b in zip(low - other.low, high - other.low, strict=True))
        here = tuple(slice(a, b) for a, b in zip(low - box.low, high - box.low, strict=True))
        result[there] = mask[here]
    return result


def _sure(survey: Survey, blocks: Coarse, course: Course, fork: Fork | None) -> Fork | None:
    """A fork below the lungs with a narrower artery on both sides, unless the scan ends there."""
    if fork is None:
        return None
    slice_k = fork.height_mm / blocks.spacing_mm[0] * blocks.factors[0] + blocks.box.low[0]
    k = min(int(slice_k / survey.coarse.factors[0]), len(survey.body) - 1)
    if np.count_nonzero(survey.lungs[k]) > _CHEST * np.count_nonzero(survey.body[k]):
        return None
    usual = float(np.median([s.radius for s in course.tube]))
    branches = [tube for _, tube in _iliacs(fork)]
    if any(np.median([s.radius for s in tube]) > usual for tube in branches):
        return None
    return fork if len(branches) == 2 or fork.height_mm < _SHORT_MM else None


def _is_lost(course: Course, fork: Fork | None) -> bool:
    """Whether the lumen ends where neither the scan nor the aorta does."""
    return fork is None and bool(course.tube[-1].middle[0] > _NEAR_END_MM)


def _aortic(course: Course, fork: Fork | None) -> tuple[Section, ...]:
    """The sections above the fork."""
    if fork is None:
        return course.tube
    return tuple(s for s in course.tube if s.middle[0] > fork.height_mm)


def _iliacs(fork: Fork | None) -> list[tuple[str, tuple[Section, ...]]]:
    """The branches that are long enough, by side."""
    if fork is None:
        return []
    both = (("left", fork.left), ("right", fork.right))
    return [(side, tube) for side, tube in both if _length_mm(tube) >= _SHORT_MM]


def _length_mm(tube: tuple[Section, ...]) -> float:
    if len(tube) < 2:
        return 0.0
    middles = np.array([s.middle for s in tube])
    return float(np.linalg.norm(np.diff(middles, axis=0), axis=1).sum()) + STEP_MM
