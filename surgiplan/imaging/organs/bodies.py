"""Compact bodies of one density that may be organs, with what tells one organ from another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.crop import Box, bounding_box
from surgiplan.imaging.morphology import Mask, Spacing, distance_mm, labelled
from surgiplan.units import MM3_PER_ML

from .frame import Frame

__all__ = ["Body", "bodies", "likely"]

Floats = npt.NDArray[np.float32]

_SHELL_MM = (2.0, 7.0)
"""Distance of the layer around a body that shows whether it ends there."""

_DARKER_HU = 45.0
"""Outside counts as an edge where it is darker by this: fat beside tissue."""


@dataclass(frozen=True, eq=False)
class Body:
    """One connected compact body in blocks."""

    mask: Mask = field(repr=False)
    """Shape of ``box``."""
    box: Box
    volume_ml: float
    left_mm: float
    back_mm: float
    """Its middle relative to the spinal canal."""
    slice: float
    """Its middle along the body, in blocks."""
    axes_mm: tuple[float, float, float]
    """Half axes of the ellipsoid with the same spread, shortest first."""
    filling: float
    """Its volume over that of this ellipsoid: 1 for an ellipsoid, less for anything branched."""
    edge: float
    """Share of the layer around it that is clearly darker."""
    level_hu: float
    spread_hu: float
    opening_mm: float
    spacing_mm: Spacing

    def around(self, shape: tuple[int, int, int], beyond_mm: float) -> Mask:
        """Blocks of an array of ``shape`` within the body's ellipsoid, widened all around."""
        places = (np.argwhere(self.mask) + np.array(self.box.low)) * self.spacing_mm
        middle = places.mean(axis=0)
        spread, axes = np.linalg.eigh(np.cov((places - middle).T))
        half = np.sqrt(np.maximum(spread, 0.1) * 5) + beyond_mm
        index = np.moveaxis(np.indices(shape, np.float32), 0, -1) * np.array(self.spacing_mm)
        inside: Mask = ((((index - middle) @ axes) / half) ** 2).sum(-1) <= 1.0
        return inside

    def on(self, shape: tuple[int, int, int]) -> Mask:
        """The mask within an array of ``shape``."""
        whole = np.zeros(shape, bool)
        whole[self.box.slices] = self.mask
        return whole


def bodies(
    values: Floats,
    allowed: Mask,
    frame: Frame,
    spacing_mm: Spacing,
    *,
    bands_hu: Iterable[tuple[float, float]],
    openings_mm: Iterable[float],
    volume_ml: tuple[float, float],
) -> Iterator[Body]:
    """Every part of the ``allowed`` blocks within a band that one of the openings cuts free.

    Bands and openings overlap, so the same organ comes several times, cut better or worse.
    """
    around = bounding_box(allowed)
    if around is None:
        return
    inside, room = values[around.slices], allowed[around.slices]
    left = np.broadcast_to(frame.left_mm, values.shape)[around.slices]
    back = np.broadcast_to(frame.back_mm, values.shape)[around.slices]
    block_ml = float(np.prod(spacing_mm)) / MM3_PER_ML
    for low, high in bands_hu:
        band = _without_specks(room & (inside > low) & (inside < high), room)
        depth = distance_mm(~band, spacing_mm)
        for radius in openings_mm:
            labels, sizes = labelled(depth > radius)
            for number in np.flatnonzero(sizes * block_ml > 0.1 * volume_ml[0]):
                if number == 0:
                    continue
                core = labels == number
                box = bounding_box(core)
                assert box is not None
                box = box.grown(np.ceil((radius + 9.0) / np.array(spacing_mm)), core.shape)
                part = box.slices
                mask = band[part] & (distance_mm(core[part], spacing_mm) <= radius + 1.0)
                if volume_ml[0] <= np.count_nonzero(mask) * block_ml <= volume_ml[1]:
                    yield _measured(
                        mask, box.shifted(around.low), inside[part], left[part], back[part],
                        spacing_mm, radius,
                    )  # fmt: skip


def likely(value: float, low: float, surely_low: float, surely_high: float, high: float) -> float:
    """1 between the sure limits, falling to 0 at the outer ones."""
    rising = (value - low) / (surely_low - low)
    falling = (high - value) / (high - surely_high)
    return float(np.clip(min(rising, falling), 0.0, 1.0))


def _without_specks(band: Mask, room: Mask) -> Mask:
    """With small gaps filled: noise and vessels would let an opening eat it from within."""
    labels, sizes = labelled(~band)
    small = sizes < 30
    small[0] = False
    filled: Mask = band | (small[labels] & room)
    return filled


def _measured(
    mask: Mask,
    box: Box,
    values: Floats,
    left: Floats,
    back: Floats,
    spacing_mm: Spacing,
    radius: float,
) -> Body:
    places = np.argwhere(mask)
    offsets = (places - places.mean(axis=0)) * spacing_mm
    spread = np.linalg.eigvalsh(np.cov(offsets.T))
    short, middle, long = (float(a) for a in np.sqrt(np.maximum(spread, 0.1) * 5))
    volume = len(places) * float(np.prod(spacing_mm))
    level = float(np.median(values[mask]))
    away = distance_mm(mask, spacing_mm)
    shell = (away > _SHELL_MM[0]) & (away <= _SHELL_MM[1])
    return Body(
        mask=mask,
        box=box,
        volume_ml=volume / MM3_PER_ML,
        left_mm=float(left[mask].mean()),
        back_mm=float(back[mask].mean()),
        slice=float(places[:, 0].mean() + box.low[0]),
        axes_mm=(short, middle, long),
        filling=volume / (4 / 3 * np.pi * short * middle * long),
        edge=float(np.mean(values[shell] < level - _DARKER_HU)) if shell.any() else 0.0,
        level_hu=level,
        spread_hu=1.4826 * float(np.median(np.abs(values[mask] - level))),
        opening_mm=radius,
        spacing_mm=spacing_mm,
    )
