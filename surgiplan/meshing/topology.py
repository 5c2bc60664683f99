"""How triangles hang together: closed, 2-manifold, folded; and what makes them so."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["HalfEdges", "half_edges", "is_closed", "is_manifold", "open_edges", "separated"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Triangles = npt.NDArray[np.int32]


@dataclass(frozen=True)
class HalfEdges:
    """The three directed edges of each triangle, number 3 t + c from its corner c to the next."""

    start: Ints
    end: Ints
    order: Ints
    """Numbers sorted so that those of one undirected edge stand together."""
    first: Ints
    """Where in ``order`` each undirected edge begins."""
    count: Ints
    """How many there are of each."""

    def of_edges(self, chosen: npt.NDArray[np.bool_]) -> list[Ints]:
        """The half-edges of each chosen undirected edge."""
        starts, counts = self.first[chosen], self.count[chosen]
        return [self.order[a : a + n] for a, n in zip(starts, counts, strict=True)]


def half_edges(triangles: npt.NDArray[np.integer]) -> HalfEdges:
    """The directed edges of triangles (m, 3), grouped by the two points that they join."""
    start = triangles.astype(np.int64).ravel()
    end = np.roll(triangles.astype(np.int64), -1, axis=1).ravel()
    size = int(start.max()) + 1 if len(start) else 1
    key = np.minimum(start, end) * size + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    first = first[: len(ordered)]
    count = np.diff(np.concatenate([first, [len(ordered)]]))
    return HalfEdges(start, end, order, first, count)


def is_closed(triangles: npt.NDArray[np.integer]) -> bool:
    """Whether each edge of triangles (m, 3) is met once in each direction: no border, no flap."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    size = int(triangles.max()) + 1 if len(triangles) else 1
    there = np.sort(pairs[:, 0].astype(np.int64) * size + pairs[:, 1])
    back = np.sort(pairs[:, 1].astype(np.int64) * size + pairs[:, 0])
    once = bool(np.all(there[1:] != there[:-1]))
    return len(triangles) > 0 and once and bool(np.array_equal(there, back))


def is_manifold(triangles: npt.NDArray[np.integer]) -> bool:
    """Whether a surface is closed and looks like a disc around each point, too."""
    if not is_closed(triangles):
        return False
    fans = _fans(half_edges(triangles), _mates(half_edges(triangles)), len(triangles))
    return len(np.unique(fans)) == len(np.unique(triangles))


def open_edges(triangles: npt.NDArray[np.integer]) -> Ints:
    """Directed edges (n, 2) that no triangle meets from the other side."""
    edges = half_edges(triangles)
    alone = _mates(edges) < 0
    return np.stack([edges.start[alone], edges.end[alone]], axis=1)


def separated(points: Floats, triangles: Triangles) -> tuple[Floats, Triangles, int]:
    """A surface whose sheets no longer share edges and points where they only touch.

    At an edge with more than two triangles those that have body between them stay together; each
    sheet gets its own copy of the points, at the same place.  Answers points, triangles and how
    many points and edges were parted.  Expects outward triangles; what has a border keeps it.
    """
    parted = 0
    while True:
        edges = half_edges(triangles)
        mates = _mates(edges, points)
        fans = _fans(edges, mates, len(triangles))
        names, corner, number = np.unique(fans, return_index=True, return_inverse=True)
        old = triangles.ravel()[corner]
        parted += len(names) - len(np.unique(triangles))
        points, triangles = points[old], number.reshape(-1, 3).astype(np.int32)
        crowded = [one for one in half_edges(triangles).of_edges(half_edges(triangles).count > 2)]
        pairs = _apart([one for one in crowded if np.all(mates[one] >= 0)], mates)
        if not len(pairs):
            return points, triangles, parted
        points, triangles = _split(points, triangles, pairs)
        parted += len(pairs)


def _mates(edges: HalfEdges, points: Floats | None = None) -> Ints:
    """The half-edge on the other side of each, or -1.

    Where more than two meet, those around the same piece of body are mates (with ``points``).
    """
    mates = np.full(len(edges.start), -1, np.int64)
    twos = edges.first[edges.count == 2]
    a, b = edges.order[twos], edges.order[twos + 1]
    opposite = edges.start[a] == edges.end[b]
    mates[a[opposite]], mates[b[opposite]] = b[opposite], a[opposite]
    if points is not None:
        for group in edges.of_edges(edges.count > 2):
            for one, other in _around(edges, group, points):
                mates[one], mates[other] = other, one
    return mates


def _around(edges: HalfEdges, group: Ints, points: Floats) -> list[tuple[int, int]]:
    """Pairs of the half-edges of one edge that enclose body, going round the edge."""
    low = np.minimum(edges.start[group], edges.end[group])[0]
    high = np.maximum(edges.start[group], edges.end[group])[0]
    axis = points[high] - points[low]
    axis = axis / max(float(np.linalg.norm(axis)), 1e-300)
    third = group - group % 3 + (group + 2) % 3
    away = points[edges.start[third]] - points[low]
    side = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    side /= max(float(np.linalg.norm(side)), 1e-300)
    angle = np.arctan2(away @ np.cross(axis, side), away @ side)
    # Body begins at a triangle that runs down the edge and ends at the next that runs up.
    is_begin = edges.start[group] == high
    order = np.lexsort([~is_begin, angle])
    waiting: list[int] = []
    pairs: list[tuple[int, int]] = []
    done: set[int] = set()
    for n in [*order, *order]:
        if n in done:
            continue
        if is_begin[n]:
            if n not in waiting:
                waiting.append(n)
        elif waiting:
            begin = waiting.pop()
            pairs.append((int(group[begin]), int(group[n])))
            done |= {begin, n}
    return pairs


def _fans(edges: HalfEdges, mates: Ints, triangles: int) -> Ints:
    """The fan that each corner (3 t + c) belongs to: corners joined across edges at one point."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    one = np.flatnonzero(mates >= 0)
    other = mates[one]
    ahead = other - other % 3 + (other + 1) % 3
    count = 3 * triangles
    graph = coo_matrix((np.ones(len(one), bool), (one, ahead)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _apart(crowded: list[Ints], mates: Ints) -> list[tuple[int, int]]:
    """Mates on crowded edges of which no two touch the same triangle."""
    used: set[int] = set()
    pairs = []
    for group in crowded:
        for one in map(int, group):
            other = int(mates[one])
            if one < other and not used & {one // 3, other // 3}:
                used |= {one // 3, other // 3}
                pairs.append((one, other))
    return pairs


def _split(
    points: Floats, triangles: Triangles, pairs: list[tuple[int, int]]
) -> tuple[Floats, Triangles]:
    """Each pair of half-edges gets a point of its own in its middle."""
    halves = np.array(pairs)
    start = triangles.ravel()[halves[:, 0]]
    end = triangles.ravel()[halves[:, 0] - halves[:, 0] % 3 + (halves[:, 0] + 1) % 3]
    middle = len(points) + np.arange(len(pairs))
    faces = triangles.copy()
    added = []
    for column in range(2):
        number, corner = halves[:, column] // 3, halves[:, column] % 3
        new = triangles[number].copy()
        new[np.arange(len(new)), corner] = middle
        faces[number, (corner + 1) % 3] = middle
        added.append(new)
    return np.concatenate([points, (points[start] + points[end]) / 2]), np.concatenate(
        [faces, *added]
    ).astype(np.int32)
