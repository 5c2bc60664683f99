"""Both lungs and the airways."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.morphology import Mask, closed, holes_filled, labelled, largest
from surgiplan.jobs_report import Report, part

from .airways import Airways
from .lung_blocks import LUNG_HU, LungBlocks
from .organ import Found, Organ
from .spread import covering, grown_by_a_block, share, shrunk_by_a_block, spread
from .survey import Survey

__all__ = ["Lungs", "LungsSettings"]

_MADE_BY = f"lungs: parenchyma below {LUNG_HU:.0f} HU, with the vessels in it"

_SCRAP = 0.02
"""Parts smaller than this fraction of the largest are left over from the airways."""

_THIN_BLOCKS = 6000
"""About 150 ml."""

_UNEQUAL = 0.5
"""A healthy left lung is about nine tenths as large as the right one."""

_VESSEL_MM = 6.0
"""Vessels and airways up to twice this wide belong to the lung that surrounds them."""


@dataclass(frozen=True)
class LungsSettings:
    """Nothing to choose: lung is told from gas by its density and place."""


class Lungs(Organ):
    """Left lung, right lung and airways."""

    title: ClassVar[str] = "Lungs and airways"
    about: ClassVar[str] = (
        "Aerated lung with the vessels in it, left and right apart, and the airways grown from the "
        "windpipe. Effusion, collapsed and consolidated lung are left out."
    )
    Settings: ClassVar[type] = LungsSettings
    names: ClassVar[tuple[str, ...]] = ("lung_left", "lung_right", "airways")

    def find(self, survey: Survey, settings: LungsSettings, report: Report) -> tuple[Found, ...]:
        """Both lungs, and the airways where the windpipe is seen.

        Raises SegmentationError where the scan shows no aerated lung.
        """
        report(0.1, "Finding the lungs")
        sides = survey.lung_sides
        if not sides.both.any():
            raise SegmentationError(
                "No aerated lung reaches into this scan; choose one that shows the chest, or draw "
                "the lungs by hand."
            )
        report(0.2, "Following the windpipe")
        tree = survey.airways
        found = []
        left, right = _without_airways(survey, sides, tree)
        for name, own, other, progress in (
            ("lung_left", left, right, part(report, 0.4, 0.7)),
            ("lung_right", right, left, part(report, 0.7, 1.0)),
        ):
            if own.any():
                mask, box = _refined(survey, own, other, progress)
                if tree is not None:
                    mask = largest(mask & ~_on(tree, box))
                found.append(Found(name, mask, box, _MADE_BY, 0.9))
        if tree is not None:
            found.append(_segment_of(tree))
        return _with_remarks(left | right, sides.parted, tree, found)


def _without_airways(survey: Survey, sides: LungBlocks, tree: Airways | None) -> tuple[Mask, Mask]:
    """Blocks of the left and the right lung, without windpipe, wide bronchi and their walls."""
    if tree is None:
        return sides.left, sides.right
    wide = grown_by_a_block(share(survey.coarse, tree.mask, tree.box.low) > 0.5)
    # Cut off with its wall, the windpipe leaves scraps of partial volume behind.
    left, right = (own & ~wide for own in (sides.left, sides.right))
    return _main_parts(left), _main_parts(right)


def _main_parts(lung: Mask) -> Mask:
    labels, sizes = labelled(lung)
    if len(sizes) < 2:
        return lung
    keep = sizes > _SCRAP * sizes[1:].max()
    keep[0] = False
    result: Mask = keep[labels]
    return result


def _on(tree: Airways, box: Box) -> Mask:
    """The airways within another box of the scan."""
    result = np.zeros(box.shape, bool)
    low = np.maximum(tree.box.low, box.low)
    high = np.minimum(tree.box.high, box.high)
    if np.all(low < high):
        to = tuple(slice(a - o, b - o) for a, b, o in zip(low, high, box.low, strict=True))
        of = tuple(slice(a - o, b - o) for a, b, o in zip(low, high, tree.box.low, strict=True))
        result[to] = tree.mask[of]
    return result


def _refined(survey: Survey, own: Mask, other: Mask, report: Report) -> tuple[Mask, Box]:
    """One lung at full resolution, with its vessels."""
    import fill_voids

    whole = holes_filled(closed(own, _VESSEL_MM, survey.spacing_mm)) & ~other
    inner = shrunk_by_a_block(whole)
    outer = grown_by_a_block(whole) & ~other
    blocks = bounding_box(outer)
    assert blocks is not None
    box = covering(survey.coarse, blocks, survey.scan.grid.shape)
    lung = np.empty(box.shape, bool)
    for n, k in enumerate(range(box.low[0], box.high[0])):
        flat = Box((k, *box.low[1:]), (k + 1, *box.high[1:]))
        gas = survey.scan.values[flat.slices][0] < LUNG_HU
        gas &= spread(survey.coarse, outer, flat)[0]
        gas |= spread(survey.coarse, inner, flat)[0]
        lung[n] = fill_voids.fill(gas)
    return largest(lung), box


def _segment_of(tree: Airways) -> Found:
    made_by = f"lungs: air from the windpipe up to {tree.level_hu:.0f} HU"
    if not tree.leaked:
        return Found("airways", tree.mask, tree.box, made_by, 0.75)
    remark = "Small bronchi are left out where going on would have leaked into the lung."
    return Found("airways", tree.mask, tree.box, made_by, 0.7, (remark,))


def _with_remarks(
    both: Mask, parted: bool, tree: Airways | None, found: list[Found]
) -> tuple[Found, ...]:
    """What a reader must know about this pair of lungs, and how sure it makes us."""
    remarks: list[str] = []
    sure = 0.95
    if both[-1].any():
        remarks.append("The lungs reach the top of the scan and may be cut there.")
    if both[0].any():
        remarks.append("The lungs reach the bottom of the scan and may be cut there.")
    if both[:, [0, -1]].any() or both[:, :, [0, -1]].any():
        remarks.append("The sides of the scan cut the lungs.")
    if not parted:
        sure = 0.5
        remarks.append("The lungs touch so broadly that a plane through the spine parts them.")
    sizes = [np.count_nonzero(one.mask) for one in found if one.id != "airways"]
    if np.count_nonzero(both) < _THIN_BLOCKS:
        sure = min(sure, 0.7)
        remarks.append("So little lung is seen that its border is most of it.")
    if len(sizes) < 2 or min(sizes) < _UNEQUAL * max(sizes):
        sure = min(sure, 0.7)
        remarks.append(
            "One lung is much smaller than the other, or missing: effusion, collapsed and "
            "consolidated lung are left out."
        )
    if tree is None:
        remarks.append("No windpipe is seen between the lungs, so there are no airways.")
    lungs = [
        replace(one, confidence=sure, remarks=tuple(remarks))
        for one in found
        if one.id != "airways"
    ]
    return (*lungs, *(one for one in found if one.id == "airways"))
