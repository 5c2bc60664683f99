"""Energy, residual and tangent of a loaded mesh, in sparse 3x3 blocks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .loads import Expander, Loads
from .material import Material
from .mesh import EDGES, TetMesh

__all__ = ["Pattern", "Problem", "State", "parents", "pattern_of", "triangle_rule"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which pairs of nodes share an element: sorted keys row * n + column, and their slots."""

    size: int
    keys: npt.NDArray[np.int64]
    starts: Ints
    columns: Ints

    def slots(self, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]) -> Ints:
        """Where the blocks of the pairs (any shape) are kept."""
        wanted = rows.astype(np.int64) * self.size + columns
        return np.searchsorted(self.keys, wanted).astype(np.int32)


@dataclass(frozen=True, eq=False)
class State:
    """Energy [mN mm], smallest J, and nodal forces (n, 3) [mN] at one displacement.

    ``internal`` is of the tissue, ``external`` of weight, traction, springs and expander, so that
    their difference is what supports must carry, and zero where nothing is held.
    """

    energy: float
    min_jacobian: float
    internal: Floats
    external: Floats
    blocks: Floats | None

    @property
    def residual(self) -> Floats:
        """Internal minus external nodal forces (n, 3) [mN]."""
        return self.internal - self.external


class Problem:
    """A mesh, its material and its loads, ready to be evaluated at any displacement."""

    def __init__(
        self,
        mesh: TetMesh,
        material: Material,
        loads: Loads,
        stiffness_factor: Floats | None = None,
    ) -> None:
        """``stiffness_factor`` (m,) multiplies Young's modulus of each tetrahedron."""
        self.mesh, self.material, self.loads = mesh, material, loads
        count = len(mesh.nodes_mm)
        factor = np.ones(len(mesh.tets)) if stiffness_factor is None else stiffness_factor
        self.stiffness_factor = np.asarray(factor, float)
        lam, mu = material.lame_kpa
        self._lam, self._mu = lam * self.stiffness_factor, mu * self.stiffness_factor
        self._corner = np.ascontiguousarray(mesh.corner_gradients)
        self._volume = np.array(mesh.volumes_mm3)
        self._tets = np.array(mesh.tets, dtype=np.int32)
        self._nodes = np.array(mesh.nodes_mm, dtype=np.float64)
        self.pattern = pattern_of(self._tets, count)
        self._slots = self._pair_slots(self._tets)
        self._dead = _dead_forces(mesh, loads)
        self._springs = self._spring_matrix()
        self._contact = _Contact(self, loads.expander) if loads.expander else None

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self._nodes)

    def at(self, u: Floats, load: float, *, tangent: bool) -> State:
        """The state at displacement ``u`` (n, 3) [mm] under a fraction ``load`` of the loads."""
        from . import _kernels

        count = self.node_count
        internal, external = np.zeros((count, 3)), load * self._dead
        blocks = np.zeros((len(self.pattern.keys) if tangent else 1, 3, 3))
        energy, smallest = _kernels.solid(
            self._corner, self._volume, self._tets, u, self._lam, self._mu,
            self._slots, internal, blocks, tangent,
        )  # fmt: skip
        if not np.isfinite(energy):
            return State(np.inf, smallest, internal, external, None)
        energy -= load * float(np.einsum("ij,ij->", self._dead, u))
        if self._springs is not None:
            pull = self._springs @ u
            energy += float(np.einsum("ij,ij->", pull, u)) / 2
            external -= pull
            if tangent:
                blocks[:, [0, 1, 2], [0, 1, 2]] += self._springs.data[:, None]
        if self._contact:
            energy += self._contact.add(u, load, external, blocks, tangent=tangent)
        return State(energy, smallest, internal, external, blocks if tangent else None)

    def cauchy_kpa(self, gradients: Floats) -> Floats:
        """Cauchy stress (m, 4, 3, 3) of deformation gradients at the quadrature points [kPa]."""
        factor = self.stiffness_factor[:, None, None, None]
        return np.asarray(self.material.cauchy_kpa(gradients) * factor)

    def contact_pressure_kpa(self, u: Floats, load: float = 1.0) -> Floats:
        """Pressure (f, 6) of the expander at the quadrature points of its faces [kPa]."""
        if not self._contact:
            raise ValueError("this problem has no expander")
        external = np.zeros_like(u)
        self._contact.add(u, load, external, np.zeros((1, 3, 3)), tangent=False)
        return self._contact.pressures.copy()

    def _pair_slots(self, groups: Ints) -> Ints:
        width = groups.shape[1]
        rows = np.repeat(groups, width, axis=1)
        return np.ascontiguousarray(self.pattern.slots(rows, np.tile(groups, width)))

    def _spring_matrix(self) -> Any:
        """Scalar spring stiffness in the pattern of the tangent, or None [mN/mm]."""
        if not self.loads.springs:
            return None
        from scipy.sparse import csr_array

        shapes, weights = triangle_rule()
        overlap = np.einsum("q,qa,qb->ab", weights, shapes, shapes)
        data = np.zeros(len(self.pattern.keys))
        for springs in self.loads.springs:
            areas = self.mesh.face_areas_mm2(springs.faces)
            values = springs.stiffness_kpa_per_mm * areas[:, None] * overlap.ravel()
            np.add.at(data, self._pair_slots(springs.faces), values)
        count = self.node_count
        return csr_array((data, self.pattern.columns, self.pattern.starts), shape=(count, count))


