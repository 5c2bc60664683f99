"""Which way triangles face: alike within a sheet, outwards for a body, inwards for a hollow."""

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from .topology import half_edges

__all__ = ["outward_and_nested", "turned_alike"]

Floats = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]

_DIRECTION = np.array([0.5377, 0.3188, 0.7805])
"""A ray of no special direction, so that it hits no edge of what people draw."""
_MOST_BODIES = 400


def turned_alike(triangles: Triangles) -> Triangles:
    """Triangles that face the way of their neighbours across each edge of two.

    Most of each sheet stay as they are.  Raises GeometryError for a sheet with one side only.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = half_edges(triangles)
    count = len(triangles)
    twos = edges.first[edges.count == 2]
    one, other = edges.order[twos], edges.order[twos + 1]
    is_alike = edges.start[one] != edges.start[other]
    a, b = one // 3, other // 3
    # Node t is a triangle as it is, node t + count the same turned over.
    rows = np.concatenate([a, a + count])
    columns = np.concatenate([b + count * ~is_alike, b + count * is_alike])
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (2 * count, 2 * count))
    sheet = connected_components(graph, directed=False)[1]
    as_is, turned = sheet[:count], sheet[count:]
    if np.any(as_is == turned):
        raise GeometryError("The surface has one side only, like a Möbius strip; draw it anew.")
    votes = np.bincount(as_is, minlength=int(sheet.max()) + 1)
    flip = votes[as_is] < votes[turned]
    tie = (votes[as_is] == votes[turned]) & (as_is > turned)
    return np.where((flip | tie)[:, None], triangles[:, ::-1], triangles)


def outward_and_nested(points: Floats, triangles: Triangles) -> Triangles:
    """Triangles of closed bodies that face outwards, those of hollows within them inwards."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    graph = coo_matrix((np.ones(len(start), bool), (start, end)), (len(points), len(points)))
    _, body = np.unique(
        connected_components(graph, directed=False)[1][triangles[:, 0]], return_inverse=True
    )
    bodies = int(body.max()) + 1
    parts = [triangles[body == n] for n in range(min(bodies, _MOST_BODIES))]
    result = triangles.copy()
    for n, part in enumerate(parts):
        depth = sum(
            _holds(points, other, points[part[0, 0]])
            for m, other in enumerate(parts)
            if m != n and _boxed(points[other], points[part])
        )
        if (_volume(points, part) > 0) != (depth % 2 == 0):
            result[body == n] = part[:, ::-1]
    return result


def _boxed(outer: Floats, inner: Floats) -> bool:
    outer, inner = outer.reshape(-1, 3), inner.reshape(-1, 3)
    return bool(
        np.all(outer.min(axis=0) < inner.min(axis=0))
        and np.all(outer.max(axis=0) > inner.max(axis=0))
    )


def _volume(points: Floats, triangles: Triangles) -> float:
    a, b, c = (points[triangles[:, n]] - points[triangles[0, 0]] for n in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)))


def _holds(points: Floats, triangles: Triangles, place: Floats) -> bool:
    """Whether a ray from a place leaves a closed surface an odd number of times."""
    a, b, c = (points[triangles[:, n]] - place for n in range(3))
    normal = np.cross(b - a, c - a)
    slope = normal @ _DIRECTION
    slope = np.where(np.abs(slope) < 1e-12, 1e-12, slope)
    along = np.einsum("ij,ij->i", normal, a) / slope
    hit = along[:, None] * _DIRECTION
    inside = np.ones(len(triangles), bool)
    for p, q in ((a, b), (b, c), (c, a)):
        side = np.einsum("ij,ij->i", np.cross(q - p, hit - p), normal)
        inside &= side >= 0
    return bool(np.count_nonzero(inside & (along > 0)) % 2)
