"""What lies around an organ: it rests on it, slides along it and leaves it, but does not enter."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .contact import Obstacle, Shape, spline_of
from .lattice import Distance
from .mesh import Mesh

__all__ = ["Neighbours", "neighbours_of"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_TOUCHES_MM = 3.0
"""Structures of a scan touch where they seem to be nearer than this, or overlap."""
_REACH_MM = 20.0
_SPACING_MM = 3.0


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The shape of all that lies around an organ, and how stiffly it gives way [kPa/mm].

    ``sunk`` (2, 3): how the whole organ moved [mm] and turned [rad] about ``middle_mm`` into its
    bed by its weight in the scan, which tells how hard it rested on each of them.
    """

    shape: Shape
    kpa_per_mm: float
    middle_mm: Floats
    sunk: Floats

    def touched(self, scanned: Mesh) -> Flags:
        """Which surface faces (f,) of the organ as scanned touch a neighbour."""
        near = self.shape(scanned.face_centres_mm(scanned.surface))
        return np.asarray(near.distance_mm < _TOUCHES_MM)

    def obstacle(self, scanned: Mesh, stiffness_kpa_per_mm: Floats) -> Obstacle:
        """What the surface of a mesh, as scanned, may touch.

        Where it touches already, it presses as the springs of ``stiffness_kpa_per_mm`` (f,) did
        that the neighbour takes the place of, so that the scan stays in equilibrium.
        """
        places = np.einsum(
            "qa,fai->fqi", scanned.element.face.shapes, scanned.nodes_mm[scanned.surface]
        )
        grid = places.shape[:2]
        near = self.shape(places.reshape(-1, 3))
        distance, out = near.distance_mm.reshape(grid), near.slope.reshape(places.shape)
        moved = self.sunk[0] + np.cross(self.sunk[1], places - self.middle_mm)
        depth = np.maximum(-np.einsum("fqi,fqi->fq", moved, out), 0.0)
        pressed = stiffness_kpa_per_mm[:, None] * depth / self.kpa_per_mm
        touching = self.touched(scanned)[:, None]
        # What only seems to overlap in the scan, by a voxel or by a crude segment, does not press.
        clearance = np.where(touching, -pressed - distance, -np.minimum(distance, 0.0))
        reached = (distance < _REACH_MM).any(axis=1)
        return Obstacle(
            scanned.surface[reached],
            self.shape,
            stiffness_kpa_per_mm=self.kpa_per_mm,
            penetration_mm=None,
            clearance_mm=clearance[reached],
        )


def neighbours_of(
    distances: tuple[Distance, ...],
    bounds_mm: Floats,
    whole: Mesh,
    stiffness_kpa_per_mm: Floats,
    weight_mn_per_mm3: Floats,
    kpa_per_mm: float,
) -> Neighbours:
    """The neighbours of an organ by their signed distances [mm] of points (n, 3).

    ``whole`` is a mesh of it as scanned, under its weight there, on springs of
    ``stiffness_kpa_per_mm`` (f,) as if it had no neighbours.
    """

    def nearest(points: Floats) -> Floats:
        return np.asarray(np.min([one(points) for one in distances], axis=0))

    around = np.asarray(bounds_mm, float) + _REACH_MM * np.array([[-1], [1]])
    middle = whole.nodes_mm.mean(axis=0)
    sunk = _sunk(whole, middle, stiffness_kpa_per_mm, weight_mn_per_mm3)
    return Neighbours(spline_of(nearest, around, _SPACING_MM), kpa_per_mm, middle, sunk)


def _sunk(whole: Mesh, middle: Floats, stiffness: Floats, weight: Floats) -> Floats:
    """How a rigid body moves and turns (2, 3) about ``middle`` on its springs by its weight."""
    centres = whole.face_centres_mm(whole.surface) - middle
    strength = stiffness * whole.face_areas_mm2(whole.surface)
    turning = np.cross(np.eye(3)[None], centres[:, None])
    ways = np.concatenate([np.broadcast_to(np.eye(3), turning.shape), turning], axis=1)
    resistance = np.einsum("f,fai,fbi->ab", strength, ways, ways)
    inside = whole.nodes_mm[whole.cells].mean(axis=1) - middle
    volumes = whole.volumes_mm3
    force = weight * volumes.sum()
    moment = np.cross(np.einsum("m,mi->i", volumes, inside), weight)
    sunk = np.linalg.solve(resistance, np.concatenate([force, moment]))
    return np.asarray(sunk.reshape(2, 3))
