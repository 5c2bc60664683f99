"""The liver as surgeons count it: with its vessels and tumours; found, or grown from one seed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.coarse import Coarse, coarsened
from surgiplan.imaging.crop import Box
from surgiplan.imaging.edges import FLOOR_HU, bordered, touches_border
from surgiplan.imaging.method import seed_voxels, words
from surgiplan.imaging.morphology import dilated, labelled, opened
from surgiplan.imaging.neighbourhood import Tissue, box_around, tissue_at
from surgiplan.jobs_report import Report, part, silent
from surgiplan.model import Points, Quantity, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .judgement import edge_share
from .organ import Found, Organ, segment_of
from .parenchyma import (
    STEADY,
    Cut,
    Range,
    cut_free,
    grown,
    limited,
    range_around,
    smoothed,
    with_inclusions,
)
from .survey import Survey
from .territories import without

if TYPE_CHECKING:
    from .abdomen import Abdomen

__all__ = ["Liver", "LiverSettings"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_REACH_MM = 230.0
"""A liver is narrower than this, wherever in it the seed lies."""

_BLOCK_MM = 2.5
"""Size of the blocks in which the liver is looked for around a seed."""

_TISSUE_HU = (-30.0, 250.0)
"""A seed outside is in air, fat or bone, whatever the contrast."""

_ADULT_ML = (700.0, 2600.0)
"""Adult livers have 0.7 to 2.6 litres, hepatomegaly and small remnants apart (unconfirmed)."""

_LEAST_EDGE = 0.75
"""Share of the border that shows an edge in a well cut liver."""

_NO_LIVER_ML = 400.0
"""Less than this, without a clear border, is muscle, heart or bowel."""

_BROAD_MM = 6.0
"""A leak that only a larger opening cuts was broad."""

_VESSELS_BESIDE_MM, _VESSELS_IN_FRONT_MM = 40.0, 75.0
"""The great vessels lie so near beside and in front of the spinal canal."""

_VESSEL_RADIUS_MM = 14.0
"""Cava and aorta are thinner than twice this."""

_CRUMBS_MM = 6.0
"""What an opening takes off the liver's own edges is thinner than twice this."""

_VESSEL_LENGTH_MM = 70.0
"""They run at least so far along the body; narrow parts of a liver do not."""

_GAVE_UP = (
    "No large even body on the right, below the lung, could be the liver; put a seed into it."
)


@dataclass(frozen=True)
class LiverSettings:
    """The range and the sizes of what is cut and filled; left alone, all follow from the scan."""

    low_hu: Annotated[
        float | None, Quantity("HU", -50, 300, "lowest parenchyma; from the scan if not given")
    ] = None
    high_hu: Annotated[
        float | None, Quantity("HU", -50, 400, "highest parenchyma; from the scan if not given")
    ] = None
    opening_mm: Annotated[
        float | None, Quantity("mm", 0, 20, "radius that cuts leaks; chosen if not given")
    ] = None
    closing_mm: Annotated[
        float | None, Quantity("mm", 0, 20, "radius that takes in vessels and tumours")
    ] = 8.0


@dataclass(frozen=True, eq=False)
class _Region:
    """Blocks in which the liver is cut out, and where in them it starts."""

    coarse: Coarse
    smooth: Floats
    block: npt.NDArray[np.int64]
    found: Range
    candidate: Mask
    barred: Mask
    """Blocks of other organs."""


