"""How good a mesh of tetrahedra is: shape of its elements, volume, and what was left out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .lattice import Distance
from .mesh import Mesh, scaled_jacobian

__all__ = ["MeshQuality", "dihedral_angles_deg", "quality_of"]

Floats = npt.NDArray[np.float64]

_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


@dataclass(frozen=True)
class MeshQuality:
    """What to know of a mesh before its answers are believed.

    The scaled Jacobian is 1 for a regular tetrahedron and 0 for a flat one (Knupp, 2003); a
    regular one has dihedral angles of 70.5 degrees.
    """

    elements: int
    nodes: int
    volume_ml: float
    volume_error_fraction: float | None
    """Volume over that of the segment or surface, less 1; None where that is not known."""
    scaled_jacobian_min: float
    scaled_jacobian_p1: float
    scaled_jacobian_median: float
    dihedral_min_deg: float
    dihedral_max_deg: float
    edge_mm: float
    """Median length of the elements' edges."""
    surface_miss_mm: float | None = None
    """Distance from the surface below which 95 % of the mesh's surface lies; None if unknown."""
    pieces_left_out_ml: tuple[float, ...] = ()
    """Volumes of the loose pieces that the mesh leaves out, largest first."""


def quality_of(
    mesh: Mesh,
    wanted_mm3: float | None = None,
    distance: Distance | None = None,
    left_out_mm3: tuple[float, ...] = (),
) -> MeshQuality:
    """The quality of tetrahedra that should fill a volume of ``wanted_mm3`` inside ``distance``."""
    shape = scaled_jacobian(mesh.nodes_mm, mesh.cells)
    angles = dihedral_angles_deg(mesh.nodes_mm, mesh.cells)
    ends = mesh.nodes_mm[mesh.cells[:, _EDGES]]
    return MeshQuality(
        elements=len(mesh.cells),
        nodes=len(mesh.nodes_mm),
        volume_ml=mesh.volume_mm3 / 1000,
        volume_error_fraction=mesh.volume_mm3 / wanted_mm3 - 1 if wanted_mm3 else None,
        scaled_jacobian_min=float(shape.min()),
        scaled_jacobian_p1=float(np.percentile(shape, 1)),
        scaled_jacobian_median=float(np.median(shape)),
        dihedral_min_deg=float(angles.min()),
        dihedral_max_deg=float(angles.max()),
        edge_mm=float(np.median(np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1))),
        surface_miss_mm=_miss(mesh, distance) if distance else None,
        pieces_left_out_ml=tuple(round(volume / 1000, 4) for volume in left_out_mm3),
    )


def _miss(mesh: Mesh, distance: Distance) -> float:
    points = np.concatenate(
        [mesh.nodes_mm[np.unique(mesh.surface)], mesh.face_centres_mm(mesh.surface)]
    )
    return float(np.percentile(np.abs(distance(points)), 95))


def dihedral_angles_deg(points_mm: Floats, tets: npt.NDArray[np.integer]) -> Floats:
    """Angles (m, 6) between the faces that meet at each edge of tetrahedra."""
    corners = points_mm[tets[:, :4]]
    found = []
    for a, b in _EDGES:
        c, d = (n for n in range(4) if n not in (a, b))
        along = corners[:, b] - corners[:, a]
        along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
        sides = []
        for other in (c, d):
            side = corners[:, other] - corners[:, a]
            side = side - np.einsum("ij,ij->i", side, along)[:, None] * along
            sides.append(side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-300))
        cosine = np.einsum("ij,ij->i", *sides)
        found.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.stack(found, axis=1)
