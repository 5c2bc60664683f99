"""The surface of a stuffed mesh moved until its facets lie half in, half out, and its volume fits.

Facets between points of a convex surface lie within it and lose volume.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cubic import CutPlane
from .mesh import boundary_faces, scaled_jacobian, signed_volumes

__all__ = ["Body", "fitted", "inside_mm3"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Distance = Callable[[Floats], Floats]

_FARTHEST = 0.06
"""How far, in edge lengths, a point moves at a time."""
_FARTHEST_FOR_VOLUME = 0.1
_BALANCES = 5
_WORST = 0.1
"""Scaled Jacobian below which no move may bring an element that is better."""
_LEAST_SLOPE = 0.5
"""Sine of the angle between surface and plane below which points in the plane move less."""
_SAMPLES = 30_000
_FINER = 3


@dataclass(frozen=True, eq=False)
class Body:
    """Points (n, 3), tetrahedra (m, 4), and which points lie on the plane that parts them (n,)."""

    points: Floats
    cells: Ints
    on_plane: Bools
    plane: CutPlane | None


def fitted(body: Body, distance: Distance, targets_mm3: Sequence[float], edge_mm: float) -> Floats:
    """Points (n, 3) of a body that fits the inside of ``distance``.

    With the target for its volume, or for its parts behind and before its plane.
    Points on the plane stay on it.  No element gets worse than it may be.
    """
    faces = boundary_faces(body.cells.astype(np.int32)).astype(np.int64)
    points = body.points
    for _ in range(_BALANCES):
        step = np.clip(
            -_heights(points, faces, distance), -_FARTHEST * edge_mm, _FARTHEST * edge_mm
        )
        points = _guarded(points, step[:, None] * _ways(body, points, faces), body.cells)
    return _filled(body, points, faces, targets_mm3, edge_mm)


def inside_mm3(
    distance: Distance, bounds_mm: Floats, edge_mm: float, plane: CutPlane | None = None
) -> list[float]:
    """Volume of the largest piece inside ``distance``, or of its parts behind and before a plane.

    By samples, finer along the surface and the plane, each counted by its part on either side
    [mm3].
    """
    from scipy.ndimage import label

    size = bounds_mm[1] - bounds_mm[0]
    step = min(float((size.prod() / _SAMPLES) ** (1 / 3)), edge_mm / 1.5)
    axes = [np.arange(bounds_mm[0, i] + step / 2, bounds_mm[1, i], step) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    value = np.asarray(distance(grid.reshape(-1, 3))).reshape(grid.shape[:3])
    behind = np.full_like(value, -np.inf) if plane is None else plane.height_mm(grid)
    pieces, count = label(value < 0)
    parts = np.where(value < 0, _shares(value, step), 0)
    sizes = np.bincount(pieces.ravel(), parts.ravel())[1:]
    share = sizes.max() / sizes.sum() if count > 1 else 1.0
    is_near = (np.abs(value) < step) | ((np.abs(behind) < step) & (value < 0))
    deep = (value < 0) & ~is_near
    volumes = [(deep & (behind < 0)).sum() * step**3, (deep & (behind > 0)).sum() * step**3]
    offsets = (np.indices((_FINER,) * 3).reshape(3, -1).T + 0.5) / _FINER - 0.5
    near = (grid[is_near][:, None] + step * offsets).reshape(-1, 3)
    inside = _shares(np.asarray(distance(near)), step / _FINER) * (step / _FINER) ** 3
    below = np.ones(len(near))
    if plane is not None:
        below = _shares(plane.height_mm(near), step / _FINER)
    volumes = [volumes[0] + (inside * below).sum(), volumes[1] + (inside * (1 - below)).sum()]
    return [float(share * volume) for volume in volumes[: 1 if plane is None else 2]]


def _shares(value: Floats, step: float) -> Floats:
    """Part (n,) of cubes of one edge ``step`` that lies below a distance of 0."""
    return np.clip(0.5 - value / step, 0, 1)


def _heights(points: Floats, faces: Ints, distance: Distance) -> Floats:
    """Mean distance (n,) of the facets around each point."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    middles = np.concatenate([(a + b) / 2, (b + c) / 2, (c + a) / 2])
    height = np.asarray(distance(middles), float).reshape(3, -1).mean(axis=0)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    corners = faces.T.ravel()
    total = np.bincount(corners, np.tile(areas, 3), len(points))
    return np.bincount(corners, np.tile(areas * height, 3), len(points)) / np.maximum(total, 1e-300)


def _ways(body: Body, points: Floats, faces: Ints) -> Floats:
    """Where each point (n, 3) of the surface goes for 1 mm outwards; zero inside.

    Points on the plane move in it.
    """
    a, b, c = (points[faces[:, i]] for i in range(3))
    normal = np.zeros_like(points)
    np.add.at(normal, faces, np.cross(b - a, c - a)[:, None])
    length = np.linalg.norm(normal, axis=1)
    normal /= np.where(length > 0, length, 1.0)[:, None]
    if body.plane is not None:
        across = body.plane.direction
        rim = np.flatnonzero(body.on_plane & (length > 0))
        in_plane = normal[rim] - np.outer(normal[rim] @ across, across)
        slope2 = np.einsum("ij,ij->i", in_plane, in_plane)
        normal[rim] = in_plane / np.maximum(slope2, _LEAST_SLOPE**2)[:, None]
    return normal


def _guarded(points: Floats, moves: Floats, cells: Ints) -> Floats:
    """Points moved, less far where an element would get bad."""
    before = np.minimum(scaled_jacobian(points, cells), _WORST)
    share = np.ones(len(points))
    for _ in range(4):
        tried = points + share[:, None] * moves
        worse = scaled_jacobian(tried, cells) < before - 1e-12
        if not worse.any():
            return np.asarray(tried)
        share[np.unique(cells[worse])] *= 0.5
    share[np.unique(cells[worse])] = 0.0
    for _ in range(10):
        tried = points + share[:, None] * moves
        worse = scaled_jacobian(tried, cells) < before - 1e-12
        if not worse.any():
            return np.asarray(tried)
        share[np.unique(cells[worse])] = 0.0
    return points


def _filled(
    body: Body, points: Floats, faces: Ints, targets: Sequence[float], edge_mm: float
) -> Floats:
    """Points moved outwards alike, on each side of the plane, until the volumes are right."""
    side = np.zeros(len(body.cells), int)
    if body.plane is not None:
        side = (body.plane.height_mm(points[body.cells].mean(axis=1)) > 0).astype(int)
    owner = np.zeros(len(points), int)
    for number in (1, 0):
        # Points of both sides belong to what stays.
        owner[np.unique(body.cells[side == number])] = number
    for number, target in enumerate(targets):
        cells = body.cells[side == number]
        if not len(cells):
            continue
        moved = 0.0
        for _ in range(4):
            ways = np.where((owner == number)[:, None], _ways(body, points, faces), 0.0)
            volume = float(signed_volumes(points, cells).sum())
            per_mm = float(signed_volumes(points + 1e-3 * ways, cells).sum() - volume) / 1e-3
            limit = _FARTHEST_FOR_VOLUME * edge_mm
            step = float(np.clip((target - volume) / per_mm, -limit - moved, limit - moved))
            moved += step
            points = _guarded(points, step * ways, body.cells)
    return points
