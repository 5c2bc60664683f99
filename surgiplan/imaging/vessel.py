"""A contrast-filled vessel's lumen from one or two seeds."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

from .crop import Box, bounding_box, cropped_segment
from .method import seed_voxels, words
from .neighbourhood import Tissue, ball_values, box_around, tissue_of

__all__ = ["Vessel", "VesselSettings"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_POINT_MM = 1.0
"""Radius whose median is the value at a seed, for a seed at the rim of a thin lumen too."""

_BALL_MM = 5.0
"""Radius in which the lumen's density is read, among values like the seed's own."""

_ALIKE = 0.3
"""Values within this share of the contrast at a seed belong to its lumen."""

_REACH_MM = 40.0
"""How far to follow branches and both ends beyond the way between two seeds."""

_REACH_ALONE_MM = 150.0
"""How far to follow from a single seed."""

_WINDING_MM = 80.0
"""How far a vessel may leave the box around its seeds, as the aortic arch does."""

_SURROUNDINGS_MM = 12.0
"""What lies this near to the lumen tells how dark its surroundings are."""

_LEAST_CONTRAST_HU = 60.0
"""A lumen that is not this much brighter than soft tissue has no border to follow."""

_SOFT_TISSUE_HU = 50.0
"""Muscle, wall and thrombus, with or without contrast, within 30 HU."""

_METAL_HU = 1200.0
"""Brighter than calcium in a wall is on average: a strut, which belongs to the lumen."""

_BAND_MM = 2.2
"""How far the border may move from the grown core."""


@dataclass(frozen=True)
class VesselSettings:
    """How far to follow the lumen, and the range; left alone, the range follows from the seeds."""

    reach_mm: Annotated[
        float | None,
        Quantity(
            "mm", 5, 600, "how far to follow branches and ends from the way between the seeds"
        ),
    ] = None
    low_hu: Annotated[
        float | None, Quantity("HU", -100, 3000, "lowest lumen value; from the seeds if not given")
    ] = None
    high_hu: Annotated[
        float | None, Quantity("HU", -100, 5000, "highest lumen value; from the seeds if not given")
    ] = None
    opening_mm: Annotated[
        float | None, Quantity("mm", 0, 5, "radius that cuts leaks into bone and small branches")
    ] = 1.2


class Vessel:
    """A vessel's lumen by local statistics, growth and half-maximum borders."""

    title: ClassVar[str] = "Vessel lumen"
    about: ClassVar[str] = (
        "Grows the contrast-filled lumen from one or two seeds in it and puts its border halfway "
        "between lumen and surroundings; calcium, thrombus and a fainter false lumen stay out. "
        "Follows branches of about 3 mm and more, as far as its reach."
    )
    Settings: ClassVar[type] = VesselSettings
    seeds: ClassVar[tuple[int, int]] = (1, 2)
    names: ClassVar[tuple[str, ...]] = ("vessel",)
    needs_hu: ClassVar[bool] = False

    def run(
        self, volume: Volume, seeds_lps: Points, settings: VesselSettings, report: Report
    ) -> tuple[Segment, ...]:
        """One segment ``vessel``.  Raises SegmentationError for a seed that is not in contrast."""
        seeds = seed_voxels(Vessel, volume, seeds_lps)
        report(0.0, "Looking around the seeds")
        lumen = _lumen_at(volume, seeds)
        reach = settings.reach_mm or (_REACH_MM if len(seeds) == 2 else _REACH_ALONE_MM)
        box = box_around(volume, seeds, max(reach, _WINDING_MM))
        values = np.clip(volume.values[box.slices], -200, 3000).astype(np.float32)
        spacing = volume.grid.spacing_mm
        report(0.1, "Smoothing")
        smooth = _calm(values, lumen, spacing)
        report(0.3, "Growing")
        low, high = _limits(lumen, settings)
        local = seeds - np.array(box.low)
        core = _core(smooth, low, high, local, settings.opening_mm or 0.0, spacing)
        report(0.5, "Following the lumen")
        core, is_cut = _within_reach(core, local, reach, spacing)
        report(0.6, "Placing the border")
        part = bounding_box(core)
        assert part is not None
        part = part.grown(np.ceil(10.0 / np.array(spacing)).astype(int), box.shape)
        mask = _bordered(values[part.slices], core[part.slices], lumen, settings, spacing)
        inside = Box(part.low, part.high).shifted(box.low)
        remarks, confidence = _judged(mask, lumen, reach, is_cut)
        report(1.0, "Done")
        vessel = cropped_segment(
            mask,
            volume.grid.cropped(inside.low, inside.high),
            segment_id="vessel",
            volume_id=volume.id,
            made_by=(
                f"vessel: lumen of {lumen.level:.0f} HU (spread {lumen.spread:.0f}) grown within "
                f"{low:.0f} to {high:.0f} HU from {words(seeds_lps)}, opened by "
                f"{settings.opening_mm or 0:g} mm, border halfway to the local surroundings"
            ),
            confidence=confidence,
            remarks=remarks,
        )
        return (vessel,)


