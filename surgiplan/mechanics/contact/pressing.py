"""What every contact has: pressure by depth, raised until nothing is too deep inside."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..mesh import Mesh
from .coupling import Coupling
from .obstacle import Bodies, Obstacle

__all__ = ["Contacted", "Met", "Pressing", "SlotsOf", "Sums", "Touch"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
SlotsOf = Callable[[Ints], Ints]

_STIFFER = 10.0
"""Stiffness of a contact against the tissue's own, Young's modulus over the width of a face."""

_BOLDEST = 0.1
"""A Newton step moves no node farther than this share of the whole body's size."""

_ON_MM = 1e-9
"""Nearer than this a point touches: what rests on an obstacle from the start is carried."""


@dataclass(frozen=True, eq=False)
class Touch:
    """What a contact remembers: the pressure (f, q) it presses with where nothing is inside.

    ``stuck_mm`` (f, q, 3): displacement at which friction has no force.
    """

    pressure_kpa: Floats
    stuck_mm: Floats


@dataclass(frozen=True, eq=False)
class Contacted:
    """A contact at equilibrium, at the quadrature points of its ``faces`` (f, k).

    ``pressure_kpa`` (f, q), ``friction_kpa`` (f, q, 3) on the tissue, ``gap_mm`` (f, q) negative
    inside; ``force_mn`` (3,) on the tissue, ``area_mm2`` at rest of what touches, and the largest
    ``penetration_mm``.
    """

    faces: Ints
    pressure_kpa: Floats
    friction_kpa: Floats
    gap_mm: Floats
    force_mn: Floats
    area_mm2: float
    penetration_mm: float

    def at_nodes_kpa(self, count: int) -> Floats:
        """Pressure at the ``count`` nodes of the mesh: the mean of the faces around, or 0."""
        total, around = np.zeros(count), np.bincount(self.faces.ravel(), minlength=count)
        np.add.at(total, self.faces, self.pressure_kpa.mean(axis=1)[:, None])
        return np.asarray(total / np.maximum(around, 1))


@dataclass(frozen=True, eq=False)
class Met:
    """Quadrature points (f, q): gap, its derivatives by their place, pressure, and contact."""

    gap: Floats
    slope: Floats
    curvature: Floats
    pressure: Floats
    on: npt.NDArray[np.bool_]

    @property
    def normal(self) -> Floats:
        length = np.linalg.norm(self.slope, axis=-1, keepdims=True)
        return np.asarray(self.slope / np.maximum(length, 1e-12))


@dataclass(frozen=True, eq=False)
class Sums:
    """Where contacts add what they have: forces with an energy, forces without, and the tangent.

    ``couplings`` collects what the tangent has between nodes that share no element.
    """

    external: Floats
    following: Floats
    blocks: Floats
    tangent: bool
    couplings: list[Coupling] = field(default_factory=list)


class Pressing:
    """The points of faces (f, q) that may press on something.

    Energy per reference area: (p^2 - l^2) / 2 k with the pressure p = <l - k gap>, l the one that
    is remembered.
    """

    def __init__(
        self, mesh: Mesh, given: Obstacle | Bodies, young_modulus_kpa: Floats, slots: SlotsOf
    ) -> None:
        self._nodes, self._faces = mesh.nodes_mm, np.array(given.faces, np.int32)
        self._k = _stiffness(mesh, self._faces, given.stiffness_kpa_per_mm, young_modulus_kpa)
        self._weights = mesh.face_weights_mm2(self._faces)
        self._shapes = mesh.element.face.shapes.copy()
        self._slots = slots(self._faces)
        self._penetration_mm, self._clearance_mm = given.penetration_mm, given.clearance_mm
        self.reach_mm = _BOLDEST * float(np.ptp(mesh.nodes_mm, axis=0).max())

    def begun(self) -> Touch:
        """Before anything touched."""
        shape = self._weights.shape
        return Touch(np.zeros(shape), np.zeros((*shape, 3)))

    def add(self, u: Floats, load: float, touch: Touch, sums: Sums) -> float:
        """Energy at ``u``; the rest goes to the sums."""
        raise NotImplementedError

    def met(self, u: Floats, load: float, touch: Touch) -> Met:
        """The points at ``u``."""
        raise NotImplementedError

    def keeps_apart(self, u: Floats, load: float, touch: Touch) -> bool:
        """Whether nothing is deeper inside than allowed."""
        allowed = self._penetration_mm
        return allowed is None or _miss_mm(self.met(u, load, touch)) <= allowed

    def raised(self, u: Floats, load: float, touch: Touch) -> Touch:
        """Remembering the pressure of now."""
        if self._penetration_mm is None:
            return touch
        return replace(touch, pressure_kpa=self.met(u, load, touch).pressure)

    def carried(self, u: Floats, load: float, touch: Touch) -> Touch:
        """After a load step."""
        return touch

    def answer(self, u: Floats, load: float, touch: Touch) -> Contacted:
        """The contact at an equilibrium."""
        met = self.met(u, load, touch)
        return self._answered(met, np.zeros_like(met.slope))

    def _answered(self, met: Met, rubbed: Floats) -> Contacted:
        total = met.pressure[..., None] * met.slope + rubbed
        return Contacted(
            self._faces,
            met.pressure,
            rubbed,
            met.gap,
            np.einsum("fq,fqi->i", self._weights, total),
            float(self._weights[met.pressure > 0].sum()),
            max(0.0, -float(met.gap.min(initial=0.0))),
        )

    def _at_points(self, values: Floats) -> Floats:
        """What nodes have (n, 3), at the points (f, q, 3)."""
        return np.asarray(np.einsum("qa,fai->fqi", self._shapes, values[self._faces]))

    def _pressed(self, gap: Floats, slope: Floats, curvature: Floats, touch: Touch) -> Met:
        trial = touch.pressure_kpa - self._k * gap
        return Met(gap, slope, curvature, np.maximum(trial, 0.0), trial >= -self._k * _ON_MM)

    def _energy(self, met: Met, touch: Touch) -> float:
        squares = met.pressure**2 - touch.pressure_kpa**2
        return float((self._weights * squares / (2 * self._k)).sum())


def _miss_mm(met: Met) -> float:
    """How far from touching the points that press are, at most; none else is inside."""
    return float(np.where(met.pressure > 0, np.abs(met.gap), 0.0).max(initial=0.0))


def _stiffness(
    mesh: Mesh, faces: Ints, given: float | Floats | None, young_modulus_kpa: Floats
) -> Floats:
    """Stiffness (f, 1) of a contact [kPa/mm]: as given, or stiff against the tissue beside it."""
    if given is not None:
        stiffness = np.broadcast_to(np.asarray(given, float), len(faces)).reshape(-1, 1)
        if not (stiffness > 0).all():
            raise ValueError("the stiffness of a contact must be above zero")
        return np.ascontiguousarray(stiffness)
    count, width = len(mesh.nodes_mm), mesh.cells.shape[1]
    share = np.bincount(mesh.cells.ravel(), minlength=count)
    total = np.bincount(mesh.cells.ravel(), np.repeat(young_modulus_kpa, width), minlength=count)
    modulus = (total / np.maximum(share, 1))[faces].mean(axis=1)
    return np.asarray(_STIFFER * modulus / np.sqrt(mesh.face_areas_mm2(faces)))[:, None]
