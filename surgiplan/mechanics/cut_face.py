"""How a cut surface opens: its area, how far it draws back, how far its edges part."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .mesh import Mesh

__all__ = ["CutFace", "cut_face"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CutFace:
    """A cut surface before and after the organ has settled.

    ``displacement_mm`` (3,): mean over the face, LPS.  ``retraction_mean_mm`` and
    ``retraction_max_mm``: how far it draws back into the organ, along its normal.
    ``edge_gape_mm``: how far its edge moves away from its middle, mean along the edge;
    ``edge_displacement_max_mm``: the largest displacement on the edge.
    """

    displacement_mm: Floats
    area_before_mm2: float
    area_after_mm2: float
    retraction_mean_mm: float
    retraction_max_mm: float
    edge_gape_mm: float
    edge_displacement_max_mm: float


def cut_face(scanned: Mesh, displacement_mm: Floats, cut: npt.NDArray[np.bool_]) -> CutFace | None:
    """What became of the surface faces ``cut`` (f,) of a mesh; None where there are none."""
    if not cut.any():
        return None
    faces, u = scanned.surface[cut], displacement_mm
    areas, normals = scanned.face_areas_mm2(faces), scanned.face_normals(faces)
    moved = u[faces[:, 3:]].mean(axis=1)
    back = -np.einsum("ij,ij->i", moved, normals)
    mean = np.average(moved, axis=0, weights=areas)
    settled = scanned.moved_to(scanned.nodes_mm + u)
    edge = np.intersect1d(faces, scanned.surface[~cut])
    middle = np.average(scanned.face_centres_mm(faces), axis=0, weights=areas)
    outward = scanned.nodes_mm[edge] - middle
    normal = np.average(normals, axis=0, weights=areas)
    normal /= max(float(np.linalg.norm(normal)), 1e-12)
    outward = outward - np.outer(outward @ normal, normal)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    return CutFace(
        displacement_mm=mean,
        area_before_mm2=float(areas.sum()),
        area_after_mm2=float(settled.face_areas_mm2(faces).sum()),
        retraction_mean_mm=float(np.average(back, weights=areas)),
        retraction_max_mm=float(back.max()),
        edge_gape_mm=float(np.einsum("ij,ij->i", u[edge] - mean, outward).mean()),
        edge_displacement_max_mm=float(np.linalg.norm(u[edge], axis=1).max()),
    )