def _lumen_at(volume: Volume, seeds: npt.NDArray[np.int64]) -> Tissue:
    tissues = []
    for seed in seeds:
        here = float(np.median(ball_values(volume, seed, _POINT_MM)))
        contrast = here - _SOFT_TISSUE_HU
        if contrast < _LEAST_CONTRAST_HU:
            point = ", ".join(f"{x:.0f}" for x in volume.grid.to_lps(seed))
            raise SegmentationError(
                f"Seed ({point}) lies in {here:.0f} {volume.unit}, not in a contrast-filled "
                "lumen; move it into the bright part of the vessel."
            )
        near = ball_values(volume, seed, _BALL_MM)
        tissues.append(tissue_of(near[np.abs(near - here) < _ALIKE * contrast]))
    levels = [tissue.level for tissue in tissues]
    if max(levels) - min(levels) > 0.4 * max(levels):
        raise SegmentationError(
            f"The seeds lie in {levels[0]:.0f} and {levels[1]:.0f} {volume.unit}, too unlike to be "
            "one lumen; put both into the same one."
        )
    return Tissue(float(np.mean(levels)), float(np.mean([tissue.spread for tissue in tissues])))


def _calm(values: Floats, lumen: Tissue, spacing: tuple[float, float, float]) -> Floats:
    """Lightly blurred, what is brighter than the lumen cut off so that it does not spread."""
    from .morphology import gaussian

    ceiling = lumen.level + max(4 * lumen.spread, 0.5 * (lumen.level - _SOFT_TISSUE_HU))
    return gaussian(np.minimum(values, np.float32(ceiling)), min(0.6, min(spacing)), spacing)


def _limits(lumen: Tissue, settings: VesselSettings) -> tuple[float, float]:
    """The range of the core: nearer to the lumen than to anything beside it."""
    contrast = lumen.level - _SOFT_TISSUE_HU
    low = lumen.level - min(max(2.5 * lumen.spread, 0.25 * contrast), 0.4 * contrast)
    high = lumen.level + max(4 * lumen.spread, 0.4 * contrast)
    low = settings.low_hu if settings.low_hu is not None else low
    high = settings.high_hu if settings.high_hu is not None else high
    if low >= high:
        raise SegmentationError(
            f"The lowest value {low:.0f} is not below the highest {high:.0f}; change one."
        )
    return low, high


def _core(
    smooth: Floats,
    low: float,
    high: float,
    seeds: npt.NDArray[np.int64],
    opening_mm: float,
    spacing: tuple[float, float, float],
) -> Mask:
    """What connects to the seeds through passages wider than twice ``opening_mm``.

    The shell where bone or calcium fades into soft tissue passes through the lumen's values too,
    but it is thin, so it does not survive.
    """
    from .morphology import dilated, distance_mm, reached

    candidate = (smooth >= low) & (smooth <= high)
    candidate = reached(candidate, _into(candidate, seeds, spacing))
    if opening_mm <= 0:
        return candidate
    # Less than a voxel would cut nothing.
    opening_mm = max(opening_mm, 1.05 * min(spacing))
    wide = distance_mm(~candidate, spacing) > opening_mm
    wide = reached(wide, _into(wide, seeds, spacing))
    return candidate & dilated(wide, opening_mm + 0.5 * min(spacing), spacing)


