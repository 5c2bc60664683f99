"""The wall of a vessel as hexahedra swept along it, built outwards from its lumen's contours."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from .elements import HEX20_PLACES
from .lumen import Lumen, lumen_of
from .mesh import Mesh, gate

__all__ = ["Wall", "wall_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_WORST = 0.1
"""Least volume at a point, over its element's mean, below which the lumen is smoothed further."""

_FARTHEST = 0.3
"""How far, in radii, the meshed lumen may lie from the contours (root mean square)."""


@dataclass(frozen=True, eq=False)
class Wall:
    """The wall of a vessel and how it follows from the contours.

    Faces ``inner``, ``outer`` and ``ends`` (f, k).  ``feet_mm`` (n, 3): where the lumen lies
    below each node, and ``middles_mm`` (n, 3) the middle of the lumen there.
    ``grid`` (stations, angles): nodes of the lumen, corners at even indices, -1 in the middle of
    faces; the parameters of the contour points in it are ``rows`` (n,) and ``columns`` (angles,).
    ``is_thrombus`` (m,): elements between lumen and wall, up to ``thrombus_max_mm`` thick.
    ``moved_max_mm`` and ``moved_rms_mm``: how far the meshed lumen lies from the contours given,
    but for ``strays`` of them that were left out as unlike their neighbours.
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
    is_thrombus: npt.NDArray[np.bool_]
    thrombus_max_mm: float
    moved_max_mm: float
    moved_rms_mm: float
    strays: int

    @property
    def end_nodes(self) -> npt.NDArray[np.integer]:
        """Numbers of the nodes on the two ends."""
        return np.unique(self.ends)

    def at_contours(self, values: Floats) -> Floats:
        """Nodal ``values`` (nodes, c) at the contour points (n, angles, c)."""
        places = np.stack(np.meshgrid(self.rows, self.columns, indexing="ij"))
        return _read(self.on_grid(values), places)

    def on_grid(self, values: Floats) -> Floats:
        """Nodal ``values`` (nodes, c) on the lumen's grid, the middles of faces too."""
        field = values[self.grid]
        low, high = field[:-1:2], field[2::2]
        corners = low[:, ::2] + np.roll(low, -2, axis=1)[:, ::2]
        corners = corners + high[:, ::2] + np.roll(high, -2, axis=1)[:, ::2]
        sides = low[:, 1::2] + high[:, 1::2]
        across = field[1::2, ::2]
        sides = sides + across + np.roll(across, -1, axis=1)
        field[1::2, 1::2] = sides / 2 - corners / 4
        return np.asarray(field)


def wall_of(
    contours_mm: Floats, thickness_mm: float, elements: int, *, thrombus_mm: Floats | None = None
) -> Wall:
    """Wall of ``thickness_mm`` around lumen contours (n, angles, 3), about ``elements`` hexahedra.

    The same angle index runs along the vessel; a contour does not repeat its first point.  The
    contours are smoothed along and around as little as a valid mesh allows, each part of the
    vessel by itself.  ``thrombus_mm`` (n, angles) lies between lumen and wall; where there is some
    the mesh has two layers and as many elements in each.  Raises GeometryError when even strong
    smoothing gives no mesh: contours that cross, or a bend tighter than the wall.
    """
    lumen = lumen_of(contours_mm, elements)
    thrombus = _on_lumen(thrombus_mm, lumen)
    lattice = _Lattice(2 if thrombus.any() else 1, lumen.stations, lumen.angles)
    # Where there is no thrombus the inner layer is half of the wall.
    border = np.maximum(thrombus, thickness_mm / 2) if thrombus.any() else None
    mesh = _unfolded(lumen, lattice, _depths(thrombus + thickness_mm, border))
    gate(mesh, "the vessel wall")
    contours = np.asarray(contours_mm, float)[lumen.kept]
    return _compared(_described(mesh, lumen, lattice, thrombus, thickness_mm), contours)


def _on_lumen(thrombus_mm: Floats | None, lumen: Lumen) -> Floats:
    """Thickness (stations, angles) on the lumen's grid of that at the points of the contours."""
    from scipy.ndimage import gaussian_filter

    grid = lumen.stations, lumen.angles
    if thrombus_mm is None or not (thrombus_mm > 0).any():
        return np.zeros(grid)
    order = np.argsort(lumen.columns)
    along = [np.interp(np.arange(grid[0]), lumen.rows, column) for column in thrombus_mm.T[order]]
    around = [
        np.interp(np.arange(grid[1]), lumen.columns[order], row, period=grid[1])
        for row in np.transpose(along)
    ]
    return np.asarray(gaussian_filter(np.array(around), 1.0, mode=("nearest", "wrap")))


def _depths(outer: Floats, border: Floats | None) -> Floats:
    """Depths (levels, stations, angles) of the nodes below the lumen."""
    if border is None:
        return np.stack([0 * outer, outer / 2, outer])
    return np.stack([0 * outer, border / 2, border, (border + outer) / 2, outer])


class _Lattice:
    """Which places (2 layers + 1, stations, angles) of a lattice are nodes, and of which elements.

    Corners have even indices, nodes in the middle of edges one odd index; other places are empty.
    """

    def __init__(self, layers: int, stations: int, angles: int) -> None:
        shape = (2 * layers + 1, stations, angles)
        self.is_node: npt.NDArray[np.bool_] = (np.indices(shape) % 2).sum(axis=0) <= 1
        self.number = np.full(shape, -1, np.int32)
        self.number[self.is_node] = np.arange(np.count_nonzero(self.is_node))
        corners = np.meshgrid(*(np.arange(0, n - 1, 2) for n in shape), indexing="ij")
        cell = np.stack(corners, axis=-1).reshape(-1, 1, 3)
        # An element's own coordinates run around, along and outwards.
        place = cell + HEX20_PLACES[:, ::-1].astype(int) + 1
        place[..., 2] %= angles
        self.cells = np.ascontiguousarray(self.number[tuple(np.moveaxis(place, -1, 0))])
        self.station = cell[:, 0, 1]


