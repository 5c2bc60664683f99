"""The element shapes: nodes, edges, faces, and the rules that integrate over them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

__all__ = ["HEX20", "HEX20_PLACES", "TET4", "TET10", "Element", "Face", "element_with"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_A, _B = 0.5854101966249685, 0.1381966011250105

# Degree 4 rule of six points on a triangle (Dunavant, Int. J. Numer. Meth. Eng. 21:1129, 1985).
_T1, _W1 = 0.445948490915965, 0.223381589678011
_T2, _W2 = 0.091576213509771, 0.109951743655322
_TRIANGLE = np.array([np.roll([1 - 2 * t, t, t], k) for t in (_T1, _T2) for k in range(3)])
_TRIANGLE_WEIGHTS = np.array([_W1, _W1, _W1, _W2, _W2, _W2]) / 2

_LINE, _LINE_WEIGHTS = np.polynomial.legendre.leggauss(3)

_HEX_CORNERS = np.array(
    [(-1, -1, -1), (1, -1, -1), (1, 1, -1), (-1, 1, -1)]
    + [(-1, -1, 1), (1, -1, 1), (1, 1, 1), (-1, 1, 1)],
    float,
)
_HEX_EDGES = np.array(
    [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]
)
HEX20_PLACES = np.vstack([_HEX_CORNERS, _HEX_CORNERS[_HEX_EDGES].mean(axis=1)])
"""Where the nodes (20, 3) of a hexahedron lie in its own coordinates, -1 to 1."""

_QUAD_CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
_QUAD_EDGES = np.array([(0, 1), (1, 2), (2, 3), (3, 0)])


@dataclass(frozen=True, eq=False)
class Face:
    """Shape functions (q, k), their slopes (q, k, 2) and weights (q,) on a face's own plane.

    ``corners`` is how many of the k nodes are corners; ``triangles`` cover the face for drawing.
    """

    corners: int
    shapes: Floats
    slopes: Floats
    weights: Floats
    triangles: Ints


@dataclass(frozen=True, eq=False)
class Element:
    """An element: nodes 0 to ``corners`` - 1 are corners, the others halve ``edges`` in order.

    ``faces`` (f, k): nodes of each face, counter-clockwise seen from outside, corners first.
    ``shapes`` (q, n) and ``slopes`` (q, n, 3): shape functions and their slopes along the element's
    own coordinates at the quadrature points, ``weights`` (q,).
    """

    name: str
    corners: int
    edges: Ints
    faces: Ints
    face: Face
    shapes: Floats
    slopes: Floats
    weights: Floats

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return int(self.shapes.shape[1])

    @cached_property
    def to_corners(self) -> Floats:
        """Corner values (corners, q) of the field, linear along each edge, that fits the points."""
        return np.asarray(np.linalg.pinv(self.corner_shapes))

    @cached_property
    def corner_shapes(self) -> Floats:
        """Shape functions (q, corners) of the linear element at the quadrature points."""
        halves = np.zeros((self.nodes, self.corners))
        halves[np.arange(self.corners), np.arange(self.corners)] = 1.0
        for node, (a, b) in enumerate(self.edges[: self.nodes - self.corners], self.corners):
            halves[node, [a, b]] = 0.5
        return np.asarray(self.shapes @ halves)


def element_with(nodes: int) -> Element:
    """The element of 4, 10 or 20 nodes; ValueError for another number."""
    for element in (TET4, TET10, HEX20):
        if element.nodes == nodes:
            return element
    raise ValueError(f"there is no element of {nodes} nodes; give 4, 10 or 20 columns")


def _barycentric(count: int) -> tuple[Floats, Floats]:
    """Barycentric coordinates (q, 4) and weights of rules with ``count`` points."""
    if count == 1:
        return np.full((1, 4), 0.25), np.array([1 / 6])
    return np.full((4, 4), _B) + (_A - _B) * np.eye(4), np.full(4, 1 / 24)


def _simplex(L: Floats, edges: Ints, *, quadratic: bool) -> tuple[Floats, Floats]:
    """Shape functions (q, n) and slopes (q, n, dim) along all barycentric axes but the first."""
    corners = L.shape[1]
    dL = np.vstack([-np.ones(corners - 1), np.eye(corners - 1)])
    if not quadratic:
        return L, np.broadcast_to(dL, (len(L), *dL.shape)).copy()
    p, q = edges.T
    values = np.hstack([L * (2 * L - 1), 4 * L[:, p] * L[:, q]])
    vertex = (4 * L - 1)[..., None] * dL
    edge = 4 * (L[:, p, None] * dL[q] + L[:, q, None] * dL[p])
    return values, np.concatenate([vertex, edge], axis=1)


def _serendipity(at: Floats, corners: Floats, edges: Ints) -> tuple[Floats, Floats]:
    """Shape functions (q, n) and slopes (q, n, dim) of quadrilaterals and hexahedra."""
    dim = corners.shape[1]
    places = np.vstack([corners, corners[edges].mean(axis=1)])
    values, slopes = [], []
    for place in places:
        factors = np.where(place == 0, 1 - at**2, 1 + at * place)
        steps = np.where(place == 0, -2 * at, np.broadcast_to(place, at.shape))
        scale = 1 / 2 ** np.count_nonzero(place)
        whole = factors.prod(axis=1) * scale
        others = [np.delete(factors, i, axis=1).prod(axis=1) for i in range(dim)]
        slope = np.stack([steps[:, i] * others[i] * scale for i in range(dim)], axis=1)
        if np.count_nonzero(place) == dim:
            extra = at @ place - (dim - 1)
            slope = slope * extra[:, None] + whole[:, None] * place
            whole = whole * extra
        values.append(whole)
        slopes.append(slope)
    return np.stack(values, axis=1), np.stack(slopes, axis=1)


def _gauss(dim: int) -> tuple[Floats, Floats]:
    at = np.array(list(product(_LINE, repeat=dim)))
    return at, np.array(list(product(_LINE_WEIGHTS, repeat=dim))).prod(axis=1)


def _triangle(*, quadratic: bool) -> Face:
    sides = np.array([[0, 1], [1, 2], [2, 0]])
    shapes, slopes = _simplex(_TRIANGLE, sides, quadratic=quadratic)
    parts = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]] if quadratic else [[0, 1, 2]]
    return Face(3, shapes, slopes, _TRIANGLE_WEIGHTS, np.array(parts))


def _quadrilateral() -> Face:
    at, weights = _gauss(2)
    shapes, slopes = _serendipity(at, _QUAD_CORNERS, _QUAD_EDGES)
    parts = np.array([[0, 4, 7], [4, 1, 5], [5, 2, 6], [6, 3, 7], [4, 5, 6], [4, 6, 7]])
    return Face(4, shapes, slopes, weights, parts)


_TET_EDGES = np.array([[0, 1], [1, 2], [2, 0], [0, 3], [1, 3], [2, 3]])
_TET_FACES = np.array(
    [[1, 2, 3, 5, 9, 8], [0, 3, 2, 7, 9, 6], [0, 1, 3, 4, 8, 7], [0, 2, 1, 6, 5, 4]]
)
_HEX_FACES = np.array(
    [
        [0, 3, 2, 1, 11, 10, 9, 8],
        [4, 5, 6, 7, 12, 13, 14, 15],
        [0, 1, 5, 4, 8, 17, 12, 16],
        [1, 2, 6, 5, 9, 18, 13, 17],
        [2, 3, 7, 6, 10, 19, 14, 18],
        [3, 0, 4, 7, 11, 16, 15, 19],
    ]
)


def _tetrahedron(points: int, *, quadratic: bool) -> Element:
    L, weights = _barycentric(points)
    shapes, slopes = _simplex(L, _TET_EDGES, quadratic=quadratic)
    return Element(
        name=f"{10 if quadratic else 4}-node tetrahedron",
        corners=4,
        edges=_TET_EDGES,
        faces=_TET_FACES if quadratic else _TET_FACES[:, :3],
        face=_triangle(quadratic=quadratic),
        shapes=shapes,
        slopes=slopes,
        weights=weights,
    )


def _hexahedron() -> Element:
    at, weights = _gauss(3)
    shapes, slopes = _serendipity(at, _HEX_CORNERS, _HEX_EDGES)
    return Element(
        "20-node hexahedron", 8, _HEX_EDGES, _HEX_FACES, _quadrilateral(), shapes, slopes, weights
    )


TET4 = _tetrahedron(1, quadratic=False)
TET10 = _tetrahedron(4, quadratic=True)
HEX20 = _hexahedron()
