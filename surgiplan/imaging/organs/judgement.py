"""How sure an automatic method may be of an organ, from checks that notice leaks and mix-ups."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.crop import Box
from surgiplan.imaging.edges import FLOOR_HU, local_mean, touches_border
from surgiplan.imaging.morphology import Mask, Spacing, distance_mm, gaussian
from surgiplan.model import Volume
from surgiplan.units import MM3_PER_ML

__all__ = ["Judgement", "edge_share", "judged"]

Floats = npt.NDArray[np.float32]

_STEP_HU = 12.0
"""Outside differs from inside by this where there is an edge to be seen."""

_CUT_MM3 = 500.0


@dataclass(frozen=True)
class Judgement:
    """What an organ is expected to be like."""

    organ: str
    volume_ml: tuple[float, float]
    least_edge: float
    """Share of the border that shows an edge in a well cut organ."""


def judged(
    expected: Judgement, volume: Volume, mask: Mask, box: Box, score: float
) -> tuple[tuple[str, ...], float]:
    """What a reader must know, and the confidence; ``score`` is how well place and shape fit."""
    remarks = []
    confidence = 0.55 + 0.4 * score
    volume_ml = np.count_nonzero(mask) * volume.grid.voxel_mm3 / MM3_PER_ML
    least, most = expected.volume_ml
    if touches_border(mask, box, volume.grid.shape) * volume.grid.voxel_mm3 > _CUT_MM3:
        remarks.append("It reaches the border of the scan, so its volume is not complete.")
        confidence = min(confidence, 0.5)
    elif volume_ml < least:
        remarks.append(
            f"{volume_ml:.0f} ml is little for a {expected.organ}: a part may be missing."
        )
        confidence = min(confidence, 0.5)
    if volume_ml > most:
        remarks.append(
            f"{volume_ml:.0f} ml is much for a {expected.organ}: it may have leaked into another "
            "organ."
        )
        confidence = min(confidence, 0.5)
    spacing = volume.grid.spacing_mm
    values = gaussian(np.maximum(volume.values[box.slices], FLOOR_HU), 1.5, spacing)
    edge = edge_share(values, mask, spacing)
    if edge < expected.least_edge:
        remarks.append(
            f"Only {100 * edge:.0f} % of its border shows an edge: check where it touches others."
        )
        confidence = min(confidence, 0.6)
    return tuple(remarks), round(confidence, 2)


def edge_share(values: Floats, mask: Mask, spacing_mm: Spacing) -> float:
    """Share of the layer outside a mask that differs clearly from the layer inside it.

    ``values`` (k, j, i) are free of noise; both layers leave out the blurred border itself.
    """
    inner, outer = distance_mm(~mask, spacing_mm), distance_mm(mask, spacing_mm)
    step = max(2.0, 0.9 * max(spacing_mm))
    rim = (inner > step) & (inner <= step + 3.0)
    shell = (outer > step) & (outer <= step + 2.0)
    if not rim.any() or not shell.any():
        return 0.0
    level = local_mean(values, rim, 4.0, spacing_mm, float(values[rim].mean()))
    return float(np.mean(np.abs(values - level)[shell] > _STEP_HU))