class _Contact:
    """The expander with what its kernel needs; the load scales how far it has opened."""

    def __init__(self, problem: Problem, expander: Expander) -> None:
        self._expander = expander
        self._nodes, faces = problem.mesh.nodes_mm.copy(), expander.faces
        self._faces = np.array(faces, dtype=np.int32)
        self._areas = problem.mesh.face_areas_mm2(faces)
        self._slots = problem._pair_slots(self._faces)
        shapes, _ = triangle_rule()
        points = np.einsum("qa,fai->fqi", shapes, self._nodes[faces])
        self._start, self._reach = _nearest_segments(points, expander.axis_mm)
        self.pressures = np.zeros((len(faces), 6))

    def add(
        self, u: Floats, load: float, external: Floats, blocks: Floats, *, tangent: bool
    ) -> float:
        from . import _kernels

        force = np.zeros_like(u)
        energy = _kernels.expander(
            self._nodes, self._faces, self._areas, u, self._opened(load), self._start,
             self._expander.stiffness_kpa_per_mm, self._slots,
            force, blocks, self.pressures, tangent,
        )  # fmt: skip
        external -= force
        return float(energy)

    def _opened(self, load: float) -> Floats:
        """The expander's curve for the kernel; it opens from the nearest wall outwards."""
        expander = self._expander
        closed = np.minimum(expander.radius_mm, self._reach)
        radius = closed + load * (expander.radius_mm - closed)
        return _cubics(expander.axis_mm, np.stack([radius, expander.share], axis=1))


def triangle_rule() -> tuple[Floats, Floats]:
    """Six-node shape functions (6, 6) at the six quadrature points of a face, and their weights."""
    from . import _kernels

    L = np.array(_kernels._TRI)
    corners = L * (2 * L - 1)
    middles = 4 * L * np.roll(L, -1, axis=1)
    return np.hstack([corners, middles]), np.array(_kernels._TRI_WEIGHTS)


def parents(mesh: TetMesh) -> Ints:
    """The two corners (n, 2) between which each node lies; a corner is its own parents."""
    found = np.repeat(np.arange(len(mesh.nodes_mm), dtype=np.int32)[:, None], 2, axis=1)
    found[mesh.tets[:, 4:]] = mesh.tets[:, EDGES]
    return found


def pattern_of(groups: Ints, size: int) -> Pattern:
    """The pairs of nodes that share a row of ``groups`` (m, k), among ``size`` nodes."""
    from scipy.sparse import csr_array

    rows, width = groups.shape
    starts = np.arange(0, rows * width + 1, width)
    belongs = csr_array((np.ones(groups.size), groups.ravel(), starts), shape=(rows, size))
    shared = (belongs.T @ belongs).tocsr()
    shared.sort_indices()
    owner = np.repeat(np.arange(size, dtype=np.int64), np.diff(shared.indptr))
    keys = owner * size + shared.indices
    return Pattern(size, keys, shared.indptr.astype(np.int32), shared.indices.astype(np.int32))


def _dead_forces(mesh: TetMesh, loads: Loads) -> Floats:
    """Nodal forces (n, 3) of weight and dead traction [mN], exact for straight elements."""
    shares = np.outer(mesh.volumes_mm3, [-1 / 20] * 4 + [1 / 5] * 6)
    weight = np.bincount(mesh.tets.ravel(), shares.ravel(), minlength=len(mesh.nodes_mm))
    total = np.outer(weight, loads.body_force_mn_per_mm3)
    for traction in loads.tractions:
        force = mesh.face_areas_mm2(traction.faces)[:, None] * traction.kpa / 3
        for middle in (3, 4, 5):
            np.add.at(total, traction.faces[:, middle], force)
    return total


def _cubics(axis: Floats, values: Floats) -> Floats:
    """Cubics (segments, 4, 3 + c) through axis points (k, 3) and values (k, c), constant first.

    The axis is a spline of continuous curvature; values have a continuous slope and no overshoot.
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    place = np.arange(len(axis))
    parts = CubicSpline(place, axis).c, PchipInterpolator(place, values).c
    return np.ascontiguousarray(np.concatenate(parts, axis=2)[::-1].transpose(1, 0, 2))


def _nearest_segments(points: Floats, axis: Floats) -> tuple[Ints, Floats]:
    """The axis segment nearest to each point (f, 6), and the least distance to each axis point."""
    from scipy.spatial import cKDTree

    flat = points.reshape(-1, 3)
    middles = (axis[1:] + axis[:-1]) / 2
    segment = cKDTree(middles).query(flat)[1].reshape(points.shape[:2])
    reach = cKDTree(flat).query(axis)[0]
    return np.ascontiguousarray(segment, dtype=np.int32), reach
