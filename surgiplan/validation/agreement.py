"""How well one mask agrees with a reference: overlap, volume and surface distances."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Points, Segment, VoxelGrid

from .surfels import Surfels, SurfelsOf, area_weighted, boundary_voxels

__all__ = [
    "Agreement",
    "Surface",
    "SurfaceDistances",
    "agreement",
    "definitions",
    "on_one_grid",
    "surface_distances",
]

_PERCENT = 0.95
_SAME_PLACE_VOXELS = 1e-3


class Surface(Enum):
    """What counts as the surface of a mask, and how its distances are summed up."""

    AREA = "area"
    """Pieces of surface between voxels, weighted by their area (surface-distance)."""
    VOXELS = "voxels"
    """Voxels with a neighbour outside, each counted once (MedPy)."""


@dataclass(frozen=True)
class Agreement:
    """A mask beside its reference.  None where a number has no meaning; ``reason`` says why."""

    reference_ml: float
    test_ml: float
    dice: float | None
    jaccard: float | None
    sensitivity: float | None
    precision: float | None
    volume_error_fraction: float | None
    """Test over reference, less one."""
    centroid_shift_mm: float | None
    hd_mm: float | None = None
    hd95_mm: float | None = None
    assd_mm: float | None = None
    nsd: float | None = None
    tolerance_mm: float = 1.0
    reason: str = ""
    worst_lps: Points | None = None
    """Where the surfaces are ``hd_mm`` apart, LPS [mm], shape (3,); None if they coincide."""


@dataclass(frozen=True)
class SurfaceDistances:
    """Two surfaces in elements, and how far each element lies from the other surface."""

    points_lps: Points
    """Elements of the test's surface in LPS [mm], shape (n, 3)."""
    signed_mm: npt.NDArray[np.float64]
    """Distance of each to the reference surface, positive outside the reference, shape (n,)."""
    missed_lps: Points
    """Elements of the reference's surface in LPS [mm], shape (m, 3)."""
    missed_mm: npt.NDArray[np.float64]
    """Distance of each to the test's surface, shape (m,)."""


def agreement(
    reference: Segment,
    test: Segment,
    *,
    tolerance_mm: float = 1.0,
    surface: Surface = Surface.AREA,
) -> Agreement:
    """Numbers of ``test`` against ``reference``, which lie on one lattice of voxels.

    Both empty: nothing is compared, a correct rejection.  One empty: Dice and surface Dice are 0
    and distances have no value.  Raises GeometryError if the two lie on different voxels or in
    different frames of reference.
    """
    (a, b), grid = on_one_grid([reference, test])
    in_a, in_b = int(np.count_nonzero(a)), int(np.count_nonzero(b))
    both = int(np.count_nonzero(a & b))
    ml = grid.voxel_mm3 / 1000
    is_possible = in_a > 0 and in_b > 0
    shift = np.linalg.norm(_centroid(b, grid) - _centroid(a, grid)) if is_possible else None
    overlap = Agreement(
        reference_ml=in_a * ml,
        test_ml=in_b * ml,
        dice=2 * both / (in_a + in_b) if in_a + in_b else None,
        jaccard=both / (in_a + in_b - both) if in_a + in_b else None,
        sensitivity=both / in_a if in_a else None,
        precision=both / in_b if in_b else None,
        volume_error_fraction=in_b / in_a - 1 if in_a else None,
        centroid_shift_mm=None if shift is None else float(shift),
        nsd=0.0 if in_a + in_b and not is_possible else None,
        tolerance_mm=tolerance_mm,
        reason=_reason(in_a, in_b),
    )
    return _with_distances(overlap, a, b, grid, surface) if is_possible else overlap


def definitions(surface: Surface) -> dict[str, str]:
    """What each number means, in words."""
    return _DEFINITIONS | (_OF_AREA if surface is Surface.AREA else _OF_VOXELS)


def _reason(in_reference: int, in_test: int) -> str:
    if in_reference and in_test:
        return ""
    if not in_reference and not in_test:
        return "Both are empty: a correct rejection, nothing to compare."
    return f"The {'test' if in_reference else 'reference'} is empty: no surface to measure to."


def surface_distances(
    reference: Segment, test: Segment, surface: Surface = Surface.AREA
) -> SurfaceDistances:
    """How far the surface of ``test`` lies from the reference's, place by place.

    Raises GeometryError if either is empty, or where ``agreement`` does.
    """
    (a, b), grid = on_one_grid([reference, test])
    for mask, segment in ((a, reference), (b, test)):
        if not mask.any():
            raise GeometryError(f"{segment.name} is empty and has no surface; choose another one.")
    of_a, of_b, from_a, from_b = _apart(a, b, grid, surface)
    return SurfaceDistances(
        points_lps=grid.to_lps(of_b.index_kji),
        signed_mm=np.where(_lies_in(of_b, a), -from_b, from_b),
        missed_lps=grid.to_lps(of_a.index_kji),
        missed_mm=from_a,
    )


def _with_distances(
    overlap: Agreement,
    a: npt.NDArray[np.bool_],
    b: npt.NDArray[np.bool_],
    grid: VoxelGrid,
    surface: Surface,
) -> Agreement:
    of_a, of_b, from_a, from_b = _apart(a, b, grid, surface)
    distances = np.concatenate([from_a, from_b])
    weights = np.concatenate([of_a.weights, of_b.weights])
    if surface is Surface.AREA:
        hd95 = max(_percentile(from_a, of_a.weights), _percentile(from_b, of_b.weights))
    else:
        hd95 = float(np.percentile(distances, 100 * _PERCENT))
    n = int(np.argmax(distances))
    worst = of_a.index_kji[n] if n < len(of_a) else of_b.index_kji[n - len(of_a)]
    return replace(
        overlap,
        hd_mm=float(distances[n]),
        hd95_mm=hd95,
        assd_mm=float(distances @ weights / weights.sum()),
        nsd=float(weights[distances <= overlap.tolerance_mm].sum() / weights.sum()),
        worst_lps=grid.to_lps(worst) if distances[n] > 0 else None,
    )


