"""The patient, without table and air, and the skin around."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.morphology import Mask, Spacing, distance_mm, largest
from surgiplan.jobs_report import Report, part
from surgiplan.model import Quantity

from .organ import Found, Organ
from .spread import covering, grown_by_a_block, shrunk_by_a_block, spread
from .survey import Survey

__all__ = ["Body", "BodySettings"]

_SKIN_HU = -300.0
"""About halfway between air and fat or skin, which a voxel blurs into each other."""

_SLAB = 48
"""Slices whose skin is found at a time, so that memory stays small."""


@dataclass(frozen=True)
class BodySettings:
    """What counts as skin."""

    skin_mm: Annotated[
        float | None,
        Quantity("mm", 0.5, 10, "thickness of the layer called skin; 2 mm is unconfirmed"),
    ] = 2.0


class Body(Organ):
    """The largest body that is not air, lungs and bowel gas included, and its outermost layer."""

    title: ClassVar[str] = "Body and skin"
    about: ClassVar[str] = (
        "The largest part that is not air, as one solid, and its outer 2 mm. Arms count when they "
        "touch it; thin blankets and sheets on the skin may."
    )
    Settings: ClassVar[type] = BodySettings
    names: ClassVar[tuple[str, ...]] = ("body", "skin")

    def find(self, survey: Survey, settings: BodySettings, report: Report) -> tuple[Found, ...]:
        """Segments ``body`` and ``skin``.  Raises SegmentationError if there is only air."""
        report(0.1, "Finding the body")
        blocks = bounding_box(grown_by_a_block(survey.body))
        assert blocks is not None
        shape = survey.scan.grid.shape
        box = covering(survey.coarse, blocks, shape)
        body = _refined(survey, box, part(report, 0.3, 0.7))
        thickness = settings.skin_mm or 2.0
        skin = _outer_layer(body, thickness, survey.scan.grid.spacing_mm, part(report, 0.7, 1.0))
        remarks = _remarks(body, box, shape)
        made_by = f"body: above {_SKIN_HU:.0f} HU, without what is thinner than a table top, filled"
        return (
            Found("body", body, box, made_by, 0.95, remarks),
            Found("skin", skin, box, f"body: its outer {thickness:g} mm", 0.9, remarks),
        )


def _refined(survey: Survey, box: Box, report: Report) -> Mask:
    """The body at full resolution: its border decided by the voxels, its inside filled."""
    import fill_voids

    inner = shrunk_by_a_block(survey.body)
    outer = grown_by_a_block(survey.body)
    values = survey.scan.values
    body = np.empty(box.shape, bool)
    for n, k in enumerate(range(box.low[0], box.high[0])):
        if n % _SLAB == 0:
            report(n / len(body), "Refining")
        slice_box = Box((k, *box.low[1:]), (k + 1, *box.high[1:]))
        tissue = values[slice_box.slices][0] > _SKIN_HU
        tissue &= spread(survey.coarse, outer, slice_box)[0]
        tissue |= spread(survey.coarse, inner, slice_box)[0]
        body[n] = fill_voids.fill(tissue)
    return largest(body)


def _outer_layer(body: Mask, thickness_mm: float, spacing_mm: Spacing, report: Report) -> Mask:
    """The voxels of the body that lie within ``thickness_mm`` of the air around it."""
    # The surface lies half a voxel outside the centres of the outermost voxels.
    reach_mm = thickness_mm + 0.5 * min(spacing_mm)
    margin = int(np.ceil(reach_mm / spacing_mm[0]))
    skin = np.empty_like(body)
    for k in range(0, len(body), _SLAB):
        report(k / len(body), "Peeling the skin")
        first = max(k - margin, 0)
        slab = body[first : k + _SLAB + margin]
        near = distance_mm(~slab, spacing_mm) <= reach_mm
        skin[k : k + _SLAB] = (slab & near)[k - first : k - first + _SLAB]
    return skin


def _remarks(body: Mask, box: Box, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Says where the sides of the scan cut the body."""
    cut = 0
    for axis in (1, 2):
        faces = np.moveaxis(body, axis, 0)
        if box.low[axis] == 0:
            cut += int(np.count_nonzero(faces[0]))
        if box.high[axis] == shape[axis]:
            cut += int(np.count_nonzero(faces[-1]))
    if cut > 0.01 * np.count_nonzero(body[:, :1]) + 0.002 * body[:, 0].size:
        return ("The sides of the scan cut the body: there is no skin there.",)
    return ()
