"""Fields on the surface of a mesh from what its elements say inside."""

import numpy as np
import numpy.typing as npt

from .loads import Springs
from .mesh import Mesh

__all__ = [
    "at_corners",
    "at_nodes",
    "green_lagrange",
    "principal_strain",
    "spring_stiffness_kpa_per_mm",
    "surface_triangles",
    "von_mises_kpa",
    "weighted_quantiles",
]

Floats = npt.NDArray[np.float64]


def at_corners(mesh: Mesh, tensors: Floats) -> Floats:
    """Tensors (m, q, 3, 3) extrapolated to the corners and averaged there by volume, (c, 3, 3)."""
    corners = np.einsum("aq,mqij->maij", mesh.element.to_corners, tensors)
    weights = mesh.volumes_mm3[:, None, None, None]
    count = len(mesh.corner_nodes)
    total = np.zeros((count, 3, 3))
    np.add.at(total, mesh.corner_cells, corners * weights)
    shares = np.repeat(mesh.volumes_mm3, mesh.element.corners)
    volume = np.bincount(mesh.corner_cells.ravel(), shares, minlength=count)
    return np.asarray(total / volume[:, None, None])


def at_nodes(mesh: Mesh, corners: Floats) -> Floats:
    """Values at the corners (c, ...) carried to all nodes (n, ...)."""
    between = mesh.parents
    return np.asarray((corners[between[:, 0]] + corners[between[:, 1]]) / 2)


def von_mises_kpa(stress: Floats) -> Floats:
    """Von Mises stress (...) of stresses (..., 3, 3)."""
    mean = np.trace(stress, axis1=-2, axis2=-1)[..., None, None] / 3
    deviator = stress - mean * np.eye(3)
    return np.asarray(np.sqrt(1.5 * (deviator**2).sum(axis=(-2, -1))))


def green_lagrange(gradient: Floats) -> Floats:
    """Green-Lagrange strain (..., 3, 3) of deformation gradients; 0 where nothing is stretched."""
    return np.asarray((np.swapaxes(gradient, -1, -2) @ gradient - np.eye(3)) / 2)


def principal_strain(strain: Floats) -> Floats:
    """Largest principal value (...) of strains (..., 3, 3)."""
    return np.asarray(np.linalg.eigvalsh(strain)[..., -1])


def spring_stiffness_kpa_per_mm(mesh: Mesh, springs: tuple[Springs, ...]) -> Floats:
    """Stiffness (n,) of the springs that support each surface node, smeared over its surface.

    Handles, springs with a pull, support nothing.
    """
    count, shapes = len(mesh.nodes_mm), np.abs(mesh.element.face.shapes)
    around = np.zeros(count)
    np.add.at(around, mesh.surface, mesh.face_weights_mm2(mesh.surface) @ shapes)
    total = np.zeros(count)
    for one in springs:
        if np.ndim(one.pull_mm) == 2 or not any(one.pull_mm):
            shares = mesh.face_weights_mm2(one.faces) @ shapes
            stiffness = np.broadcast_to(one.stiffness_kpa_per_mm, len(one.faces))
            np.add.at(total, one.faces, shares * stiffness[:, None])
    return np.divide(total, around, out=np.zeros(count), where=around > 0)


def surface_triangles(mesh: Mesh) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Surface nodes, and the triangles that cover its faces in their numbering."""
    every = mesh.surface[:, mesh.element.face.triangles].reshape(-1, 3)
    nodes, numbers = np.unique(every, return_inverse=True)
    return nodes, np.asarray(numbers.reshape(-1, 3), dtype=np.int32)


def weighted_quantiles(values: Floats, weights: Floats, *fractions: float) -> tuple[float, ...]:
    """The values below which these fractions of the weight lie."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    places = np.searchsorted(share, np.asarray(fractions) * share[-1])
    return tuple(float(v) for v in values[order][np.minimum(places, len(values) - 1)])
