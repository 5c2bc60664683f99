"""The spleen, found under the left diaphragm."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.edges import bordered
from surgiplan.imaging.morphology import opened, reached
from surgiplan.jobs_report import Report

from .judgement import Judgement, judged
from .organ import Found, Organ
from .parenchyma import range_within, with_inclusions
from .spleen_body import spleen_like
from .survey import Survey
from .territories import middle, without

__all__ = ["Spleen", "SpleenSettings"]

_CLOSING_MM = 4.0
_EXPECTED = Judgement("spleen", volume_ml=(60.0, 600.0), least_edge=0.55)


@dataclass(frozen=True)
class SpleenSettings:
    """Nothing to choose: the range follows from the scan."""


class Spleen(Organ):
    """The spleen by its place, shape and density."""

    title: ClassVar[str] = "Spleen"
    about: ClassVar[str] = (
        "Finds the even body under the left diaphragm, shares the abdomen out among the organs "
        "and puts the border at the local half-maximum. Gives up where there is none."
    )
    Settings: ClassVar[type] = SpleenSettings
    names: ClassVar[tuple[str, ...]] = ("spleen",)

    def find(self, survey: Survey, settings: SpleenSettings, report: Report) -> tuple[Found, ...]:
        """One structure ``spleen``.  Raises SegmentationError where nothing is like a spleen."""
        report(0.1, "Looking for the organs of the abdomen")
        abdomen = survey.abdomen
        body = abdomen.spleen
        if body is None or survey.organ("liver") is None:
            # Hip muscle and heart are like a spleen too, in scans that show no liver.
            raise SegmentationError(
                "No even body on the left, under the ribs and behind the stomach, is like a "
                "spleen; it may be removed or outside the scan."
            )
        report(0.5, "Cutting it free")
        coarse, smooth, spacing = abdomen.coarse, abdomen.smooth, abdomen.spacing_mm
        seen = body.on(smooth.shape)
        core = middle(seen, 3.5, spacing)
        found = range_within(smooth[core])
        territory = abdomen.territories.of("spleen")
        near = territory & (np.abs(smooth - found.level) < max(4.0 * found.spread, 25.0))
        tissue = opened(near | (seen & territory), min(body.opening_mm, 5.0), spacing)
        tissue = reached(tissue, np.argwhere(core & tissue))
        if not tissue.any():
            raise SegmentationError("What is like a spleen is too small to be one.")
        whole = with_inclusions(coarse, smooth, tissue, found, _CLOSING_MM)
        taken = abdomen.taken_from("spleen")
        report(0.7, "Placing the border")
        mask, box = bordered(
            survey.scan, coarse, smooth, whole & ~taken, tissue,
            least=max(2.0 * found.spread, 10.0),
        )  # fmt: skip
        mask = without(mask, box, taken, coarse)
        score = spleen_like(abdomen, body)
        remarks, confidence = judged(_EXPECTED, survey.scan, mask, box, score)
        made_by = (
            f"spleen: {found.level:.0f} HU, opened by {body.opening_mm:g} mm, border at the local "
            "half-maximum"
        )
        return (Found("spleen", mask, box, made_by, confidence, remarks),)
