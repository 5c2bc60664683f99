"""What a cutting plane does to an organ: volumes of both parts, cut area, margin to a lesion."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surgiplan.derived import once_per_input
from surgiplan.errors import PlanError
from surgiplan.model import Points, Resection, Segment
from surgiplan.units import MM3_PER_ML

__all__ = [
    "Division",
    "Margin",
    "divide",
    "margin",
    "prepare",
    "remnant",
    "skin_points",
    "specimen",
]

_SMOOTHING_SPACINGS = 0.7
"""Standard deviation of the smoothing that turns a lesion's voxels into a surface, in units of
the coarsest voxel spacing: less leaves terraces between thick slices, more rounds off bumps."""


@dataclass(frozen=True)
class Division:
    """The two parts of an organ that a plane has cut."""

    resected_ml: float
    remnant_ml: float
    cut_area_mm2: float
    """Area of organ tissue in the cutting plane."""

    @property
    def remnant_fraction(self) -> float:
        """Part of the organ that stays."""
        return self.remnant_ml / (self.remnant_ml + self.resected_ml)


@dataclass(frozen=True)
class Margin:
    """Tissue between a lesion's surface and the cutting plane, on the specimen's side.

    Distances are negative where the plane leaves lesion behind.  The plane is taken as endless,
    so that a margin is never shown larger than it is.
    """

    min_mm: float
    p5_mm: float
    """Distance below which 5 % of the lesion's surface lies."""
    max_mm: float
    """Distance of the farthest point of the lesion."""
    wanted_mm: float
    uncertainty_mm: float
    """Diagonal of the voxels that the lesion was drawn on."""
    nearest_lps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Place of the lesion's surface with the smallest distance in LPS [mm]."""

    @property
    def is_cut(self) -> bool:
        """Whether the plane runs through the lesion."""
        return self.min_mm < 0 < self.max_mm

    @property
    def is_left_behind(self) -> bool:
        """Whether the whole lesion lies on the side that stays."""
        return self.max_mm <= 0

    @property
    def is_met(self) -> bool:
        """Whether the smallest distance is at least the wanted margin."""
        return self.min_mm >= self.wanted_mm


def divide(organ: Segment, resection: Resection) -> Division:
    """Volumes of both parts of an organ, with voxels shared where the plane runs through them.

    Raises PlanError if one part is empty.
    """
    resected_mm3, area_mm2 = _columns(organ).beyond(resection.point_lps, resection.normal)
    remnant_mm3 = organ.voxels * organ.grid.voxel_mm3 - resected_mm3
    smallest_mm3 = 1e-6 * organ.grid.voxel_mm3
    if min(resected_mm3, remnant_mm3) <= smallest_mm3:
        raise PlanError(_missed(organ))
    return Division(resected_mm3 / MM3_PER_ML, remnant_mm3 / MM3_PER_ML, area_mm2)


def margin(
    lesion: Segment,
    resection: Resection,
    *,
    changes_mm: npt.NDArray[np.float64] | None = None,
) -> Margin:
    """Distances of a lesion's surface to the plane, positive on the side of the specimen.

    The surface is that of the smoothed voxels at the level that keeps their volume, so that
    neither voxel corners nor smoothing shift it.  ``changes_mm`` (n,): by how much each of the
    ``skin_points`` has moved against the cut.  Raises PlanError for a lesion without voxels.
    """
    surface = _skin(lesion)
    heights = (surface.points_lps - resection.point_lps) @ resection.normal
    if changes_mm is not None:
        heights = heights + changes_mm
    order = np.argsort(heights)
    share = np.cumsum(surface.areas_mm2[order]) / surface.areas_mm2.sum()
    p5 = heights[order[min(int(np.searchsorted(share, 0.05)), len(order) - 1)]]
    x, y, z = surface.points_lps[order[0]]
    return Margin(
        min_mm=float(heights[order[0]]),
        p5_mm=float(p5),
        max_mm=float(heights[order[-1]]),
        wanted_mm=resection.margin_mm,
        uncertainty_mm=float(np.linalg.norm(lesion.grid.spacing_mm)),
        nearest_lps=(float(x), float(y), float(z)),
    )


def skin_points(lesion: Segment) -> Points:
    """The points (n, 3) of a lesion's surface in LPS [mm] that its margin is measured at."""
    return _skin(lesion).points_lps


def prepare(organ: Segment, lesion: Segment | None = None) -> None:
    """Do the work that ``divide`` and ``margin`` need once, before a drag begins."""
    columns = _columns(organ)
    for axis in range(3):
        columns.sums(axis)
    if lesion is not None:
        _skin(lesion)


def remnant(organ: Segment, resection: Resection) -> Segment:
    """The voxels of an organ that stay.  Raises PlanError if the plane misses the organ."""
    return _part(organ, resection, side=-1, name=f"{organ.name}, remnant")


def specimen(organ: Segment, resection: Resection) -> Segment:
    """The voxels of an organ that are removed.  Raises PlanError if the plane misses it."""
    return _part(organ, resection, side=1, name=f"{organ.name}, specimen")


