"""From a point that someone picked to the place in a structure that they meant."""

import numpy as np

from surgiplan.errors import PlanError
from surgiplan.model import Points, Segment

__all__ = ["SNAP_MM", "nearest_voxel"]

SNAP_MM = 5.0
"""How far beside a structure a picked point may lie."""


def nearest_voxel(segment: Segment, point_lps: Points, what: str) -> tuple[int, int, int]:
    """Index (k, j, i) of the segment's voxel nearest to a point (3,) in LPS [mm].

    Raises PlanError, which calls the point ``what``, if it is more than 5 mm away.
    """
    voxels = np.argwhere(segment.mask)
    if not len(voxels):
        raise PlanError(f"{segment.name} has no voxels; segment it again.")
    away = np.linalg.norm(segment.grid.to_lps(voxels) - point_lps, axis=1)
    nearest = int(np.argmin(away))
    if away[nearest] > SNAP_MM:
        x, y, z = np.asarray(point_lps, float)
        raise PlanError(
            f"The {what} at {x:.0f},{y:.0f},{z:.0f} mm lies {away[nearest]:.0f} mm beside "
            f"{segment.name}; pick a point inside it, or segment the vessel up to there."
        )
    k, j, i = (int(n) for n in voxels[nearest])
    return k, j, i
