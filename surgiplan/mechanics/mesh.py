"""A mesh of one kind of element: promotion to quadratic, boundary, volumes, quality."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from surgiplan.errors import GeometryError

from .elements import HEX20, TET10, Element, element_with

if TYPE_CHECKING:
    from .assembly import Pattern

__all__ = [
    "EDGES",
    "Mesh",
    "boundary_faces",
    "gate",
    "mesh_of",
    "promoted",
    "scaled_jacobian",
    "signed_volumes",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

EDGES = TET10.edges
"""Corners of the edge that each of the nodes 4..9 of a tetrahedron halves (the order of VTK)."""

_OF_THE_CELLS = {"element", "surface", "corner_nodes", "corner_cells", "parents", "pairs"}
"""What follows from the elements alone, wherever their nodes lie."""

_WORST_JACOBIAN = 0.01
_PLURAL = {4: "tetrahedra", 8: "hexahedra"}


@dataclass(frozen=True, eq=False)
class Mesh:
    """Nodes (n, 3) [mm] and elements (m, k) of one kind.

    Tetrahedra of 4 or 10 nodes, or hexahedra of 20.
    """

    nodes_mm: Floats
    cells: Ints

    def moved_to(self, nodes_mm: Floats) -> "Mesh":
        """The same elements with their nodes elsewhere (n, 3)."""
        moved = Mesh(nodes_mm, self.cells)
        moved.__dict__.update({k: v for k, v in self.__dict__.items() if k in _OF_THE_CELLS})
        return moved

    @cached_property
    def element(self) -> Element:
        """The kind of its elements."""
        return element_with(self.cells.shape[1])

    @cached_property
    def volumes_mm3(self) -> Floats:
        """Signed volume of each element (m,) [mm3]."""
        return np.asarray(self.point_volumes_mm3.sum(axis=1))

    @cached_property
    def point_volumes_mm3(self) -> Floats:
        """Signed volume (m, q) that each quadrature point stands for [mm3]."""
        corners = np.einsum(
            "mai,qaj->mqij", self.nodes_mm[self.cells], self.element.slopes, optimize=True
        )
        return np.asarray(np.linalg.det(corners) * self.element.weights)

    @property
    def volume_mm3(self) -> float:
        """Volume of the whole mesh [mm3]."""
        return float(self.volumes_mm3.sum())

    @cached_property
    def surface(self) -> Ints:
        """Boundary faces (f, k), corners first, counter-clockwise seen from outside."""
        return boundary_faces(self.cells)

    @cached_property
    def corner_nodes(self) -> npt.NDArray[np.int64]:
        """Numbers of the nodes that are corners, rising."""
        return np.unique(self.cells[:, : self.element.corners]).astype(np.int64)

    @cached_property
    def corner_cells(self) -> Ints:
        """Corners (m, c) of the elements, numbered as in ``corner_nodes``."""
        own = self.cells[:, : self.element.corners]
        return np.searchsorted(self.corner_nodes, own).astype(np.int32)

    @cached_property
    def parents(self) -> Ints:
        """The two corners (n, 2) between which each node lies, numbered as in ``corner_nodes``.

        A corner is its own parents; so is corner 0 for nodes of no element.
        """
        found = np.zeros((len(self.nodes_mm), 2), np.int32)
        found[self.corner_nodes] = np.arange(len(self.corner_nodes), dtype=np.int32)[:, None]
        count = self.element.corners
        if self.element.nodes > count:
            found[self.cells[:, count:]] = self.corner_cells[:, self.element.edges]
        return found

    @cached_property
    def pairs(self) -> "tuple[Pattern, Ints]":
        """Which nodes share an element, and where the pairs (m, k * k) of each are kept."""
        from .assembly import pattern_of

        pattern, width = pattern_of(self.cells, len(self.nodes_mm)), self.cells.shape[1]
        rows = np.repeat(self.cells, width, axis=1)
        return pattern, np.ascontiguousarray(pattern.slots(rows, np.tile(self.cells, width)))

    @property
    def corner_middles_mm(self) -> Floats:
        """Mean of the corners (m, 3) of each element [mm]."""
        return np.asarray(self.nodes_mm[self.cells[:, : self.element.corners]].mean(axis=1))

    def part(self, chosen: npt.NDArray[np.bool_]) -> tuple["Mesh", npt.NDArray[np.int64]]:
        """The mesh of chosen elements (m,), and which nodes of this one its nodes are."""
        numbers, cells = np.unique(self.cells[chosen], return_inverse=True)
        shape = (-1, self.cells.shape[1])
        kept = Mesh(self.nodes_mm[numbers], cells.reshape(shape).astype(np.int32))
        return kept, numbers.astype(np.int64)

    def face_areas_mm2(self, faces: Ints) -> Floats:
        """Area (f,) of faces [mm2]."""
        return np.asarray(self.face_weights_mm2(faces).sum(axis=1))

    def face_weights_mm2(self, faces: Ints) -> Floats:
        """Area (f, q) that each quadrature point of a face stands for [mm2]."""
        return np.asarray(np.linalg.norm(self._area_vectors(faces), axis=2))

    def face_normals(self, faces: Ints) -> Floats:
        """Outward unit normals (f, 3) of faces, the mean where a face is curved."""
        vectors = self._area_vectors(faces).sum(axis=1)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])

    def face_centres_mm(self, faces: Ints) -> Floats:
        """Mean of the corners (f, 3) of faces [mm]."""
        return np.asarray(self.nodes_mm[faces[:, : self.element.face.corners]].mean(axis=1))

    def faces_on(self, height_mm: Callable[[Floats], Floats]) -> npt.NDArray[np.bool_]:
        """Which faces (f,) of the surface lie on a plane, by the height of points (n, 3) over it.

        Within a thousandth of the root of their area.
        """
        near = np.abs(height_mm(self.nodes_mm[self.surface[:, : self.element.face.corners]]))
        return np.asarray(near.max(axis=1) < 1e-3 * np.sqrt(self.face_areas_mm2(self.surface)))

    def _area_vectors(self, faces: Ints) -> Floats:
        face = self.element.face
        along = np.einsum(
            "fai,qad->fqdi", self.nodes_mm[faces], face.slopes[:, : faces.shape[1]], optimize=True
        )
        return np.cross(along[:, :, 0], along[:, :, 1]) * face.weights[:, None]


def mesh_of(points_mm: npt.ArrayLike, cells: npt.ArrayLike, *, order: int = 2) -> Mesh:
    """The mesh of points (n, 3) [mm] and elements (m, 4), (m, 8), (m, 10) or (m, 20).

    Corners come first.  Those of corners alone become quadratic, tetrahedra unless ``order`` is
    1.  A tetrahedron inside out is turned; GeometryError for points that are not finite, numbers
    that name no point, points that no element uses, and elements that are flat.
    """
    points = np.array(points_mm, np.float64)
    numbers = np.array(cells, np.int64)
    if points.ndim != 2 or points.shape[1] != 3 or numbers.ndim != 2 or not len(numbers):
        raise GeometryError(
            "A mesh is points (n, 3) and elements (m, 4), (m, 8), (m, 10) or (m, 20)."
        )
    if not np.isfinite(points).all():
        raise GeometryError("The mesh has points that are not numbers; mesh the shape again.")
    if numbers.min() < 0 or numbers.max() >= len(points):
        raise GeometryError("Elements of the mesh name points that it does not have.")
    used = np.unique(numbers)
    if len(used) < len(points):
        raise GeometryError(
            f"{len(points) - len(used)} points of the mesh belong to no element; leave them out."
        )
    if numbers.shape[1] == 4:
        inverted = signed_volumes(points, numbers) < 0
        numbers[inverted] = numbers[inverted][:, [0, 2, 1, 3]]
    if numbers.shape[1] == 8 or (numbers.shape[1] == 4 and order == 2):
        mesh = promoted(points, numbers)
    else:
        mesh = Mesh(points, np.ascontiguousarray(numbers, dtype=np.int32))
    gate(mesh, "the mesh")
    return mesh


def promoted(points_mm: Floats, corners: npt.NDArray[np.integer]) -> Mesh:
    """The quadratic mesh of tetrahedra (m, 4) or hexahedra (m, 8): edges get a node in the middle.

    Corners keep their numbers.
    """
    points = np.ascontiguousarray(points_mm, dtype=np.float64)
    edges = {4: TET10, 8: HEX20}[corners.shape[1]].edges
    ends = np.sort(corners[:, edges], axis=2).reshape(-1, 2).astype(np.int64)
    _, first, inverse = np.unique(
        ends[:, 0] * len(points) + ends[:, 1], return_index=True, return_inverse=True
    )
    middles = points[ends[first]].mean(axis=1)
    numbers = len(points) + inverse.reshape(-1, len(edges))
    return Mesh(
        np.vstack([points, middles]),
        np.ascontiguousarray(np.hstack([corners, numbers]), dtype=np.int32),
    )


def boundary_faces(cells: Ints) -> Ints:
    """Outward faces (f, k) that belong to one element only."""
    element = element_with(cells.shape[1])
    faces = cells[:, element.faces].reshape(-1, element.faces.shape[1])
    # Three corners tell one face from another, of hexahedra too.
    corners = np.sort(faces[:, : element.face.corners], axis=1).astype(np.int64)
    size = int(cells.max()) + 1
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
    volumes = signed_volumes(points_mm, tets)
    return np.asarray(np.sqrt(2) * 6 * volumes / np.maximum(largest, 1e-300))


def gate(mesh: Mesh, what: str) -> float:
    """The worst quality; GeometryError if an element is flat or inside out.

    Quality is the scaled Jacobian of tetrahedra, and of hexahedra the least volume at a quadrature
    point over the mean of its element.
    """
    parts = mesh.point_volumes_mm3 / mesh.element.weights
    mean = np.maximum(np.abs(parts).mean(axis=1), 1e-300)
    quality = np.asarray(parts.min(axis=1) / mean)
    if mesh.element.corners == 4:
        quality = np.minimum(quality, scaled_jacobian(mesh.nodes_mm, mesh.cells))
    if len(quality) and quality.min() >= _WORST_JACOBIAN:
        return float(quality.min())
    bad = int((~(quality >= _WORST_JACOBIAN)).sum())
    worst = mesh.cells[np.nan_to_num(quality, nan=-np.inf).argmin(), : mesh.element.corners]
    x, y, z = mesh.nodes_mm[worst].mean(axis=0).tolist()
    raise GeometryError(
        f"{bad} of {len(quality)} {_PLURAL[mesh.element.corners]} of {what} are flat or inside "
        f"out; smooth its surface or choose another element size.",
        point_lps=(x, y, z),
    )


def signed_volumes(points_mm: Floats, tets: npt.NDArray[np.integer]) -> Floats:
    """Volume (m,) of straight tetrahedra, negative inside out [mm3]."""
    corners = points_mm[tets[:, :4]]
    a, b, c = (corners[:, i] - corners[:, 0] for i in (1, 2, 3))
    return np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)
