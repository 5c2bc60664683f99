"""A lesion from one seed: darker or brighter than what is around it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report, part
from surgiplan.model import Points, Quantity, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .coarse import Coarse, coarsened
from .crop import bounding_box, cropped_segment
from .edges import FLOOR_HU, bordered, sharpened
from .method import seed_voxels, words
from .morphology import Mask
from .neighbourhood import box_around, tissue_at

__all__ = ["Tumour", "TumourSettings"]

Floats = npt.NDArray[np.float32]

_BLOCK_MM = 1.6
"""Size of the blocks in which the lesion is looked for."""

_STEPS_HU = np.arange(4.0, 92.0, 4.0)
"""Distances from the lesion's own value that are tried as its limit."""

_SMALLEST_ML = 0.15
"""A ball of 6.6 mm diameter; less is noise."""

_RIM_MM = 2.0
"""Thickness of the layer whose density counts as the lesion's at its border."""

_FAR_SIDE_HU = 40.0
"""How much farther from its surroundings than the seed a lesion may be."""

_FAINT = 3.0
"""Contrast over the spread of the smoothed surroundings below which a border is a guess."""

_FAINT_HU = 30.0
"""Contrast below which scanner noise decides where the border lies, smoothed or not."""


@dataclass(frozen=True)
class TumourSettings:
    """The largest lesion that is looked for, and what is cut off it."""

    largest_mm: Annotated[float | None, Quantity("mm", 10, 200, "largest diameter looked for")] = (
        90.0
    )
    limit_hu: Annotated[
        float | None, Quantity("HU", -100, 500, "value at the border; the sharpest if not given")
    ] = None
    opening_mm: Annotated[
        float | None, Quantity("mm", 0, 10, "radius that cuts vessels and leaks off the lesion")
    ] = 2.0


@dataclass(frozen=True)
class _Candidate:
    """A connected region on one side of a limit."""

    mask: Mask
    limit_hu: float
    sharpness: float
    """Mean gradient along its border [HU/mm]."""


