"""A straight-sided mesh of 10-node tetrahedra: promotion, boundary, volumes, quality."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

__all__ = ["EDGES", "TetMesh", "boundary_faces", "gate", "promoted", "scaled_jacobian"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

EDGES = np.array([[0, 1], [1, 2], [2, 0], [0, 3], [1, 3], [2, 3]])
"""Corners of the edge that each of the nodes 4..9 halves (the order of VTK)."""

_FACES = np.array([[1, 2, 3, 5, 9, 8], [0, 3, 2, 7, 9, 6], [0, 1, 3, 4, 8, 7], [0, 2, 1, 6, 5, 4]])
"""Six-node faces of a tetrahedron, outward; the last three nodes halve 01, 12 and 20."""

_WORST_JACOBIAN = 0.01


@dataclass(frozen=True, eq=False)
class TetMesh:
    """Nodes (n, 3) [mm] and 10-node tetrahedra (m, 10) whose edges are straight."""

    nodes_mm: Floats
    tets: Ints

    @cached_property
    def volumes_mm3(self) -> Floats:
        """Signed volume of each tetrahedron (m,) [mm3]."""
        return _signed_volumes(self.nodes_mm, self.tets)

    @property
    def volume_mm3(self) -> float:
        """Volume of the whole mesh [mm3]."""
        return float(self.volumes_mm3.sum())

    @cached_property
    def corner_gradients(self) -> Floats:
        """Gradients of the four barycentric coordinates of each tetrahedron (m, 4, 3) [1/mm]."""
        corners = self.nodes_mm[self.tets[:, :4]]
        inner = np.linalg.inv(corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
        return np.concatenate([-inner.sum(axis=1, keepdims=True), inner], axis=1)

    @cached_property
    def surface(self) -> Ints:
        """Six-node boundary triangles (f, 6), corners counter-clockwise seen from outside."""
        return boundary_faces(self.tets)

    @cached_property
    def corner_count(self) -> int:
        """How many nodes are corners; they come first."""
        return int(self.tets[:, :4].max()) + 1

    def face_areas_mm2(self, faces: Ints) -> Floats:
        """Area (f,) of six-node faces [mm2]."""
        return np.asarray(np.linalg.norm(self._area_vectors(faces), axis=1))

    def face_normals(self, faces: Ints) -> Floats:
        """Outward unit normals (f, 3) of six-node faces."""
        vectors = self._area_vectors(faces)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])

    def face_centres_mm(self, faces: Ints) -> Floats:
        """Centroids (f, 3) of six-node faces [mm]."""
        return np.asarray(self.nodes_mm[faces[:, :3]].mean(axis=1))

    def nodal_areas_mm2(self, faces: Ints) -> Floats:
        """Share of the area of ``faces`` (f, 6) that each node carries (n,) [mm2]; zero inside."""
        # The integral of a quadratic corner function over a straight triangle is zero, so the
        # area goes to the corners of the four sub-triangles instead: 1/12 a corner, 1/4 a mid-node.
        shares = np.outer(self.face_areas_mm2(faces), [1 / 12] * 3 + [1 / 4] * 3)
        count = len(self.nodes_mm)
        return np.asarray(np.bincount(faces.ravel(), shares.ravel(), minlength=count), float)

    def _area_vectors(self, faces: Ints) -> Floats:
        a, b, c = (self.nodes_mm[faces[:, i]] for i in range(3))
        return np.cross(b - a, c - a) / 2


def promoted(points_mm: Floats, tets: npt.NDArray[np.integer]) -> TetMesh:
    """The 10-node mesh of 4-node tetrahedra (m, 4); edges get a node in their middle."""
    points = np.ascontiguousarray(points_mm, dtype=np.float64)
    ends = np.sort(tets[:, EDGES], axis=2).reshape(-1, 2).astype(np.int64)
    _, first, inverse = np.unique(
        ends[:, 0] * len(points) + ends[:, 1], return_index=True, return_inverse=True
    )
    middles = points[ends[first]].mean(axis=1)
    numbers = len(points) + inverse.reshape(-1, 6)
    return TetMesh(
        np.vstack([points, middles]),
        np.ascontiguousarray(np.hstack([tets, numbers]), dtype=np.int32),
    )


def boundary_faces(tets: Ints) -> Ints:
    """Outward six-node faces (f, 6) that belong to one 10-node tetrahedron only."""
    faces = tets[:, _FACES].reshape(-1, 6)
    corners = np.sort(faces[:, :3], axis=1).astype(np.int64)
    size = int(tets.max()) + 1
    key = (corners[:, 0] * size + corners[:, 1]) * size + corners[:, 2]
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    return np.ascontiguousarray(faces[np.sort(first[count == 1])])


def scaled_jacobian(points_mm: Floats, tets: npt.NDArray[np.integer]) -> Floats:
    """Quality (m,) of tetrahedra: 1 when regular, 0 when flat, negative when inside out.

    The smallest corner volume over the product of its three edge lengths, times sqrt(2)
    (Knupp, Finite Elem. Anal. Des. 39:217, 2003).
    """
    corners = points_mm[tets[:, :4]]
    lengths = np.stack(
        [np.linalg.norm(corners[:, a] - corners[:, b], axis=1) for a, b in EDGES], axis=1
    )
    at_corner = [[0, 2, 3], [0, 1, 4], [1, 2, 5], [3, 4, 5]]
    largest = np.stack([lengths[:, edges].prod(axis=1) for edges in at_corner], axis=1).max(axis=1)
    volumes = _signed_volumes(points_mm, tets)
    return np.asarray(np.sqrt(2) * 6 * volumes / np.maximum(largest, 1e-300))


def gate(mesh: TetMesh, what: str) -> float:
    """The worst scaled Jacobian; GeometryError if an element is flat or inside out."""
    quality = scaled_jacobian(mesh.nodes_mm, mesh.tets)
    if len(quality) and quality.min() >= _WORST_JACOBIAN:
        return float(quality.min())
    bad = int((quality < _WORST_JACOBIAN).sum())
    raise GeometryError(
        f"{bad} of {len(quality)} tetrahedra of {what} are flat or inside out; smooth its surface "
        f"or choose another element size."
    )


def _signed_volumes(points_mm: Floats, tets: npt.NDArray[np.integer]) -> Floats:
    corners = points_mm[tets[:, :4]]
    a, b, c = (corners[:, i] - corners[:, 0] for i in (1, 2, 3))
    return np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)
