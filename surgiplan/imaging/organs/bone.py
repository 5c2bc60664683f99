"""All bones, told from contrast by what surrounds them, and from one another by where they lie."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.contrast import METAL_HU
from surgiplan.imaging.crop import bounding_box
from surgiplan.jobs_report import Report
from surgiplan.model import Quantity
from surgiplan.units import MM3_PER_ML

from .bone_border import bordered_bone, fine_labels
from .bone_parts import Part, bone_parts
from .hips import Ball
from .organ import Found, Organ
from .skeleton import Skeleton, skeleton
from .survey import Survey

__all__ = ["Bone", "BoneSettings"]

_THICK_SLICES_MM = 4.0
_SHORT_MM = 80.0
_WIDE_PIXELS_MM = 2.0
_LEAST_METAL_BLOCKS = 20
_UNLIKE_MM = 2.0
"""Heads of both thigh bones have radii that differ by less."""


@dataclass(frozen=True)
class BoneSettings:
    """Where bone begins; left alone, it follows from the scan."""

    low_hu: Annotated[
        float | None, Quantity("HU", 80, 600, "lowest bone; from soft tissue if not given")
    ] = None
    smallest_ml: Annotated[
        float | None, Quantity("ml", 0, 50, "smaller parts, such as calcium, are left out")
    ] = 0.5


class Bone(Organ):
    """Spine, ribs, pelvis, long bones and the others, each a segment."""

    title: ClassVar[str] = "Bones"
    about: ClassVar[str] = (
        "Cortex with the marrow within it, as spine (with sacrum), ribs, pelvis, long bones and "
        "the others that the scan shows. Contrast and calcium are left out by where they lie and "
        "because darker tissue, not cortex, surrounds them. Metal in bone stays in."
    )
    Settings: ClassVar[type] = BoneSettings
    names: ClassVar[tuple[str, ...]] = tuple(
        part.name.lower() for part in Part if part is not Part.NONE
    )

    def find(self, survey: Survey, settings: BoneSettings, report: Report) -> tuple[Found, ...]:
        """A segment for each kind of bone in the scan.  Raises SegmentationError without any."""
        report(0.1, "Following the spine")
        column = survey.spine
        report(0.2, "Telling bone from contrast")
        bones = skeleton(survey, settings.low_hu, settings.smallest_ml or 0.0)
        report(0.5, "Telling bones apart")
        parts, balls = bone_parts(survey, bones)
        box = bounding_box(bones.solid)
        assert box is not None
        box = box.grown(1, bones.solid.shape)
        report(0.6, "Placing borders")
        mask = bordered_bone(survey.scan, survey.coarse, bones, box)
        labels = fine_labels(survey.scan, survey.coarse, mask, parts, box, balls)
        report(0.9, "Cropping")
        fine = survey.coarse.fine_box(box)
        smallest = (settings.smallest_ml or 0.0) * MM3_PER_ML / survey.scan.grid.voxel_mm3
        confidence, remarks = _trust(survey, bones, column is not None)
        made_by = _words(survey, bones)
        counts = np.bincount(labels.ravel(), minlength=len(Part))
        found = tuple(
            Found(
                part.name.lower(),
                labels == part,
                fine,
                made_by,
                min(confidence, _sureness(part, balls, bones)),
                remarks,
            )
            for part in Part
            if part is not Part.NONE and counts[part] > max(smallest, 0)
        )
        if not found:
            raise SegmentationError(
                "There is no bone of any size in this scan; choose another scan or a threshold."
            )
        return found


def _sureness(part: Part, balls: list[Ball], bones: Skeleton) -> float:
    """How sure one kind of bone can be at most: what is named by where it lies is less so."""
    if part in (Part.SPINE, Part.RIBS):
        return 0.9
    if part not in (Part.PELVIS, Part.LONG_BONES):
        return 0.7
    metal = np.count_nonzero(bones.solid & (bones.peak > METAL_HU)) > _LEAST_METAL_BLOCKS
    radii = [ball.radius_mm for ball in balls]
    alike = len(radii) == 2 and abs(radii[0] - radii[1]) < _UNLIKE_MM
    return 0.9 if alike and not metal else 0.7


def _words(survey: Survey, bones: Skeleton) -> str:
    unit = survey.scan.unit
    words = f"bone: above {bones.low_hu:.0f} {unit}, with marrow"
    if bones.cores.brightest_hu is not None:
        words += f", without contrast up to {bones.cores.brightest_hu:.0f} {unit}"
    return words


def _trust(survey: Survey, bones: Skeleton, has_spine: bool) -> tuple[float, tuple[str, ...]]:
    """How sure the bones are, and what a reader must know of them."""
    confidence = 0.9
    remarks = []
    if not has_spine:
        confidence = 0.5
        remarks.append(
            "No spine was recognised, so bones are told from contrast and from one another only "
            "roughly."
        )
    if bones.cores.brightest_hu is not None and bones.cores.brightest_hu > 450:
        confidence = min(confidence, 0.6)
        remarks.append(
            "The contrast is as dense as bone: vessels beside bone may be taken for it, and thin "
            "bones may be left out."
        )
    spacing = survey.scan.grid.spacing_mm
    if max(spacing) > _THICK_SLICES_MM or min(spacing) > _WIDE_PIXELS_MM:
        confidence = min(confidence, 0.75)
        remarks.append("Voxels this large blur thin bones: their volumes are uncertain.")
    if spacing[0] * survey.scan.grid.shape[0] < _SHORT_MM:
        confidence = min(confidence, 0.75)
        remarks.append("The scan shows too little of the trunk to be sure which bone is which.")
    if bones.dropped:
        remarks.append(
            f"{bones.dropped} bright part{'s were' if bones.dropped > 1 else ' was'} left out as "
            "calcium, vessel or bowel content."
        )
    return confidence, tuple(remarks)
