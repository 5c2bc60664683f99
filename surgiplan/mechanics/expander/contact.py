"""A device inside a wall as the solver sees it: springs that push, and an axis that yields."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..loads import GIVING_WAY, Expander
from ..mesh import Mesh
from .axis import Axis, factored

__all__ = ["Contact", "DeviceTouch", "Softening"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_SETTLED = 1e-10
"""Forces left on the axis, as a part of those of the contact."""


@dataclass(frozen=True, eq=False)
class Softening:
    """What a tangent loses because a device yields: V S^-1 V^T, with the factor of S.

    ``nodes`` (k,), ``coupling`` V (k, 3, c), ``factor`` (c, c) lower.
    """

    nodes: Ints
    coupling: Floats
    factor: Floats

    def kept(self, fixed: npt.NDArray[np.bool_]) -> "Softening":
        """The same without components (n, 3) that are held."""
        free = np.where(fixed[self.nodes], 0.0, 1.0)
        return Softening(self.nodes, self.coupling * free[:, :, None], self.factor)

    def times(self, x: Floats) -> Floats:
        """Product (k, 3) with a field (n, 3), at ``nodes``."""
        from ..matrix import _kernels

        moved = np.einsum("nic,ni->c", self.coupling, x[self.nodes])
        _kernels.cholesky_solve(self.factor, moved)
        return np.asarray(np.einsum("nic,c->ni", self.coupling, moved))


@dataclass(frozen=True, eq=False)
class DeviceTouch:
    """How a device touches: at the quadrature points (f, q) of its faces, and its axis (k, 3).

    ``pressure_kpa``; ``depth_mm`` inside its free radius there, negative where the wall is beyond
    it; ``place``, along the axis in its points; ``area_mm2`` they stand for, and how much ``share``
    the device has in them; ``force_mn`` (n, 3) on the nodes of the wall.
    """

    pressure_kpa: Floats
    depth_mm: Floats
    place: Floats
    area_mm2: Floats
    share: Floats
    force_mn: Floats
    axis_mm: Floats


@dataclass(eq=False)
class _Points:
    """The slopes of the energy at the quadrature points, as the kernel fills them."""

    pressures: Floats
    place: Floats
    push: Floats
    stiff: Floats
    frame: Floats
    energy: float = 0.0

    @classmethod
    def zero(cls, shape: tuple[int, ...]) -> "_Points":
        vectors, squares = np.zeros((*shape, 3)), np.zeros((*shape, 3, 3))
        return cls(np.zeros(shape), np.zeros(shape), vectors, squares, np.zeros((*shape, 8)))


class Contact:
    """The expander with what its kernel needs; the load scales how far it has opened."""

    def __init__(self, mesh: Mesh, expander: Expander, slots: Ints) -> None:
        self._expander, self._slots = expander, slots
        self._nodes = mesh.nodes_mm.copy()
        placed = self._nodes if expander.placed_mm is None else self._nodes + expander.placed_mm
        self._faces = np.array(expander.faces, dtype=np.int32)
        areas = Mesh(placed, mesh.cells).face_weights_mm2(expander.faces)
        self._shapes = mesh.element.face.shapes.copy()
        points = self._at_points(placed)
        self._start, self._reach = _nearest_segments(points, expander.axis_mm)
        self._placed: tuple[float, Floats] | None = None
        self._axis = None if expander.bending_n_mm2 is None else Axis(expander)
        self._inner, own = np.unique(self._faces, return_inverse=True)
        self._own = np.ascontiguousarray(own.reshape(self._faces.shape), np.int32)
        self._law, self._reached = _law(expander, areas.shape)
        self._share = self._shares(points)
        self._areas, self._weights = areas, areas * self._share

    def add(
        self, u: Floats, load: float, external: Floats, blocks: Floats, *, tangent: bool
    ) -> tuple[float, Softening | None]:
        """Energy at displacement ``u``; adds force and tangent; what the axis' yielding takes."""
        from . import _kernels

        points, energy = self._settled(u, load)
        force = np.zeros_like(u)
        _kernels.spread(
            self._faces, self._shapes, points.pressures, points.push, points.stiff, self._slots,
            force, blocks, tangent,
        )  # fmt: skip
        external -= force
        softening = self._softening(points, load) if tangent and self._axis else None
        return energy, softening

    def touch(self, u: Floats, load: float) -> DeviceTouch:
        """How the device touches at displacement ``u``."""
        from . import _kernels

        points, _ = self._settled(u, load)
        force = np.zeros_like(u)
        _kernels.spread(
            self._faces, self._shapes, points.pressures, points.push, points.stiff, self._slots,
            force, np.zeros((1, 3, 3)), False,
        )  # fmt: skip
        curve = self._curve(load)
        place = np.zeros(self._areas.shape)
        moved = self._at_points(self._nodes + u)
        _kernels.places(moved, curve, self._start, place)
        values = _evaluated(curve, place)
        depth = values[..., 3] - np.linalg.norm(moved - values[..., :3], axis=-1)
        axis = np.vstack([curve[:, 0, :3], curve[-1, :, :3].sum(axis=0)])
        pressure = points.pressures * self._share
        return DeviceTouch(pressure, depth, place, self._areas, self._share, -force, axis)

    def _at_points(self, nodal: Floats) -> Floats:
        return np.asarray(np.einsum("qa,fai->fqi", self._shapes, nodal[self._faces]))

    def _shares(self, points: Floats) -> Floats:
        """The device's share (f, q) at the points, which stay with it: it does not slide along."""
        from . import _kernels

        place, share = np.zeros(points.shape[:2]), self._expander.share
        _kernels.places(points, self._curve(1.0), self._start, place)
        return np.asarray(np.interp(place, np.arange(len(share)), share))

    def _curve(self, load: float) -> Floats:
        """The expander's curve for the kernel; it opens from the nearest wall outwards."""
        if self._placed is None or self._placed[0] != load:
            expander = self._expander
            closed = np.minimum(expander.radius_mm, self._reach)
            radius = closed + load * (expander.radius_mm - closed)
            self._placed = load, _cubics(expander.axis_mm, radius[:, None])
        curve = self._placed[1].copy()
        if self._axis:
            curve[:, :, :3] += np.einsum("spm,mi->spi", self._axis.tables, self._axis.moved)
        return curve

    def _touched(self, u: Floats, load: float) -> _Points:
        from . import _kernels

        points = _Points.zero(self._weights.shape)
        points.energy = _kernels.touched(
            self._nodes, self._faces, self._shapes, self._weights, u, self._curve(load),
            self._start, self._law, self._reached, points.pressures, points.place, points.push,
            points.stiff, points.frame,
        )  # fmt: skip
        return points

    def _settled(self, u: Floats, load: float) -> tuple[_Points, float]:
        """The points once the axis has come to rest between the pushes of the wall."""
        points = self._touched(u, load)
        if self._axis is None:
            return points, points.energy
        for _ in range(30):
            slope, curvature = self._axis_sums(points, load, None)
            if np.linalg.norm(slope) <= _SETTLED * max(np.abs(points.push).sum(), 1e-9):
                break
            before = self._axis.moved, points.energy + self._axis.energy(load)
            step = self._axis.step(slope, curvature)
            for _ in range(8):
                self._axis.moved = before[0] + step
                points = self._touched(u, load)
                energy = points.energy + self._axis.energy(load)
                if energy <= before[1] + 1e-11 * abs(before[1]):
                    break
                step = step / 2
        return points, points.energy + self._axis.energy(load)

    def _axis_sums(
        self, points: _Points, load: float, coupling: Floats | None
    ) -> tuple[Floats, Floats]:
        """Slope (m, 3) and curvature (m, 3, m, 3) of all energy by the moves of the axis."""
        from . import _kernels

        assert self._axis is not None
        slope, curvature = self._axis.slopes(load)
        count = len(slope)
        into = np.zeros((1, 3, count, 3)) if coupling is None else coupling
        _kernels.axis_sums(
            self._own, self._shapes, points.pressures, points.place, points.push, points.stiff,
            points.frame, self._axis.tables, self._axis.leads, slope, curvature, into,
            coupling is not None,
        )  # fmt: skip
        return slope, curvature

    def _softening(self, points: _Points, load: float) -> Softening | None:
        assert self._axis is not None
        count = len(self._axis.moved)
        coupling = np.zeros((len(self._inner), 3, count, 3))
        _, curvature = self._axis_sums(points, load, coupling)
        factor = factored(curvature)
        inner = np.asarray(self._inner, np.int32)
        return Softening(inner, coupling.reshape(len(inner), 3, -1), factor)


