"""A vessel as it was scanned: stretched along the body and widened by its own blood pressure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError
from surgiplan.jobs_report import Report, silent

from .assembly import Problem
from .linear import Tangent, conjugate_gradients
from .loads import Expander, Held, Loads, Pressure, Springs, held
from .mesh import Mesh
from .rest import rest_shape
from .tube import Wall

__all__ = ["KPA_PER_MMHG", "Surroundings", "Tissues", "Vessel", "scanned_vessel"]

Floats = npt.NDArray[np.float64]
Tissues = Callable[[Mesh, Loads], Problem]
"""The problem of a mesh under loads: which tissue is where."""

KPA_PER_MMHG = 0.1333224

_TOO_SOFT = 0.5
"""Strain around the vessel beyond which no artery lives (Laplace, small strain)."""

_TOLERANCE_MM = 0.01


_CORRECTIONS = 2
_SMALL = 1e-2


@dataclass(frozen=True)
class Surroundings:
    """What a vessel was scanned under, and the springs it hangs on against changes [kPa/mm].

    ``stretch``: fraction by which it is longer than at rest.
    """

    pressure_kpa: float
    stretch: float
    around_kpa_per_mm: float
    ends_kpa_per_mm: float


@dataclass(frozen=True, eq=False)
class Vessel:
    """A wall with its shape at rest.

    ``scanned_mm`` (n, 3): displacement of the mesh ``rest`` at the scan, an equilibrium under the
    scan's pressure and the forces ``beyond_mn`` (n, 3), which are of the vessel beyond the ends and
    the little that would move the wall by up to ``miss_mm``; where it ``is_kept_in_shape``, of what
    lies around, too, which keeps it from rounding.  Where that would not hold it either, the scan
    is taken for its shape at rest and its pressure is ``ignored_kpa``: only what adds to it acts.
    """

    wall: Wall
    tissues: Tissues
    rest: Mesh
    scanned_mm: Floats
    beyond_mn: Floats
    miss_mm: float
    around: Surroundings
    is_kept_in_shape: bool = False
    ignored_kpa: float = 0.0

    def problem(self, pressure_kpa: float, expander: Expander | None = None) -> Problem:
        """The vessel under a blood pressure, and with a device in it.

        What lies around and beyond the ends is at ease in the scan and resists changes from it.
        """
        springs = [
            Springs(faces, kpa * self._growth(faces), pull_mm=self.scanned_mm)
            for faces, kpa in (
                (self.wall.outer, self.around.around_kpa_per_mm),
                (self.wall.ends, self.around.ends_kpa_per_mm),
            )
            if kpa > 0
        ]
        if expander:
            expander = replace(expander, placed_mm=self.scanned_mm)
        loads = Loads(
            pressures=_blood(self.wall, pressure_kpa - self.ignored_kpa),
            springs=tuple(springs),
            expander=expander,
            forces_mn=self.beyond_mn,
            preloaded=True,
        )
        return self.tissues(self.rest, loads)

    @property
    def free(self) -> Held:
        """No node is held: the vessel hangs on its springs."""
        return held(len(self.rest.nodes_mm), [])

    def _growth(self, faces: npt.NDArray[np.int32]) -> Floats:
        """Area (f,) of faces in the scan over that at rest."""
        scanned = Mesh(self.rest.nodes_mm + self.scanned_mm, self.rest.cells)
        return scanned.face_areas_mm2(faces) / self.rest.face_areas_mm2(faces)


def scanned_vessel(
    wall: Wall, tissues: Tissues, around: Surroundings, report: Report = silent
) -> Vessel:
    """The vessel whose scan is ``wall``, in equilibrium under pressure and axial stretch.

    Its ends are held where they were scanned while the shape at rest is found, and what holds them
    stays as a force.  Some lumens have no such shape, an oval one or a flap that hangs between two
    pressures; they are kept in the shape that was scanned.  Raises SolveError with what to change
    where the wall is far too soft for its pressure.
    """
    scanned = wall.mesh
    nothing = np.zeros_like(scanned.nodes_mm)
    if around.pressure_kpa == 0 and around.stretch == 0:
        return Vessel(wall, tissues, scanned, nothing, nothing, 0.0, around)
    guess = _guess(wall, tissues, around)
    ends = held(len(guess), wall.end_nodes)
    ends = replace(ends, displacement_mm=np.where(ends.mask, scanned.nodes_mm - guess, 0.0))
    loads = Loads(pressures=_blood(wall, around.pressure_kpa))
    try:
        found = rest_shape(
            scanned, lambda mesh: tissues(mesh, loads), ends, guess_mm=guess,
            tolerance_mm=_TOLERANCE_MM, report=report,
        )  # fmt: skip
    except SolveError as error:
        if _hoop_strain(wall, tissues, around.pressure_kpa) > _TOO_SOFT:
            raise SolveError(
                f"The wall is too soft or thin for {around.pressure_kpa / KPA_PER_MMHG:.0f} mmHg; "
                f"lower pressure_mmhg, or make the wall thicker or stiffer.",
                iterations=error.iterations,
                residual=error.residual,
            ) from error
        return _kept_in_shape(wall, tissues, around, guess) or Vessel(
            wall, tissues, scanned, nothing, nothing, 0.0, around, ignored_kpa=around.pressure_kpa
        )
    u = found.displacement_mm
    left = tissues(found.mesh, loads).at(u, 1.0, tangent=False).residual
    return Vessel(wall, tissues, found.mesh, u, left, found.miss_mm, around)


def _kept_in_shape(
    wall: Wall, tissues: Tissues, around: Surroundings, guess: Floats
) -> Vessel | None:
    """The vessel at rest as it is guessed, and in the scan what keeps it from rounding as forces.

    An oval thin wall that nothing keeps in shape would have to be almost flat without its pressure:
    its ovalness grows by one over the share of the pressure at which a ring buckles.  None where
    the vessel would not stay in its scanned shape.
    """
    rest, u = Mesh(guess, wall.mesh.cells), wall.mesh.nodes_mm - guess
    if not rest.point_volumes_mm3.min() > 0:
        return None
    loads = Loads(pressures=_blood(wall, around.pressure_kpa))
    state = tissues(rest, loads).at(u, 1.0, tangent=False)
    vessel = Vessel(wall, tissues, rest, u, state.residual, 0.0, around, is_kept_in_shape=True)
    return vessel if np.isfinite(state.energy) and _is_stable(vessel) else None


def _is_stable(vessel: Vessel) -> bool:
    """Whether small forces move the scanned vessel a little, and not away for good."""
    problem = vessel.problem(vessel.around.pressure_kpa)
    tangent = Tangent(problem, vessel.free.mask)
    tangent.update(problem.at(vessel.scanned_mm, 1.0, tangent=True).blocks)
    push = np.random.default_rng(0).normal(size=vessel.scanned_mm.shape)
    # Conjugate gradients stop early where they find a way downhill.
    way, _ = conjugate_gradients(tangent, push, _SMALL, lambda: None)
    left = np.linalg.norm(push - tangent.times(way))
    return bool(left <= 2 * _SMALL * np.linalg.norm(push))


def _blood(wall: Wall, pressure_kpa: float) -> tuple[Pressure, ...]:
    return (Pressure(wall.inner, pressure_kpa),) if pressure_kpa else ()


def _guess(wall: Wall, tissues: Tissues, around: Surroundings) -> Floats:
    """About where the nodes (n, 3) are at rest: nearer to each other along and across the vessel.

    A thin tube's hoop stress is p r / t.  The strains for it are logarithmic (Hencky); what the
    tissue's own law then answers too much or too little is taken off, twice.
    """
    thickness = wall.mesh.volume_mm3 / wall.mesh.face_areas_mm2(wall.inner).sum()
    radius = np.linalg.norm(wall.feet_mm - wall.middles_mm, axis=1)
    hoop, through = around.pressure_kpa * (radius / thickness + 0.5), -around.pressure_kpa / 2
    wanted = np.array([hoop.mean(), through])
    asked = wanted.copy()
    for _ in range(_CORRECTIONS):
        places = _unloaded(wall, tissues, around, hoop + asked[0] - wanted[0], asked[1])
        asked += wanted - _mean_stress_kpa(wall, tissues, places)
    return _unloaded(wall, tissues, around, hoop + asked[0] - wanted[0], asked[1])


def _unloaded(
    wall: Wall, tissues: Tissues, around: Surroundings, hoop: Floats, through: float
) -> Floats:
    """Where the nodes (n, 3) are without hoop stress (n,) and stress through the wall [kPa]."""
    tissue = tissues(wall.mesh, Loads()).tissue
    E, nu = np.average(tissue.young_modulus_kpa), tissue.poisson_ratio.max()
    long = 1 + around.stretch
    axial = E * np.log(long) + nu * (hoop + through)
    wide = np.exp((hoop - nu * (through + axial)) / E)[:, None]
    thin = np.exp((through - nu * (hoop + axial)) / E)[:, None]
    centre = wall.middles_mm.mean(axis=0)
    across = (wall.feet_mm - wall.middles_mm) / wide
    thick = (wall.mesh.nodes_mm - wall.feet_mm) / thin
    return np.asarray(centre + (wall.middles_mm - centre) / long + across + thick)


def _mean_stress_kpa(wall: Wall, tissues: Tissues, places: Floats) -> Floats:
    """Mean stress around the vessel and through its wall (2,), scanned from rest at ``places``."""
    mesh = wall.mesh
    stress, _ = tissues(Mesh(places, mesh.cells), Loads()).stress_kpa(mesh.nodes_mm - places)
    middles = wall.middles_mm[mesh.cells]
    out = np.einsum("qa,mai->mqi", mesh.element.shapes, mesh.nodes_mm[mesh.cells] - middles)
    along = np.einsum("qad,mai->mqdi", mesh.element.slopes, middles)
    longest = np.linalg.norm(along, axis=3).sum(axis=1).argmax(axis=1)
    along = along[np.arange(len(along)), :, longest]
    around = np.cross(along, out)
    weights = mesh.point_volumes_mm3
    found = []
    for way in (around, np.cross(around, along)):
        way = way / np.linalg.norm(way, axis=2, keepdims=True)
        found.append(np.average(np.einsum("mqi,mqij,mqj->mq", way, stress, way), weights=weights))
    return np.array(found)


def _hoop_strain(wall: Wall, tissues: Tissues, pressure_kpa: float) -> float:
    """By Laplace's law, at small strain."""
    E = tissues(wall.mesh, Loads()).tissue.young_modulus_kpa
    radius = np.linalg.norm(wall.feet_mm - wall.middles_mm, axis=1).mean()
    thickness = wall.mesh.volume_mm3 / wall.mesh.face_areas_mm2(wall.inner).sum()
    return float(pressure_kpa * radius / (thickness * np.average(E)))
