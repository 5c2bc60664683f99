"""Places in a trunk told from its spine: how far to the left and to the back of it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.morphology import Mask

from .column import Column

__all__ = ["Frame", "frame_of"]

Floats = npt.NDArray[np.float32]

_CANAL_MM = 70.0
"""Depth of the spinal canal below the skin of the back where no spine is seen."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Position of blocks relative to the spinal canal, slice by slice; both broadcast to them."""

    left_mm: Floats = field(repr=False)
    """Shape (k, 1, i); negative to the right of the canal."""
    back_mm: Floats = field(repr=False)
    """Shape (k, j, 1); negative in front of the canal."""


def frame_of(coarse: Coarse, body: Mask, spine: Column | None) -> Frame:
    """The frame of upright blocks; without a spine, the middle of the body stands for it."""
    _, step_j, step_i = coarse.spacing_mm
    slices, rows, columns = body.shape
    if spine is not None:
        canal = spine.canal_ji
    else:
        middle = float(np.average(np.arange(columns), weights=body.sum(axis=(0, 1))))
        back = float(np.flatnonzero(body.any(axis=(0, 2)))[-1])
        canal = np.tile((back - _CANAL_MM / step_j, middle), (slices, 1))
    left = (np.arange(columns) - canal[:, 1:]) * step_i
    behind = (np.arange(rows) - canal[:, :1]) * step_j
    return Frame(left.astype(np.float32)[:, None, :], behind.astype(np.float32)[:, :, None])
