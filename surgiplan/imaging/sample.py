"""Values of a volume between its voxels."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["trilinear"]


def trilinear(values: npt.NDArray[Any], index_kji: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Values of an array (k, j, i) at fractional voxel indices (..., 3), shape (...).

    Linear between voxel centres; outside, the value of the nearest voxel.
    """
    from scipy.ndimage import map_coordinates

    index = np.asarray(index_kji, np.float64)
    flat = index.reshape(-1, 3).T
    source = values.view(np.uint8) if values.dtype == np.bool_ else values
    found = map_coordinates(source, flat, output=np.float32, order=1, mode="nearest")
    result: npt.NDArray[np.float32] = found.reshape(index.shape[:-1])
    return result
