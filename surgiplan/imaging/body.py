"""The patient, without table and air."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .coarse import coarsened
from .crop import Box, bounding_box, cropped_segment
from .method import seed_voxels
from .morphology import Mask, holes_filled, largest, opened

__all__ = ["Body", "BodySettings"]

_BLOCK_MM = 3.0
_SMALLEST_ML = 200.0

_TABLE_MM = 6.0
"""Table tops and blankets are thinner than twice this."""


@dataclass(frozen=True)
class BodySettings:
    """Where the skin begins."""

    low_hu: Annotated[
        float | None, Quantity("HU", -900, 0, "lowest value of skin and fat")
    ] = -300.0


class Body:
    """The largest body that is not air, lungs and bowel gas included."""

    title: ClassVar[str] = "Body"
    about: ClassVar[str] = (
        "The largest part that is not air, filled, to about 3 mm. Arms count when they touch it."
    )
    Settings: ClassVar[type] = BodySettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = ("body",)
    needs_hu: ClassVar[bool] = True

    def run(
        self, volume: Volume, seeds_lps: Points, settings: BodySettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``body``.  Raises SegmentationError if there is nothing but air."""
        seed_voxels(Body, volume, seeds_lps)
        report(0.0, "Averaging")
        low = -300.0 if settings.low_hu is None else settings.low_hu
        coarse = coarsened(volume, Box((0, 0, 0), volume.grid.shape), _BLOCK_MM, floor=-1000.0)
        report(0.4, "Finding the body")
        tissue = largest(opened(coarse.values > low, _TABLE_MM, coarse.spacing_mm))
        if tissue.sum() * np.prod(coarse.spacing_mm) < _SMALLEST_ML * MM3_PER_ML:
            raise SegmentationError(
                f"There is no body above {low:.0f} {volume.unit} in this scan; set low_hu lower."
            )
        report(0.7, "Filling lungs and bowel")
        # The scan cuts lungs and bowel open at its ends, so each slice is filled by itself too.
        filled = np.stack([holes_filled(_thick(piece))[1] for piece in holes_filled(tissue)])
        report(0.9, "Refining")
        blocks = bounding_box(filled)
        assert blocks is not None
        mask = coarse.upsampled(filled[blocks.slices]) > 0.5
        box = coarse.fine_box(blocks)
        report(1.0, "Done")
        body = cropped_segment(
            mask,
            volume.grid.cropped(box.low, box.high),
            segment_id="body",
            volume_id=volume.id,
            made_by=f"body: above {low:.0f} {volume.unit} in blocks of {_BLOCK_MM:g} mm, filled",
        )
        return (body,)


def _thick(piece: Mask) -> Mask:
    """A slice between two full ones, so that only holes within it are cavities."""
    full = np.ones_like(piece)
    return np.stack([full, piece, full])
