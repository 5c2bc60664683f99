"""The voxels of a tube: its sections painted, the border placed at full resolution."""

import numpy as np
import numpy.typing as npt

from surgiplan.model import Volume

from ..coarse import Coarse
from ..crop import Box
from ..morphology import Mask, gaussian
from .tube import ANGLES, WALL_HU, Tube

__all__ = ["depth_in", "lumen_mask"]

Floats = npt.NDArray[np.float64]

_NEAR_MM = 1.6
"""How far the border may move from the sections."""
_FAR = -9.0


def depth_in(
    coarse: Coarse, tube: Tube, margin_mm: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], Box]:
    """How deep each block lies in a tube [mm], its nearest section, and the box of blocks.

    Negative outside; ``_FAR`` beyond ``margin_mm``.  The last sections count for half a step
    beyond themselves, and to the end of the scan where that is near.
    """
    from scipy.spatial import cKDTree

    middles = np.array([s.middle for s in tube])
    radii = np.array([s.radii for s in tube])
    spacing = np.array(coarse.spacing_mm)
    reach = radii.max() + margin_mm
    low = np.maximum(np.floor((middles.min(axis=0) - reach) / spacing), 0).astype(int)
    high = np.minimum(np.ceil((middles.max(axis=0) + reach) / spacing) + 1, coarse.values.shape)
    box = Box(tuple(int(n) for n in low), tuple(int(n) for n in high.astype(int)))  # type: ignore[arg-type]
    index = np.indices(box.shape).reshape(3, -1).T + low
    points = index * spacing
    away, nearest = cKDTree(middles).query(points, distance_upper_bound=reach)
    known = np.flatnonzero(np.isfinite(away))
    n = nearest[known]
    offset = points[known] - middles[n]
    axes = np.array([s.axis for s in tube])
    across = np.array([s.across for s in tube])
    along = np.einsum("nx,nx->n", offset, axes[n])
    u = np.einsum("nx,nx->n", offset, across[n, 0])
    v = np.einsum("nx,nx->n", offset, across[n, 1])
    turn = np.mod(np.arctan2(v, u) * ANGLES / (2 * np.pi), ANGLES)
    before = turn.astype(int) % ANGLES
    weight = turn - np.floor(turn)
    border = radii[n, before] * (1 - weight) + radii[n, (before + 1) % ANGLES] * weight
    deep = border - np.hypot(u, v)
    deep = np.minimum(deep, _beyond(coarse, tube, n, along))
    depth = np.full(len(points), _FAR, np.float32)
    depth[known] = np.maximum(deep, _FAR)
    section = np.zeros(len(points), np.int32)
    section[known] = n
    return depth.reshape(box.shape), section.reshape(box.shape), box


def _beyond(coarse: Coarse, tube: Tube, nearest: npt.NDArray[np.integer], along: Floats) -> Floats:
    """How far within the ends of the tube points lie [mm]; infinite between them."""
    inner = np.full(len(along), np.inf)
    height = coarse.spacing_mm[0] * (coarse.values.shape[0] - 1)
    for end, other in ((0, 1), (len(tube) - 1, len(tube) - 2)):
        if other < 0 or other >= len(tube):
            continue
        outward = np.sign((tube[end].middle - tube[other].middle) @ tube[end].axis)
        near = min(tube[end].middle[0], height - tube[end].middle[0])
        more = tube[end].radius if near < tube[end].radius else 0.0
        here = nearest == end
        inner[here] = 1.0 + more - outward * along[here]
    return inner


def lumen_mask(
    scan: Volume, coarse: Coarse, tube: Tube, *, wall_hu: float = WALL_HU
) -> tuple[Mask, Box]:
    """A contrast-filled tube at full resolution, its border halfway between lumen and wall."""
    depth, section, blocks = depth_in(coarse, tube, 4.0)
    levels = _smoothed(np.array([s.level for s in tube]))
    threshold = (wall_hu + levels) / 2
    box = coarse.fine_box(blocks)
    deep = coarse.upsampled(depth)
    limit = coarse.upsampled(threshold[section].astype(np.float32))
    calm = gaussian(np.clip(scan.values[box.slices], -200, 1200), 0.5, scan.grid.spacing_mm)
    mask: Mask = (deep > _NEAR_MM) | ((deep > -_NEAR_MM) & (calm > limit))
    return mask, box


def _smoothed(levels: Floats) -> Floats:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(levels, size=9, mode="nearest"))
