"""Solids as signed distances: primitives, smooth unions, cuts and roughness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from . import _kernels
from .grid import Floats, Grid, Points
from .noise import Lattice

_REACH_MM = 9.0


@dataclass(frozen=True)
class Solid:
    """A body of tissue: its box in (x, y, z) [mm] and its distance on any grid.

    The distance [mm] is negative inside, first-order exact near the surface, and saturates a
    few millimetres outside.
    """

    low: Points
    high: Points
    distance: Callable[[Grid], Floats]

    def grown(self, by_mm: float) -> "Solid":
        """The solid with its surface moved outward (negative: inward)."""
        return Solid(
            self.low - by_mm,
            self.high + by_mm,
            lambda grid: self.distance(grid) - np.float32(by_mm),
        )

    def minus(self, other: "Solid", *, gap_mm: float = 0.0) -> "Solid":
        """What is left after cutting away ``other`` and a gap around it."""
        return replace(
            self,
            distance=lambda grid: np.maximum(
                self.distance(grid), np.float32(gap_mm) - other.distance(grid)
            ),
        )

    def within(self, other: "Solid", *, gap_mm: float = 0.0) -> "Solid":
        """The part that lies in ``other``, at least a gap away from its surface."""
        return Solid(
            np.maximum(self.low, other.low),
            np.minimum(self.high, other.high),
            lambda grid: np.maximum(self.distance(grid), other.distance(grid) + np.float32(gap_mm)),
        )

    def joined(self, other: "Solid", *, blend_mm: float = 0.0) -> "Solid":
        """Union with a fillet of width ``blend_mm``."""
        return Solid(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            lambda grid: smooth_min(self.distance(grid), other.distance(grid), blend_mm),
        )

    def rough(self, lattice: Lattice, amplitude_mm: float) -> "Solid":
        """The solid with its surface moved in and out by a random field."""

        def distance(grid: Grid) -> Floats:
            sd = self.distance(grid)
            near = np.clip((6 - sd) / 4, 0, 1)
            return np.asarray(sd + np.float32(amplitude_mm) * near * lattice.on(grid), np.float32)

        return Solid(self.low - 2 * amplitude_mm, self.high + 2 * amplitude_mm, distance)


def smooth_min(a: Floats, b: Floats, width: float) -> Floats:
    """Smaller of two distances, rounded where they are within ``width`` of each other."""
    if width <= 0:
        return np.minimum(a, b)
    h = np.maximum(np.float32(width) - np.abs(a - b), 0) / np.float32(width)
    lower = np.minimum(a, b)
    # Distances saturate far out; fading the fillet there keeps it from making matter of nothing.
    near = np.clip(1 - lower / 6, 0, 1)
    return np.asarray(lower - near * h * h * np.float32(width / 4), dtype=np.float32)


def cones(parts: Sequence[ArrayLike] | Points, *, blend_mm: float = 0.0) -> Solid:
    """Round cones, each (ax, ay, az, ra, bx, by, bz, rb) [mm]."""
    rows = np.asarray(parts, dtype=np.float64).reshape(-1, 8)
    ends = np.concatenate([rows[:, :4], rows[:, 4:]])
    return _primitive(rows, ends[:, :3], ends[:, 3], _kernels.add_cones, blend_mm)


def chain(points: ArrayLike, radii: ArrayLike) -> Solid:
    """A tube through ``points`` (n, 3) with one radius a point [mm]."""
    return cones(chain_rows(points, radii))


def chain_rows(points: ArrayLike, radii: ArrayLike) -> Points:
    """The round cones (n - 1, 8) of a tube through ``points`` (n, 3) [mm]."""
    p = np.asarray(points, dtype=np.float64)
    rows = np.column_stack([p, np.broadcast_to(np.asarray(radii, dtype=np.float64), len(p))])
    return np.hstack([rows[:-1], rows[1:]])


def ellipsoid(centre: ArrayLike, semi_axes: ArrayLike, *, turn_deg: ArrayLike = (0, 0, 0)) -> Solid:
    """An ellipsoid turned by Euler angles about x, y, z [degrees]."""
    return ellipsoids([(centre, semi_axes, turn_deg)])


def ellipsoids(
    parts: Sequence[tuple[ArrayLike, ArrayLike, ArrayLike]], *, blend_mm: float = 0.0
) -> Solid:
    """Ellipsoids, each (centre, semi-axes [mm], Euler angles about x, y, z [degrees])."""
    from scipy.spatial.transform import Rotation

    rows = np.zeros((len(parts), 13))
    for row, (centre, semi_axes, turn) in zip(rows, parts, strict=True):
        axes = np.asarray(semi_axes, dtype=np.float64)
        rotation = Rotation.from_euler("xyz", np.asarray(turn, dtype=np.float64), degrees=True)
        row[:3], row[3] = np.asarray(centre), axes.max()
        row[4:] = (rotation.as_matrix() / axes).T.ravel()
    return _primitive(rows, rows[:, :3], rows[:, 3], _kernels.add_ellipsoids, blend_mm)


def plates(corners: Sequence[ArrayLike], *, blend_mm: float = 0.0) -> Solid:
    """Thick triangles, each three corners of (x, y, z, half thickness) [mm]."""
    rows = np.asarray(corners, dtype=np.float64).reshape(-1, 12)
    points = rows.reshape(-1, 4)
    return _primitive(rows, points[:, :3], points[:, 3], _kernels.add_plates, blend_mm)


def sweep(rows: Points) -> Solid:
    """A swept ellipse; rows as :func:`surgiplan_phantom._kernels.add_sweep` wants them."""

    def distance(grid: Grid) -> Floats:
        sd = np.full(grid.shape, _REACH_MM, dtype=np.float32)
        nearest2 = np.full(grid.shape, 1e9, dtype=np.float32)
        _kernels.add_sweep(
            sd, nearest2, np.array(grid.origin), np.array(grid.step), rows, _REACH_MM
        )
        return np.minimum(sd, np.float32(_REACH_MM))

    pad = rows[:, 12:14].max(axis=1)[:, None]
    return Solid((rows[:, :3] - pad).min(axis=0), (rows[:, :3] + pad).max(axis=0), distance)


def half_space(point: ArrayLike, normal: ArrayLike) -> Solid:
    """Everything on the side of a plane that ``normal`` points away from."""
    n = np.asarray(normal, dtype=np.float64)
    n = n / np.linalg.norm(n)
    offset = float(n @ np.asarray(point, dtype=np.float64))

    def distance(grid: Grid) -> Floats:
        return np.asarray(
            grid.x * np.float32(n[0])
            + grid.y * np.float32(n[1])
            + grid.z * np.float32(n[2])
            - np.float32(offset),
            dtype=np.float32,
        )

    far = np.full(3, 1e4)
    return Solid(-far, far, distance)


def mirrored(solid: Solid) -> Solid:
    """The solid on the other side of the midline plane x = 0."""

    def distance(grid: Grid) -> Floats:
        last_x = grid.origin[2] + grid.step[2] * (grid.shape[2] - 1)
        flipped = replace(grid, origin=(grid.origin[0], grid.origin[1], -last_x))
        return solid.distance(flipped)[:, :, ::-1]

    low, high = solid.low.copy(), solid.high.copy()
    low[0], high[0] = -solid.high[0], -solid.low[0]
    return Solid(low, high, distance)


def _primitive(
    rows: Points, points: Points, radii: Points, kernel: Callable[..., None], blend_mm: float
) -> Solid:
    def distance(grid: Grid) -> Floats:
        sd = np.full(grid.shape, _REACH_MM, dtype=np.float32)
        kernel(sd, np.array(grid.origin), np.array(grid.step), rows, blend_mm, _REACH_MM)
        return sd

    if len(rows) == 0:
        return Solid(np.zeros(3), np.zeros(3), distance)
    pad = radii[:, None] + blend_mm / 2
    return Solid((points - pad).min(axis=0), (points + pad).max(axis=0), distance)
