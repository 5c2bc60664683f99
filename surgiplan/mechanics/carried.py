"""What is carried along by a coarse mesh: fine surfaces, vessels and tumours within it."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .mesh import EDGES, Mesh
from .response import Response

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["nearest_on_surface", "seen_on", "shape_weights"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_CANDIDATES = 12
_NEAREST = 6
_BESIDE = 0.5
"""How far beside its element a point is still reached by the element's own functions; farther
out it goes with the nearest place in the element."""


def shape_weights(mesh: Mesh, points_mm: Floats) -> "csr_array":
    """Matrix (p, n) that carries values at the nodes of quadratic tetrahedra to points (p, 3).

    Within an element by its shape functions, beside the mesh by those of the nearest element.
    """
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    corners = mesh.nodes_mm[mesh.cells[:, :4]]
    count = min(_CANDIDATES, len(corners))
    _, near = cKDTree(corners.mean(axis=1)).query(points_mm, k=count)
    near = near.reshape(len(points_mm), count)
    inverse = np.linalg.inv(np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2))
    local = np.einsum("nkij,nkj->nki", inverse[near], points_mm[:, None] - corners[near, 0])
    shares = np.concatenate([1 - local.sum(axis=-1, keepdims=True), local], axis=-1)
    rows, best = np.arange(len(points_mm)), shares.min(axis=-1).argmax(axis=1)
    share, cells = shares[rows, best], mesh.cells[near[rows, best]]
    far = share.min(axis=1) < -_BESIDE
    share[far] = np.clip(share[far], 0, None)
    share[far] /= share[far].sum(axis=1, keepdims=True)
    middles = 4 * share[:, EDGES[:, 0]] * share[:, EDGES[:, 1]]
    values = np.concatenate([share * (2 * share - 1), middles], axis=1)
    starts = np.arange(0, values.size + 1, values.shape[1])
    shape = (len(points_mm), len(mesh.nodes_mm))
    return csr_array((values.ravel(), cells.ravel(), starts), shape=shape)


def nearest_on_surface(points_mm: Floats, triangles: Ints, onto_mm: Floats) -> "csr_array":
    """Matrix (p, n) that carries values at the points of a surface to the nearest of ``onto_mm``.

    ``points_mm`` (n, 3) and ``triangles`` (m, 3) are the surface; linear within a triangle.
    """
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    corners = points_mm[triangles]
    count = min(_NEAREST, len(corners))
    _, near = cKDTree(corners.mean(axis=1)).query(onto_mm, k=count)
    near = near.reshape(len(onto_mm), count)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    aa, ab, bb = (np.einsum("ij,ij->i", p, q) for p, q in ((a, a), (a, b), (b, b)))
    area2 = np.maximum(aa * bb - ab * ab, 1e-300)
    way = onto_mm[:, None] - corners[near, 0]
    along = np.einsum("nki,nki->nk", way, a[near]), np.einsum("nki,nki->nk", way, b[near])
    s = (bb[near] * along[0] - ab[near] * along[1]) / area2[near]
    t = (aa[near] * along[1] - ab[near] * along[0]) / area2[near]
    shares = np.clip(np.stack([1 - s - t, s, t], axis=-1), 0, None)
    shares /= shares.sum(axis=-1, keepdims=True)
    places = np.einsum("nka,nkai->nki", shares, corners[near])
    best = np.linalg.norm(places - onto_mm[:, None], axis=-1).argmin(axis=1)
    rows = np.arange(len(onto_mm))
    starts = np.arange(0, 3 * len(onto_mm) + 1, 3)
    columns = triangles[near[rows, best]].ravel()
    return csr_array(
        (shares[rows, best].ravel(), columns, starts), shape=(len(onto_mm), len(points_mm))
    )


def seen_on(
    response: Response, points_mm: Floats, triangles: Ints, displacement_mm: Floats
) -> Response:
    """The same answer on a finer surface that moves by ``displacement_mm`` (n, 3).

    Stress and all else at the nodes is that of the nearest place on the surface of the elements.
    """
    weights = nearest_on_surface(response.points_mm, response.triangles, points_mm)
    own = len(response.points_mm)
    carried = {}
    for field in fields(response):
        value = getattr(response, field.name)
        if isinstance(value, np.ndarray) and value.shape[:1] == (own,):
            moved = weights @ value.astype(np.float64)
            carried[field.name] = moved > 0.5 if value.dtype == bool else moved
    carried |= {"points_mm": points_mm, "triangles": triangles, "displacement_mm": displacement_mm}
    return replace(response, **carried)
