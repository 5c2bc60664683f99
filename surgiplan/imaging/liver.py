"""The liver from one seed, as surgeons count it: with its vessels and tumours."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume
from surgiplan.units import MM3_PER_ML

from .coarse import Coarse, coarsened
from .crop import Box, cropped_segment
from .edges import FLOOR_HU, bordered, touches_border
from .method import seed_voxels, words
from .neighbourhood import Tissue, box_around, tissue_at

__all__ = ["Liver", "LiverSettings"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_REACH_MM = 230.0
"""A liver is narrower than this, wherever in it the seed lies."""

_BLOCK_MM = 2.5
"""Size of the blocks in which the liver is looked for."""

_TISSUE_HU = (-30.0, 250.0)
"""A seed outside is in air, fat or bone, whatever the contrast."""

_ADULT_ML = (700.0, 2600.0)
"""Adult livers have 0.7 to 2.6 litres, hepatomegaly and small remnants apart (unconfirmed)."""

_OPENINGS_MM = (3.0, 4.5, 6.0, 8.0, 10.0, 12.0)
"""Radii tried, in order, to cut leaks."""

_STEADY = 0.93
"""A next larger opening that keeps this share of the volume has no leak left to cut."""

_MOST_SPREAD_HU = 9.0
"""More spread than this within smoothed parenchyma is another tissue."""

_SMALLEST_ML = 20.0

_SHADING_MM = 16.0
"""Over such lengths the density may drift, as between the arms or beside gas."""

_SHADING_HU = 25.0
"""Largest drift that is followed, either way."""


@dataclass(frozen=True)
class LiverSettings:
    """The range and the sizes of what is cut and filled; left alone, all follow from the scan."""

    low_hu: Annotated[
        float | None, Quantity("HU", -50, 300, "lowest parenchyma; from the seed if not given")
    ] = None
    high_hu: Annotated[
        float | None, Quantity("HU", -50, 400, "highest parenchyma; from the seed if not given")
    ] = None
    opening_mm: Annotated[
        float | None, Quantity("mm", 0, 20, "radius that cuts leaks; chosen if not given")
    ] = None
    closing_mm: Annotated[
        float | None, Quantity("mm", 0, 20, "radius that takes in vessels and tumours")
    ] = 8.0


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    level: float
    spread: float


class Liver:
    """The liver by growth, opening and closing."""

    title: ClassVar[str] = "Liver from a seed"
    about: ClassVar[str] = (
        "Grows from one seed in normal liver, cuts thin leaks, takes in vessels and tumours and "
        "puts the border at the local half-maximum. Leaks into spleen, stomach or muscle where "
        "they touch the liver with its own density, and says so."
    )
    Settings: ClassVar[type] = LiverSettings
    seeds: ClassVar[tuple[int, int]] = (1, 1)
    names: ClassVar[tuple[str, ...]] = ("liver",)
    needs_hu: ClassVar[bool] = True

    def run(
        self, volume: Volume, seeds_lps: Points, settings: LiverSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``liver``.  Raises SegmentationError for a seed that is not in a liver."""
        seed = seed_voxels(Liver, volume, seeds_lps)
        report(0.0, "Looking around the seed")
        _require_tissue(tissue_at(volume, seed[0], 4.0), volume)
        coarse = coarsened(volume, box_around(volume, seed, _REACH_MM), _BLOCK_MM, floor=FLOOR_HU)
        report(0.15, "Smoothing")
        smooth = _smoothed(coarse.values)
        block = coarse.block_of(seed)
        report(0.3, "Estimating the liver's density")
        found = _range(coarse, smooth, block[0], settings)
        report(0.4, "Growing and cutting leaks")
        body, opening_mm, ratio = _body(coarse, smooth, block, found, settings.opening_mm, report)
        report(0.65, "Taking in vessels and tumours")
        whole = _with_inclusions(coarse, smooth, body, found, settings.closing_mm or 0.0)
        report(0.75, "Placing the border")
        mask, box = bordered(
            volume, coarse, smooth, whole, body, least=max(2.0 * found.spread, 10.0)
        )
        volume_ml = np.count_nonzero(mask) * volume.grid.voxel_mm3 / MM3_PER_ML
        remarks, confidence = _judged(volume, mask, box, volume_ml, ratio, opening_mm)
        report(1.0, "Done")
        liver = cropped_segment(
            mask,
            volume.grid.cropped(box.low, box.high),
            segment_id="liver",
            volume_id=volume.id,
            made_by=(
                f"liver: {found.low:.0f} to {found.high:.0f} HU from {words(seeds_lps)}, opened "
                f"by {opening_mm:g} mm, closed by {settings.closing_mm or 0:g} mm, border at the "
                "local half-maximum"
            ),
            confidence=confidence,
            remarks=remarks,
        )
        return (liver,)


