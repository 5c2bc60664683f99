"""What contact adds to a problem: energy, forces, tangent, and the pressure that keeps apart."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..mesh import Mesh
from .obstacle import Obstacle

__all__ = ["Contacted", "Contacts", "Touch"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

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
    """A contact at equilibrium, at the quadrature points of its faces.

    ``pressure_kpa`` (f, q), ``friction_kpa`` (f, q, 3) on the tissue, ``gap_mm`` (f, q) negative
    inside; ``force_mn`` (3,) on the tissue, ``area_mm2`` at rest of what touches, and the largest
    ``penetration_mm``.
    """

    pressure_kpa: Floats
    friction_kpa: Floats
    gap_mm: Floats
    force_mn: Floats
    area_mm2: float
    penetration_mm: float


class Contacts:
    """The contacts of a mesh; ``young_modulus_kpa`` (m,) is of its elements."""

    def __init__(
        self,
        mesh: Mesh,
        contacts: tuple[Obstacle, ...],
        young_modulus_kpa: Floats,
        slots: Callable[[Ints], Ints],
    ) -> None:
        self._reach_mm = _BOLDEST * float(np.ptp(mesh.nodes_mm, axis=0).max())
        self._each = [
            _Against(mesh, one, _stiffness(mesh, one, young_modulus_kpa), slots(one.faces))
            for one in contacts
        ]

    def boldest_step(self, direction: Floats) -> float:
        """How much of a displacement (n, 3) is tried first: what falls must not fall through."""
        far = float(np.abs(direction).max(initial=0.0))
        return min(1.0, self._reach_mm / far) if self._each and far > 0 else 1.0

    def begun(self) -> tuple[Touch, ...]:
        """Before anything touched."""
        return tuple(one.begun() for one in self._each)

    def add(
        self, u: Floats, load: float, touches: tuple[Touch, ...], external: Floats,
        following: Floats, blocks: Floats, *, tangent: bool,
    ) -> float:  # fmt: skip
        """Energy; adds to the forces with energy, to those of friction, and to the tangent."""
        energy = 0.0
        for one, touch in zip(self._each, touches, strict=True):
            energy += one.add(u, load, touch, external, following, blocks, tangent=tangent)
        return energy

    def raised(
        self, u: Floats, load: float, touches: tuple[Touch, ...]
    ) -> tuple[Touch, ...] | None:
        """Pressing harder where something is too deep inside; None where nothing is."""
        pairs = list(zip(self._each, touches, strict=True))
        if all(one.keeps_apart(u, load, touch) for one, touch in pairs):
            return None
        return tuple(one.raised(u, load, touch) for one, touch in pairs)

    def carried(self, u: Floats, load: float, touches: tuple[Touch, ...]) -> tuple[Touch, ...]:
        """After a load step: friction holds where things slid to, and where they first touched."""
        pairs = zip(self._each, touches, strict=True)
        return tuple(one.carried(u, load, touch) for one, touch in pairs)

    def answers(self, u: Floats, load: float, touches: tuple[Touch, ...]) -> tuple[Contacted, ...]:
        """The contacts at an equilibrium."""
        pairs = zip(self._each, touches, strict=True)
        return tuple(one.answer(u, load, touch) for one, touch in pairs)


@dataclass(frozen=True, eq=False)
class _Met:
    """Quadrature points (f, q) beside an obstacle: gap, its derivatives, pressure, contact."""

    gap: Floats
    slope: Floats
    curvature: Floats
    pressure: Floats
    on: npt.NDArray[np.bool_]

    @property
    def normal(self) -> Floats:
        length = np.linalg.norm(self.slope, axis=-1, keepdims=True)
        return np.asarray(self.slope / np.maximum(length, 1e-12))


class _Against:
    """One obstacle and the faces that may touch it."""

    def __init__(self, mesh: Mesh, obstacle: Obstacle, stiffness: Floats, slots: Ints) -> None:
        self._obstacle, self._k, self._slots = obstacle, stiffness, slots
        self._nodes, self._faces = mesh.nodes_mm, np.array(obstacle.faces, np.int32)
        self._weights = mesh.face_weights_mm2(self._faces)
        self._shapes = mesh.element.face.shapes.copy()

    def begun(self) -> Touch:
        shape = self._weights.shape
        return Touch(np.zeros(shape), np.zeros((*shape, 3)))

    def add(
        self, u: Floats, load: float, touch: Touch, external: Floats, following: Floats,
        blocks: Floats, *, tangent: bool,
    ) -> float:  # fmt: skip
        met = self._met(u, load, touch)
        pushed = (self._weights * (met.pressure**2 - touch.pressure_kpa**2) / (2 * self._k)).sum()
        near = np.asarray(met.on.any(axis=1))
        if not near.any():
            return float(pushed)
        w, p = self._weights[near][..., None], met.pressure[near][..., None]
        n = met.slope[near]
        stiff = np.where(met.on[near], self._k[near], 0.0)[..., None, None]
        slopes = p[..., None] * met.curvature[near] - stiff * n[..., :, None] * n[..., None, :]
        self._gather(near, w * p * n, w[..., None] * slopes, external, blocks, tangent=tangent)
        if self._obstacle.friction_coefficient > 0:
            rub, slope = self._rubbed(u, load, touch, met)
            forces, slopes = w * rub[near], w[..., None] * slope[near]
            self._gather(near, forces, slopes, following, blocks, tangent=tangent)
        return float(pushed)

    def keeps_apart(self, u: Floats, load: float, touch: Touch) -> bool:
        allowed = self._obstacle.penetration_mm
        return allowed is None or _miss_mm(self._met(u, load, touch)) <= allowed

    def raised(self, u: Floats, load: float, touch: Touch) -> Touch:
        if self._obstacle.penetration_mm is None:
            return touch
        return replace(touch, pressure_kpa=self._met(u, load, touch).pressure)

    def carried(self, u: Floats, load: float, touch: Touch) -> Touch:
        if self._obstacle.friction_coefficient == 0:
            return touch
        met = self._met(u, load, touch)
        rub, _ = self._rubbed(u, load, touch, met)
        moved = self._moved(u, load)
        stuck = np.where(met.on[..., None], moved + rub / self._k[..., None], moved)
        return replace(touch, stuck_mm=stuck)

    def answer(self, u: Floats, load: float, touch: Touch) -> Contacted:
        met = self._met(u, load, touch)
        rub, _ = self._rubbed(u, load, touch, met)
        total = met.pressure[..., None] * met.slope + rub
        touching = met.pressure > 0
        return Contacted(
            met.pressure, rub, met.gap, np.einsum("fq,fqi->i", self._weights, total),
            float(self._weights[touching].sum()), max(0.0, -float(met.gap.min(initial=0.0))),
        )  # fmt: skip

    def _moved(self, u: Floats, load: float) -> Floats:
        """Displacement (f, q, 3) of the points against the obstacle."""
        own = np.einsum("qa,fai->fqi", self._shapes, u[self._faces])
        return np.asarray(own - load * np.array(self._obstacle.moves_mm))

    def _met(self, u: Floats, load: float, touch: Touch) -> _Met:
        rest = np.einsum("qa,fai->fqi", self._shapes, self._nodes[self._faces])
        points = rest + self._moved(u, load)
        near = self._obstacle.shape(points.reshape(-1, 3))
        grid = points.shape[:2]
        gap = near.distance_mm.reshape(grid) + self._obstacle.clearance_mm
        trial = touch.pressure_kpa - self._k * gap
        slope, curvature = near.slope.reshape(points.shape), near.curvature.reshape(*grid, 3, 3)
        return _Met(gap, slope, curvature, np.maximum(trial, 0.0), trial >= -self._k * _ON_MM)

    def _rubbed(self, u: Floats, load: float, touch: Touch, met: _Met) -> tuple[Floats, Floats]:
        """Friction (f, q, 3) [kPa] on the points, and its slope where the pressure stays.

        A spring to where the point stuck, as stiff as the contact, that holds up to a share of the
        pressure and then slides.
        """
        n = met.normal
        across = np.eye(3) - n[..., :, None] * n[..., None, :]
        slip = np.einsum("fqij,fqj->fqi", across, self._moved(u, load) - touch.stuck_mm)
        length = np.linalg.norm(slip, axis=-1)
        most = self._obstacle.friction_coefficient * met.pressure
        slides = self._k * length > most
        way = slip / np.maximum(length, 1e-300)[..., None]
        strength = np.where(slides, most / np.maximum(length, 1e-300), self._k)
        strength = np.where(met.on, strength, 0.0)[..., None]
        turned = across - slides[..., None, None] * way[..., :, None] * way[..., None, :]
        return -strength * slip, -strength[..., None] * turned

    def _gather(
        self, near: npt.NDArray[np.bool_], forces: Floats, slopes: Floats, total: Floats,
        blocks: Floats, *, tangent: bool,
    ) -> None:  # fmt: skip
        from . import _kernels

        _kernels.gather(
            self._faces[near], self._shapes, forces, slopes, self._slots[near], total, blocks,
            tangent,
        )  # fmt: skip


def _miss_mm(met: _Met) -> float:
    """How far from touching the points that press are, at most; none else is inside."""
    return float(np.where(met.pressure > 0, np.abs(met.gap), 0.0).max(initial=0.0))


def _stiffness(mesh: Mesh, contact: Obstacle, young_modulus_kpa: Floats) -> Floats:
    """Stiffness (f, 1) of a contact [kPa/mm]: as given, or stiff against the tissue beside it."""
    faces = contact.faces
    if contact.stiffness_kpa_per_mm is not None:
        given = np.asarray(contact.stiffness_kpa_per_mm, float)
        stiffness = np.broadcast_to(given, len(faces)).reshape(-1, 1)
        if not (stiffness > 0).all():
            raise ValueError("the stiffness of a contact must be above zero")
        return np.ascontiguousarray(stiffness)
    count, width = len(mesh.nodes_mm), mesh.cells.shape[1]
    share = np.bincount(mesh.cells.ravel(), minlength=count)
    total = np.bincount(mesh.cells.ravel(), np.repeat(young_modulus_kpa, width), minlength=count)
    modulus = (total / np.maximum(share, 1))[faces].mean(axis=1)
    return np.asarray(_STIFFER * modulus / np.sqrt(mesh.face_areas_mm2(faces)))[:, None]
