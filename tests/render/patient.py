"""A small patient whose left, front and head are marked."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from surgiplan.model import (
    Case,
    Points,
    Segment,
    StentPlacement,
    Surface,
    Volume,
    VoxelGrid,
)

MIDDLE = np.array([5.0, -30.0, 400.0])
"""Centre of the patient in LPS [mm]."""
MARKER = MIDDLE + [25.0, -15.0, 20.0]
"""Centre of a bright ball: to the patient's left, in front, towards the head."""
MARKER_RADIUS_MM = 7.0


def grid_from(axes: Sequence[Points], shape: Sequence[int]) -> VoxelGrid:
    """A grid around MIDDLE whose voxel axes (k, j, i) step by the vectors ``axes`` [mm]."""
    affine = np.eye(4)
    affine[:3, :3] = np.stack(axes, axis=1)
    affine[:3, 3] = MIDDLE - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return VoxelGrid((int(shape[0]), int(shape[1]), int(shape[2])), affine, "frame")


def ball(grid: VoxelGrid, centre: Points = MARKER, radius_mm: float = MARKER_RADIUS_MM):
    """Which voxels lie in a ball."""
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return np.linalg.norm(grid.to_lps(indices) - centre, axis=-1) <= radius_mm


def marked_volume(grid: VoxelGrid) -> Volume:
    """Dark tissue with the bright ball."""
    values = np.where(ball(grid), 1000, -50).astype(np.int16)
    return Volume("ct", values, grid)


def segment_of(grid: VoxelGrid, mask, noun_id: str, name: str) -> Segment:
    """A segment cropped to its voxels."""
    where = np.argwhere(mask)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return Segment(noun_id, name, mask[box].copy(), grid.cropped(low, high), "ct")


def octahedron(centre: Points, radius_mm: float) -> Surface:
    """A closed surface with outward normals, refined to a rough ball."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
    faces = np.array(
        [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
    )
    for _ in range(3):
        a, b, c = (points[faces[:, n]] for n in range(3))
        middles = [(a + b) / 2, (b + c) / 2, (c + a) / 2]
        first = len(points)
        n = np.arange(len(faces))
        ab, bc, ca = first + n, first + len(faces) + n, first + 2 * len(faces) + n
        points = np.vstack([points, *middles])
        i, j, k = faces.T
        parts = [[i, ab, ca], [ab, j, bc], [ca, bc, k], [ab, bc, ca]]
        faces = np.concatenate([np.stack(part, axis=1) for part in parts])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return Surface(centre + radius_mm * points, faces.astype(np.int32))


def struts_of(case: Case, stent: StentPlacement) -> list[Points]:
    """Plain rings along the stent."""
    branch = case.plan.centerlines[stent.centerline_id].branch(stent.branch)
    angles = np.linspace(0, 2 * np.pi, 25)
    rings = []
    for station in np.linspace(*stent.span_mm, 7):
        centre = branch.point_at(station)
        ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(25)], axis=1)
        rings.append(centre + stent.design.diameter_mm / 2 * ring)
    return rings


@cache
def surface_of(segment: Segment) -> Surface | None:
    """The ball around the middle of a segment's box."""
    corners = segment.grid.corners_lps()
    return octahedron(corners.mean(axis=0), float(np.ptp(corners[:, 0])) / 2)
