"""An organ as it lies in the body: its tissue, what carries it, and its shape without its loads."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report, silent

from .assembly import Problem
from .contact import Obstacle
from .lattice import Distance
from .loads import Held, Loads, Pressure, Springs, weight_mn_per_mm3
from .material import Material
from .mesh import Mesh
from .neighbours import Neighbours, neighbours_of
from .rest import RestShape, rest_shape

__all__ = ["Anchor", "Bed", "Body", "Organ", "Surroundings", "free", "outward_normals"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_TO_THE_BACK = np.array([0.0, 1.0, 0.0])
_FADES = (0.25, 0.75)
"""Cosines with the way to the back between which the bed fades into the soft attachment."""
_REACH_MM = 6.0
"""Distance from an anchor over which its hold fades to nothing."""
_MISS_MM = 0.05
_GAS_LEVELS = 12
_SHRUNK = 0.6
"""Tissue of an element is asked for at its nodes, drawn so far from its middle, and there."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """A structure that an organ is grown to, and how stiffly where it touches [kPa/mm]."""

    name: str
    distance: Distance
    kpa_per_mm: float


@dataclass(frozen=True, eq=False)
class Organ:
    """An organ as it was scanned.

    ``distance``: signed distance [mm] of points (n, 3) LPS to its surface, negative inside, within
    ``bounds_mm`` (2, 3).  ``tissue`` names what it is made of as far as its name tells.
    ``lesions``: signed distances of tumours in it.  ``hu``: Hounsfield units at points (n, 3).
    ``cava`` and ``vessels`` are what it is grown to, as far as the scan shows them, ``neighbours``
    what it may rest on and slide along.
    """

    name: str
    distance: Distance
    bounds_mm: Floats
    tissue: str = "liver"
    lesions: tuple[Distance, ...] = ()
    hu: Callable[[Floats], Floats] | None = None
    cava: Distance | None = None
    vessels: tuple[Distance, ...] = ()
    neighbours: tuple[Distance, ...] = ()


@dataclass(frozen=True)
class Bed:
    """Springs on an organ's surface: at its back the bed, elsewhere what it is grown to [kPa/mm].

    The stiffness fades from one to the other geometrically, so that no edge of the bed decides;
    where the surface comes near an anchor it is at least the anchor's.
    """

    back_kpa_per_mm: float
    attachment_kpa_per_mm: float
    anchors: tuple[Anchor, ...] = ()

    def stiffness_kpa_per_mm(self, mesh: Mesh, outward: Floats) -> Floats:
        """Of the springs under each surface face (f,) of a mesh with normals ``outward`` (f, 3)."""
        low, high = _FADES
        share = _smooth(np.clip((outward @ _TO_THE_BACK - low) / (high - low), 0, 1))
        ratio = self.back_kpa_per_mm / self.attachment_kpa_per_mm
        stiffness = np.asarray(self.attachment_kpa_per_mm * ratio**share)
        for anchor in self.anchors:
            near = 1 - np.clip(anchor.distance(mesh.nodes_mm) / _REACH_MM, 0, 1)
            held = _smooth(near)[mesh.surface].mean(axis=1)
            stiffness = np.maximum(stiffness, anchor.kpa_per_mm * held)
        return stiffness


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What acts on an organ at one time: gravity [m/s2], and gas against its free surface [kPa]."""

    gravity_m_per_s2: Floats = field(repr=False)
    gas_kpa: float = 0.0


@dataclass(frozen=True, eq=False)
class Hung:
    """What carries an organ: springs under ``faces`` (f, k), and neighbours that it may touch."""

    faces: Ints
    stiffness_kpa_per_mm: Floats
    contacts: tuple[Obstacle, ...] = ()

    @property
    def springs(self) -> Springs:
        """The springs under the faces."""
        return Springs(self.faces, self.stiffness_kpa_per_mm)


