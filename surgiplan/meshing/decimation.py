"""Surfaces with fewer triangles."""

import numpy as np

from surgiplan.model import Surface

from .topology import is_manifold, separated

__all__ = ["decimated", "folded"]

_TRIES = (7.0, 5.0, 3.0)
"""How eagerly edges are collapsed; the gentler take longer and fold less."""
_FOLD = -0.8
"""Cosine between the normals of neighbours beyond which the surface is folded onto itself."""


def decimated(surface: Surface, triangles: int) -> Surface:
    """A closed surface with about ``triangles`` triangles, or the same one if it has no more.

    Edges are collapsed where that moves the surface least (quadric errors).  The first of three
    tries that is 2-manifold and folds no more than before is kept, else the one that folds least; a
    surface that no try leaves so stays as it is.  Raises ValueError for fewer than four
    triangles.
    """
    import fast_simplification

    if triangles < 4:
        raise ValueError(f"a closed surface needs 4 triangles, not {triangles}")
    if len(surface.triangles) <= triangles:
        return surface
    best, fewest = surface, len(surface.triangles)
    for eagerness in _TRIES:
        # The library takes writeable arrays only.
        points, faces = fast_simplification.simplify(
            np.array(surface.points_lps, order="C"),
            np.array(surface.triangles, order="C"),
            target_count=triangles,
            agg=eagerness,
        )
        found = _mended(Surface(points_lps=points, triangles=faces))
        if found is None:
            continue
        folds = folded(found)
        if folds < fewest:
            best, fewest = found, folds
        if fewest == 0 or fewest <= folded(surface):
            break
    return best


def folded(surface: Surface) -> int:
    """Number of edges at which a surface turns back onto itself."""
    corners = surface.points_lps[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    pairs = np.sort(surface.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    same = np.all(pairs[order[1:]] == pairs[order[:-1]], axis=1)
    one, other = order[:-1][same] // 3, order[1:][same] // 3
    return int(np.count_nonzero(np.einsum("ij,ij->i", normals[one], normals[other]) < _FOLD))


def _mended(surface: Surface) -> Surface | None:
    """2-manifold, or None: a collapse may leave triangles without area, or sheets that touch."""
    if is_manifold(surface.triangles):
        return surface
    a, b, c = surface.triangles.T
    real = surface.triangles[(a != b) & (b != c) & (c != a)]
    points, triangles, _ = separated(surface.points_lps, real)
    if not is_manifold(triangles):
        return None
    return Surface(points_lps=points, triangles=triangles)
