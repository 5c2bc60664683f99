"""Binary morphology with radii in millimetres, whatever the voxels' shape."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "closed",
    "dilated",
    "distance_mm",
    "eroded",
    "gaussian",
    "holes_filled",
    "labelled",
    "largest",
    "opened",
    "reached",
]

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]

_THREADS = 2
"""More gain nothing, since memory is the limit."""


def distance_mm(mask: Mask, spacing_mm: Spacing) -> npt.NDArray[np.float32]:
    """Distance of each voxel centre to the nearest true one [mm]; zero within the mask.

    Infinite everywhere for an empty mask.
    """
    from edt import edt

    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    distance: npt.NDArray[np.float32] = edt(
        np.ascontiguousarray(~mask).view(np.uint8), anisotropy=spacing_mm, parallel=_THREADS
    )
    return distance


def dilated(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """All voxels within ``radius_mm`` of the mask."""
    result: Mask = distance_mm(mask, spacing_mm) <= radius_mm
    return result


def eroded(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """The voxels farther than ``radius_mm`` from every false one; the array's edge is no border."""
    result: Mask = distance_mm(~mask, spacing_mm) > radius_mm
    return result


def opened(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """Without the parts that are thinner than twice ``radius_mm``."""
    return mask & dilated(eroded(mask, radius_mm, spacing_mm), radius_mm, spacing_mm)


def closed(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """With the gaps filled that are thinner than twice ``radius_mm``."""
    pad = [(int(np.ceil(radius_mm / step)) + 1,) * 2 for step in spacing_mm]
    wide = dilated(np.pad(mask, pad), radius_mm, spacing_mm)
    inner = tuple(slice(a, -b) for a, b in pad)
    return mask | eroded(wide, radius_mm, spacing_mm)[inner]


def holes_filled(mask: Mask) -> Mask:
    """With every cavity filled that does not reach the array's edge."""
    import fill_voids

    filled: Mask = fill_voids.fill(mask).astype(np.bool_, copy=False)
    return filled


def reached(mask: Mask, seeds_kji: npt.NDArray[np.integer]) -> Mask:
    """The parts of the mask that hold a seed voxel (n, 3); voxels connect by their faces."""
    labels, sizes = labelled(mask)
    keep = np.zeros(len(sizes), bool)
    keep[labels[tuple(np.asarray(seeds_kji, int).reshape(-1, 3).T)]] = True
    keep[0] = False
    result: Mask = keep[labels]
    return result


def labelled(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Connected parts numbered from 1, and the voxels of each number (0: outside)."""
    import cc3d

    labels: npt.NDArray[np.int32] = cc3d.connected_components(
        np.ascontiguousarray(mask), connectivity=6, out_dtype=np.uint32
    ).view(np.int32)
    return labels, np.bincount(labels.ravel(), minlength=1)


def largest(mask: Mask) -> Mask:
    """The largest connected part; all false if there is none."""
    labels, sizes = labelled(mask)
    if len(sizes) < 2:
        return np.zeros_like(mask)
    result: Mask = labels == 1 + int(np.argmax(sizes[1:]))
    return result


def gaussian(
    values: npt.NDArray[Any], sigma_mm: float, spacing_mm: Spacing
) -> npt.NDArray[np.float32]:
    """Values blurred by a Gaussian of ``sigma_mm``, single precision."""
    from scipy.ndimage import gaussian_filter

    sigma = [sigma_mm / step for step in spacing_mm]
    result: npt.NDArray[np.float32] = gaussian_filter(
        values, sigma, output=np.float32, mode="nearest", truncate=3.0
    )
    return result
