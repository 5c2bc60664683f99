"""Energy, residual and tangent of a loaded mesh, in sparse 3x3 blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .answers import Tissue
from .contact import Contacts, Coupling, Sums, Touch
from .expander import Contact, DeviceTouch, Softening
from .loads import Loads
from .material import Material
from .mesh import Mesh

__all__ = ["Pattern", "Problem", "State", "pattern_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_CHUNK = 1024
"""Elements evaluated at a time: their stresses and tangents stay in the cache."""


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

    ``internal`` is of the tissue, ``external`` of weight, traction, springs, pressure and expander,
    so that their difference is what supports must carry, and zero where nothing is held.
    ``following`` is the part of ``external`` that has no energy: of pressures.  ``pressure_kpa``
    (m,) is the elements' own, where they have one.  ``softening`` is what the tangent loses where
    a device yields sideways, ``couplings`` what it has between bodies in contact.
    """

    energy: float
    min_jacobian: float
    internal: Floats
    external: Floats
    blocks: Floats | None
    following: Floats | None = None
    pressure_kpa: Floats | None = None
    softening: Softening | None = None
    couplings: tuple[Coupling, ...] = ()

    @property
    def residual(self) -> Floats:
        """Internal minus external nodal forces (n, 3) [mN]."""
        return self.internal - self.external


