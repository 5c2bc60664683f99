"""Foreign surfaces made closed and outward, saying what was done and how far anything moved."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError
from surgiplan.model import Surface

from .orientation import outward_and_nested, turned_alike
from .topology import half_edges, is_closed, open_edges, separated

__all__ = ["Repaired", "repaired", "require_closed"]

Floats = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]

_WELD = 1e-5
"""Part of the size of a surface within which loose borders are taken for one."""
_LARGEST_HOLE = 0.15
"""Width of a hole that is filled, as a part of the size of its surface."""
_LARGEST_FLAP = 0.34
"""Area of a flap or inner wall that is taken away, as a part of all."""
_LOOSE = 0.02
"""Area of an open piece that is taken away, as a part of all."""


@dataclass(frozen=True)
class Repaired:
    """A surface after repair; it is closed, or ``require_closed`` refuses it."""

    surface: Surface = field(repr=False)
    displacement_mm_max: float
    """Farthest that a point moved, that a removed corner lies from a point which stayed, or that a
    point of a filling lies from the border of its hole."""
    displacement_mm_mean: float
    """The same over all points that the surface had."""
    what: tuple[str, ...]
    """What was done, in words; empty if nothing was wrong."""


def repaired(surface: Surface) -> Repaired:
    """Weld, drop, orient, part and fill until the surface is closed, if that takes little.

    Welded are equal points, and loose borders within 1e-5 of the surface's size; dropped are
    triangles without area, repeated ones, and small loose pieces; sheets that only touch are
    parted; holes up to 0.15 of the size are filled.  Nothing else moves.  Raises GeometryError for
    a surface without area, or with one side only.
    """
    done: list[str] = []
    points, triangles = _welded(surface.points_lps, surface.triangles, done)
    triangles = _cleaned(triangles, done)
    if not len(triangles):
        raise GeometryError("The surface has no triangles with area; export it again.")
    triangles = _without_flaps(points, triangles, done)
    triangles = _oriented(triangles, done)
    points, triangles, parted = separated(points, triangles)
    if parted:
        done.append(f"parted {_of(parted, 'place')} where sheets only touched")
    points, triangles = _without_loose_pieces(points, triangles, done)
    points, triangles = _filled(points, triangles, done)
    if is_closed(triangles):
        turned = outward_and_nested(points, triangles)
        if not np.array_equal(turned, triangles):
            done.append("turned bodies outwards")
        triangles = turned
    used, corners = np.unique(triangles, return_inverse=True)
    made = Surface(points[used], corners.reshape(-1, 3).astype(np.int32))
    if not done:
        return Repaired(made, 0.0, 0.0, ())
    return Repaired(made, *_displacements(surface, made), tuple(done))


def require_closed(surface: Surface, name: str) -> None:
    """Raise GeometryError with the place of the widest opening unless a surface is closed."""
    if is_closed(surface.triangles):
        if surface.volume_ml > 0:
            return
        raise GeometryError(f"{name} encloses nothing; export it again.")
    loops = _loops(open_edges(surface.triangles))
    widest = max(loops, key=lambda loop: _width(surface.points_lps[loop]), default=None)
    if widest is None:
        crowded = half_edges(surface.triangles)
        widest = crowded.start[crowded.of_edges(crowded.count > 2)[0]]
    middle = surface.points_lps[widest].mean(axis=0)
    place = (float(middle[0]), float(middle[1]), float(middle[2]))
    raise GeometryError(
        f"{name} stays open at {place[0]:.1f},{place[1]:.1f},{place[2]:.1f} mm (LPS; "
        f"{_width(surface.points_lps[widest]):.1f} mm wide), so it can be neither cut nor filled; "
        "close it where it was made.",
        point_lps=place,
    )


def _welded(points: Floats, triangles: Triangles, done: list[str]) -> tuple[Floats, Triangles]:
    number, first = _equal(points)
    if len(first) < len(points):
        done.append(f"welded {_of(len(points) - len(first), 'repeated point')}")
    points, triangles = points[first], number[triangles].astype(np.int32)
    border = np.unique(open_edges(_real(triangles)))
    if not len(border):
        return points, triangles
    from scipy.spatial import cKDTree

    size = _width(points)
    near = cKDTree(points[border]).query_pairs(_WELD * size, output_type="ndarray")
    if not len(near):
        return points, triangles
    group = _components(border[near[:, 0]], border[near[:, 1]], len(points))
    _, first = np.unique(group, return_index=True)
    done.append(f"welded {_of(len(points) - len(first), 'point')} along loose borders")
    return points[first], group[triangles].astype(np.int32)


def _equal(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number of each different row, and where each stands first."""
    order = np.lexsort(rows.T)
    ordered = rows[order]
    is_new = np.concatenate([[True], np.any(ordered[1:] != ordered[:-1], axis=1)])
    is_new = is_new[: len(rows)]
    number = np.empty(len(rows), np.int64)
    number[order] = np.cumsum(is_new) - 1
    return number, order[is_new]


def _cleaned(triangles: Triangles, done: list[str]) -> Triangles:
    real: Triangles = _real(triangles)
    if len(real) < len(triangles):
        done.append(f"dropped {_of(len(triangles) - len(real), 'triangle')} without area")
    _, first = _equal(np.sort(real, axis=1))
    if len(first) < len(real):
        done.append(f"dropped {_of(len(real) - len(first), 'repeated triangle')}")
    kept: Triangles = real[np.sort(first)]
    return kept