def _require_tissue(tissue: Tissue, volume: Volume) -> None:
    low, high = _TISSUE_HU
    if low <= tissue.level <= high:
        return
    where = "air or fat" if tissue.level < low else "bone or dense contrast"
    raise SegmentationError(
        f"The seed lies in {where} ({tissue.level:.0f} {volume.unit}); "
        "put it into normal liver, away from large vessels."
    )


def _smoothed(values: Floats) -> Floats:
    """Without noise but with its edges: curvature flow."""
    import SimpleITK as sitk

    image = sitk.CurvatureFlow(sitk.GetImageFromArray(values), 0.0625, 6)
    result: Floats = sitk.GetArrayFromImage(image)
    return result


def _range(
    coarse: Coarse, smooth: Floats, block: npt.NDArray[np.int64], settings: LiverSettings
) -> _Range:
    """Density of the parenchyma: first around the seed, then over what is surely liver."""
    from .morphology import eroded, reached

    reach = np.ceil(10.0 / np.array(coarse.spacing_mm)).astype(int)
    low = np.maximum(block - reach, 0)
    near = smooth[tuple(slice(a, b) for a, b in zip(low, block + reach + 1, strict=True))]
    level = float(np.median(smooth[tuple(slice(max(b - 1, 0), b + 2) for b in block)]))
    # The peak of what is near, so that a vessel or fat beside the seed does not count.
    counts, edges = np.histogram(near[np.abs(near - level) < 30], 30, (level - 30, level + 30))
    peak = int(np.argmax(np.convolve(counts, np.ones(5), "same")))
    level = float(edges[peak] + edges[peak + 1]) / 2
    spread = 5.0
    for _ in range(2):
        sure = np.abs(smooth - level) < 2.0 * spread
        core = eroded(sure, 4.0, coarse.spacing_mm)
        part = reached(core, _nearest(core, block)[None])
        values = smooth[part]
        if values.size < 50:
            break
        level = float(np.median(values))
        spread = max(3.0, 1.4826 * float(np.median(np.abs(values - level))))
        spread = min(spread, _MOST_SPREAD_HU)
    reach_hu = max(3.0 * spread, 14.0)
    lowest = settings.low_hu if settings.low_hu is not None else level - reach_hu
    highest = settings.high_hu if settings.high_hu is not None else level + reach_hu
    if lowest >= highest:
        raise SegmentationError(
            f"The lowest value {lowest:.0f} is not below the highest {highest:.0f}; change one."
        )
    return _Range(lowest, highest, level, spread)


