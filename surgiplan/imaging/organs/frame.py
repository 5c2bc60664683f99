"""Places in a trunk told from its spine: how far to the left and to the back of it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.morphology import Mask, gaussian

__all__ = ["Frame", "frame_of"]

Floats = npt.NDArray[np.float32]

_BONE_HU = (200.0, 700.0)
"""Blocks of cortex lie above the first; above the second, denser bone counts no more."""

_ALONG_MM = 30.0
"""Ribs and arms are not at the same place for so long along the body; a spine is."""

_DEEP_MM = (60.0, 35.0)
"""Middle of the vertebrae below the skin of the back, and how much that differs."""

_BESIDE_MM = 40.0
"""How far the spine strays from the middle of the body."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Position of blocks relative to the spine, slice by slice; both broadcast to the blocks."""

    left_mm: Floats = field(repr=False)
    """Shape (k, 1, i); negative to the right of the spine."""
    back_mm: Floats = field(repr=False)
    """Shape (k, j, 1); negative in front of the vertebrae's middle."""


def frame_of(coarse: Coarse, body: Mask) -> Frame:
    """The frame of upright blocks.

    The spine is where dense bone stays at one place along the body, near its middle and about as
    deep below the back as vertebrae are; contrast in the aorta and arms beside the trunk do not
    move it.
    """
    from scipy.ndimage import gaussian_filter1d, median_filter

    step_k, step_j, step_i = coarse.spacing_mm
    least, most = _BONE_HU
    dense = ((np.clip(coarse.values, least, most) - least) * body).astype(np.float32)
    steady = gaussian(dense, 10.0, (step_k * 10.0 / _ALONG_MM, step_j, step_i))
    slices, rows, columns = body.shape
    j, i = np.arange(rows), np.arange(columns)
    size = gaussian_filter1d(body.sum((1, 2)).astype(float), 40.0 / step_k) + 1e-6
    middle_i = gaussian_filter1d((body.sum(1) @ i).astype(float), 40.0 / step_k) / size
    beside = (i - middle_i[:, None]) * step_i
    inner = (body & (np.abs(beside) < 25.0)[:, None, :]).any(axis=2)
    last = np.where(inner.any(axis=1), rows - 1 - inner[:, ::-1].argmax(axis=1), 0.75 * rows)
    back = gaussian_filter1d(last.astype(float), 20.0 / step_k)
    deep = (back[:, None] - j) * step_j
    likely = np.exp(-((beside / _BESIDE_MM) ** 2) / 2)[:, None, :]
    likely = likely * np.exp(-(((deep - _DEEP_MM[0]) / _DEEP_MM[1]) ** 2) / 2)[:, :, None]
    peak_j, peak_i = np.divmod((steady * likely).reshape(slices, -1).argmax(axis=1), columns)
    width = 2 * int(_ALONG_MM / step_k) + 1
    spine_j, spine_i = (
        gaussian_filter1d(median_filter(peak.astype(float), width, mode="nearest"), 10.0 / step_k)
        for peak in (peak_j, peak_i)
    )
    return Frame(
        left_mm=((i - spine_i[:, None]) * step_i).astype(np.float32)[:, None, :],
        back_mm=((j - spine_j[:, None]) * step_j).astype(np.float32)[:, :, None],
    )
