"""Voxels painted over a slice while nothing is decided yet: a stroke, a preview."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.model import VoxelGrid

from .slice_plane import mask_cut
from .slice_scene import SliceScene

__all__ = ["Painted", "painted_in"]


@dataclass(frozen=True, eq=False)
class Painted:
    """Voxels and the colour that lies over them.  Made anew whenever the voxels change."""

    mask: npt.NDArray[np.bool_] | None = field(repr=False)
    """None for all voxels of ``values`` in the range."""
    grid: VoxelGrid
    colour: str
    """``#rrggbb``."""
    opacity: float = 0.45
    values: npt.NDArray[Any] | None = field(default=None, repr=False)
    """Of the scan, shape of the grid: only those from ``low`` to ``high`` are painted."""
    low: float = 0.0
    high: float = 0.0


def painted_in(
    painted: Painted, scene: SliceScene
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]] | None:
    """What of it the slice shows, (rows, columns), and where; None where there is nothing.

    The second maps the corner (column, row, 1) of a voxel to pixels from the top left, (2, 3).
    """
    found = _cut(painted, scene)
    if found is None or not found[0].any():
        return None
    cut, to_flat = found
    corners = np.array([[-0.5, -0.5, 1.0], [-0.5, 0.5, 1.0], [0.5, -0.5, 1.0]])
    origin, right, down = scene.pixels_of(scene.plane.at(corners @ to_flat.T))
    return cut, np.stack([right - origin, down - origin, origin], axis=1)


def _cut(
    painted: Painted, scene: SliceScene
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]] | None:
    """Only the slice's own values are compared, so that a range follows the hand."""
    cuts = [
        mask_cut(array, painted.grid, scene.plane)
        for array in (painted.mask, painted.values)
        if array is not None
    ]
    if not cuts or cuts[0] is None or cuts[-1] is None:
        return None
    cut, to_flat = cuts[0]
    if painted.values is None:
        return cut, to_flat
    values = cuts[-1][0]
    within = (values >= painted.low) & (values <= painted.high)
    return (within if painted.mask is None else cut & within), to_flat
