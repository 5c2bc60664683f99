"""Voxels painted over a slice while nothing is decided yet: a stroke, a preview."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.model import VoxelGrid

from .slice_plane import mask_cut
from .slice_scene import SliceScene

__all__ = ["Painted", "painted_in"]


@dataclass(frozen=True, eq=False)
class Painted:
    """Voxels and the colour that lies over them.  Made anew whenever the voxels change."""

    mask: npt.NDArray[np.bool_] = field(repr=False)
    grid: VoxelGrid
    colour: str
    """``#rrggbb``."""
    opacity: float = 0.45


def painted_in(
    painted: Painted, scene: SliceScene
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]] | None:
    """What of it the slice shows, (rows, columns), and where; None where there is nothing.

    The second maps the corner (column, row, 1) of a voxel to pixels from the top left, (2, 3).
    """
    found = mask_cut(painted.mask, painted.grid, scene.plane)
    if found is None or not found[0].any():
        return None
    cut, to_flat = found
    corners = np.array([[-0.5, -0.5, 1.0], [-0.5, 0.5, 1.0], [0.5, -0.5, 1.0]])
    origin, right, down = scene.pixels_of(scene.plane.at(corners @ to_flat.T))
    return cut, np.stack([right - origin, down - origin, origin], axis=1)