def _nearest(mask: Mask, block: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The true voxel nearest to a block; the block itself if there is none at all."""
    places = np.argwhere(mask)
    if not len(places):
        return block
    nearest: npt.NDArray[np.int64] = places[np.argmin(((places - block) ** 2).sum(axis=1))]
    return nearest


def _body(
    coarse: Coarse,
    smooth: Floats,
    block: npt.NDArray[np.int64],
    found: _Range,
    opening_mm: float | None,
    report: Report,
) -> tuple[Mask, float, float]:
    """The parenchyma that holds the seed, the opening that cut it free, and what it kept.

    The last number is the share of the volume that the next larger opening keeps: near 1 for a
    compact body, less where a leak may be left.
    """
    from .morphology import distance_mm, reached

    candidate = _candidate(coarse, smooth, block[0], found, report)
    depth = distance_mm(~candidate, coarse.spacing_mm)
    radii = _OPENINGS_MM if opening_mm is None else (opening_mm, opening_mm + 2.0)
    bodies: list[tuple[float, Mask, int]] = []
    block_ml = float(np.prod(coarse.spacing_mm)) / MM3_PER_ML
    for n, radius in enumerate(radii):
        report(0.45 + 0.18 * n / len(radii), "Cutting leaks")
        core = depth > radius
        if not core.any():
            break
        core = reached(core, _nearest(core, block[0])[None])
        part = candidate & (distance_mm(core, coarse.spacing_mm) <= radius + 1.0)
        bodies.append((radius, part, int(np.count_nonzero(part))))
        if len(bodies) > 1 and bodies[-1][2] * block_ml < _SMALLEST_ML:
            bodies.pop()
            break
    if not bodies or bodies[0][2] * block_ml < _SMALLEST_ML:
        raise SegmentationError(
            "Around the seed there is no body as large as a liver of about "
            f"{found.level:.0f} HU; move the seed or give low_hu and high_hu."
        )
    for (radius, part, size), (_, _, following) in pairwise(bodies):
        if opening_mm is not None or (
            following >= _STEADY * size and size * block_ml <= _ADULT_ML[1]
        ):
            return part, radius, following / size
    radius, part, _ = bodies[-1]
    return part, radius, 0.0


def _candidate(
    coarse: Coarse, smooth: Floats, block: npt.NDArray[np.int64], found: _Range, report: Report
) -> Mask:
    """All that connects to the seed within the range, the range following slow shading."""
    from .edges import local_mean
    from .morphology import eroded, reached

    drift = np.zeros((), np.float32)
    for turn in range(6):
        report(0.4 + 0.01 * turn, "Growing")
        inside = (smooth >= found.low + drift) & (smooth <= found.high + drift)
        inside = reached(inside, _nearest(inside, block)[None])
        core = eroded(_without_specks(inside), 4.0, coarse.spacing_mm)
        core = reached(core, _nearest(core, block)[None]) & inside
        if turn == 5 or not core.any():
            break
        level = local_mean(smooth, core, _SHADING_MM, coarse.spacing_mm, found.level)
        drift = np.clip(level - found.level, -_SHADING_HU, _SHADING_HU)
    # Small dark and bright specks would make every erosion eat the liver from within.
    return _without_specks(inside)


def _without_specks(mask: Mask) -> Mask:
    """With cavities filled that are smaller than 64 voxels."""
    labels, sizes = _labels_of_gaps(mask)
    small = sizes < 64
    small[0] = False
    return mask | small[labels]


def _labels_of_gaps(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    from .morphology import labelled

    return labelled(~mask)


def _with_inclusions(
    coarse: Coarse, smooth: Floats, body: Mask, found: _Range, closing_mm: float
) -> Mask:
    """With vessels, tumours and clefts that the liver encloses."""
    from .morphology import closed, holes_filled

    whole = holes_filled(closed(body, closing_mm, coarse.spacing_mm)) if closing_mm else body
    # Fat in a fissure, the gas beyond and bone do not belong to it.
    soft = (smooth > -20.0) & (smooth < found.level + 200.0)
    return holes_filled(whole & soft | body)


def _judged(
    volume: Volume, mask: Mask, box: Box, volume_ml: float, ratio: float, opening_mm: float
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
    if ratio < _STEADY:
        remarks.append(
            "It may have leaked into a neighbour of like density: no opening cuts it free."
        )
        confidence = min(confidence, 0.3)
    elif opening_mm > _OPENINGS_MM[2]:
        remarks.append(
            f"A leak was cut by an opening of {opening_mm:g} mm, which also rounds thin lobes."
        )
        confidence = min(confidence, 0.5)
    return tuple(remarks), confidence