def _into(
    mask: Mask, seeds: npt.NDArray[np.int64], spacing: tuple[float, float, float]
) -> npt.NDArray[np.int64]:
    """The true voxel nearest to each seed.  Raises SegmentationError beyond 8 mm."""
    reach = np.ceil(8.0 / np.array(spacing)).astype(int)
    moved = []
    for seed in seeds:
        low = np.maximum(seed - reach, 0)
        near = tuple(slice(a, b) for a, b in zip(low, seed + reach + 1, strict=True))
        places = np.argwhere(mask[near]) + low
        if not len(places):
            raise SegmentationError(
                "The vessel is too thin or too uneven at a seed; move the seed to its middle, or "
                "lower opening_mm."
            )
        offsets = (places - seed) * np.array(spacing)
        moved.append(places[int(np.argmin((offsets**2).sum(axis=1)))])
    return np.array(moved)


def _within_reach(
    core: Mask, seeds: npt.NDArray[np.int64], reach_mm: float, spacing: tuple[float, float, float]
) -> tuple[Mask, bool]:
    """The core no farther than ``reach_mm`` from the way between the seeds, and if more was there.

    The way is measured inside the lumen: what two seeds need in excess of it, going there and
    back, is twice the distance to it.
    """
    from .geodesic import geodesic_mm
    from .morphology import reached

    ends = _into(core, seeds, spacing)
    joined = reached(core, ends[:1])
    if not joined[tuple(ends[-1])]:
        raise SegmentationError(
            "The lumen is not continuous between the two seeds; set low_hu lower, opening_mm "
            "smaller or reach_mm larger, or choose seeds in one vessel."
        )
    ways = geodesic_mm(joined, ends, spacing)
    # With one seed both ways are the same, and the way between them has no length.
    beyond = (ways[0] + ways[-1] - ways[0][tuple(ends[-1])]) / 2
    near: Mask = beyond <= reach_mm
    faces = (core.take(end, axis=axis).any() for axis in range(3) for end in (0, -1))
    return near, any(faces) or bool((joined & ~near).any())


def _bordered(
    values: Floats,
    core: Mask,
    lumen: Tissue,
    settings: VesselSettings,
    spacing: tuple[float, float, float],
) -> Mask:
    """The core grown or shrunk to the value halfway between the lumen and what is near it."""
    from .edges import local_mean
    from .morphology import closed, dilated, distance_mm, gaussian, holes_filled

    contrast = lumen.level - _SOFT_TISSUE_HU
    away = distance_mm(core, spacing)
    deep = distance_mm(~core, spacing) > 1.0
    inner = local_mean(values, deep if deep.any() else core, 4.0, spacing, lumen.level)
    dark = (away > 1.5) & (away < _SURROUNDINGS_MM) & (values < lumen.level - 0.4 * contrast)
    outer = local_mean(np.maximum(values, -110), dark, 2.5, spacing, _SOFT_TISSUE_HU)
    threshold = (inner + outer) / 2 if settings.low_hu is None else np.float32(settings.low_hu)
    brightest = inner + max(4 * lumen.spread, 0.5 * contrast)
    if settings.high_hu is not None:
        brightest = np.full_like(inner, settings.high_hu)
    calm = gaussian(np.minimum(values, brightest + 1), 0.5 * min(spacing), spacing)
    inside = (calm > threshold) & (values <= brightest) & (away <= _BAND_MM)
    struts = (values > _METAL_HU) & dilated(core, 1.5, spacing)
    mask = closed(inside | struts, 1.5, spacing) & (inside | struts | (values > threshold))
    return _connected(holes_filled(mask), core)


def _connected(mask: Mask, core: Mask) -> Mask:
    from .morphology import labelled

    labels, sizes = labelled(mask)
    keep = np.zeros(len(sizes), bool)
    keep[np.unique(labels[core & mask])] = True
    keep[0] = False
    result: Mask = keep[labels]
    return result


def _judged(
    mask: Mask, lumen: Tissue, reach_mm: float, is_cut: bool
) -> tuple[tuple[str, ...], float]:
    """What a reader must know, and how sure the method is."""
    remarks, confidence = [], 0.9
    if is_cut:
        remarks.append(
            f"The lumen goes on, beyond {reach_mm:g} mm from the way between the seeds or beyond "
            "the scan, and is cut there."
        )
    if lumen.spread > 0.2 * (lumen.level - _SOFT_TISSUE_HU):
        remarks.append("The contrast at the seeds is uneven or faint; check the border.")
        confidence = 0.5
    if np.count_nonzero(mask) > 0.35 * mask.size:
        remarks.append("It is too bulky for a vessel: it may have leaked into bone or an organ.")
        confidence = 0.3
    return tuple(remarks), confidence
