"""Both kidneys: their parenchyma, without the fat and the urine within."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.edges import bordered
from surgiplan.imaging.morphology import closed, opened, reached
from surgiplan.jobs_report import Report

from .bodies import Body
from .judgement import Judgement, judged
from .organ import Found, Organ
from .survey import Survey
from .territories import middle, without

if TYPE_CHECKING:
    from .abdomen import Abdomen

__all__ = ["Kidneys", "KidneysSettings"]

_VESSEL_MM = 4.0
"""Vessels at the hilum are thinner than twice this."""

_DARKEST = 0.45
"""Medulla has at least this share of the step from fat to the whole kidney; urine has less."""

_FAT_HU = -100.0

_BEYOND_MM = 7.0
"""A kidney goes so far beyond the ellipsoid of what was seen of it, at most."""


@dataclass(frozen=True)
class KidneysSettings:
    """Nothing to choose: the range follows from the scan."""


class Kidneys(Organ):
    """The kidneys by their place, shape and density, and by being alike."""

    title: ClassVar[str] = "Kidneys"
    about: ClassVar[str] = (
        "Finds the two bean-shaped bodies beside the spine, without the fat and vessels at their "
        "hilum. Large cysts are left out. Gives up on a side that shows none."
    )
    Settings: ClassVar[type] = KidneysSettings
    names: ClassVar[tuple[str, ...]] = ("kidney_left", "kidney_right")

    def find(self, survey: Survey, settings: KidneysSettings, report: Report) -> tuple[Found, ...]:
        """One or two structures.  Raises SegmentationError where nothing is like a kidney."""
        report(0.1, "Looking for the organs of the abdomen")
        abdomen = survey.abdomen
        pair = abdomen.kidneys
        sides = {"kidney_left": pair.left, "kidney_right": pair.right}
        seen = {name: body for name, body in sides.items() if body is not None}
        if not seen:
            raise SegmentationError(
                "No body beside the spine has the size, shape and density of a kidney; the "
                "kidneys may lie outside the scan."
            )
        report(0.6, "Placing the borders")
        alone = len(seen) == 1
        return tuple(
            _cut_out(survey, abdomen, name, body, pair.score, alone) for name, body in seen.items()
        )


def _cut_out(
    survey: Survey, abdomen: "Abdomen", name: str, body: Body, score: float, alone: bool
) -> Found:
    coarse, smooth, spacing = abdomen.coarse, abdomen.smooth, abdomen.spacing_mm
    seen = body.on(smooth.shape)
    core = middle(seen, 3.5, spacing)
    level = float(np.median(smooth[core]))
    spread = max(3.0, 1.4826 * float(np.median(np.abs(smooth[core] - level))))
    darkest = _FAT_HU + _DARKEST * (level - _FAT_HU)
    territory = abdomen.territories.of(name) & body.around(smooth.shape, _BEYOND_MM)
    tissue = (territory | seen) & (smooth > darkest)
    tissue = opened(tissue, _VESSEL_MM, spacing) | (seen & tissue)
    tissue = reached(tissue, np.argwhere(core & tissue))
    whole = tissue | (closed(tissue, 4.0, spacing) & (smooth > darkest) & territory)
    taken = abdomen.taken_from(name)
    mask, box = bordered(
        survey.scan, coarse, smooth, whole & ~taken, tissue, least=max(2.0 * min(spread, 9.0), 12.0)
    )
    mask = without(mask, box, taken, coarse)
    expected = Judgement(name.replace("_", " "), volume_ml=(70.0, 320.0), least_edge=0.6)
    remarks, confidence = judged(expected, survey.scan, mask, box, score)
    if alone:
        remarks = (*remarks, "The other kidney was not found.")
        confidence = min(confidence, 0.5)
    made_by = f"kidneys: {level:.0f} HU without fat and urine, border at the local half-maximum"
    return Found(name, mask, box, made_by, confidence, remarks)