def _unfolded(lumen: Lumen, lattice: _Lattice, depths: Floats) -> Mesh:
    """A wall whose elements are sound, smoothed where they would not be."""
    degree = np.zeros(lumen.stations)
    most = len(lumen.degrees) - 1.0
    for _ in range(4 * len(lumen.degrees)):
        inner = lumen.smoothed(degree)
        mesh = Mesh(_thickened(inner, depths)[lattice.is_node], lattice.cells)
        volumes = mesh.point_volumes_mm3 / mesh.element.weights
        bad = volumes.min(axis=1) < _WORST * np.abs(volumes).mean(axis=1)
        if not bad.any():
            return mesh
        rough = np.unique(lattice.station[bad][:, None] + np.arange(3))
        if (degree[rough] >= most).all():
            break
        degree[rough] = np.minimum(degree[rough] + 0.5, most)
    x, y, z = inner[int(np.median(lattice.station[bad]))].mean(axis=0)
    raise GeometryError(
        "The wall folds where its contours cross or it bends more tightly than it is wide; smooth "
        "the lumen, shorten the part to be computed, or make the wall thinner.",
        point_lps=(float(x), float(y), float(z)),
    )


def _thickened(inner: Floats, depths: Floats) -> Floats:
    """Points (levels, stations, angles, 3) at depths below the lumen, level by level outwards."""
    from scipy.ndimage import gaussian_filter1d

    around = np.roll(inner, -1, axis=1) - np.roll(inner, 1, axis=1)
    normals = np.cross(around, np.gradient(inner, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    normals = gaussian_filter1d(normals, 1.4, axis=1, mode="wrap")
    normals = gaussian_filter1d(normals, 1.4, axis=0, mode="nearest")
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    return np.asarray(inner + depths[..., None] * normals)


def _described(
    mesh: Mesh, lumen: Lumen, lattice: _Lattice, thrombus: Floats, thickness_mm: float
) -> Wall:
    beside = thrombus[1::2, 1::2].ravel() > thickness_mm / 2
    within = np.zeros(len(mesh.cells), bool)
    within[: len(beside)] = beside
    level, station, _ = np.nonzero(lattice.is_node)
    faces = mesh.surface
    at_end = [(station[faces] == end).all(axis=1) for end in (0, lumen.stations - 1)]
    inner = np.zeros((*lattice.number.shape[1:], 3))
    inner[lattice.is_node[0]] = mesh.nodes_mm[lattice.number[0][lattice.is_node[0]]]
    rings = inner[:, ::2].mean(axis=1)
    return Wall(
        mesh=mesh,
        inner=faces[(level[faces] == 0).all(axis=1)],
        outer=faces[(level[faces] == level.max()).all(axis=1)],
        ends=faces[np.logical_or(*at_end)],
        feet_mm=np.broadcast_to(inner, (*lattice.is_node.shape, 3))[lattice.is_node],
        middles_mm=rings[station],
        grid=lattice.number[0],
        rows=lumen.rows,
        columns=lumen.columns,
        is_thrombus=within,
        thrombus_max_mm=float(thrombus.max()),
        moved_max_mm=0.0,
        moved_rms_mm=0.0,
        strays=int((~lumen.kept).sum()),
    )


def _compared(wall: Wall, contours: Floats) -> Wall:
    """The wall with how far its lumen lies from the contours; GeometryError when too far."""
    from scipy.spatial import cKDTree

    field = wall.on_grid(wall.mesh.nodes_mm)
    along, around = np.arange(0, len(field) - 0.9, 0.25), np.arange(0, field.shape[1], 0.25)
    samples = _read(field, np.stack(np.meshgrid(along, around, indexing="ij")))
    normals = np.cross(np.roll(samples, -1, axis=1) - samples, np.gradient(samples, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    spacing = float(np.linalg.norm(np.diff(samples, axis=0), axis=2).max())
    flat = contours.reshape(-1, 3)
    far, nearest = cKDTree(samples.reshape(-1, 3)).query(flat)
    offset = flat - samples.reshape(-1, 3)[nearest]
    height = np.abs(np.einsum("ij,ij->i", offset, normals.reshape(-1, 3)[nearest]))
    moved = np.where(far > spacing, far, height)
    usual = float(np.sqrt((moved**2).mean()))
    radius = float(np.linalg.norm(contours - contours.mean(axis=1, keepdims=True), axis=2).mean())
    if usual > _FARTHEST * radius:
        raise GeometryError(
            f"The contours of the vessel lie {usual:.1f} mm from the smooth lumen that can be "
            f"meshed, at a radius of {radius:.1f} mm; smooth the lumen or correct its segmentation."
        )
    return replace(wall, moved_max_mm=float(moved.max()), moved_rms_mm=usual)


def _read(field: Floats, places: Floats) -> Floats:
    """A field (stations, angles, c) around the vessel at places (2, ...) of its grid."""
    from scipy.ndimage import map_coordinates

    closed = np.concatenate([field, field[:, :1]], axis=1)
    parts = [
        map_coordinates(closed[..., c], places, order=1, mode="nearest")
        for c in range(field.shape[2])
    ]
    return np.stack(parts, axis=-1)