def _law(expander: Expander, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """The law for the kernel, and how far each point (f, q) had opened before it was squeezed."""
    opening = [expander.stiffness_kpa_per_mm, expander.plateau_kpa]
    squeezed = expander.squeezed
    if squeezed is None:
        return np.array([*opening, *opening, opening[0], GIVING_WAY]), np.full(shape, np.inf)
    closing = [squeezed.stiffness_kpa_per_mm, squeezed.plateau_kpa, squeezed.turn_kpa_per_mm]
    reached = np.maximum(np.broadcast_to(squeezed.depth_mm, shape), 0.0)
    return np.array([*opening, *closing, GIVING_WAY]), np.ascontiguousarray(reached)


def _evaluated(curve: Floats, place: Floats) -> Floats:
    """Values (..., c) of cubics (segments, 4, c) at places (...)."""
    segment = np.minimum(place.astype(int), len(curve) - 1)
    t = (place - segment)[..., None]
    p = curve[segment]
    return np.asarray(p[..., 0, :] + t * (p[..., 1, :] + t * (p[..., 2, :] + t * p[..., 3, :])))


def _cubics(axis: Floats, values: Floats) -> Floats:
    """Cubics (segments, 4, 3 + c) through axis points (k, 3) and values (k, c), constant first.

    The axis is a spline of continuous curvature; values have a continuous slope and no overshoot.
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    place = np.arange(len(axis))
    parts = CubicSpline(place, axis).c, PchipInterpolator(place, values).c
    return np.ascontiguousarray(np.concatenate(parts, axis=2)[::-1].transpose(1, 0, 2))


def _nearest_segments(points: Floats, axis: Floats) -> tuple[Ints, Floats]:
    """The axis segment nearest to each point (f, q), and the least distance to each axis point."""
    from scipy.spatial import cKDTree

    flat = points.reshape(-1, 3)
    middles = (axis[1:] + axis[:-1]) / 2
    segment = cKDTree(middles).query(flat)[1].reshape(points.shape[:2])
    reach = cKDTree(flat).query(axis)[0]
    return np.ascontiguousarray(segment, dtype=np.int32), reach
