"""The skeleton in blocks: bright tissue that is neither contrast nor calcium, and its marrow."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.coarse import tallied
from surgiplan.imaging.contrast import Cores, told_apart
from surgiplan.imaging.morphology import (
    Mask,
    closed,
    dilated,
    holes_filled,
    labelled,
    opened,
)
from surgiplan.units import MM3_PER_ML

from .places import Places, places
from .survey import Survey

__all__ = ["Skeleton", "skeleton"]

Floats = npt.NDArray[np.float32]

_SOFT_HU = (20.0, 90.0)
"""Muscle and unenhanced organs."""

_ABOVE_SOFT_HU = 80.0
"""Bone begins about this much above soft tissue: thin ribs in thick slices are no brighter."""

_CERTAIN_ABOVE_SOFT_HU = 250.0
"""Every bone has some cortex this much brighter than soft tissue."""

_ABOVE_CONTRAST_HU = 60.0
"""Noise lifts contrast by no more."""

_SHARE = 0.3
"""Share of a block's voxels that make it bright."""

_MARROW_MM = 5.0
"""Half the widest gap between trabeculae or cortices that marrow fills."""

_MARROW_ABOVE_SOFT_HU = 30.0
"""Marrow between cortices is at least this much brighter than soft tissue."""

_DISC_ABOVE_SOFT_HU = 45.0
"""Discs are darker."""

_ENCLOSED_MM = 32.0
"""Fatty marrow has cortex within this distance on nearly all sides."""

_NEAR_CONTRAST_MM = 4.0
_CALCIUM_ML = 3.0
"""A part this small that lies on a vessel is calcium."""

_LIMB_ML = 60.0
_TABLE_MM = 6.0
"""Table tops and blankets are thinner than twice this."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Which blocks of a survey are bone, and what its border at full resolution needs to know."""

    solid: Mask = field(repr=False)
    """Blocks of bone with its marrow."""
    shell: Mask = field(repr=False)
    """Those that hold cortex or dense spongy bone."""
    peak: Floats = field(repr=False)
    """The highest value of each block."""
    cores: Cores = field(repr=False)
    places: Places = field(repr=False)
    soft_hu: float
    low_hu: float
    dropped: int
    """Bright parts left out as calcium, vessel or bowel content."""


def skeleton(survey: Survey, low_hu: float | None, smallest_ml: float) -> Skeleton:
    """The bones of an upright scan.  Raises SegmentationError where there is none."""
    body = _bodies(survey)
    values = survey.coarse.values
    soft = _soft_level(values[body])
    low = low_hu or soft + _ABOVE_SOFT_HU
    share, peak = tallied(survey.scan, survey.coarse, low)
    where = places(survey, body)
    disc = soft + _DISC_ABOVE_SOFT_HU
    cores = told_apart(
        survey.coarse, body, peak, inner=where.vertebrae, organs=where.organs, disc_hu=disc
    )
    bright = ((share > _SHARE) | cores.marrow) & body & ~where.never
    sure = (peak > soft + _CERTAIN_ABOVE_SOFT_HU) & bright & ~cores.contrast
    bony = _apart_from_contrast(survey, bright, sure, peak, cores, where)
    shell, dropped = _parts_with_cortex(bony, sure, where, survey.spacing_mm, smallest_ml)
    if not shell.any():
        raise SegmentationError(
            f"There is no bone above {low:.0f} {survey.scan.unit} in this scan; set low_hu lower."
        )
    solid = _with_marrow(survey, shell, cores, where, soft)
    return Skeleton(solid, shell, peak, cores, where, soft, low, dropped)


def _bodies(survey: Survey) -> Mask:
    """The trunk, and arms or legs that lie beside it, without the table."""
    tissue = opened(survey.coarse.values > -150.0, _TABLE_MM, survey.spacing_mm)
    labels, sizes = labelled(tissue)
    ml = sizes * float(np.prod(survey.spacing_mm)) / MM3_PER_ML
    flesh = np.bincount(labels[survey.coarse.values > 0], minlength=len(sizes))
    keep = (ml > _LIMB_ML) & (flesh > 0.25 * sizes)
    keep[0] = False
    return dilated(keep[labels] | survey.body, 3.0, survey.spacing_mm)


def _soft_level(values: Floats) -> float:
    soft = values[(values > _SOFT_HU[0]) & (values < _SOFT_HU[1])]
    return float(np.median(soft)) if soft.size else 50.0


