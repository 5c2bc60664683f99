"""Faces of one body that may touch the surface of another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..mesh import Mesh
from .coupling import Coupling, rows_of
from .feet import Feet, Surface
from .obstacle import Bodies
from .pressing import Met, Pressing, SlotsOf, Sums, Touch

__all__ = ["Between"]

Floats = npt.NDArray[np.float64]

_FAR_MM = 1e6
_WIDTHS = 2.0
"""Widths of a face within which the other surface is looked for."""

_BESIDE = 0.05
"""A point touches no more that is this share of a face's width beside the end of a surface."""

_TURNED = 0.02
"""The greatest pressure that turns with the surface in the tangent: a fifth of Young's modulus."""

_FACING = -0.1


@dataclass(frozen=True, eq=False)
class _Found:
    """Points (numbers, p) that face the other surface, with their feet, gap (p,), and normal."""

    number: npt.NDArray[np.int32]
    feet: Feet
    gap: Floats
    normal: Floats

    def only(self, which: npt.NDArray[np.bool_]) -> "_Found":
        feet = Feet(self.feet.face[which], self.feet.place[which])
        return _Found(self.number[which], feet, self.gap[which], self.normal[which])


class Between(Pressing):
    """The points of one body and the surface of the other."""

    def __init__(
        self, mesh: Mesh, given: Bodies, young_modulus_kpa: Floats, slots: SlotsOf
    ) -> None:
        super().__init__(mesh, given, young_modulus_kpa, slots)
        others = np.array(given.others, np.int32)
        self._surface = Surface(others, mesh.element.face)
        self._other_slots = slots(others)
        self._slopes = mesh.element.face.slopes
        self._width_mm = float(np.sqrt(mesh.face_areas_mm2(others).max()))
        self._reach_far_mm = _WIDTHS * self._width_mm
        self.reach_mm = min(self.reach_mm, self._reach_far_mm / 2)

    def met(self, u: Floats, load: float, touch: Touch) -> Met:
        return self._met(self._found(u), touch)

    def add(self, u: Floats, load: float, touch: Touch, sums: Sums) -> float:
        found = self._found(u)
        met = self._met(found, touch)
        found = found.only(met.on.ravel()[found.number])
        if len(found.number):
            self._gather(u, found, met, sums)
        return self._energy(met, touch)

    def _met(self, found: _Found, touch: Touch) -> Met:
        grid = self._weights.shape
        gap, slope = np.full(grid, _FAR_MM), np.zeros((*grid, 3))
        clearance = np.broadcast_to(self._clearance_mm, grid).ravel()
        gap.ravel()[found.number] = found.gap + clearance[found.number]
        slope.reshape(-1, 3)[found.number] = found.normal
        return self._pressed(gap, slope, np.zeros((*grid, 3, 3)), touch)

    def _found(self, u: Floats) -> _Found:
        """The points within reach of the other surface that face it."""
        x = self._nodes + u
        points = self._at_points(x).reshape(-1, 3)
        number, feet = self._surface.nearest(x, points, self._reach_far_mm)
        normal = _unit(
            np.cross(self._surface.at(x, feet, (1, 0)), self._surface.at(x, feet, (0, 1)))
        )
        away = points[number] - self._surface.at(x, feet)
        gap = np.einsum("pi,pi->p", away, normal)
        beside = np.linalg.norm(away - gap[:, None] * normal, axis=1)
        facing = np.einsum("pi,pi->p", self._outward(x)[number], normal) < _FACING
        found = _Found(number, feet, gap, normal)
        return found.only(facing & (beside < _BESIDE * self._width_mm))

    def _outward(self, x: Floats) -> Floats:
        """Normals (f q, 3) of the faces at their points."""
        sides = np.einsum("qad,fai->dfqi", self._slopes, x[self._faces])
        return _unit(np.cross(sides[0], sides[1]).reshape(-1, 3))

    def _gather(self, u: Floats, found: _Found, met: Met, sums: Sums) -> None:
        """Add force and tangent; each point feels the gap, and how both bodies slide and turn.

        Rows: change of the gap, sliding along both sides of the face below, its turning about them
        (as in Wriggers, Computational Contact Mechanics, 2006, for a foot on a curved face).
        """
        from . import _kernels

        x, surface = self._nodes + u, self._surface
        sides = np.stack([surface.at(x, found.feet, o) for o in ((1, 0), (0, 1))], axis=1)
        metric = np.linalg.inv(np.einsum("pri,psi->prs", sides, sides))
        along = np.einsum("prs,psi->pri", metric, sides)
        face, point = np.divmod(found.number, self._weights.shape[1])
        w, p = self._weights[face, point], met.pressure[face, point]
        n = found.normal
        ways = np.concatenate([n[:, None], along, np.zeros_like(along)], axis=1)
        rows = np.ascontiguousarray(np.einsum("pa,pri->prai", self._shapes[point], ways))
        others = -np.einsum("pa,pri->prai", surface.shapes(found.feet.place), ways)
        for row, order in enumerate(((1, 0), (0, 1)), 3):
            others[:, row] = surface.shapes(found.feet.place, order)[..., None] * n[:, None]
        middles = w[:, None, None] * self._middles(x, found, p, face)
        forces = np.zeros(rows.shape[:2])
        forces[:, 0] = w * p
        below = surface.faces[found.feet.face]
        for nodes, felt, slots in (
            (self._faces[face], rows, self._slots[face]),
            (below, others, self._other_slots[found.feet.face]),
        ):
            _kernels.gather(
                nodes, felt, forces, middles, slots, sums.external, sums.blocks, sums.tangent
            )
        if sums.tangent:
            parts = rows_of(self._faces[face], rows, len(x)), rows_of(below, others, len(x))
            sums.couplings.append(Coupling(*parts, middles))

    def _middles(self, x: Floats, found: _Found, p: Floats, face: npt.NDArray[np.intp]) -> Floats:
        """Second derivative (p, 5, 5) of the energy per area by what the points feel."""
        D = np.zeros((len(p), 5, 5))
        D[:, 0, 0] = self._k[face, 0]
        # Deep inside, as at a first guess, turning would make the tangent lose its descent.
        p = np.minimum(p, _TURNED * np.sqrt(self._weights.sum(axis=1)[face]) * self._k[face, 0])
        for (i, k), order in {(1, 1): (2, 0), (1, 2): (1, 1), (2, 2): (0, 2)}.items():
            bend = np.einsum("pi,pi->p", self._surface.at(x, found.feet, order), found.normal)
            D[:, i, k] = D[:, k, i] = p * bend
        D[:, 1, 3] = D[:, 3, 1] = D[:, 2, 4] = D[:, 4, 2] = p
        return D


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
