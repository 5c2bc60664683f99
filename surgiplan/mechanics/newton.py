"""Inexact Newton with an energy line search, which looks for equilibrium under one load."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError
from surgiplan.jobs_report import Report

from .assembly import Problem, State
from .contact import Contacted
from .linear import Tangent, conjugate_gradients, inner
from .loads import Held

__all__ = ["Newton", "StepFailed", "norm", "product"]

Floats = npt.NDArray[np.float64]

_NEWTON_LIMIT = 60
_LOOSEST = 1e-2
_CONTACT_ROUNDS = 10
_SHARE = 0.5
"""Of the tolerance, how much the linear solution may leave."""


class StepFailed(Exception):
    """No equilibrium was found under this load from this start."""


class Newton:
    """Equilibria of a problem with certain components held, one after another.

    ``iterations`` and ``cg_iterations`` count all so far.  ``span`` is the part of the whole load
    that is on its way, for what the report says.
    """

    def __init__(self, problem: Problem, held: Held, tolerance: float, report: Report) -> None:
        self._problem, self.held = problem, held
        self.tolerance, self.report = tolerance, report
        self._free = ~held.mask
        report(0.0, "Preparing the equations")
        self._tangent = Tangent(problem, held.mask)
        report(0.0, "Preparing the equations")
        self.iterations = self.cg_iterations = 0
        self._scale = self._left = self._done = 0.0
        self._expected = False  # whether the next state is expected to be the equilibrium
        self.span = (0.0, 1.0)
        self._last: State | None = None
        # Guess of the elements' own pressure, kept while the tissue moves (augmented Lagrange).
        cells = len(problem.mesh.cells)
        self.pressure = np.zeros(cells) if problem.tissue.seeks_pressure else None
        self.touches = problem.contacts.begun()

    @property
    def residual(self) -> float:
        """Norm of the forces left over that of all loads and supports, where it was last."""
        return self._left / max(self._scale, 1e-300)

    @property
    def trouble_lps(self) -> tuple[float, float, float] | None:
        """Where at rest the node lies on which most force was left over [mm], if one was."""
        if self._last is None:
            return None
        left = np.where(self._free, self._last.residual, 0.0)
        worst = int(np.linalg.norm(left, axis=1).argmax())
        x, y, z = self._problem.mesh.nodes_mm[worst].tolist()
        return x, y, z

    def equilibrium(self, u: Floats, load: float) -> tuple[Floats, State]:
        """Displacement and state at equilibrium under ``load``, from ``u``; or StepFailed."""
        u, state = self._moved_supports(u, load)
        goal = self.tolerance if self.pressure is None else _LOOSEST
        rounds = 0
        for _ in range(_NEWTON_LIMIT):
            self._last = state
            self._left, self._scale = self._norm(state), self._size(state)
            if self.pressure is not None and self._left <= goal * self._scale:
                self.pressure = state.pressure_kpa
                state = self._at(u, load, tangent=True)
                self._left, self._scale = self._norm(state), self._size(state)
                goal = 0.1 * self._left / max(self._scale, 1e-300)
                goal = min(max(goal, self.tolerance), _LOOSEST)
            if self._left <= self.tolerance * self._scale:
                raised = self._problem.contacts.raised(u, load, self.touches)
                if raised is None:
                    return u, replace(state, blocks=None)
                rounds += 1
                self._require_apart(u, load, rounds)
                self.touches = raised
                state = self._at(u, load, tangent=True)
                continue
            if state.blocks is None:
                state = self._at(u, load, tangent=True)
            self.iterations += 1
            direction = self._direction(np.where(self._free, -state.residual, 0.0), state)
            u, state = self._line_search(u, state, direction, load)
        raise StepFailed

    def carry_contacts(self, u: Floats, load: float) -> None:
        """Friction goes on from ``u``, an equilibrium under ``load``."""
        self.touches = self._problem.contacts.carried(u, load, self.touches)

    def forget_contacts(self) -> None:
        """Begin again as if nothing had touched."""
        self.touches = self._problem.contacts.begun()

    def contacts_at(self, u: Floats) -> tuple[Contacted, ...]:
        """The contacts at ``u`` under the whole load."""
        return self._problem.contacts.answers(u, 1.0, self.touches)

    def _require_apart(self, u: Floats, load: float, rounds: int) -> None:
        """SolveError when raising the pressure has not kept bodies apart for long."""
        if rounds <= _CONTACT_ROUNDS:
            return
        found = self._problem.contacts.answers(u, load, self.touches)
        deepest = max(one.penetration_mm for one in found)
        raise SolveError(
            f"Tissue stays {deepest:.2g} mm inside what it touches, or as far off it, where less "
            f"was asked; allow more penetration or use smaller elements.",
            iterations=self.iterations,
            residual=self.residual,
        )

    def aim(self, displacement_mm: Floats) -> None:
        """Held components are to be at ``displacement_mm`` (n, 3)."""
        self.held = Held(self.held.mask, displacement_mm)

    def ways(self, u: Floats, moved: Floats) -> Floats:
        """How all nodes follow (n, 3, c) small displacements (n, 3, c) of held components at ``u``.

        To a percent; of the whole load.
        """
        state = self._at(u, 1.0, tangent=True)
        self._tick()
        columns = [np.ascontiguousarray(moved[..., c]) for c in range(moved.shape[2])]
        pushed = [product(self._problem, state, column) for column in columns]
        self._tangent.update(state.blocks, state.softening, state.couplings, self._tick)
        self._tick()
        found = np.zeros_like(moved)
        for c, (column, force) in enumerate(zip(columns, pushed, strict=True)):
            right = np.where(self._free, -force, 0.0)
            way, count = conjugate_gradients(self._tangent, right, _LOOSEST, self._tick)
            self._tangent.took(count, _LOOSEST)
            self.cg_iterations += count
            found[..., c] = column + way
        return found

    def _moved_supports(self, u: Floats, load: float) -> tuple[Floats, State]:
        """The state at ``load``, after held nodes were carried along with what they hold."""
        state = self._at(u, load, tangent=True)
        self._tick()
        if not np.isfinite(state.energy):
            raise StepFailed
        jump = np.where(self.held.mask, load * self.held.displacement_mm - u, 0.0)
        if not jump.any():
            return u, state
        forces = state.residual + product(self._problem, state, jump)
        right = np.where(self._free, -forces, 0.0)
        self._scale = norm(right)
        moved = u + jump + self._direction(right, state)
        state = self._at(moved, load, tangent=True)
        if not np.isfinite(state.energy):
            raise StepFailed
        return moved, state

    def _direction(self, right: Floats, state: State) -> Floats:
        size = norm(right)
        if size == 0.0:
            return np.zeros_like(right)
        self._tick()
        self._tangent.update(state.blocks, state.softening, state.couplings, self._tick)
        self._tick()
        wanted = _LOOSEST if self.pressure is not None else min(_LOOSEST, size / self._scale)
        forcing = max(wanted, _SHARE * self.tolerance * self._scale / size)
        self._expected = forcing * size <= self.tolerance * self._scale
        direction, count = conjugate_gradients(self._tangent, right, forcing, self._tick)
        self._tangent.took(count, forcing)
        self.cg_iterations += count
        return direction

    def _line_search(
        self, u: Floats, state: State, direction: Floats, load: float
    ) -> tuple[Floats, State]:
        slope = inner(state.residual, direction)
        first = step = self._problem.contacts.boldest_step(direction)
        before = self._norm(state)
        for _ in range(12):
            self._tick()
            trial = u + step * direction
            found = self._at(trial, load, tangent=step == first and not self._expected)
            drop = 1e-4 * step * slope + _work(state, found, trial - u)
            if self._is_better(found, state, drop, before):
                return trial, found
            step /= 2
        raise StepFailed

    def _is_better(self, found: State, state: State, drop: float, before: float) -> bool:
        if not np.isfinite(found.energy):
            return False
        if found.energy <= state.energy + drop:
            return True
        # Close to equilibrium the energy changes by less than its rounding error.
        noise = 1e-12 * (abs(found.energy) + abs(state.energy))
        return found.energy <= state.energy + noise and self._norm(found) < before

    def _norm(self, state: State) -> float:
        return norm(np.where(self._free, state.residual, 0.0))

    def _size(self, state: State) -> float:
        """Norm of all nodal forces that tissue and surroundings exchange, supports included.

        Measured now and not at the first guess, where a stiff expander pushes far too hard.
        """
        support = np.where(self.held.mask, state.residual, 0.0)
        return norm(state.external) + norm(support)

    def _tick(self) -> None:
        start, end = self.span
        done = 0.0
        if self._scale > 0 and self._left > 0:
            done = np.log(self._left / self._scale) / np.log(self.tolerance)
        fraction = start + (end - start) * min(max(float(done), 0.0), 1.0)
        # A contact that opens or closes sets the residual back; the bar stays where it was.
        self._done = max(self._done, fraction)
        self.report(
            self._done,
            f"Load {end:.0%}, iteration {self.iterations}, residual {self.residual:.1e}",
        )

    def _at(self, u: Floats, load: float, *, tangent: bool) -> State:
        return self._problem.at(
            u, load, tangent=tangent, pressure_kpa=self.pressure, touches=self.touches
        )


def _work(state: State, found: State, way: Floats) -> float:
    """Work of the forces that have no energy, from one state to the other [mN mm]."""
    if state.following is None or found.following is None:
        return 0.0
    return inner(state.following + found.following, way) / 2


def norm(field: Floats) -> float:
    """Euclidean norm of a nodal field (n, 3)."""
    return float(inner(field, field) ** 0.5)


def product(problem: Problem, state: State, x: Floats) -> Floats:
    """Product (n, 3) of the tangent of a state with ``x`` (n, 3)."""
    from .matrix import _kernels

    if state.blocks is None:
        raise ValueError("the state was computed without its tangent")
    out = np.empty_like(x)
    pattern = problem.pattern
    _kernels.multiply(pattern.starts, pattern.columns, state.blocks, x, out)
    for coupling in state.couplings:
        out += coupling.times(x)
    return out
