"""The wall of a vessel as tetrahedra, built outwards from the contours of its lumen."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from .lumen import Lumen, lumen_of
from .mesh import EDGES, Mesh, gate, promoted, scaled_jacobian

__all__ = ["Wall", "wall_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_WORST = 0.05
"""Scaled Jacobian below which the lumen is smoothed further."""

_FARTHEST = 0.3
"""How far, in radii, the meshed lumen may lie from the contours (root mean square)."""


@dataclass(frozen=True, eq=False)
class Wall:
    """The wall of a vessel and how it follows from the contours.

    Faces ``inner``, ``outer`` and ``ends`` (f, k).  ``feet_mm`` (n, 3): where the lumen lies
    below each node, and ``middles_mm`` (n, 3) the middle of the lumen there.
    ``grid`` (2 s - 1, 2 a): inner nodes, corners at even indices; the parameters of the contour
    points in it are ``rows`` (n,) and ``columns`` (angles,).  ``moved_max_mm`` and
    ``moved_rms_mm``: how far the meshed lumen lies from the contours given, but for ``strays`` of
    them that were left out as unlike their neighbours.
    """

    mesh: Mesh
    inner: Ints
    outer: Ints
    ends: Ints
    feet_mm: Floats
    middles_mm: Floats
    grid: Ints
    rows: Floats
    columns: Floats
    moved_max_mm: float
    moved_rms_mm: float
    strays: int

    @property
    def end_nodes(self) -> Ints:
        """Numbers of the nodes on the two ends."""
        return np.unique(self.ends)

    def at_contours(self, values: Floats) -> Floats:
        """Nodal ``values`` (nodes, c) at the contour points (n, angles, c)."""
        from scipy.ndimage import map_coordinates

        field = values[self.grid]
        field = np.concatenate([field, field[:, :1]], axis=1)
        places = np.stack(np.meshgrid(self.rows, self.columns, indexing="ij"))
        parts = [
            map_coordinates(field[..., c], places, order=1, mode="nearest")
            for c in range(values.shape[1])
        ]
        return np.stack(parts, axis=-1)


def wall_of(contours_mm: Floats, thickness_mm: float, elements: int, *, layers: int = 1) -> Wall:
    """Wall of ``thickness_mm`` around lumen contours (n, angles, 3), about ``elements`` tetrahedra.

    The same angle index runs along the vessel; a contour does not repeat its first point.  The
    contours are smoothed along and around as little as a valid mesh allows, each part of the
    vessel by itself.  Raises GeometryError when even strong smoothing gives none: contours that
    cross, or a bend tighter than the wall.
    """
    lumen = lumen_of(contours_mm, elements, layers)
    tets = _hexes_as_tets(lumen.stations, lumen.angles, layers)
    points = _unfolded(lumen, tets, thickness_mm, layers)
    mesh = promoted(points, tets)
    gate(mesh, "the vessel wall")
    contours = np.asarray(contours_mm, float)[lumen.kept]
    return _compared(_described(mesh, lumen, layers), contours)


def _unfolded(
    lumen: Lumen, tets: npt.NDArray[np.int64], thickness_mm: float, layers: int
) -> Floats:
    """Corner points of a wall whose elements are sound, smoothed where they would not be."""
    degree = np.zeros(lumen.stations)
    most = len(lumen.degrees) - 1.0
    for _ in range(4 * len(lumen.degrees)):
        points = _thickened(lumen.smoothed(degree), thickness_mm, layers)
        bad = tets[scaled_jacobian(points, tets) < _WORST]
        if not len(bad):
            return points
        rough = np.unique(bad // lumen.angles % lumen.stations)
        if (degree[rough] >= most).all():
            break
        degree[rough] = np.minimum(degree[rough] + 0.5, most)
    x, y, z = points[tets[bad]].reshape(-1, 3).mean(axis=0).tolist()
    raise GeometryError(
        f"The vessel wall of {thickness_mm:g} mm folds onto itself: its contours cross or it bends "
        f"more tightly than it is wide. Smooth the lumen, shorten the part to be computed, or make "
        f"the wall thinner.",
        point_lps=(x, y, z),
    )


def _thickened(inner: Floats, thickness_mm: float, layers: int) -> Floats:
    """Corner points ((layers + 1) * stations * angles, 3), layer by layer outwards."""
    from scipy.ndimage import gaussian_filter1d

    around = np.roll(inner, -1, axis=1) - np.roll(inner, 1, axis=1)
    normals = np.cross(around, np.gradient(inner, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    normals = gaussian_filter1d(normals, 0.7, axis=1, mode="wrap")
    normals = gaussian_filter1d(normals, 0.7, axis=0, mode="nearest")
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    levels = np.linspace(0, thickness_mm, layers + 1)
    return np.concatenate([(inner + level * normals).reshape(-1, 3) for level in levels])


def _hexes_as_tets(stations: int, angles: int, layers: int) -> npt.NDArray[np.int64]:
    """Six tetrahedra in each cell (layer, angle, station), matching across the closing angle."""
    from itertools import permutations

    layer, station, angle = (
        axis.ravel()
        for axis in np.meshgrid(
            np.arange(layers), np.arange(stations - 1), np.arange(angles), indexing="ij"
        )
    )

    def node(step: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        row = (layer + step[0]) * stations + station + step[2]
        return np.asarray(row * angles + (angle + step[1]) % angles)

    found = []
    for path in permutations(range(3)):
        steps = [np.zeros(3, np.int64)]
        for axis in path:
            steps.append(steps[-1] + np.eye(3, dtype=np.int64)[axis])
        if np.linalg.det(np.array(steps[1:], float)) < 0:
            steps[1], steps[2] = steps[2], steps[1]
        found.append(np.stack([node(step) for step in steps], axis=1))
    return np.concatenate(found)


def _described(mesh: Mesh, lumen: Lumen, layers: int) -> Wall:
    stations, angles = lumen.stations, lumen.angles
    corners = np.arange(len(mesh.corner_nodes)).reshape(layers + 1, stations, angles)
    faces = mesh.surface[:, :3]
    layer, station = faces // (stations * angles), faces // angles % stations
    at_end = [(station == end).all(axis=1) for end in (0, stations - 1)]
    rings = mesh.nodes_mm[corners[0]].mean(axis=1)
    beside = np.tile(np.repeat(rings, angles, axis=0), (layers + 1, 1))
    below = np.tile(mesh.nodes_mm[corners[0].ravel()], (layers + 1, 1))
    return Wall(
        mesh=mesh,
        inner=mesh.surface[(layer == 0).all(axis=1)],
        outer=mesh.surface[(layer == layers).all(axis=1)],
        ends=mesh.surface[np.logical_or(*at_end)],
        feet_mm=below[mesh.parents].mean(axis=1),
        middles_mm=beside[mesh.parents].mean(axis=1),
        grid=_refined_grid(mesh, corners[0]),
        rows=2 * lumen.rows,
        columns=2 * lumen.columns,
        moved_max_mm=0.0,
        moved_rms_mm=0.0,
        strays=int((~lumen.kept).sum()),
    )


def _compared(wall: Wall, contours: Floats) -> Wall:
    """The wall with how far its lumen lies from the contours; GeometryError when too far."""
    from scipy.spatial import cKDTree

    faces = wall.inner
    normals = wall.mesh.face_normals(faces)
    corners = wall.mesh.nodes_mm[faces[:, :3]]
    weights = np.array([(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)]) / 6
    samples = np.einsum("wc,fci->fwi", weights, corners)
    spacing = float(np.sqrt(wall.mesh.face_areas_mm2(faces).max()) / 3)
    flat = contours.reshape(-1, 3)
    far, nearest = cKDTree(samples.reshape(-1, 3)).query(flat)
    offset = flat - samples.reshape(-1, 3)[nearest]
    height = np.abs(np.einsum("ij,ij->i", offset, normals[nearest // len(weights)]))
    moved = np.where(far > spacing, far, height)
    usual = float(np.sqrt((moved**2).mean()))
    radius = float(np.linalg.norm(contours - contours.mean(axis=1, keepdims=True), axis=2).mean())
    if usual > _FARTHEST * radius:
        raise GeometryError(
            f"The contours of the vessel lie {usual:.1f} mm from the smooth lumen that can be "
            f"meshed, at a radius of {radius:.1f} mm; smooth the lumen or correct its segmentation."
        )
    return replace(wall, moved_max_mm=float(moved.max()), moved_rms_mm=usual)


def _refined_grid(mesh: Mesh, corners: npt.NDArray[np.int64]) -> Ints:
    """Inner nodes (2 s - 1, 2 a) in order, those in the middle of edges and diagonals included."""
    count = len(mesh.corner_nodes)
    ends = np.sort(mesh.cells[:, EDGES].reshape(-1, 2), axis=1).astype(np.int64)
    keys, first = np.unique(ends[:, 0] * count + ends[:, 1], return_index=True)
    middles = mesh.cells[:, 4:].ravel()[first]

    def between(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Ints:
        wanted = np.minimum(a, b) * count + np.maximum(a, b)
        return np.asarray(middles[np.searchsorted(keys, wanted)])

    stations, angles = corners.shape
    onward = np.roll(corners, -1, axis=1)
    grid = np.empty((2 * stations - 1, 2 * angles), np.int32)
    grid[::2, ::2] = corners
    grid[::2, 1::2] = between(corners, onward)
    grid[1::2, ::2] = between(corners[:-1], corners[1:])
    grid[1::2, 1::2] = between(corners[:-1], onward[1:])
    return grid
