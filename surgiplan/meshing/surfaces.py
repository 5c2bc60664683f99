"""Closed surfaces of segments, one by one or with the borders that they share."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Segment, Surface, VoxelGrid

from .labels import label_boundaries
from .smoothing import smoothed
from .topology import separated

__all__ = ["surface_of", "surfaces_of"]

Floats = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]

_SMOOTHING = (
    (5.0, 50, 0.003), (2.0, 24, 0.05), (1.0, 20, 0.1), (0.4, 16, 0.2), (0.0, 0, 2.0),
)  # fmt: skip
"""Passes and pass band of the filter for structures whose volume over surface is at least so many
voxel edges (a ball of radius r has r/3, a tube r/2): smoothing makes thin ones thinner."""
_FARTHEST = 0.3
"""Part of a voxel edge by which the surface may be shifted to give it the volume of its voxels."""
_SMALL_SHIFT, _MOST_SHIFTS = 0.05, 3
_MOST_SHARED = 255


def surface_of(segment: Segment, *, smooth: bool = True) -> Surface:
    """The closed 2-manifold surface of a segment in LPS [mm], normals outwards.

    Smoothed as much as its thickness allows, and shifted along its normals by the little that
    gives it the volume of its voxels.  Raises GeometryError for an empty segment.
    """
    from ._vtk import boundary

    _require_voxels(segment)
    index, triangles = boundary(np.pad(segment.mask, 1))
    grid = segment.grid
    if smooth:
        spacing = np.array(grid.spacing_mm)
        passes, band = _smoothing(index * spacing, triangles, grid)
        index = smoothed(index * spacing, triangles, passes, band) / spacing
    surface = _outward(grid.cropped((-1, -1, -1), grid.shape), index, triangles)
    return _with_volume(surface, segment) if smooth else surface


def surfaces_of(
    segments: Sequence[Segment], *, shared: bool = False, smooth: bool = True
) -> tuple[Surface, ...]:
    """The closed surface of each segment.

    With ``shared`` neighbours meet without gap or overlap: where they touch they have the same
    points and triangles.  A voxel of several segments belongs to the smallest of them, so that a
    tumour lies in a hollow of its liver.  Raises GeometryError for an empty segment, and for shared
    ones on different voxels or of which nothing is left.
    """
    if shared and len(segments) > 1:
        return _shared(segments, smooth=smooth)
    return tuple(surface_of(one, smooth=smooth) for one in segments)


def _shared(segments: Sequence[Segment], *, smooth: bool) -> tuple[Surface, ...]:
    labels, grid = _label_map(segments)
    spacing = np.array(grid.spacing_mm)
    index, triangles, sides = label_boundaries(labels)
    points = index * spacing
    parts = [_own(triangles, sides, n + 1, one) for n, one in enumerate(segments)]
    if smooth:
        gentlest = max((_smoothing(points, one, grid) for one in parts), key=lambda one: one[1])
        points = smoothed(points, triangles, *gentlest)
    return tuple(_parted(grid, points / spacing, faces) for faces in parts)


def _own(
    triangles: Triangles, sides: npt.NDArray[np.uint8], number: int, segment: Segment
) -> Triangles:
    """The triangles around one label, all turned away from it."""
    own = np.any(sides == number, axis=1)
    if not own.any():
        raise GeometryError(
            f"All voxels of {segment.name} belong to smaller segments too; leave one out."
        )
    kept = triangles[own]
    return np.where(sides[own, :1] == number, kept, kept[:, ::-1])


def _parted(grid: VoxelGrid, index: Floats, triangles: Triangles) -> Surface:
    used, faces = np.unique(triangles, return_inverse=True)
    outward = _outward(grid, index[used], faces.reshape(-1, 3).astype(np.int32))
    points, corners, _ = separated(outward.points_lps, outward.triangles)
    return Surface(points_lps=points, triangles=corners)


def _label_map(segments: Sequence[Segment]) -> tuple[npt.NDArray[np.uint8], VoxelGrid]:
    """Numbers 1.. with an empty rim, on the smallest grid with all segments.

    The larger ones are laid down first.
    """
    if len(segments) > _MOST_SHARED:
        raise GeometryError(f"At most {_MOST_SHARED} segments can share their borders at once.")
    first = segments[0].grid
    lows = []
    for one in segments:
        _require_voxels(one)
        first.require_same_frame(one.grid)
        low = first.to_index(one.grid.affine[:3, 3])
        same = np.allclose(one.grid.affine[:3, :3], first.affine[:3, :3], rtol=0, atol=1e-4)
        if not same or np.abs(low - np.rint(low)).max() > 0.01:
            raise GeometryError(
                f"{one.name} and {segments[0].name} lie on different voxels, so they cannot share "
                "a border; make both on one scan."
            )
        lows.append(np.rint(low).astype(int))
    low = np.min(lows, axis=0)
    high = np.max([a + one.grid.shape for a, one in zip(lows, segments, strict=True)], axis=0)
    labels = np.zeros(high - low + 2, np.uint8)
    for n in sorted(range(len(segments)), key=lambda n: -segments[n].voxels):
        start = lows[n] - low + 1
        box = tuple(
            slice(a, a + size) for a, size in zip(start, segments[n].mask.shape, strict=True)
        )
        labels[box][segments[n].mask] = n + 1
    return labels, first.cropped(low - 1, high + 1)


def _require_voxels(segment: Segment) -> None:
    if not segment.voxels:
        raise GeometryError(f"{segment.name} is empty, so it has no surface; segment it again.")


def _smoothing(points_mm: Floats, triangles: Triangles, grid: VoxelGrid) -> tuple[int, float]:
    across = _across(points_mm, triangles)
    edge_mm = grid.voxel_mm3 ** (1 / 3)
    volume_mm3 = abs(_volume_mm3(points_mm, triangles, across))
    thickness = volume_mm3 / max(_area_mm2(across), 1e-12) / edge_mm
    return next((n, band) for least, n, band in _SMOOTHING if thickness >= least)


def _with_volume(surface: Surface, segment: Segment) -> Surface:
    """Shifted along the normals by what is missing to the volume of the voxels, over the area.

    Steps of the voxels that are smoothed away, and convexity, take a little of thin structures.
    """
    points, triangles = surface.points_lps, surface.triangles
    edge = min(segment.grid.spacing_mm)
    moved = 0.0
    for _ in range(_MOST_SHIFTS):
        across = _across(points, triangles)
        missing_mm3 = segment.volume_ml * 1000 - _volume_mm3(points, triangles, across)
        wish = missing_mm3 / max(_area_mm2(across), 1e-12)
        shift = float(np.clip(moved + wish, -_FARTHEST * edge, _FARTHEST * edge)) - moved
        points = points + shift * _point_normals(across, triangles, len(points))
        moved += shift
        # Small shifts reach the volume at once; only crumbs of a few voxels need more.
        if abs(shift) < _SMALL_SHIFT * edge:
            break
    return Surface(points, triangles)


def _point_normals(across: Floats, triangles: Triangles, points: int) -> Floats:
    """Unit normals at the points (n, 3), the means of their triangles by area."""
    normals = np.empty((points, 3))
    for axis in range(3):
        weights = np.repeat(across[:, axis], 3)
        normals[:, axis] = np.bincount(triangles.ravel(), weights, minlength=points)
    normals /= np.maximum(np.sqrt(np.einsum("ij,ij->i", normals, normals)), 1e-300)[:, None]
    return normals


def _across(points: Floats, triangles: Triangles) -> Floats:
    """Normals of triangles (m, 3), each as long as twice its area."""
    a = points[triangles[:, 0]]
    return np.cross(points[triangles[:, 1]] - a, points[triangles[:, 2]] - a)


def _area_mm2(across: Floats) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", across, across)).sum()) / 2


def _volume_mm3(points: Floats, triangles: Triangles, across: Floats) -> float:
    return float(np.einsum("ij,ij->", points[triangles[:, 0]], across)) / 6


def _outward(grid: VoxelGrid, index: Floats, triangles: Triangles) -> Surface:
    """Points at voxel indices (k, j, i) into the patient, triangles turned over in mirrored grids.

    The triangles face outwards where (i, j, k) is right-handed, as on a standard scan.
    """
    matrix, origin = grid.affine[:3, :3], grid.affine[:3, 3]
    points = np.empty_like(index)
    # By columns: for three of them a matrix product takes six times as long.
    for axis, (a, b, c) in enumerate(matrix):
        points[:, axis] = a * index[:, 0] + b * index[:, 1] + c * index[:, 2] + origin[axis]
    is_standard = np.linalg.det(matrix) < 0
    return Surface(points, triangles if is_standard else triangles[:, ::-1])
