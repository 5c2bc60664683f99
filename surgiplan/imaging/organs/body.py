"""The patient, without table and air."""

from dataclasses import dataclass
from typing import ClassVar

from surgiplan.imaging.crop import bounding_box
from surgiplan.jobs_report import Report

from .organ import Found, Organ
from .survey import Survey

__all__ = ["Body", "BodySettings"]


@dataclass(frozen=True)
class BodySettings:
    """Nothing to choose: skin is told from air."""


class Body(Organ):
    """The largest body that is not air, lungs and bowel gas included."""

    title: ClassVar[str] = "Body"
    about: ClassVar[str] = (
        "The largest part that is not air, filled, to about 3 mm. Arms count when they touch it."
    )
    Settings: ClassVar[type] = BodySettings
    names: ClassVar[tuple[str, ...]] = ("body",)

    def find(self, survey: Survey, settings: BodySettings, report: Report) -> tuple[Found, ...]:
        """One segment ``body``.  Raises SegmentationError if there is nothing but air."""
        report(0.3, "Finding the body")
        blocks = bounding_box(survey.body)
        assert blocks is not None
        report(0.7, "Refining")
        mask = survey.coarse.upsampled(survey.body[blocks.slices]) > 0.5
        made_by = f"body: tissue in blocks of {max(survey.spacing_mm):.1f} mm, filled"
        return (Found("body", mask, survey.coarse.fine_box(blocks), made_by, 0.95),)