def _apart_from_contrast(
    survey: Survey, bright: Mask, sure: Mask, peak: Floats, cores: Cores, where: Places
) -> Mask:
    """The bright blocks that belong to bone: each hill of density to what its top is."""
    from skimage.segmentation import watershed

    if cores.brightest_hu is None:
        return bright
    spacing = survey.spacing_mm
    certain = sure & (
        (peak > cores.brightest_hu + _ABOVE_CONTRAST_HU) | where.beside_canal | cores.marrow
    )
    labels, sizes = labelled(certain & ~cores.marrow)
    near = dilated(cores.contrast, _NEAR_CONTRAST_MM, spacing)
    on_vessel = np.bincount(labels[near], minlength=len(sizes)) > 0.5 * sizes
    ml = sizes * float(np.prod(spacing)) / MM3_PER_ML
    calcium = (on_vessel & (ml < _CALCIUM_ML))[labels] & certain & ~cores.marrow
    marked = np.where(cores.contrast | calcium, 1, np.where(certain | cores.marrow, 2, 0))
    marked[where.never] = 1
    height = np.clip(survey.coarse.values, -200, 1500)
    hills = watershed(-height, marked, mask=bright | cores.contrast)
    result: Mask = bright & (hills != 1)
    return result


def _parts_with_cortex(
    bony: Mask,
    sure: Mask,
    where: Places,
    spacing_mm: tuple[float, float, float],
    smallest_ml: float,
) -> tuple[Mask, int]:
    """The parts that hold certain cortex and do not lie among organs; how many were left out."""
    labels, sizes = labelled(bony)
    count = len(sizes)
    ml = sizes * float(np.prod(spacing_mm)) / MM3_PER_ML
    keep = np.bincount(labels[sure], minlength=count) > 0.02 * sizes
    keep &= (np.bincount(labels[where.organs], minlength=count) < 0.5 * sizes) & (ml >= smallest_ml)
    keep[0] = False
    return keep[labels], int(np.count_nonzero(~keep[1:] & (ml[1:] >= 0.1)))


def _with_marrow(survey: Survey, shell: Mask, cores: Cores, where: Places, soft_hu: float) -> Mask:
    """With the marrow that is bright enough to be seen, and whatever the cortex encloses."""
    spacing = survey.spacing_mm
    values = survey.coarse.values
    barred = cores.contrast | where.never
    core = cores.marrow & ~barred & dilated(shell, _NEAR_CONTRAST_MM, spacing)
    between = closed(shell | core, _MARROW_MM, spacing)
    walled = _walled_all_round(shell, spacing)
    brighter = values > soft_hu + _MARROW_ABOVE_SOFT_HU
    # A disc lies between two endplates, but no cortex surrounds it; a ring of osteophytes may.
    brighter &= ~where.discs | walled | (values > soft_hu + _DISC_ABOVE_SOFT_HU)
    barred |= where.canal & ~shell
    solid = (shell | core | (between & brighter)) & ~barred
    fatty = (values > -150.0) & ((values < soft_hu) | ~where.discs)
    solid |= walled & fatty & ~barred
    # A shaft that the scan cuts is closed there; the spinal canal stays open at its sides.
    tight = closed(solid, 1.05 * max(spacing), spacing)
    ends = np.ones((1, *values.shape[1:]), bool)
    whole = holes_filled(np.concatenate([ends, tight, ends]))[1:-1]
    return solid | (whole & ~tight & ~barred & (values > -150.0))


def _walled_all_round(shell: Mask, spacing_mm: tuple[float, float, float]) -> Mask:
    """Blocks with cortex near on at least seven of eight sides within their slice."""
    _, j_mm, i_mm = spacing_mm
    hit = np.zeros(shell.shape, np.uint8)
    for dj in (-1, 0, 1):
        for di in (-1, 0, 1):
            if not (dj or di):
                continue
            steps = round(_ENCLOSED_MM / np.hypot(dj * j_mm, di * i_mm))
            ray = np.zeros_like(shell)
            for n in range(1, steps + 1):
                _join(ray, shell, n * dj, n * di)
            hit += ray
    result: Mask = hit >= 7
    return result


def _join(result: Mask, mask: Mask, dj: int, di: int) -> None:
    """Adds a mask shifted by rows and columns to ``result``."""
    _, rows, columns = mask.shape
    if abs(dj) >= rows or abs(di) >= columns:
        return
    into = np.s_[:, max(dj, 0) : rows + min(dj, 0), max(di, 0) : columns + min(di, 0)]
    result[into] |= mask[:, max(-dj, 0) : rows - max(dj, 0), max(-di, 0) : columns - max(di, 0)]