class Tumour:
    """A lesion by the limit with the sharpest border."""

    title: ClassVar[str] = "Tumour from a seed"
    about: ClassVar[str] = (
        "Grows from one seed in a lesion that is darker or brighter than its surroundings, to the "
        "limit whose border is sharpest, and puts the border at the local half-maximum. Fails "
        "where a lesion touches tissue of its own density."
    )
    Settings: ClassVar[type] = TumourSettings
    seeds: ClassVar[tuple[int, int]] = (1, 1)
    names: ClassVar[tuple[str, ...]] = ("tumour",)
    needs_hu: ClassVar[bool] = True

    def run(
        self, volume: Volume, seeds_lps: Points, settings: TumourSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``tumour``.  Raises SegmentationError if nothing stands out at the seed."""
        seed = seed_voxels(Tumour, volume, seeds_lps)
        largest_mm = settings.largest_mm or 90.0
        report(0.0, "Looking around the seed")
        _require_tissue(tissue_at(volume, seed[0], 3.0).level, volume)
        box = box_around(volume, seed, largest_mm)
        coarse = coarsened(volume, box, _BLOCK_MM, floor=FLOOR_HU)
        smooth = _smoothed(coarse.values)
        block = coarse.block_of(seed)
        report(0.2, "Trying limits")
        found = _sharpest(coarse, smooth, block, settings, largest_mm, part(report, 0.2, 0.7))
        report(0.7, "Cutting leaks")
        whole = _compact(coarse, found.mask, block, settings.opening_mm or 0.0)
        inside, outside, spread = _contrast(coarse, smooth, whole)
        report(0.8, "Placing the border")
        tissue = _shell(whole, coarse)
        least = max(0.25 * abs(outside - inside), 5.0)
        mask, fine = bordered(volume, coarse, smooth, whole, tissue, least=least)
        for _ in range(2):
            mask = sharpened(volume, mask, fine, least=least)
        how = "border at the local half-maximum"
        if _is_faint(inside, outside, spread):
            from .rim import faint_border

            wider = faint_border(volume, mask, fine, inside, outside)
            if wider is not None:
                mask, fine = wider
                how = "border at an even distance, where the mean over all of it shows it"
        remarks, confidence = _judged(volume, mask, inside, outside, spread, largest_mm)
        report(1.0, "Done")
        tumour = cropped_segment(
            mask,
            volume.grid.cropped(fine.low, fine.high),
            segment_id="tumour",
            volume_id=volume.id,
            made_by=(
                f"tumour: {inside:.0f} HU in surroundings of {outside:.0f} HU, limit "
                f"{found.limit_hu:.0f} HU from {words(seeds_lps)}, opened by "
                f"{settings.opening_mm or 0:g} mm, {how}"
            ),
            confidence=confidence,
            remarks=remarks,
        )
        return (tumour,)


def _require_tissue(level: float, volume: Volume) -> None:
    if level < -60.0:
        raise SegmentationError(
            f"The seed lies in fat or air ({level:.0f} {volume.unit}); put it into the lesion."
        )


def _smoothed(values: Floats) -> Floats:
    import SimpleITK as sitk

    image = sitk.CurvatureFlow(sitk.GetImageFromArray(values), 0.0625, 8)
    result: Floats = sitk.GetArrayFromImage(image)
    return result


def _sharpest(
    coarse: Coarse,
    smooth: Floats,
    block: npt.NDArray[np.int64],
    settings: TumourSettings,
    largest_mm: float,
    report: Report,
) -> _Candidate:
    """The region around the seed whose border is the sharpest, among all limits on both sides."""
    from scipy.ndimage import gaussian_gradient_magnitude

    own = _own_value(coarse, smooth, block[0])
    sigma = [1.2 / step for step in coarse.spacing_mm]
    # The filter differs by voxels; a mean voxel size makes it HU/mm.
    gradient = gaussian_gradient_magnitude(smooth, sigma) / np.mean(coarse.spacing_mm)
    limits = [own + side * step for side in (1, -1) for step in _STEPS_HU]
    if settings.limit_hu is not None:
        limits = [settings.limit_hu]
    candidates = []
    for n, limit in enumerate(limits):
        report(n / len(limits), "Trying limits")
        found = _region(coarse, smooth, gradient, block, own, limit, largest_mm)
        if found is not None:
            candidates.append(found)
    if not candidates:
        raise SegmentationError(
            f"Nothing around the seed ({own:.0f} HU) stands out from its surroundings; move the "
            "seed into the lesion, or give limit_hu."
        )
    return max(candidates, key=lambda candidate: candidate.sharpness)


def _own_value(coarse: Coarse, smooth: Floats, block: npt.NDArray[np.int64]) -> float:
    reach = np.maximum(np.rint(2.5 / np.array(coarse.spacing_mm)).astype(int), 1)
    low = np.maximum(block - reach, 0)
    near = tuple(slice(a, b) for a, b in zip(low, block + reach + 1, strict=True))
    return float(np.median(smooth[near]))


def _region(
    coarse: Coarse,
    smooth: Floats,
    gradient: Floats,
    block: npt.NDArray[np.int64],
    own: float,
    limit: float,
    largest_mm: float,
) -> _Candidate | None:
    """What connects to the seed on its side of ``limit``; None if it is no lesion's size."""
    from .morphology import dilated, holes_filled, reached

    # The far side is wide open: only fat and gas on it, or bone, are certainly no lesion.
    reach = abs(limit - own) + _FAR_SIDE_HU
    inside = smooth < limit if limit > own else smooth > limit
    inside &= np.abs(smooth - own) < reach
    mask = reached(inside, block)
    size_ml = np.count_nonzero(mask) * float(np.prod(coarse.spacing_mm)) / MM3_PER_ML
    if not _SMALLEST_ML <= size_ml <= np.pi / 6 * largest_mm**3 / MM3_PER_ML:
        return None
    if _touches_end(mask):
        return None
    mask = holes_filled(mask)
    rim = dilated(mask, 1.05 * max(coarse.spacing_mm), coarse.spacing_mm) & ~mask
    inner = mask & dilated(~mask, 1.05 * max(coarse.spacing_mm), coarse.spacing_mm)
    return _Candidate(mask, limit, float(gradient[rim | inner].mean()))


def _touches_end(mask: Mask) -> bool:
    return any(bool(mask.take(end, axis=axis).any()) for axis in range(3) for end in (0, -1))


def _compact(coarse: Coarse, mask: Mask, block: npt.NDArray[np.int64], opening_mm: float) -> Mask:
    """Without the vessels and bridges that hang on the lesion; small ones stay as they are."""
    from .morphology import holes_filled, opened, reached

    if opening_mm <= 0:
        return mask
    core = opened(mask, max(opening_mm, 1.05 * min(coarse.spacing_mm)), coarse.spacing_mm)
    core = holes_filled(reached(core, block))
    return core if core.sum() > 0.3 * mask.sum() else mask


def _inner(whole: Mask, coarse: Coarse) -> Mask:
    """The voxels of the lesion that hold nothing else."""
    from .morphology import eroded

    core = eroded(whole, 1.5 * max(coarse.spacing_mm), coarse.spacing_mm)
    return core if np.count_nonzero(core) >= 8 else whole


def _shell(whole: Mask, coarse: Coarse) -> Mask:
    """The voxels just within the border: a rim often differs from a necrotic middle."""
    from .morphology import distance_mm

    depth = distance_mm(~whole, coarse.spacing_mm)
    outermost = 1.3 * min(coarse.spacing_mm)
    shell: Mask = (depth > outermost) & (depth <= outermost + _RIM_MM)
    return shell if np.count_nonzero(shell) >= 8 else whole


def _contrast(coarse: Coarse, smooth: Floats, whole: Mask) -> tuple[float, float, float]:
    """Median inside, median of soft tissue around, and its robust spread."""
    from .morphology import distance_mm

    away = distance_mm(whole, coarse.spacing_mm)
    around = smooth[(away > 3.0) & (away < 10.0) & (smooth > -50) & (smooth < 300)]
    inside = float(np.median(smooth[_inner(whole, coarse)]))
    if not around.size:
        return inside, float(FLOOR_HU), 0.0
    outside = float(np.median(around))
    return inside, outside, 1.4826 * float(np.median(np.abs(around - outside)))


def _is_faint(inside: float, outside: float, spread: float) -> bool:
    """Whether noise decides where the border of a lesion seems to lie."""
    return abs(inside - outside) < max(_FAINT * spread, _FAINT_HU)


def _judged(
    volume: Volume, mask: Mask, inside: float, outside: float, spread: float, largest_mm: float
) -> tuple[tuple[str, ...], float]:
    """What a reader must know, and how sure the method is."""
    remarks, confidence = [], 0.9
    if _is_faint(inside, outside, spread):
        remarks.append(
            f"The lesion ({inside:.0f} HU) hardly differs from its surroundings "
            f"({outside:.0f} HU): check its border on every slice."
        )
        confidence = 0.4
    size_ml = np.count_nonzero(mask) * volume.grid.voxel_mm3 / MM3_PER_ML
    box = bounding_box(mask)
    extent_mm = np.array(box.shape if box else (0, 0, 0)) * np.array(volume.grid.spacing_mm)
    box_ml = float(np.prod(extent_mm)) / MM3_PER_ML
    if size_ml < 0.3 * box_ml:
        remarks.append("It is far from round: it may have leaked along a vessel or an organ.")
        confidence = min(confidence, 0.3)
    if extent_mm.max() > largest_mm:
        remarks.append("It is larger than what was looked for.")
        confidence = min(confidence, 0.3)
    return tuple(remarks), confidence
