"""A body-centred cubic lattice of tetrahedra, laid along a plane if there is one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CutPlane", "Lattice", "lattice"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CutPlane:
    """A plane through ``point_mm`` (3,) across ``normal`` (3,), of any length, LPS."""

    point_mm: Floats
    normal: Floats

    @property
    def direction(self) -> Floats:
        """Unit normal (3,)."""
        if not np.linalg.norm(self.normal) > 0:
            raise ValueError("the normal of the cutting plane has no length")
        return np.asarray(self.normal / np.linalg.norm(self.normal))

    def height_mm(self, points: Floats) -> Floats:
        """Distance of points (..., 3) from the plane, positive where the normal points [mm]."""
        return np.asarray((points - self.point_mm) @ self.direction)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Points (n, 3) [mm], tetrahedra (m, 4), and which points lie on the plane (n,)."""

    points: Floats
    tets: Ints
    on_plane: Bools


def lattice(bounds_mm: Floats, edge_mm: float, plane: CutPlane | None = None) -> Lattice:
    """A lattice that covers a box ``bounds_mm`` (2, 3) amply, with cubes of ``edge_mm``.

    With a plane it is turned so that a layer of cube corners lies on it, and the tetrahedra across
    that layer are halved: the plane is then a sheet of faces, all elements being well shaped.
    """
    turn, start = _frame(plane)
    corners = np.array(np.meshgrid(*np.asarray(bounds_mm).T, indexing="ij")).reshape(3, -1).T
    local = (corners - start) @ turn.T
    low, high = local.min(axis=0), local.max(axis=0)
    cells = np.ceil((high - low) / edge_mm).astype(int) + 3
    origin = (low + high - cells * edge_mm) / 2
    if plane is not None:
        cells[2] += 1
        origin[2] = np.floor(origin[2] / edge_mm) * edge_mm
    corner_grid = np.indices(tuple(cells + 1)).reshape(3, -1).T
    centre_grid = np.indices(tuple(cells)).reshape(3, -1).T
    points = origin + edge_mm * np.vstack([corner_grid, centre_grid + 0.5])
    tets = np.concatenate([_across(axis, cells, centre_grid) for axis in range(3)])
    on_plane = np.zeros(len(points), bool)
    if plane is not None:
        points, tets = _halved(points, tets)
        on_plane = np.abs(points[:, 2]) < 1e-6 * edge_mm
        points[on_plane, 2] = 0.0
    return Lattice(points @ turn + start, tets, on_plane)


def _frame(plane: CutPlane | None) -> tuple[Floats, Floats]:
    """Rows of unit vectors (3, 3), the last across the plane, and where they start (3,)."""
    if plane is None:
        return np.eye(3), np.zeros(3)
    third = plane.direction
    first = np.eye(3)[np.argmin(np.abs(third))]
    first = first - (first @ third) * third
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(third, first), third]), np.asarray(plane.point_mm, float)


def _across(axis: int, cells: Ints, centre_grid: Ints) -> Ints:
    """Tetrahedra between the centres of cubes that are neighbours along an axis, four each."""
    centre_shape, corner_shape = tuple(cells), tuple(cells + 1)
    first_centre = int(np.prod(cells + 1))
    one, other = (axis + 1) % 3, (axis + 2) % 3
    low = centre_grid[centre_grid[:, axis] < cells[axis] - 1]
    high = low + np.eye(3, dtype=int)[axis]
    around = []
    for p, q in ((0, 0), (1, 0), (1, 1), (0, 1)):
        corner = high.copy()
        corner[:, one] += p
        corner[:, other] += q
        around.append(np.ravel_multi_index(tuple(corner.T), corner_shape))
    a = first_centre + np.ravel_multi_index(tuple(low.T), centre_shape)
    b = first_centre + np.ravel_multi_index(tuple(high.T), centre_shape)
    found = [np.stack([a, b, around[t], around[(t + 1) % 4]], axis=1) for t in range(4)]
    return np.concatenate(found)


def _halved(points: Floats, tets: Ints) -> tuple[Floats, Ints]:
    """Tetrahedra across the third coordinate 0 cut there; their long edges lie across it."""
    height = points[:, 2]
    across = height[tets[:, 0]] * height[tets[:, 1]] < 0
    a, b, c, d = tets[across].T
    pairs, number = np.unique(np.stack([a, b], axis=1), axis=0, return_inverse=True)
    middle = len(points) + number.reshape(-1)
    halves = [np.stack([a, middle, c, d], axis=1), np.stack([middle, b, c, d], axis=1)]
    return np.vstack([points, points[pairs].mean(axis=1)]), np.vstack([tets[~across], *halves])