class _Columns:
    """Running counts of an organ's voxels along each axis: what one plane needs to be fast."""

    def __init__(self, organ: Segment) -> None:
        self._mask, self._grid = organ.mask, organ.grid
        self._known: dict[int, _Sums] = {}

    def sums(self, axis: int) -> "_Sums":
        """Running counts along one axis, made when first asked for."""
        if axis not in self._known:
            self._known[axis] = _sums(self._mask, axis)
        return self._known[axis]

    def beyond(self, point_lps: Points, normal: Points) -> tuple[float, float]:
        """Volume on the side of ``normal`` [mm3] and area of the cut [mm2].

        In voxel indices x the plane is m.x = c.  Along the axis with the largest component of m
        each column of voxels is cut once, at the height t of its own middle; the voxel at the cut
        counts by its part on either side.
        """
        m = self._grid.affine[:3, :3].T @ normal
        c = float((point_lps - self._grid.affine[:3, 3]) @ normal)
        axis = int(np.argmax(np.abs(m)))
        sums = self.sums(axis)
        a, b = (n for n in range(3) if n != axis)
        t = (c - sums.a * m[a] - sums.b * m[b]) / m[axis] + 0.5
        depth = self._grid.shape[axis]
        np.clip(t, 0, depth, out=t)
        whole = np.minimum(t.astype(np.int32), depth - 1)
        below = sums.counts[whole, sums.column]
        there = sums.counts[whole + 1, sums.column] - below
        voxels_below = float(below.sum(dtype=np.int64) + (there * (t - whole)).sum())
        total = float(sums.counts[-1, sums.column].sum(dtype=np.int64))
        voxels = total - voxels_below if m[axis] > 0 else voxels_below
        inside = (t > 0) & (t < depth)
        cut = float(there[inside].sum(dtype=np.int64))
        area_mm2 = cut * self._grid.voxel_mm3 / abs(float(m[axis]))
        return voxels * self._grid.voxel_mm3, area_mm2


@dataclass(frozen=True)
class _Sums:
    """Voxels below each height of each column that holds any."""

    counts: npt.NDArray[np.int16]
    """Shape (depth + 1, columns)."""
    a: npt.NDArray[np.int32]
    """Index of each filled column along the first other axis."""
    b: npt.NDArray[np.int32]
    """The same along the second."""

    @cached_property
    def column(self) -> npt.NDArray[np.int64]:
        """Number of each column."""
        return np.arange(self.counts.shape[1])


def _sums(mask: npt.NDArray[np.bool_], axis: int) -> _Sums:
    upright = np.moveaxis(mask, axis, 0)
    a, b = np.nonzero(upright.any(axis=0))
    counts = np.zeros((mask.shape[axis] + 1, len(a)), np.int16)
    np.cumsum(upright[:, a, b], axis=0, dtype=np.int16, out=counts[1:])
    return _Sums(counts, a.astype(np.int32), b.astype(np.int32))


@dataclass(frozen=True)
class _Skin:
    """Points on a surface, each with the area it stands for."""

    points_lps: Points
    areas_mm2: npt.NDArray[np.float64]


@once_per_input
def _columns(organ: Segment) -> _Columns:
    return _Columns(organ)


@once_per_input
def _skin(lesion: Segment) -> _Skin:
    from scipy.ndimage import gaussian_filter
    from skimage.measure import marching_cubes

    if not lesion.voxels:
        raise PlanError(f"{lesion.name} has no voxels, so it has no margin; segment it again.")
    spacing = np.array(lesion.grid.spacing_mm)
    sigma = _SMOOTHING_SPACINGS * spacing.max() / spacing
    around = np.ceil(4 * sigma).astype(int) + 1
    padded = np.pad(lesion.mask, [(int(n), int(n)) for n in around])
    smooth = gaussian_filter(padded.astype(np.float32), sigma, mode="constant")
    level = _level_of_volume(smooth, lesion.voxels)
    corners, triangles, _, _ = marching_cubes(smooth, level)
    points = lesion.grid.to_lps(corners - around)
    p, q, r = (points[triangles[:, n]] for n in range(3))
    areas = np.linalg.norm(np.cross(q - p, r - p), axis=1) / 2
    weights = np.zeros(len(points))
    for n in range(3):
        np.add.at(weights, triangles[:, n], areas / 3)
    return _Skin(points, weights)


def _level_of_volume(smooth: npt.NDArray[np.float32], voxels: int) -> float:
    """The level above which as many voxels lie as the mask has."""
    ordered = np.partition(smooth.ravel(), smooth.size - voxels - 1)
    cut = smooth.size - voxels
    return float((ordered[cut:].min() + ordered[:cut].max()) / 2)


def _part(organ: Segment, resection: Resection, *, side: int, name: str) -> Segment:
    grid = organ.grid
    m = grid.affine[:3, :3].T @ resection.normal
    c = float((resection.point_lps - grid.affine[:3, 3]) @ resection.normal)
    k, j, i = (m[n] * np.arange(grid.shape[n]) for n in range(3))
    heights = (k[:, None] + j - c)[:, :, None] + i
    kept = organ.mask & (heights > 0 if side > 0 else heights <= 0)
    filled = int(np.count_nonzero(kept))
    if filled in (0, organ.voxels):
        raise PlanError(_missed(organ))
    low, high = _box(kept)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return replace(organ, name=name, mask=kept[box], grid=grid.cropped(low, high))


def _box(mask: npt.NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    low, high = [], []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        low.append(int(filled[0]))
        high.append(int(filled[-1]) + 1)
    return low, high


def _missed(organ: Segment) -> str:
    x, y, z = organ.centroid_lps
    return (
        f"The plane misses {organ.name}; move it towards the organ's centre at "
        f"{x:.0f},{y:.0f},{z:.0f} mm."
    )