class Liver(Organ):
    """The liver by growth, opening and closing."""

    title: ClassVar[str] = "Liver"
    about: ClassVar[str] = (
        "Finds the liver, or takes the one that a seed lies in: grows in its density, cuts thin "
        "leaks, takes in vessels and tumours and puts the border at the local half-maximum. Leaks "
        "into stomach or muscle where they touch it broadly with its own density, and says so."
    )
    Settings: ClassVar[type] = LiverSettings
    seeds: ClassVar[tuple[int, int]] = (0, 1)
    names: ClassVar[tuple[str, ...]] = ("liver",)

    def run(
        self, volume: Volume, seeds_lps: Points, settings: LiverSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``liver``.

        Raises SegmentationError for a seed that is not in a liver, and without a seed where
        nothing is like a liver.
        """
        seed = seed_voxels(Liver, volume, seeds_lps)
        if not len(seed):
            return super().run(volume, seeds_lps, settings, report)
        region = _around(volume, seed, settings, report)
        found = _cut_out(volume, region, settings, words(seeds_lps), part(report, 0.5, 1.0))
        return (segment_of(found, volume),)

    def find(self, survey: Survey, settings: LiverSettings, report: Report) -> tuple[Found, ...]:
        """One structure ``liver``.  Raises SegmentationError where nothing is like a liver."""
        report(0.1, "Looking for the organs of the abdomen")
        abdomen = survey.abdomen
        if abdomen.core_hu is None:
            raise SegmentationError(_GAVE_UP)
        report(0.4, "Growing")
        territory = abdomen.territories.of("liver")
        found = limited(abdomen.liver_range, settings.low_hu, settings.high_hu)
        candidate = grown(
            abdomen.coarse, abdomen.smooth, abdomen.liver_block, found, silent, room=territory
        )
        candidate = _without_great_vessels(candidate, abdomen)
        region = _Region(
            abdomen.coarse, abdomen.smooth, abdomen.liver_block, found, candidate,
            abdomen.taken_from("liver"),
        )  # fmt: skip
        return (_cut_out(survey.scan, region, settings, "its even middle", part(report, 0.5, 1.0)),)


def _without_great_vessels(candidate: Mask, abdomen: "Abdomen") -> Mask:
    """Without what is no wider than cava and aorta, runs as long and lies where they do."""
    from scipy.ndimage import find_objects

    left, back = abdomen.frame.left_mm, abdomen.frame.back_mm
    near = candidate & (np.abs(left) < _VESSELS_BESIDE_MM) & (back > -_VESSELS_IN_FRONT_MM)
    narrow = near & ~opened(candidate, _VESSEL_RADIUS_MM, abdomen.spacing_mm)
    tubes = opened(narrow, _CRUMBS_MM, abdomen.spacing_mm)
    labels, _ = labelled(tubes)
    tall = _VESSEL_LENGTH_MM / abdomen.spacing_mm[0]
    runs = [0, *(piece[0].stop - piece[0].start for piece in find_objects(labels))]
    vessels = (np.array(runs) > tall)[labels]
    return candidate & ~(narrow & dilated(vessels, _CRUMBS_MM, abdomen.spacing_mm))


def _around(
    volume: Volume, seed: npt.NDArray[np.int64], settings: LiverSettings, report: Report
) -> _Region:
    """What is near a seed, grown from it.  Raises SegmentationError in air, fat or bone."""
    report(0.0, "Looking around the seed")
    _require_tissue(tissue_at(volume, seed[0], 4.0), volume)
    coarse = coarsened(volume, box_around(volume, seed, _REACH_MM), _BLOCK_MM, floor=FLOOR_HU)
    report(0.15, "Smoothing")
    smooth = smoothed(coarse.values)
    block = coarse.block_of(seed)[0]
    report(0.3, "Estimating the liver's density")
    found = range_around(coarse, smooth, block, settings.low_hu, settings.high_hu)
    candidate = grown(coarse, smooth, block, found, part(report, 0.4, 0.5))
    return _Region(coarse, smooth, block, found, candidate, np.zeros_like(candidate))


def _cut_out(
    volume: Volume, region: _Region, settings: LiverSettings, start: str, report: Report
) -> Found:
    coarse, smooth, found = region.coarse, region.smooth, region.found
    report(0.0, "Cutting leaks")
    cut = cut_free(
        coarse, region.candidate, region.block,
        opening_mm=settings.opening_mm, most_ml=_ADULT_ML[1],
    )  # fmt: skip
    if cut is None:
        raise SegmentationError(
            f"There is no body as large as a liver of about {found.level:.0f} HU; put the seed "
            "elsewhere or give low_hu and high_hu."
        )
    report(0.3, "Taking in vessels and tumours")
    closing_mm = settings.closing_mm or 0.0
    whole = with_inclusions(coarse, smooth, cut.mask, found, closing_mm) & ~region.barred
    report(0.5, "Placing the border")
    mask, box = bordered(
        volume, coarse, smooth, whole, cut.mask, least=max(2.0 * found.spread, 10.0)
    )
    mask = without(mask, box, region.barred, coarse)
    volume_ml = np.count_nonzero(mask) * volume.grid.voxel_mm3 / MM3_PER_ML
    edge = edge_share(smooth, whole, coarse.spacing_mm)
    if volume_ml < _NO_LIVER_ML and edge < _LEAST_EDGE:
        raise SegmentationError(
            f"What could be liver has {volume_ml:.0f} ml and hardly a border of its own; the liver "
            "may lie outside the scan."
        )
    remarks, confidence = _judged(volume, mask, box, volume_ml, cut, edge)
    report(1.0, "Done")
    made_by = (
        f"liver: {found.low:.0f} to {found.high:.0f} HU from {start}, opened by "
        f"{cut.opening_mm:g} mm, closed by {closing_mm:g} mm, border at the local half-maximum"
    )
    return Found("liver", mask, box, made_by, confidence, remarks)


def _require_tissue(tissue: Tissue, volume: Volume) -> None:
    low, high = _TISSUE_HU
    if low <= tissue.level <= high:
        return
    where = "air or fat" if tissue.level < low else "bone or dense contrast"
    raise SegmentationError(
        f"The seed lies in {where} ({tissue.level:.0f} {volume.unit}); "
        "put it into normal liver, away from large vessels."
    )


def _judged(
    volume: Volume, mask: Mask, box: Box, volume_ml: float, cut: Cut, edge: float
) -> tuple[tuple[str, ...], float]:
    """What a reader must know, and how sure the method is."""
    remarks, confidence = [], 0.9
    if volume_ml > _ADULT_ML[1]:
        remarks.append(
            f"{volume_ml:.0f} ml is more than most adult livers have: it has probably leaked into "
            "a neighbour of like density; check every slice."
        )
        confidence = 0.2
    if volume_ml < _ADULT_ML[0]:
        remarks.append(
            f"{volume_ml:.0f} ml is less than most adult livers have: a part may be missing or "
            "outside the scan."
        )
        confidence = min(confidence, 0.4)
    if touches_border(mask, box, volume.grid.shape) * volume.grid.voxel_mm3 > 2000:
        remarks.append("It reaches the border of the scan, so its volume is not complete.")
        confidence = min(confidence, 0.4)
    if cut.kept < STEADY:
        remarks.append(
            "It may have leaked into a neighbour of like density: no opening cuts it free."
        )
        confidence = min(confidence, 0.3)
    elif cut.opening_mm > _BROAD_MM:
        remarks.append(
            f"A leak was cut by an opening of {cut.opening_mm:g} mm, which also rounds thin lobes."
        )
        confidence = min(confidence, 0.5)
    if edge < _LEAST_EDGE:
        remarks.append(
            f"Only {100 * edge:.0f} % of its border shows an edge: check where it touches others."
        )
        confidence = min(confidence, 0.5)
    return tuple(remarks), confidence
