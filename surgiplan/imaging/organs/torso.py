"""All automatic methods at once, each standing on what the ones before it found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from surgiplan.errors import SegmentationError
from surgiplan.imaging.method import seed_voxels
from surgiplan.jobs_report import Report, part
from surgiplan.model import Points, Segment, Volume

from .organ import Organ, on_grid_of
from .survey import survey_of

__all__ = ["AUTOMATIC", "Torso", "TorsoSettings", "organ_methods"]

AUTOMATIC = ("body", "lungs", "bone", "heart", "aorta", "liver", "spleen", "kidneys", "liver_veins")
"""Methods in the order in which they run: what is easier to find comes first."""


def organ_methods() -> Iterator[tuple[str, type[Organ]]]:
    """The automatic methods by name, in the order in which they run."""
    from surgiplan.imaging.methods import METHODS

    for name in AUTOMATIC:
        method = METHODS.get(name)
        if method is not None and issubclass(method, Organ):
            yield name, method


@dataclass(frozen=True)
class TorsoSettings:
    """Nothing to choose: each method decides for itself."""


class Torso:
    """Every organ that the scan shows."""

    title: ClassVar[str] = "Torso"
    about: ClassVar[str] = (
        "Finds everything that the other automatic methods find, one after the other. What none "
        "of them can find is left out, and the remarks say why."
    )
    Settings: ClassVar[type] = TorsoSettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = (
        "body", "skin", "lung_left", "lung_right", "airways", "spine", "ribs", "pelvis",
        "long_bones", "heart", "heart_blood_pool", "aorta_lumen", "aorta_thrombus", "aorta_calcium",
        "renal_artery_left", "renal_artery_right", "iliac_artery_left", "iliac_artery_right",
        "liver", "spleen", "kidney_left", "kidney_right", "portal_vein", "hepatic_veins",
    )  # fmt: skip
    needs_hu: ClassVar[bool] = True

    def run(
        self, volume: Volume, seeds_lps: Points, settings: TorsoSettings, report: Report
    ) -> tuple[Segment, ...]:
        """All segments that could be found.  Raises SegmentationError if there is none."""
        seed_voxels(Torso, volume, seeds_lps)
        survey = survey_of(volume, report)
        found: list[Segment] = []
        reasons: list[str] = []
        methods = list(organ_methods())
        for n, (name, method) in enumerate(methods):
            stage = part(report, n / len(methods), (n + 1) / len(methods))
            stage(0.0, f"Looking for {name.replace('_', ' ')}")
            try:
                made = survey.find(method, stage)
            except SegmentationError as error:
                reasons.append(f"{name.replace('_', ' ').capitalize()}: {error}")
            else:
                found += [on_grid_of(volume, one) for one in made]
        if not found:
            raise SegmentationError("No organ could be found. " + " ".join(reasons))
        found[0] = replace(found[0], remarks=(*found[0].remarks, *reasons))
        report(1.0, "Done")
        return tuple(found)
