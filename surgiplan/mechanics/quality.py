"""How good a mesh is: shape of its elements, volume, and what was left out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .elements import element_with
from .lattice import Distance
from .mesh import Mesh, scaled_jacobian

__all__ = ["MeshQuality", "dihedral_angles_deg", "quality_of"]

Floats = npt.NDArray[np.float64]

_HANDS = np.array([1, -1, -1, -1, -1, 1, 1, 1.0])
"""Which corners of a hexahedron list their three edges right-handed."""


@dataclass(frozen=True)
class MeshQuality:
    """What to know of a mesh before its answers are believed.

    The scaled Jacobian is 1 for a regular tetrahedron or a box and 0 for a flat one (Knupp, 2003);
    they have dihedral angles of 70.5 and 90 degrees.
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
    """The quality of a mesh that should fill a volume of ``wanted_mm3`` inside ``distance``."""
    shape = _shape(mesh)
    angles = dihedral_angles_deg(mesh.nodes_mm, mesh.cells)
    ends = mesh.nodes_mm[mesh.cells[:, mesh.element.edges]]
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


def _shape(mesh: Mesh) -> Floats:
    """Scaled Jacobian (m,); of hexahedra the least at a corner, edges taken as straight."""
    if mesh.element.corners == 4:
        return scaled_jacobian(mesh.nodes_mm, mesh.cells)
    volumes = np.linalg.det(_ways(mesh.nodes_mm, mesh.cells))
    return np.asarray((volumes * _HANDS).min(axis=1))


def dihedral_angles_deg(points_mm: Floats, cells: npt.NDArray[np.integer]) -> Floats:
    """Angles between the faces that meet at edges of tetrahedra or hexahedra, (m, 12) or (m, 24).

    Three at each corner, so each edge comes once from either end.
    """
    ways = _ways(points_mm, cells)
    found = []
    for n in range(3):
        along = ways[:, :, n]
        sides = []
        for other in ((n + 1) % 3, (n + 2) % 3):
            share = np.einsum("mci,mci->mc", ways[:, :, other], along)
            side = ways[:, :, other] - share[..., None] * along
            sides.append(side / np.maximum(np.linalg.norm(side, axis=2), 1e-300)[..., None])
        cosine = np.einsum("mci,mci->mc", sides[0], sides[1])
        found.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.concatenate(found, axis=1)


def _ways(points_mm: Floats, cells: npt.NDArray[np.integer]) -> Floats:
    """Unit vectors (m, corners, 3, 3) along the three edges at each corner."""
    element = element_with(cells.shape[1])
    corners = points_mm[cells[:, : element.corners]]
    ends: list[list[int]] = [[] for _ in range(element.corners)]
    for a, b in element.edges.tolist():
        ends[a].append(b)
        ends[b].append(a)
    ways = corners[:, np.array(ends)] - corners[:, :, None]
    ways /= np.maximum(np.linalg.norm(ways, axis=3, keepdims=True), 1e-300)
    return np.asarray(ways)