def _real(triangles: Triangles) -> Triangles:
    a, b, c = triangles.T
    return np.asarray(triangles[(a != b) & (b != c) & (c != a)])


def _without_flaps(points: Floats, triangles: Triangles, done: list[str]) -> Triangles:
    """Without the smallest sheets that hang on an edge where three or five triangles meet.

    Such edges bound no body: a flap sticks out there, or a wall stands inside.
    """
    dropped = 0
    while True:
        edges = half_edges(triangles)
        odd = (edges.count > 2) & (edges.count % 2 == 1)
        if not odd.any():
            break
        twos = edges.first[edges.count == 2]
        sheet = _components(edges.order[twos] // 3, edges.order[twos + 1] // 3, len(triangles))
        share = _shares(points, triangles, sheet)
        touching = np.unique(sheet[np.concatenate(edges.of_edges(odd)) // 3])
        smallest = touching[np.argmin(share[touching])]
        if share[smallest] > _LARGEST_FLAP:
            break
        triangles = triangles[sheet != smallest]
        dropped += 1
    if dropped:
        done.append(f"dropped {_of(dropped, 'flap or inner wall')}")
    return np.asarray(triangles)


def _oriented(triangles: Triangles, done: list[str]) -> Triangles:
    turned: Triangles = turned_alike(triangles)
    changed = int(np.count_nonzero(np.any(turned != triangles, axis=1)))
    if changed:
        done.append(f"turned {_of(changed, 'triangle')} to face the way of their neighbours")
    return turned


def _without_loose_pieces(
    points: Floats, triangles: Triangles, done: list[str]
) -> tuple[Floats, Triangles]:
    """Flaps and crumbs: open pieces of little area beside larger ones."""
    border = open_edges(triangles)
    if not len(border):
        return points, triangles
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    piece = _components(start, end, len(points))[triangles[:, 0]]
    share = _shares(points, triangles, piece)
    is_border = np.zeros(len(points), bool)
    is_border[border] = True
    is_open = np.bincount(piece, is_border[triangles].any(axis=1)) > 0
    loose = (is_open & (share < _LOOSE))[piece]
    if not loose.any() or loose.all():
        return points, triangles
    done.append(f"dropped {_of(len(np.unique(piece[loose])), 'loose piece')}")
    return points, triangles[~loose]


def _filled(points: Floats, triangles: Triangles, done: list[str]) -> tuple[Floats, Triangles]:
    """Small holes as fans around their middle."""
    if not len(triangles):
        return points, triangles
    size = _width(points[np.unique(triangles)])
    new_points: list[Floats] = []
    new_triangles, widths = [], []
    for loop in _loops(open_edges(triangles)):
        width = _width(points[loop])
        if width > _LARGEST_HOLE * size or len(loop) < 3:
            continue
        widths.append(width)
        # The hole runs the other way than the border of what surrounds it.
        if len(loop) == 3:
            new_triangles.append(loop[::-1].reshape(1, 3))
            continue
        centre = len(points) + len(new_points)
        new_points.append(points[loop].mean(axis=0))
        new_triangles.append(
            np.stack([np.roll(loop, -1), loop, np.full(len(loop), centre)], axis=1)
        )
    if not widths:
        return points, triangles
    done.append(f"filled {_of(len(widths), 'hole')}, the widest {max(widths):.1f} mm")
    faces = np.concatenate([triangles, *new_triangles]).astype(np.int32)
    return np.concatenate([points, np.reshape(new_points, (-1, 3))]), faces


def _loops(border: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Closed rings of directed border edges (n, 2); what branches is left out."""
    starts, counts = np.unique(border[:, 0], return_counts=True)
    if np.any(counts > 1):
        branching = starts[counts > 1]
        border = border[~np.isin(border[:, 0], branching)]
    following = dict(border.tolist())
    loops = []
    while following:
        first, at = following.popitem()
        ring = [first]
        while at in following:
            ring.append(at)
            at = following.pop(at)
        if at == first:
            loops.append(np.array(ring))
    return loops


def _components(
    one: npt.NDArray[np.integer], other: npt.NDArray[np.integer], count: int
) -> npt.NDArray[np.int64]:
    """Number of the connected group of each of ``count`` things, joined in pairs."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(one), bool), (one, other)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _shares(points: Floats, triangles: Triangles, group: npt.NDArray[np.int64]) -> Floats:
    """Part of the whole area of each group of triangles."""
    a, b, c = (points[triangles[:, n]] for n in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return np.asarray(np.bincount(group, areas) / max(float(areas.sum()), 1e-300))


def _width(points: Floats) -> float:
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def _displacements(before: Surface, after: Surface) -> tuple[float, float]:
    from scipy.spatial import cKDTree

    if not len(after.points_lps):
        return 0.0, 0.0
    old = before.points_lps[np.unique(before.triangles)]
    moved = cKDTree(after.points_lps).query(old)[0]
    added = cKDTree(old).query(after.points_lps)[0]
    return float(max(moved.max(), added.max())), float(moved.mean())


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