@dataclass(frozen=True, eq=False)
class Body:
    """An organ's tissue, element by element, and its bed.

    ``stiffness_factor``: how many times stiffer than ``material`` tissue is at points (n, 3).
    ``neighbours`` take the place of the bed's springs where they touch the organ.
    """

    organ: Organ
    material: Material
    density_kg_per_m3: float
    stiffness_factor: Callable[[Floats], Floats]
    bed: Bed
    neighbours: Neighbours | None = None

    def springs(self, scanned: Mesh) -> Floats:
        """Stiffness (f,) under the surface faces of a mesh of the organ [kPa/mm]."""
        return self.bed.stiffness_kpa_per_mm(scanned, outward_normals(scanned, self.organ.distance))

    def beside(self, distances: tuple[Distance, ...], whole: Mesh, around: Surroundings) -> "Body":
        """The same among neighbours; ``whole`` is a mesh of the organ as scanned, ``around`` there.

        They give way as the bed does.
        """
        weight = weight_mn_per_mm3(self.density_kg_per_m3, around.gravity_m_per_s2)
        found = neighbours_of(
            distances, self.organ.bounds_mm, whole, self.springs(whole), weight,
            self.bed.back_kpa_per_mm,
        )  # fmt: skip
        return replace(self, neighbours=found)

    def hung(self, scanned: Mesh, stiffness: Floats, cut: Flags | None = None) -> "Hung":
        """What carries a mesh, as scanned, that has springs of ``stiffness`` (f,) and a ``cut``."""
        kept = np.ones(len(scanned.surface), bool) if cut is None else ~cut
        if self.neighbours is None:
            return Hung(scanned.surface[kept], stiffness[kept])
        obstacle = self.neighbours.obstacle(scanned, np.where(kept, stiffness, 0.0))
        kept &= ~self.neighbours.touched(scanned)
        return Hung(scanned.surface[kept], stiffness[kept], (obstacle,))

    def factors(self, scanned: Mesh) -> Floats:
        """Mean stiffness factor (m,) of each element."""
        nodes = scanned.nodes_mm[scanned.cells]
        middle = nodes.mean(axis=1, keepdims=True)
        places = np.concatenate([middle, middle + _SHRUNK * (nodes - middle)], axis=1)
        found = self.stiffness_factor(places.reshape(-1, 3))
        return np.asarray(found.reshape(len(nodes), -1).mean(axis=1))

    def under(
        self,
        mesh: Mesh,
        factors: Floats,
        springs: tuple[Springs, ...],
        around: Surroundings,
        contacts: tuple[Obstacle, ...] = (),
    ) -> Problem:
        """A mesh at rest under its weight and gas, on its springs."""
        force = weight_mn_per_mm3(self.density_kg_per_m3, around.gravity_m_per_s2)
        pressures = self._gas(mesh, springs, around.gas_kpa) if around.gas_kpa else ()
        loads = Loads(
            body_force_mn_per_mm3=force, pressures=pressures, springs=springs, contacts=contacts
        )
        return Problem(mesh, self.material, loads, factors)

    def _gas(
        self, mesh: Mesh, springs: tuple[Springs, ...], gas_kpa: float
    ) -> tuple[Pressure, ...]:
        """Gas against the surface, less where the bed keeps it off: by the bed's stiffness there.

        So all of the organ sinks about as deep into its bed as gas pushes it.
        """
        carried = np.zeros(len(mesh.surface))
        numbers = {tuple(face): n for n, face in enumerate(mesh.surface.tolist())}
        for one in springs:
            if not np.any(one.pull_mm):
                under = [numbers[tuple(face)] for face in one.faces.tolist()]
                carried[under] = one.stiffness_kpa_per_mm
        share = np.clip(carried / self.bed.back_kpa_per_mm, 0, 1)
        if self.neighbours is not None:
            share[self.neighbours.touched(mesh)] = 1.0
        level = np.round(_GAS_LEVELS * (1 - share)).astype(int)
        return tuple(
            Pressure(mesh.surface[level == n], gas_kpa * n / _GAS_LEVELS)
            for n in np.unique(level[level > 0])
        )

    def rested(self, scanned: Mesh, around: Surroundings, report: Report = silent) -> RestShape:
        """The whole organ without its loads; under them, it takes the shape that was scanned.

        Raises SolveError where that shape is not found.
        """
        factors, hung = self.factors(scanned), self.hung(scanned, self.springs(scanned))

        def under(mesh: Mesh) -> Problem:
            return self.under(mesh, factors, (hung.springs,), around, hung.contacts)

        return rest_shape(scanned, under, free(scanned), tolerance_mm=_MISS_MM, report=report)


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


def free(mesh: Mesh) -> Held:
    """No node held: springs carry the body."""
    return Held(np.zeros((len(mesh.nodes_mm), 3), bool), np.zeros((len(mesh.nodes_mm), 3)))


def _smooth(share: Floats) -> Floats:
    return np.asarray(share * share * (3 - 2 * share))
