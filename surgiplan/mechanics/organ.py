"""An organ on its bed: what carries it, and its shape without its weight."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report, silent

from .assembly import Problem
from .lattice import Distance
from .loads import Held, Loads, Springs, weight_mn_per_mm3
from .material import NeoHookean
from .mesh import EDGES, Mesh
from .rest import RestShape, rest_shape

__all__ = [
    "Bed",
    "Weight",
    "free",
    "outward_normals",
    "rest_offsets_mm",
    "rested",
    "stiffness_kpa_per_mm",
]

Floats = npt.NDArray[np.float64]

_TO_THE_BACK = np.array([0.0, 1.0, 0.0])
_FADES = (0.25, 0.75)
"""Cosines with the way to the back between which the bed fades into the soft attachment."""

_MISS_MM = 0.05
_CANDIDATES = 12


@dataclass(frozen=True)
class Bed:
    """Springs on an organ's surface: at its back the bed, elsewhere what it is grown to [kPa/mm].

    The stiffness fades from one to the other geometrically, so that no edge of the bed decides.
    """

    back_kpa_per_mm: float
    attachment_kpa_per_mm: float


@dataclass(frozen=True, eq=False)
class Weight:
    """A uniform tissue and the gravity that it is under."""

    material: NeoHookean
    density_kg_per_m3: float
    gravity_m_per_s2: Floats = field(repr=False)

    def on(self, mesh: Mesh, springs: Springs) -> Problem:
        """The mesh with its weight and what carries it."""
        force = weight_mn_per_mm3(self.density_kg_per_m3, self.gravity_m_per_s2)
        return Problem(mesh, self.material, Loads(body_force_mn_per_mm3=force, springs=(springs,)))


def stiffness_kpa_per_mm(outward: Floats, bed: Bed) -> Floats:
    """Stiffness (f,) of the springs under faces whose normals are ``outward`` (f, 3) LPS."""
    low, high = _FADES
    share = np.clip((outward @ _TO_THE_BACK - low) / (high - low), 0, 1)
    share = share * share * (3 - 2 * share)
    ratio = bed.back_kpa_per_mm / bed.attachment_kpa_per_mm
    return np.asarray(bed.attachment_kpa_per_mm * ratio**share)


def outward_normals(mesh: Mesh, distance: Distance) -> Floats:
    """An organ's own outward normals (f, 3) at the surface faces of a mesh of it.

    By the slope of its distance, since elements along an edge are bevelled.
    """
    centres = mesh.face_centres_mm(mesh.surface)
    step = 0.1 * np.sqrt(mesh.face_areas_mm2(mesh.surface).mean())
    slope = np.stack(
        [
            np.asarray(distance(centres + way)) - np.asarray(distance(centres - way))
            for way in step * np.eye(3)
        ],
        axis=1,
    )
    return np.asarray(slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12))


def rested(
    scanned: Mesh, distance: Distance, bed: Bed, weight: Weight, report: Report = silent
) -> RestShape:
    """The whole organ without its weight; under it, it takes the shape that was scanned.

    Raises SolveError where that shape is not found.
    """
    stiffness = stiffness_kpa_per_mm(outward_normals(scanned, distance), bed)

    def under(mesh: Mesh) -> Problem:
        return weight.on(mesh, Springs(mesh.surface, stiffness))

    return rest_shape(scanned, under, free(scanned), tolerance_mm=_MISS_MM, report=report)


def free(mesh: Mesh) -> Held:
    """No node held: springs carry the body."""
    return Held(np.zeros((len(mesh.nodes_mm), 3), bool), np.zeros((len(mesh.nodes_mm), 3)))


def rest_offsets_mm(rest: RestShape, scanned: Mesh, points_mm: Floats) -> Floats:
    """From where points (n, 3) of the scanned organ lie to where they lie at rest (n, 3).

    ``scanned`` is the mesh of quadratic tetrahedra that ``rest`` was found for; in it the offset
    is interpolated, beside it continued.
    """
    from scipy.spatial import cKDTree

    offsets = rest.mesh.nodes_mm - scanned.nodes_mm
    corners = scanned.nodes_mm[scanned.cells[:, :4]]
    count = min(_CANDIDATES, len(corners))
    _, near = cKDTree(corners.mean(axis=1)).query(points_mm, k=count)
    near = near.reshape(len(points_mm), count)
    inverse = np.linalg.inv(np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2))
    local = np.einsum("nkij,nkj->nki", inverse[near], points_mm[:, None] - corners[near, 0])
    shares = np.concatenate([1 - local.sum(axis=-1, keepdims=True), local], axis=-1)
    rows, best = np.arange(len(points_mm)), shares.min(axis=-1).argmax(axis=1)
    share, cells = shares[rows, best], scanned.cells[near[rows, best]]
    middles = 4 * share[:, EDGES[:, 0]] * share[:, EDGES[:, 1]]
    shapes = np.concatenate([share * (2 * share - 1), middles], axis=1)
    return np.asarray(np.einsum("na,nai->ni", shapes, offsets[cells]))
