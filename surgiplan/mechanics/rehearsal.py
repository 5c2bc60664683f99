"""Tissue in the hand: handles that are dragged and parts that are cut away, in real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Lock

import numpy as np
import numpy.typing as npt

from surgiplan.errors import Cancelled, SolveError
from surgiplan.jobs_report import Report, silent

from .assembly import Problem, State
from .cutting import without
from .loads import Held
from .mesh import Mesh
from .newton import Newton, StepFailed
from .solve import Solution

__all__ = ["Handle", "Rehearsal", "Rehearsed", "surface_patch"]

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.integer]

_HALVINGS = 4


@dataclass(frozen=True, eq=False)
class Handle:
    """Nodes (k,) that a hand holds and has moved by ``pull_mm`` (3,) since it took hold of them."""

    nodes: Nodes
    pull_mm: npt.ArrayLike


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """An equilibrium: displacement (n, 3) [mm] of the nodes, and how good it is.

    ``residual`` is that of ``Solution`` and at most ``tolerance``.  ``force_mn`` (h, 3): what each
    handle pulls with [mN].
    """

    displacement_mm: Floats
    residual: float
    tolerance: float
    min_jacobian: float
    iterations: int
    cg_iterations: int
    force_mn: Floats


class Rehearsal:
    """A body in equilibrium that answers hands at once, because it remembers how it answered.

    One call at a time; another thread may ``cancel`` it, which leaves the body as it was.
    ``nodes`` (n,) and ``elements`` (m,) are the numbers that those of ``mesh`` had at the start.
    """

    def __init__(
        self, problem: Problem, held: Held, solution: Solution, *, tolerance: float = 5e-4
    ) -> None:
        """From ``solution``, the equilibrium of ``problem`` with ``held`` components held.

        ``tolerance`` of the residual: the default leaves errors of a few micrometres.
        """
        self._problem, self._held = problem, held
        self._tolerance = tolerance
        self._u, self._pressure = solution.displacement_mm, solution.pressure_kpa
        self._grip: _Grip | None = None
        self.nodes = np.arange(len(problem.mesh.nodes_mm))
        self.elements = np.arange(len(problem.mesh.cells))
        self._lock, self._unwanted = Lock(), Event()

    @property
    def mesh(self) -> Mesh:
        """The mesh as it is now, at rest."""
        return self._problem.mesh

    @property
    def displacement_mm(self) -> Floats:
        """Where the nodes (n, 3) of ``mesh`` are now, against the mesh at rest [mm]."""
        return self._u

    def drag(self, *handles: Handle, report: Report = silent) -> Rehearsed:
        """The equilibrium with these handles where they are pulled; without any, all let go.

        Raises SolveError, and leaves the body as it was, when the tissue cannot follow; Cancelled.
        """
        with self._lock:
            self._unwanted.clear()
            grip = self._gripped(handles, self._stoppable(report))
            pulls = np.array([np.asarray(h.pull_mm, float) for h in handles]).reshape(-1)
            answer = grip.moved(self._u, pulls)
            self._grip, self._u = grip, answer.displacement_mm
            return answer

    def cut(self, elements: npt.ArrayLike, *, report: Report = silent) -> Rehearsed:
        """The equilibrium without ``elements`` (numbers or a mask (m,)) of ``mesh``.

        ``mesh`` is what stays from then on; handles are let go, unless ``drag`` takes them again.
        Raises SolveError, and leaves the body as it was, where it cannot be cut so; Cancelled.
        """
        with self._lock:
            self._unwanted.clear()
            stoppable = self._stoppable(report)
            stoppable(0.0, "Cutting")
            left = without(self._problem, self._held, elements)
            stoppable(0.0, "Cutting")
            newton = Newton(left.problem, left.held, self._tolerance, stoppable)
            pressure = self._grip.pressure if self._grip else self._pressure
            newton.pressure = None if pressure is None else pressure[left.elements]
            grip = _Grip(newton, [])
            answer = grip.moved(self._u[left.nodes], np.zeros(0))
            self._problem, self._held = left.problem, left.held
            self._grip, self._u = grip, answer.displacement_mm
            self.nodes, self.elements = self.nodes[left.nodes], self.elements[left.elements]
            return answer

    def cancel(self) -> None:
        """Stop the call that another thread waits for, if there is one."""
        self._unwanted.set()

    def _stoppable(self, report: Report) -> Report:
        def reported(fraction: float, message: str) -> None:
            if self._unwanted.is_set():
                raise Cancelled(message)
            report(fraction, message)

        return reported

    def _gripped(self, handles: Sequence[Handle], report: Report) -> "_Grip":
        nodes = [np.unique(handle.nodes) for handle in handles]
        if self._grip and self._grip.holds(nodes):
            self._grip.report(report)
            return self._grip
        newton = Newton(self._problem, _taken(self._held, nodes, self._u), self._tolerance, report)
        newton.pressure = self._grip.pressure if self._grip else self._pressure
        return _Grip(newton, nodes)


class _Grip:
    """Handles on certain nodes: how they were taken, how far pulled, and what that moved."""

    def __init__(self, newton: Newton, nodes: Sequence[Nodes]) -> None:
        self._newton, self._nodes = newton, nodes
        self._start = newton.held.displacement_mm
        self._pulls = np.zeros(3 * len(nodes))
        self._ways: Floats | None = None

    @property
    def pressure(self) -> Floats | None:
        """The elements' own pressure (m,) where it is sought."""
        return self._newton.pressure

    def holds(self, nodes: Sequence[Nodes]) -> bool:
        pairs = zip(self._nodes, nodes, strict=False)
        return len(nodes) == len(self._nodes) and all(np.array_equal(a, b) for a, b in pairs)

    def report(self, report: Report) -> None:
        self._newton.report = report

    def moved(self, u: Floats, pulls: Floats) -> Rehearsed:
        """The equilibrium from ``u`` on, in as few steps as the tissue can follow."""
        newton, pressure = self._newton, self._newton.pressure
        before = newton.iterations, newton.cg_iterations
        try:
            u, state = self._followed(u, pulls)
        except BaseException:  # whatever a report raises to stop it
            newton.pressure = pressure
            raise
        forces = [state.residual[nodes].sum(axis=0) for nodes in self._nodes]
        return Rehearsed(
            u, newton.residual, newton.tolerance, state.min_jacobian,
            newton.iterations - before[0], newton.cg_iterations - before[1],
            np.reshape(forces, (-1, 3)),
        )  # fmt: skip

    def _followed(self, u: Floats, pulls: Floats) -> tuple[Floats, State]:
        newton = self._newton
        if self._ways is None:
            units = self._units()
            self._ways = newton.ways(u, units) if self._nodes else units
        done, step, halvings = 0.0, 1.0, 0
        first, whole = self._pulls, pulls - self._pulls
        ways, last = self._ways, self._pulls
        while done < 1.0:
            target = first + min(done + step, 1.0) * whole
            way = target - last
            try:
                newton.aim(self._start + self._units() @ target)
                there, state = newton.equilibrium(u + ways @ way, 1.0)
            except StepFailed:
                halvings += 1
                if halvings > _HALVINGS:
                    raise self._failure() from None
                step /= 2
                continue
            if way.any():
                missed = there - u - ways @ way
                ways = ways + missed[..., None] * (way / (way @ way))
            done, u, last = min(done + step, 1.0), there, target
        self._ways, self._pulls = ways, pulls
        return u, state

    def _units(self) -> Floats:
        """Displacement (n, 3, 3 h) of the held nodes when each handle moves by a mm each way."""
        units = np.zeros((*self._start.shape, 3 * len(self._nodes)))
        for h, nodes in enumerate(self._nodes):
            for i in range(3):
                units[nodes, i, 3 * h + i] = 1.0
        return units

    def _failure(self) -> SolveError:
        return SolveError(
            "The tissue cannot follow the handle so far: elements beside it would turn inside "
            "out. Move the handle back, or hold more of the surface.",
            iterations=self._newton.iterations,
            residual=self._newton.residual,
        )


def _taken(held: Held, nodes: Sequence[Nodes], u: Floats) -> Held:
    """What is held, and the nodes that hands take where they are."""
    taken = np.concatenate([*nodes, np.zeros(0, int)]).astype(int)
    if len(np.unique(taken)) < len(taken):
        raise ValueError("two handles hold the same node")
    mask, places = held.mask.copy(), np.where(held.mask, held.displacement_mm, 0.0)
    mask[taken], places[taken] = True, u[taken]
    return Held(mask, places)


def surface_patch(
    mesh: Mesh, point_mm: npt.ArrayLike, radius_mm: float, displacement_mm: Floats | None = None
) -> Nodes:
    """Surface nodes (k,) within ``radius_mm`` of a point (3,), at least those of a whole face.

    The point is on the surface as displaced by ``displacement_mm`` (n, 3).
    """
    places = mesh.nodes_mm if displacement_mm is None else mesh.nodes_mm + displacement_mm
    point = np.asarray(point_mm, float)
    apart = np.linalg.norm(places - point, axis=1)
    nearest = mesh.surface[apart[mesh.surface].mean(axis=1).argmin()]
    surface = np.unique(mesh.surface)
    return np.union1d(nearest, surface[apart[surface] <= radius_mm])
