"""Faces that may touch something rigid, and rub against it."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..mesh import Mesh
from .obstacle import Obstacle
from .pressing import Contacted, Met, Pressing, SlotsOf, Sums, Touch

__all__ = ["Against"]

Floats = npt.NDArray[np.float64]


class Against(Pressing):
    """An obstacle and the faces that may touch it."""

    def __init__(
        self, mesh: Mesh, given: Obstacle, young_modulus_kpa: Floats, slots: SlotsOf
    ) -> None:
        super().__init__(mesh, given, young_modulus_kpa, slots)
        self._obstacle = given

    def add(self, u: Floats, load: float, touch: Touch, sums: Sums) -> float:
        met = self.met(u, load, touch)
        if not met.on.any():
            return self._energy(met, touch)
        p, n = met.pressure[..., None], met.slope
        stiff = np.where(met.on, self._k, 0.0)[..., None, None]
        middles = stiff * n[..., :, None] * n[..., None, :] - p[..., None] * met.curvature
        self._gather(met.on, p * n, middles, sums.external, sums)
        if self._obstacle.friction_coefficient > 0:
            rubbed, middles = self._rubbed(u, load, touch, met)
            self._gather(met.on, rubbed, middles, sums.following, sums)
        return self._energy(met, touch)

    def met(self, u: Floats, load: float, touch: Touch) -> Met:
        points = self._at_points(self._nodes) + self._moved(u, load)
        near = self._obstacle.shape(points.reshape(-1, 3))
        grid = points.shape[:2]
        gap = near.distance_mm.reshape(grid) + self._clearance_mm
        slope, curvature = near.slope.reshape(points.shape), near.curvature.reshape(*grid, 3, 3)
        return self._pressed(gap, slope, curvature, touch)

    def carried(self, u: Floats, load: float, touch: Touch) -> Touch:
        """After a load step: friction holds where things slid to, and where they first touched."""
        if self._obstacle.friction_coefficient == 0:
            return touch
        met, moved = self.met(u, load, touch), self._moved(u, load)
        rubbed, _ = self._rubbed(u, load, touch, met)
        stuck = np.where(met.on[..., None], moved + rubbed / self._k[..., None], moved)
        return replace(touch, stuck_mm=stuck)

    def answer(self, u: Floats, load: float, touch: Touch) -> Contacted:
        met = self.met(u, load, touch)
        return self._answered(met, self._rubbed(u, load, touch, met)[0])

    def _moved(self, u: Floats, load: float) -> Floats:
        """Displacement (f, q, 3) of the points against the obstacle."""
        return np.asarray(self._at_points(u) - load * np.array(self._obstacle.moves_mm))

    def _rubbed(self, u: Floats, load: float, touch: Touch, met: Met) -> tuple[Floats, Floats]:
        """Friction (f, q, 3) [kPa] on the points, and its stiffness where the pressure stays.

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
        return -strength * slip, strength[..., None] * turned

    def _gather(
        self, on: npt.NDArray[np.bool_], kpa: Floats, middles: Floats, force: Floats, sums: Sums
    ) -> None:
        """Add tractions (f, q, 3) and their stiffness (f, q, 3, 3) where points are on."""
        from . import _kernels

        face, point = np.nonzero(on)
        rows = self._shapes[point][:, None, :, None] * np.eye(3)[:, None, :]
        w = self._weights[on][:, None]
        _kernels.gather(
            self._faces[face], rows, w * kpa[on], w[:, None] * middles[on], self._slots[face],
            force, sums.blocks, sums.tangent,
        )  # fmt: skip
