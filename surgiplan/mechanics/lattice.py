"""Tetrahedra of an organ from its signed distance, by isosurface stuffing.

Labelle and Shewchuk, ACM Trans. Graph. 26(3):57 (2007): a body-centred cubic lattice whose
vertices near the surface are moved onto it, and whose tetrahedra are cut there by stencils.
Cuts of quadrilaterals are split from the deeper lattice vertex instead of by parity, so the
dihedral angles of the paper are not guaranteed; the quality gate of the mesh stands in for them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.jobs_report import Report, silent

from .cubic import CutPlane, Lattice, lattice
from .fitting import Body, fitted, inside_mm3
from .mesh import EDGES, Mesh, gate, promoted
from .stencils import Cuts, cut_cells

__all__ = ["Distance", "sampled_distance", "stuffed"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Distance = Callable[[Floats], Floats]
"""Signed distance of points (n, 3) LPS [mm] to a surface, negative inside."""

# How near, in edge lengths, a cut may be to a vertex before that vertex moves onto it.
_NEAR_LONG, _NEAR_SHORT = 0.24999, 0.41189


def stuffed(
    distance: Distance,
    bounds_mm: npt.ArrayLike,
    edge_mm: float,
    *,
    plane: CutPlane | None = None,
    volumes_mm3: Sequence[float] = (),
    what: str = "the organ",
    report: Report = silent,
) -> Mesh:
    """Mesh of the inside of ``distance`` within ``bounds_mm`` (2, 3), lowest and highest corner.

    ``edge_mm`` is the spacing of the lattice; about 12 / edge^3 tetrahedra fill a volume.  A
    ``plane`` becomes a sheet of faces right through the mesh, with a sharp rim; ``Mesh.part`` then
    parts it.  The volume, or those behind and before the plane, are ``volumes_mm3`` where they are
    known, else what is inside ``distance``.  Only the largest connected piece is kept.  Raises
    GeometryError when nothing is inside, or when the shape is too thin for the lattice.
    """
    bounds = np.asarray(bounds_mm, float)
    report(0.0, f"Laying a lattice through {what}")
    laid = lattice(bounds, edge_mm, plane)
    value = np.asarray(distance(laid.points), float)
    value[np.abs(value) < 1e-9 * edge_mm] = 0.0
    tets = laid.tets[(value[laid.tets] < 0).any(axis=1)]
    if not len(tets):
        raise GeometryError(f"Nothing of {what} lies within its bounds; choose another structure.")
    report(0.3, f"Fitting the lattice to {what}")
    laid = Lattice(laid.points, tets, laid.on_plane)
    points, sign, edges, cuts = _moved(laid, value, distance, edge_mm)
    report(0.6, f"Cutting the lattice along {what}")
    cells = cut_cells(tets, sign, Cuts(points, value, edges, cuts))
    every = np.vstack([points, cuts])
    on_plane = np.concatenate([laid.on_plane, laid.on_plane[edges].all(axis=1)])
    if not len(cells):
        raise GeometryError(
            f"All of {what} is thinner than elements of {edge_mm:.1f} mm; use more of them."
        )
    cells = _largest_piece(_oriented(every, cells))
    report(0.8, f"Fitting the surface of {what}")
    used, numbers = np.unique(cells, return_inverse=True)
    body = Body(every[used], numbers.reshape(-1, 4), on_plane[used], plane)
    targets = volumes_mm3 or inside_mm3(distance, bounds, edge_mm, plane)
    mesh = promoted(fitted(body, distance, targets, edge_mm), body.cells)
    gate(mesh, what)
    return mesh


def sampled_distance(values: Floats, affine: Floats) -> Distance:
    """Signed distance interpolated from samples (k, j, i) that ``affine`` (4, 4) places [mm].

    Outside the samples the distance to their box is added, so that nothing is inside there.
    """
    from scipy.ndimage import map_coordinates

    inverse = np.linalg.inv(affine)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    last = np.array(values.shape) - 1.0

    def distance(points: Floats) -> Floats:
        index = points @ inverse[:3, :3].T + inverse[:3, 3]
        inside = np.clip(index, 0, last)
        outside = np.linalg.norm((index - inside) * spacing, axis=1)
        near: Floats = map_coordinates(values, inside.T, order=1, mode="nearest")
        return np.where(outside > 0, np.maximum(near, 0) + outside, near)

    return distance


def _moved(
    laid: Lattice, value: Floats, distance: Distance, edge_mm: float
) -> tuple[Floats, Ints, Ints, Floats]:
    """Points with those near the surface moved onto it, signs, and cut edges with their cuts."""
    edges = np.unique(np.sort(laid.tets[:, EDGES].reshape(-1, 2), axis=1), axis=0)
    edges = edges[value[edges[:, 0]] * value[edges[:, 1]] < 0]
    share = _crossing(laid.points, value, edges, distance)
    start, end = laid.points[edges[:, 0]], laid.points[edges[:, 1]]
    cuts = start + share[:, None] * (end - start)
    length = np.linalg.norm(end - start, axis=1)
    near = np.where(length > 0.95 * edge_mm, _NEAR_LONG, _NEAR_SHORT)
    sign = np.sign(value).astype(np.int64)
    points = laid.points.copy()
    along = np.asarray(laid.on_plane[edges].all(axis=1))
    for vertex, cut in _moves(edges, share, near, length):
        sign[vertex] = 0
        # What lies on the plane stays on it; fitting the surface moves it the rest of the way.
        if along[cut] or not laid.on_plane[vertex]:
            points[vertex] = cuts[cut]
    open_edge = sign[edges[:, 0]] * sign[edges[:, 1]] < 0
    return points, sign, edges[open_edge], cuts[open_edge]


def _moves(edges: Ints, share: Floats, near: Floats, length: Floats) -> list[tuple[int, int]]:
    """Which vertices move onto which cut, in the order of the vertices: the nearest cut wins.

    A vertex that moved takes the cuts of its edges with it, so later ones see fewer.
    """
    wishes: dict[int, list[tuple[float, int, int]]] = {}
    for side, part in ((0, share), (1, 1 - share)):
        for cut in np.flatnonzero(part < near):
            wish = (float(part[cut] * length[cut]), int(cut), int(edges[cut, 1 - side]))
            wishes.setdefault(int(edges[cut, side]), []).append(wish)
    moved: dict[int, int] = {}
    for vertex in sorted(wishes):
        left = [wish for wish in wishes[vertex] if wish[2] not in moved]
        if left:
            moved[vertex] = min(left)[1]
    return list(moved.items())


def _crossing(points: Floats, value: Floats, edges: Ints, distance: Distance) -> Floats:
    """Where along each edge (0..1) the distance is zero: bisection by the Illinois rule."""
    a, b = np.zeros(len(edges)), np.ones(len(edges))
    fa, fb = value[edges[:, 0]].copy(), value[edges[:, 1]].copy()
    start, way = points[edges[:, 0]], points[edges[:, 1]] - points[edges[:, 0]]
    for _ in range(4):
        middle = (a * fb - b * fa) / (fb - fa)
        fm = np.asarray(distance(start + middle[:, None] * way), float)
        same = np.sign(fm) == np.sign(fa)
        a, fa, fb_next = np.where(same, middle, a), np.where(same, fm, fa / 2), fb
        b = np.where(same, b, middle)
        fb = np.where(same, fb_next / 2, fm)
        settled = fm == 0
        fa, fb = np.where(settled, -1e-30, fa), np.where(settled, 1e-30, fb)
        a, b = np.where(settled, middle, a), np.where(settled, middle, b)
    crossing: Floats = np.clip((a * fb - b * fa) / (fb - fa), 1e-6, 1 - 1e-6)
    return crossing


def _oriented(points: Floats, tets: Ints) -> Ints:
    corners = points[tets]
    inverted = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
    tets = tets.copy()
    tets[inverted] = tets[inverted][:, [0, 2, 1, 3]]
    return tets


def _largest_piece(tets: Ints) -> Ints:
    """The tetrahedra of the largest piece that hangs together by faces."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    faces = np.sort(tets[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3), axis=1)
    owner = np.repeat(np.arange(len(tets)), 4)
    order = np.lexsort(faces.T)
    faces, owner = faces[order], owner[order]
    shared = (faces[1:] == faces[:-1]).all(axis=1)
    links = (np.ones(shared.sum()), (owner[:-1][shared], owner[1:][shared]))
    _, piece = connected_components(coo_array(links, shape=(len(tets), len(tets))), directed=False)
    return np.asarray(tets[piece == np.argmax(np.bincount(piece))])
