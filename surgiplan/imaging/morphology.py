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


def distance_mm(mask: Mask, spacing_mm: Spacing) -> npt.NDArray[np.float32]:
    """Distance of each voxel centre to the nearest true one [mm]; zero within the mask.

    Infinite everywhere for an empty mask.
    """
    import SimpleITK as sitk

    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    image = _image(mask)
    image.SetSpacing(spacing_mm[::-1])
    found = sitk.SignedMaurerDistanceMap(image, False, False, True)
    distance: npt.NDArray[np.float32] = np.maximum(sitk.GetArrayFromImage(found), 0)
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
    import SimpleITK as sitk

    padded = _image(np.pad(mask, 1))
    return _mask(sitk.BinaryFillhole(padded, False, 1))[1:-1, 1:-1, 1:-1]


def reached(mask: Mask, seeds_kji: npt.NDArray[np.integer]) -> Mask:
    """The parts of the mask that hold a seed voxel (n, 3); voxels connect by their faces."""
    import SimpleITK as sitk

    seeds = [[int(n) for n in seed[::-1]] for seed in seeds_kji if mask[tuple(seed)]]
    if not seeds:
        return np.zeros_like(mask)
    return _mask(sitk.ConnectedThreshold(_image(mask), seeds, 1, 1, 1))


def labelled(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Connected parts numbered from 1, and the voxels of each number (0: outside)."""
    from scipy.ndimage import label

    labels = np.empty(mask.shape, np.int32)
    count = label(mask, output=labels)
    return labels, np.bincount(labels.ravel(), minlength=count + 1)


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


def _image(mask: Mask) -> Any:
    import SimpleITK as sitk

    return sitk.GetImageFromArray(np.ascontiguousarray(mask).view(np.uint8))


def _mask(image: Any) -> Mask:
    import SimpleITK as sitk

    result: Mask = sitk.GetArrayFromImage(image).view(np.bool_)
    return result