def _apart(
    a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_], grid: VoxelGrid, surface: Surface
) -> tuple[Surfels, Surfels, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Elements of both surfaces, and how far [mm] each lies from the other surface."""
    elements: SurfelsOf = area_weighted if surface is Surface.AREA else boundary_voxels
    of_a, of_b = elements(a, grid.spacing_mm), elements(b, grid.spacing_mm)
    return of_a, of_b, _distances_mm(of_a, of_b, grid), _distances_mm(of_b, of_a, grid)


def _distances_mm(one: Surfels, other: Surfels, grid: VoxelGrid) -> npt.NDArray[np.float64]:
    """From each element of one surface to the nearest of the other, shape (len(one),)."""
    from scipy.spatial import cKDTree

    shape = np.array(grid.shape) + 2
    keys, others = (
        np.ravel_multi_index(tuple(np.floor(s.index_kji + 0.75).astype(np.int64).T), tuple(shape))
        for s in (one, other)
    )
    # Where the surfaces coincide, which is most of it for good masks, there is nothing to look for.
    apart = np.flatnonzero(~np.isin(keys, others, assume_unique=True))
    distances = np.zeros(len(one))
    axes_mm = grid.affine[:3, :3].T
    tree = cKDTree(other.index_kji @ axes_mm, balanced_tree=False, compact_nodes=False)
    distances[apart] = tree.query(one.index_kji[apart] @ axes_mm)[0]
    return distances


def _percentile(distances_mm: npt.NDArray[np.float64], areas_mm2: npt.NDArray[np.float64]) -> float:
    """The distance that 95 % of the area does not exceed."""
    order = np.argsort(distances_mm)
    share = np.cumsum(areas_mm2[order]) / areas_mm2.sum()
    place = min(int(np.searchsorted(share, _PERCENT)), len(order) - 1)
    return float(distances_mm[order[place]])


def _lies_in(surfels: Surfels, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether most of the voxels around each element are in the mask."""
    votes = np.zeros(len(surfels), np.int8)
    for bit in range(8):
        by = np.array([(bit >> axis) & 1 for axis in (2, 1, 0)])
        index = np.floor(surfels.index_kji).astype(np.int64) + by
        known = np.all((index >= 0) & (index < mask.shape), axis=1)
        votes[known] += np.where(mask[tuple(index[known].T)], 1, -1).astype(np.int8)
        votes[~known] -= 1
    return np.asarray(votes > 0)


def on_one_grid(
    segments: Sequence[Segment], margin_voxels: int = 0
) -> tuple[list[npt.NDArray[np.bool_]], VoxelGrid]:
    """All masks on the smallest grid that holds them, with a margin.

    Raises GeometryError if they lie on different voxels or in different frames of reference.
    """
    first = segments[0]
    starts = []
    for other in segments:
        first.grid.require_same_frame(other.grid)
        offset = first.grid.to_index(other.grid.affine[:3, 3])
        start = np.rint(offset).astype(int)
        if (
            not np.allclose(first.grid.affine[:3, :3], other.grid.affine[:3, :3], atol=1e-5)
            or np.abs(offset - start).max() > _SAME_PLACE_VOXELS
        ):
            raise GeometryError(
                f"{first.name} and {other.name} lie on different voxels; resample one to the "
                "other first."
            )
        starts.append(start)
    ends = [start + s.grid.shape for start, s in zip(starts, segments, strict=True)]
    low = np.min(starts, axis=0) - margin_voxels
    grid = first.grid.cropped(low, np.max(ends, axis=0) + margin_voxels)
    masks = [_placed(s.mask, start - low, grid) for s, start in zip(segments, starts, strict=True)]
    return masks, grid


def _placed(
    mask: npt.NDArray[np.bool_], at: npt.NDArray[np.int64], grid: VoxelGrid
) -> npt.NDArray[np.bool_]:
    if mask.shape == grid.shape:
        return mask
    whole = np.zeros(grid.shape, np.bool_)
    whole[tuple(slice(n, n + size) for n, size in zip(at, mask.shape, strict=True))] = mask
    return whole


def _centroid(mask: npt.NDArray[np.bool_], grid: VoxelGrid) -> Points:
    sums = [mask.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in range(3)]
    return grid.to_lps([np.arange(len(s)) @ s / s.sum() for s in sums])


_DEFINITIONS = {
    "dice": "2 |A and B| / (|A| + |B|), counted in voxels; 0 if one is empty, none if both are",
    "jaccard": "|A and B| / |A or B|",
    "sensitivity": "|A and B| / |reference|",
    "precision": "|A and B| / |test|",
    "volume_error_fraction": "test volume / reference volume - 1",
    "centroid_shift_mm": "distance of the centres of both masks",
    "hd_mm": "largest distance from either surface to the other",
}
_OF_AREA = {
    "surface": "pieces of surface between voxels, weighted by area (as surface-distance 0.1)",
    "hd95_mm": "the larger of the two distances that 95 % of each surface's area do not exceed",
    "assd_mm": "mean distance over the area of both surfaces together",
    "nsd": "share of the area of both surfaces within the tolerance of the other",
}
_OF_VOXELS = {
    "surface": "voxels with one of six neighbours outside, each counted once (as MedPy 0.5)",
    "hd95_mm": "95th percentile of the distances from both surfaces together",
    "assd_mm": "mean distance over the surface voxels of both together",
    "nsd": "share of the surface voxels of both within the tolerance of the other surface",
}
