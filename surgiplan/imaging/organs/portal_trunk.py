"""The trunk of the portal vein from the hilum of the liver down to where its roots join."""

import numpy as np
import numpy.typing as npt

from ..coarse import coarsened
from ..crop import Box
from ..morphology import Mask, distance_mm
from .survey import Survey
from .tube import followed, section_at
from .tube_mask import lumen_mask

__all__ = ["portal_trunk"]

_DOWN = np.array([-0.75, -0.3, 0.6])
"""Which way the trunk leaves the hilum: down, a little forward and to the left."""
_NEAR_MM, _THICK = 45.0, 0.5
"""The trunk goes on where the tree ends lowest, no farther from the hilum and no thinner."""
_LONGEST_MM = 75.0
_BELOW_MM, _ASIDE_MM, _FRONT_MM = 90.0, 90.0, 40.0
_BLOCK_MM = 1.2
_SOFT_HU = 50.0


def portal_trunk(
    survey: Survey, box: Box, portal: Mask, root: Mask, levels_hu: tuple[float, float]
) -> tuple[Mask, Box]:
    """The portal tree with its trunk outside the liver, and the box of both.

    ``portal`` is the tree within ``box``, ``root`` its thickest voxels at the hilum;
    ``levels_hu`` are those of the liver and of its veins.
    """
    tissue_hu, vein_hu = levels_hu
    scan = survey.scan
    spacing = np.array(scan.grid.spacing_mm)
    depth = distance_mm(~portal, scan.grid.spacing_mm)
    places = np.argwhere(root & portal)
    if not len(places):
        return portal, box
    radius = float(depth[tuple(places.T)].max())
    thick = np.argwhere(depth > _THICK * radius)
    off = (thick - places.mean(axis=0)) * spacing
    near = thick[np.linalg.norm(off, axis=1) < _NEAR_MM]
    start = near[int(np.argmax(near @ (_DOWN * spacing)))]
    around = _around(scan.grid.shape, start + np.array(box.low), spacing)
    blocks = coarsened(scan, around, _BLOCK_MM, floor=-200.0)
    own = np.array(blocks.box.low) + (np.array(blocks.factors) - 1) / 2
    middle = (start + np.array(box.low) - own) * spacing
    axis = _DOWN / np.linalg.norm(_DOWN)
    wall_hu = max(tissue_hu, _SOFT_HU)
    section = section_at(blocks, middle, axis, vein_hu, radius, wall_hu=wall_hu)
    if section is None:
        return portal, box
    tube = followed(blocks, section, axis, stop=_LONGEST_MM, wall_hu=wall_hu)
    if len(tube) < 3:
        return portal, box
    mask, where = lumen_mask(scan, blocks, tube, wall_hu=wall_hu)
    return _union(portal, box, mask, where)


def _around(
    shape: tuple[int, int, int], place: npt.NDArray[np.int64], spacing: npt.NDArray[np.float64]
) -> Box:
    low = place - np.array([_BELOW_MM, _FRONT_MM, _FRONT_MM]) / spacing
    high = place + np.array([_FRONT_MM, _FRONT_MM, _ASIDE_MM]) / spacing
    k, j, i = (int(n) for n in np.maximum(low, 0))
    K, J, I = (int(n) for n in np.minimum(high, shape))  # noqa: E741
    return Box((k, j, i), (K, J, I))


def _union(a: Mask, box_a: Box, b: Mask, box_b: Box) -> tuple[Mask, Box]:
    low = np.minimum(box_a.low, box_b.low)
    high = np.maximum(box_a.high, box_b.high)
    whole = np.zeros(tuple(high - low), bool)
    for mask, box in ((a, box_a), (b, box_b)):
        whole[box.shifted(-low).slices] |= mask
    return whole, Box(
        (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))
    )