class Problem:
    """A mesh, its tissues and its loads, ready to be evaluated at any displacement."""

    def __init__(
        self,
        mesh: Mesh,
        material: Material | Sequence[Material],
        loads: Loads | None = None,
        stiffness_factor: Floats | None = None,
        *,
        material_of: npt.ArrayLike | None = None,
        axes: Floats | None = None,
        mixed: bool | None = None,
    ) -> None:
        """``material_of`` (m,) numbers the material of each element where there are several.

        ``stiffness_factor`` (m,) multiplies all stresses of an element.  ``axes`` (m, 2, 3): unit
        vectors at rest between which the fibres of a tissue lie.  ``mixed`` gives each element a
        pressure of its own, which nearly incompressible tissue needs; as a rule above a Poisson's
        ratio of 0.45.  Linear elements have none, it would lock them all the same.
        """
        if mesh.element.nodes == mesh.element.corners:
            mixed = False
        self.mesh, self.loads = mesh, loads or Loads()
        self._given, self._mixed = (material, stiffness_factor, material_of, axes), mixed
        self.tissue = Tissue(
            material, len(mesh.cells), stiffness_factor, material_of, axes, mixed=mixed
        )
        self._cells = np.array(mesh.cells, dtype=np.int32)
        self._nodes = np.array(mesh.nodes_mm, dtype=np.float64)
        self.pattern, self._slots = mesh.pairs
        self._slopes, self._weights = mesh.element.slopes.copy(), mesh.element.weights.copy()
        self._neo_hookean, self._moduli = self.tissue.is_neo_hookean, self.tissue.moduli
        self._dead = _dead_forces(mesh, self.loads)
        self._springs, self._pulls = self._spring_blocks()
        self._contact: Contact | None = None
        if expander := self.loads.expander:
            self._contact = Contact(mesh, expander, self._pair_slots(expander.faces))
        self.contacts = Contacts(
            mesh, self.loads.contacts, self.tissue.young_modulus_kpa, self._pair_slots
        )

    def on(self, mesh: Mesh, loads: Loads) -> "Problem":
        """The same tissues, element by element, on another mesh and under other loads."""
        return self.part(slice(None), mesh, loads)

    def part(self, elements: slice | npt.NDArray[np.int64], mesh: Mesh, loads: Loads) -> "Problem":
        """The tissues of some ``elements`` on a mesh of those alone, under other loads."""
        material, *fields = self._given
        factor, number, axes = (None if f is None else np.asarray(f)[elements] for f in fields)
        return Problem(
            mesh, material, loads, factor, material_of=number, axes=axes, mixed=self._mixed
        )

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self._nodes)

    def at(
        self, u: Floats, load: float, *, tangent: bool, pressure_kpa: Floats | None = None,
        touches: tuple[Touch, ...] | None = None,
    ) -> State:  # fmt: skip
        """The state at displacement ``u`` (n, 3) [mm] under a fraction ``load`` of the loads.

        ``pressure_kpa`` (m,): a guess of the elements' own pressure, which softens their
        resistance to change of volume around it; at the right guess it changes nothing.
        ``touches``: what the contacts remember.
        """
        most = 1.0 if self.loads.preloaded else load
        u = np.ascontiguousarray(u, np.float64)
        dead = most * self._dead
        if self.loads.holding_mn is not None:
            dead = dead + (1 - load) * self.loads.holding_mn
        internal, external = np.zeros_like(u), dead.copy()
        blocks = np.zeros((len(self.pattern.keys) if tangent else 1, 3, 3))
        own = np.zeros(len(self._cells))
        energy, smallest = self._tissue_at(u, pressure_kpa, internal, blocks, own, tangent=tangent)
        if not np.isfinite(energy):
            return State(np.inf, smallest, internal, external, None)
        energy -= float(np.einsum("ij,ij->", dead, u))
        if self._springs is not None:
            pull = self._product(self._springs, u)
            energy += float(np.einsum("ij,ij->", pull / 2 - most * self._pulls, u))
            external += most * self._pulls - pull
            if tangent:
                blocks += self._springs
        softening = None
        if self._contact:
            work, softening = self._contact.add(u, load, external, blocks, tangent=tangent)
            energy += work
        following = self._pressed(u, most, blocks, tangent=tangent)
        couplings: tuple[Coupling, ...] = ()
        if self.loads.contacts:
            following = np.zeros_like(u) if following is None else following
            sums = Sums(external, following, blocks, tangent)
            energy += self.contacts.add(u, load, touches or self.contacts.begun(), sums)
            couplings = tuple(sums.couplings)
        if following is not None:
            external += following
        kept = blocks if tangent else None
        return State(
            energy, smallest, internal, external, kept, following, own, softening, couplings
        )

    def _tissue_at(
        self, u: Floats, pressure_kpa: Floats | None, internal: Floats, blocks: Floats,
        own: Floats, *, tangent: bool,
    ) -> tuple[float, float]:  # fmt: skip
        """Energy and smallest J; adds force and tangent, a chunk of elements at a time."""
        energy, smallest = 0.0, np.inf
        for part in self._chunks():
            usual = bool(self._neo_hookean[part].all())
            evaluated = self._neo_hookean_at if usual else self._any_law_at
            found = evaluated(part, u, pressure_kpa, internal, blocks, own, tangent=tangent)
            energy, smallest = energy + found[0], min(smallest, found[1])
            if not np.isfinite(energy):
                return np.inf, smallest
        return energy, smallest

    def _neo_hookean_at(
        self, part: slice, u: Floats, pressure_kpa: Floats | None, internal: Floats,
        blocks: Floats, own: Floats, *, tangent: bool,
    ) -> tuple[float, float]:  # fmt: skip
        from .neo_hookean import _kernels

        energy, smallest = _kernels.evaluate(
            self._nodes, u, self._cells[part], self._slopes, self._weights, self._moduli[part],
            self.tissue.is_mixed[part], self._slots[part], internal, blocks, own[part], tangent,
        )  # fmt: skip
        return energy, smallest

    def _any_law_at(
        self, part: slice, u: Floats, pressure_kpa: Floats | None, internal: Floats,
        blocks: Floats, own: Floats, *, tangent: bool,
    ) -> tuple[float, float]:  # fmt: skip
        from .integrals import _kernels

        d, w, H = self._strained(part, u)
        answer = self.tissue.respond(part, w, H, pressure_kpa, tangent=tangent)
        if np.isfinite(answer.energy):
            own[part] = answer.pressure_kpa
            _kernels.add_forces(self._cells[part], d, w, answer.first_stress, internal)
            if tangent:
                _kernels.add_tangents(
                    self._cells[part], d, w, answer.slope, answer.measure_slope,
                    answer.pressure_stiffness, self._slots[part], blocks,
                )  # fmt: skip
        return answer.energy, answer.smallest

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, len(self._cells), _CHUNK):
            yield slice(start, min(start + _CHUNK, len(self._cells)))

    def _strained(self, part: slice, u: Floats) -> tuple[Floats, Floats, Floats]:
        """Gradients, volumes and displacement gradients of the elements in ``part``."""
        from .integrals import _kernels

        count, (points, nodes) = part.stop - part.start, self._slopes.shape[:2]
        d, w = np.empty((count, points, nodes, 3)), np.empty((count, points))
        H = np.empty((count, points, 3, 3))
        cells = self._cells[part]
        _kernels.strained(self._nodes, u, cells, self._slopes, self._weights, d, w, H)
        return d, w, H

    def stress_kpa(self, u: Floats, pressure_kpa: Floats | None = None) -> tuple[Floats, Floats]:
        """Cauchy stress [kPa] and deformation gradient, each (m, q, 3, 3), at the points."""
        stress, gradient = [], []
        u = np.ascontiguousarray(u, np.float64)
        for part in self._chunks():
            _, w, H = self._strained(part, u)
            P = self.tissue.respond(part, w, H, pressure_kpa, tangent=False).first_stress
            F = H + np.eye(3)
            J = np.linalg.det(F)[..., None, None]
            cauchy = P @ np.swapaxes(F, -1, -2) / J
            small = self.tissue.is_linear[part, None, None, None]
            stress.append(np.where(small, P, cauchy))
            gradient.append(F)
        return np.concatenate(stress), np.concatenate(gradient)

    def device_touch(self, u: Floats, load: float = 1.0) -> DeviceTouch:
        """How the device touches the wall at a displacement (n, 3)."""
        if not self._contact:
            raise ValueError("this problem has no expander")
        return self._contact.touch(u, load)

    def contact_pressure_kpa(self, u: Floats, load: float = 1.0) -> Floats:
        """Pressure (f, q) of the expander at the quadrature points of its faces [kPa]."""
        return self.device_touch(u, load).pressure_kpa

    def _pressed(self, u: Floats, load: float, blocks: Floats, *, tangent: bool) -> Floats | None:
        """Nodal forces of the pressures; their slope is taken from the tangent."""
        if not self.loads.pressures:
            return None
        from . import _kernels

        force, face = np.zeros_like(u), self.mesh.element.face
        for pressure in self.loads.pressures:
            faces = np.array(pressure.faces, dtype=np.int32)
            _kernels.pressing(
                self._nodes + u, faces, face.shapes.copy(), face.slopes.copy(),
                face.weights.copy(), load * pressure.kpa,
                self._pair_slots(faces) if tangent else np.zeros((1, 1), np.int32),
                force, blocks, tangent,
            )  # fmt: skip
        return force

    def spring_work(self, fields: Floats) -> Floats:
        """Work (c, c) of the springs' forces in displacements (c, n, 3) on one another."""
        count = len(fields)
        if self._springs is None:
            return np.zeros((count, count))
        forces = np.stack([self._product(self._springs, np.ascontiguousarray(u)) for u in fields])
        return np.asarray(forces.reshape(count, -1) @ fields.reshape(count, -1).T)

    def _product(self, blocks: Floats, x: Floats) -> Floats:
        from .matrix import _kernels

        out = np.empty_like(x)
        _kernels.multiply(self.pattern.starts, self.pattern.columns, blocks, x, out)
        return out

    def _pair_slots(self, groups: Ints) -> Ints:
        width = groups.shape[1]
        rows = np.repeat(groups, width, axis=1)
        return np.ascontiguousarray(self.pattern.slots(rows, np.tile(groups, width)))

    def _spring_blocks(self) -> tuple[Floats | None, Floats]:
        """Stiffness of all springs in the pattern of the tangent, and the forces of their pull."""
        pulls = np.zeros_like(self._nodes)
        if not self.loads.springs:
            return None, pulls
        shapes = self.mesh.element.face.shapes
        total = np.zeros((len(self.pattern.keys), 3, 3))
        for springs in self.loads.springs:
            strength = np.reshape(springs.stiffness_kpa_per_mm, (-1, 1))
            weights = strength * self.mesh.face_weights_mm2(springs.faces)
            overlap = np.einsum("fq,qa,qb->fab", weights, shapes, shapes, optimize=True)
            way = np.broadcast_to(np.eye(3), (len(springs.faces), 3, 3))
            if springs.slides:
                normals = self.mesh.face_normals(springs.faces)
                way = normals[:, :, None] * normals[:, None, :]
            blocks = np.einsum("fab,fij->fabij", overlap, way)
            slots = self._pair_slots(springs.faces).reshape(overlap.shape)
            np.add.at(total, slots, blocks)
            pull = np.broadcast_to(springs.pull_mm, pulls.shape)[springs.faces]
            force = np.einsum("fab,fij,fbj->fai", overlap, way, pull, optimize=True)
            np.add.at(pulls, springs.faces, force)
        return total, pulls


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


def _dead_forces(mesh: Mesh, loads: Loads) -> Floats:
    """Nodal forces (n, 3) of weight, dead traction and dead forces [mN]."""
    shares = mesh.point_volumes_mm3 @ mesh.element.shapes
    weight = np.bincount(mesh.cells.ravel(), shares.ravel(), minlength=len(mesh.nodes_mm))
    total = np.outer(weight, loads.body_force_mn_per_mm3)
    for traction in loads.tractions:
        shares = mesh.face_weights_mm2(traction.faces) @ mesh.element.face.shapes
        kpa = np.broadcast_to(traction.kpa, (len(traction.faces), 3))
        np.add.at(total, traction.faces, shares[..., None] * kpa[:, None])
    return total if loads.forces_mn is None else total + loads.forces_mn
