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

from .mesh import EDGES, Mesh, gate, promoted

__all__ = ["Distance", "sampled_distance", "stuffed"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Distance = Callable[[Floats], Floats]
"""Signed distance of points (n, 3) LPS [mm] to a surface, negative inside."""

# How near, in edge lengths, a cut may be to a vertex before that vertex moves onto it.
_NEAR_LONG, _NEAR_SHORT = 0.24999, 0.41189
# How far, in edge lengths, a surface point may move at a time to balance the volume.
_FARTHEST = 0.05


def stuffed(
    distance: Distance,
    bounds_mm: npt.ArrayLike,
    edge_mm: float,
    *,
    what: str = "the organ",
    report: Report = silent,
) -> Mesh:
    """Mesh of the inside of ``distance`` within ``bounds_mm`` (2, 3), lowest and highest corner.

    ``edge_mm`` is the spacing of the lattice; about 12 / edge^3 tetrahedra fill a volume.  Only
    the largest connected piece is kept.  Raises GeometryError when nothing is inside, or when the
    shape is too thin for the lattice.
    """
    report(0.0, f"Laying a lattice through {what}")
    points, tets = _lattice(np.asarray(bounds_mm, float), edge_mm)
    value = np.asarray(distance(points), float)
    value[np.abs(value) < 1e-9 * edge_mm] = 0.0
    tets = tets[(value[tets] < 0).any(axis=1)]
    if not len(tets):
        raise GeometryError(f"Nothing of {what} lies within its bounds; choose another structure.")
    report(0.3, f"Fitting the lattice to {what}")
    points, sign, edges, cuts = _fitted(points, value, tets, distance, edge_mm)
    report(0.6, f"Cutting the lattice along {what}")
    cells = _cut_cells(tets, sign, _Cuts(points, value, edges, cuts))
    every = np.vstack([points, cuts])
    cells = _oriented(every, cells)
    report(0.8, f"Numbering the elements of {what}")
    corners, cells = _compact(every, _largest_piece(cells))
    mesh = promoted(_balanced(corners, cells, distance, edge_mm), cells)
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


class _Cuts:
    """Numbers of the cut points, and the order in which lattice vertices split a quadrilateral."""

    def __init__(self, points: Floats, value: Floats, edges: Ints, cuts: Floats) -> None:
        self.points = np.vstack([points, cuts])
        self._base = len(points)
        self._keys = edges[:, 0] * self._base + edges[:, 1]
        self.rank = np.empty(self._base, np.int64)
        self.rank[np.lexsort((np.arange(self._base), value))] = np.arange(self._base)

    def between(self, a: Ints, b: Ints) -> Ints:
        key = np.minimum(a, b) * self._base + np.maximum(a, b)
        return self._base + np.searchsorted(self._keys, key)


def _lattice(bounds: Floats, edge: float) -> tuple[Floats, Ints]:
    """Points and tetrahedra of a body-centred cubic lattice that covers ``bounds`` amply."""
    cells = np.ceil((bounds[1] - bounds[0]) / edge).astype(int) + 3
    origin = bounds.mean(axis=0) - cells * edge / 2
    corner_shape, centre_shape = tuple(cells + 1), tuple(cells)
    corner_grid = np.indices(corner_shape).reshape(3, -1).T
    centre_grid = np.indices(centre_shape).reshape(3, -1).T
    points = origin + edge * np.vstack([corner_grid, centre_grid + 0.5])
    first_centre = len(corner_grid)
    found = []
    for axis in range(3):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        low = centre_grid[centre_grid[:, axis] < cells[axis] - 1]
        high = low + np.eye(3, dtype=int)[axis]
        ring = [high.copy() for _ in range(4)]
        for turn, (p, q) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
            ring[turn][:, one] += p
            ring[turn][:, other] += q
        a = first_centre + np.ravel_multi_index(tuple(low.T), centre_shape)
        b = first_centre + np.ravel_multi_index(tuple(high.T), centre_shape)
        around = [np.ravel_multi_index(tuple(r.T), corner_shape) for r in ring]
        found += [np.stack([a, b, around[t], around[(t + 1) % 4]], axis=1) for t in range(4)]
    return points, np.concatenate(found)


def _fitted(
    points: Floats, value: Floats, tets: Ints, distance: Distance, edge_mm: float
) -> tuple[Floats, Ints, Ints, Floats]:
    """Points with those near the surface moved onto it, signs, and cut edges with their cuts."""
    edges = np.unique(np.sort(tets[:, EDGES].reshape(-1, 2), axis=1), axis=0)
    edges = edges[value[edges[:, 0]] * value[edges[:, 1]] < 0]
    share = _crossing(points, value, edges, distance)
    start, end = points[edges[:, 0]], points[edges[:, 1]]
    cuts = start + share[:, None] * (end - start)
    length = np.linalg.norm(end - start, axis=1)
    near = np.where(length > 0.95 * edge_mm, _NEAR_LONG, _NEAR_SHORT)
    sign = np.sign(value).astype(np.int64)
    points = points.copy()
    for vertex, cut in _moves(edges, share, near, length):
        sign[vertex] = 0
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


def _cut_cells(tets: Ints, sign: Ints, cuts: _Cuts) -> Ints:
    """What of each lattice tetrahedron lies inside, as tetrahedra of lattice and cut points."""
    order = np.lexsort((cuts.rank[tets], sign[tets]), axis=1)
    sorted_tets = np.take_along_axis(tets, order, axis=1)
    signs = sign[sorted_tets]
    inside, outside = (signs < 0).sum(axis=1), (signs > 0).sum(axis=1)
    parts = [sorted_tets[(inside > 0) & (outside == 0)]]
    for count in (1, 2, 3):
        one = sorted_tets[(inside == 1) & (outside == count)].copy()
        for column in range(4 - count, 4):
            one[:, column] = cuts.between(one[:, 0], one[:, column])
        parts.append(one)
    parts.append(_pyramids(sorted_tets[(inside == 2) & (outside == 1)], cuts))
    parts.append(_wedges(sorted_tets[(inside == 2) & (outside == 2)], cuts))
    parts.append(_prisms(sorted_tets[(inside == 3) & (outside == 1)], cuts))
    return np.concatenate(parts)


def _pyramids(tets: Ints, cuts: _Cuts) -> Ints:
    n1, n2, zero, out = tets.T
    c1, c2 = cuts.between(n1, out), cuts.between(n2, out)
    return _stacked((n1, n2, c2, zero), (n1, c1, c2, zero))


def _wedges(tets: Ints, cuts: _Cuts) -> Ints:
    n1, n2, p, q = tets.T
    p1, p2, q1, q2 = (cuts.between(n, out) for out in (p, q) for n in (n1, n2))
    at = cuts.points
    swap = np.linalg.norm(at[q1] - at[p2], axis=1) < np.linalg.norm(at[p1] - at[q2], axis=1)
    p1, q1 = np.where(swap, q1, p1), np.where(swap, p1, q1)
    p2, q2 = np.where(swap, q2, p2), np.where(swap, p2, q2)
    return _stacked((n1, n2, p2, q2), (n1, p1, q1, q2), (n1, p1, q2, p2))


def _prisms(tets: Ints, cuts: _Cuts) -> Ints:
    n1, n2, n3, out = tets.T
    c1, c2, c3 = (cuts.between(n, out) for n in (n1, n2, n3))
    return _stacked((n1, n2, n3, c3), (n1, n2, c2, c3), (n1, c1, c2, c3))


def _stacked(*tets: Sequence[Ints]) -> Ints:
    return np.concatenate([np.stack(list(tet), axis=1) for tet in tets])


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


def _balanced(corners: Floats, cells: Ints, distance: Distance, edge_mm: float) -> Floats:
    """Corners with those of the surface moved so that its facets lie half in, half out.

    Facets between points of a convex surface lie within it and lose volume, most along a cut edge.
    """
    mesh = promoted(corners, cells)
    faces = mesh.surface
    moved = corners.copy()
    far = _FARTHEST * edge_mm
    for _ in range(3):
        a, b, c = (moved[faces[:, i]] for i in range(3))
        middles = np.concatenate([(a + b) / 2, (b + c) / 2, (c + a) / 2])
        height = np.asarray(distance(middles), float).reshape(3, -1).mean(axis=0)
        vectors = np.cross(b - a, c - a)
        areas = np.linalg.norm(vectors, axis=1)
        step, total, normal = np.zeros(len(corners)), np.zeros(len(corners)), np.zeros_like(corners)
        for i in range(3):
            np.add.at(step, faces[:, i], -areas * height)
            np.add.at(total, faces[:, i], areas)
            np.add.at(normal, faces[:, i], vectors)
        touched = total > 0
        normal[touched] /= np.linalg.norm(normal[touched], axis=1)[:, None]
        step[touched] /= total[touched]
        moved += np.clip(step, -far, far)[:, None] * normal
    return moved


def _compact(points: Floats, tets: Ints) -> tuple[Floats, Ints]:
    used, numbers = np.unique(tets, return_inverse=True)
    return points[used], numbers.reshape(-1, 4)
