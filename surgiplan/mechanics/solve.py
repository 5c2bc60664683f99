"""Equilibrium of a loaded mesh: inexact Newton with an energy line search, in load steps."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError
from surgiplan.jobs_report import Report, silent

from .assembly import Problem, State
from .linear import Tangent, conjugate_gradients, inner
from .loads import Held
from .supports import check_supports

__all__ = ["Solution", "Step", "solve", "solve_small_strain"]

Floats = npt.NDArray[np.float64]

_NEWTON_LIMIT = 60
_HALVINGS = 3
_LOOSEST = 1e-2


@dataclass(frozen=True, eq=False)
class Step:
    """An equilibrium on the way: the fraction of the load, displacement (n, 3) [mm], its proof.

    ``iterations`` are those from the step before; ``residual`` as of the whole solution.
    """

    fraction: float
    displacement_mm: Floats
    iterations: int
    residual: float
    min_jacobian: float


@dataclass(frozen=True, eq=False)
class Solution:
    """Displacement (n, 3) [mm] at equilibrium and how it was reached.

    ``residual`` is the norm of the forces left on free components over that of all loads and
    supports; ``support_mn`` (n, 3) are the forces of the components in ``held`` (n, 3).
    ``pressure_kpa`` (m,) is the elements' own pressure where it was sought in steps.  ``steps``:
    every equilibrium on the way, by rising fraction of the load; the last is the solution.
    """

    displacement_mm: Floats
    iterations: int
    cg_iterations: int
    load_steps: int
    residual: float
    state: State
    support_mn: Floats
    held: npt.NDArray[np.bool_]
    pressure_kpa: Floats | None = None
    steps: tuple[Step, ...] = ()


def solve(
    problem: Problem,
    held: Held,
    *,
    start_mm: Floats | None = None,
    steps: int = 1,
    tolerance: float = 1e-6,
    report: Report = silent,
) -> Solution:
    """Equilibrium under the whole load, reached in ``steps`` that halve when one fails.

    Every multiple of 1/``steps`` of the load is one of ``Solution.steps``.  From ``start_mm``
    (n, 3), the equilibrium of a problem much like it, the whole load is tried at once.  Raises
    SolveError when a step fails that was already halved three times, and for a body that nothing
    holds.
    """
    check_supports(problem, held)
    newton = _Newton(problem, held, tolerance, report)
    return newton.run(steps) if start_mm is None else newton.resume(start_mm, steps)


def solve_small_strain(
    problem: Problem, held: Held, *, tolerance: float = 1e-9, report: Report = silent
) -> Solution:
    """The linear theory: one solve with the tangent at rest.  Contact stays as it is at rest."""
    check_supports(problem, held)
    rest = np.zeros_like(held.displacement_mm)
    state = problem.at(rest, 1.0, tangent=True)
    original = state.blocks.copy() if state.blocks is not None else None
    tangent = Tangent(problem, held.mask)
    moved = np.where(held.mask, held.displacement_mm, 0.0)
    full = _product(problem, original, moved)
    right = np.where(held.mask, 0.0, -(state.residual + full))
    tangent.update(state.blocks)
    u, count = conjugate_gradients(
        tangent, right, tolerance, lambda: report(0.5, "Solving the linear response"), limit=2000
    )
    u = np.where(held.mask, moved, u)
    forces = state.residual + _product(problem, original, u)
    left = _norm(np.where(held.mask, 0.0, forces)) / max(_norm(right), 1e-300)
    if left > 10 * tolerance:
        raise SolveError(
            f"The linear response was not found in {count} iterations; use a better-shaped mesh.",
            iterations=count,
            residual=left,
        )
    final = State(state.energy, 1.0, forces + state.external, state.external, None)
    step = Step(1.0, u, 1, left, 1.0)
    support = np.where(held.mask, forces, 0.0)
    return Solution(u, 1, count, 1, left, final, support, held.mask, steps=(step,))


class _StepFailed(Exception):
    pass


class _Newton:
    def __init__(self, problem: Problem, held: Held, tolerance: float, report: Report) -> None:
        self._problem, self._held = problem, held
        self._tolerance, self._report = tolerance, report
        self._free = ~held.mask
        report(0.0, "Preparing the equations")
        self._tangent = Tangent(problem, held.mask)
        report(0.0, "Preparing the equations")
        self._iterations = self._cg = 0
        self._steps: list[Step] = []
        self._scale = self._left = self._done = 0.0
        self._span = (0.0, 1.0)
        # Guess of the elements' own pressure, kept while the tissue moves (augmented Lagrange).
        cells = len(problem.mesh.cells)
        self._pressure = np.zeros(cells) if problem.tissue.seeks_pressure else None

    def _at(self, u: Floats, load: float, *, tangent: bool) -> State:
        return self._problem.at(u, load, tangent=tangent, pressure_kpa=self._pressure)

    def run(self, steps: int) -> Solution:
        u = np.zeros_like(self._problem.mesh.nodes_mm)
        load, increment, halvings = 0.0, 1.0 / steps, 0
        while load < 1.0:
            target = 1.0 if load + increment > 1.0 - 1e-9 else load + increment
            self._span = (load, target)
            before = self._pressure
            try:
                u, state = self._equilibrium(u, target)
            except _StepFailed:
                self._pressure = before
                halvings += 1
                if halvings > _HALVINGS:
                    raise self._failure(load) from None
                increment /= 2
                continue
            load = target
            self._reached(load, u, state)
        return self._solution(u, state)

    def resume(self, start_mm: Floats, steps: int) -> Solution:
        """From an equilibrium of nearly this problem; from rest where that leads nowhere."""
        try:
            u, state = self._equilibrium(np.array(start_mm, float), 1.0)
        except _StepFailed:
            return self.run(steps)
        self._reached(1.0, u, state)
        return self._solution(u, state)

    def _reached(self, load: float, u: Floats, state: State) -> None:
        before = sum(step.iterations for step in self._steps)
        residual = self._left / max(self._scale, 1e-300)
        step = Step(load, u, self._iterations - before, residual, state.min_jacobian)
        self._steps.append(step)

    def _solution(self, u: Floats, state: State) -> Solution:
        support = np.where(self._held.mask, state.residual, 0.0)
        return Solution(
            u, self._iterations, self._cg, len(self._steps), self._steps[-1].residual,
            state, support, self._held.mask, self._pressure, tuple(self._steps),
        )  # fmt: skip

    def _equilibrium(self, u: Floats, load: float) -> tuple[Floats, State]:
        u, state = self._moved_supports(u, load)
        goal = self._tolerance if self._pressure is None else _LOOSEST
        for _ in range(_NEWTON_LIMIT):
            self._left, self._scale = self._norm(state), self._size(state)
            if self._pressure is not None and self._left <= goal * self._scale:
                self._pressure = state.pressure_kpa
                state = self._at(u, load, tangent=True)
                self._left, self._scale = self._norm(state), self._size(state)
                goal = 0.1 * self._left / max(self._scale, 1e-300)
                goal = min(max(goal, self._tolerance), _LOOSEST)
            if self._left <= self._tolerance * self._scale:
                return u, state
            self._iterations += 1
            direction = self._direction(np.where(self._free, -state.residual, 0.0), state)
            u, state = self._line_search(u, state, direction, load)
        raise _StepFailed

    def _moved_supports(self, u: Floats, load: float) -> tuple[Floats, State]:
        """The state at ``load``, after held nodes were carried along with what they hold."""
        state = self._at(u, load, tangent=True)
        self._tick()
        if not np.isfinite(state.energy):
            raise _StepFailed
        jump = np.where(self._held.mask, load * self._held.displacement_mm - u, 0.0)
        if not jump.any():
            return u, state
        forces = state.residual + _product(self._problem, state.blocks, jump)
        right = np.where(self._free, -forces, 0.0)
        self._scale = _norm(right)
        moved = u + jump + self._direction(right, state)
        state = self._at(moved, load, tangent=True)
        if not np.isfinite(state.energy):
            raise _StepFailed
        return moved, state

    def _direction(self, right: Floats, state: State) -> Floats:
        size = _norm(right)
        if size == 0.0:
            return np.zeros_like(right)
        self._tick()
        self._tangent.update(state.blocks)
        self._tick()
        wanted = _LOOSEST if self._pressure is not None else min(_LOOSEST, size / self._scale)
        forcing = max(wanted, 0.3 * self._tolerance * self._scale / size)
        direction, count = conjugate_gradients(self._tangent, right, forcing, self._tick)
        self._cg += count
        return direction

    def _line_search(
        self, u: Floats, state: State, direction: Floats, load: float
    ) -> tuple[Floats, State]:
        slope = inner(state.residual, direction)
        step, before = 1.0, self._norm(state)
        for _ in range(12):
            self._tick()
            trial = u + step * direction
            found = self._at(trial, load, tangent=step == 1.0)
            drop = 1e-4 * step * slope + _work(state, found, trial - u)
            if self._is_better(found, state, drop, before):
                if found.blocks is None:
                    found = self._at(trial, load, tangent=True)
                return trial, found
            step /= 2
        raise _StepFailed

    def _is_better(self, found: State, state: State, drop: float, before: float) -> bool:
        if not np.isfinite(found.energy):
            return False
        if found.energy <= state.energy + drop:
            return True
        # Close to equilibrium the energy changes by less than its rounding error.
        noise = 1e-12 * (abs(found.energy) + abs(state.energy))
        return found.energy <= state.energy + noise and self._norm(found) < before

    def _norm(self, state: State) -> float:
        return _norm(np.where(self._free, state.residual, 0.0))

    def _size(self, state: State) -> float:
        """Norm of all nodal forces that tissue and surroundings exchange, supports included.

        Measured now and not at the first guess, where a stiff expander pushes far too hard.
        """
        support = np.where(self._held.mask, state.residual, 0.0)
        return _norm(state.external) + _norm(support)

    def _tick(self) -> None:
        start, end = self._span
        done = 0.0
        if self._scale > 0 and self._left > 0:
            done = np.log(self._left / self._scale) / np.log(self._tolerance)
        fraction = start + (end - start) * min(max(float(done), 0.0), 1.0)
        # A contact that opens or closes sets the residual back; the bar stays where it was.
        self._done = max(self._done, fraction)
        self._report(
            self._done,
            f"Load {end:.0%}, iteration {self._iterations}, "
            f"residual {self._left / max(self._scale, 1e-300):.1e}",
        )

    def _failure(self, load: float) -> SolveError:
        return SolveError(
            f"The tissue found no equilibrium beyond {load:.0%} of the load "
            f"({self._iterations} iterations, four step sizes). Make the load smaller, the tissue "
            f"stiffer or the elements smaller.",
            iterations=self._iterations,
            residual=self._left / max(self._scale, 1e-300),
        )


def _work(state: State, found: State, way: Floats) -> float:
    """Work of the forces that have no energy, from one state to the other [mN mm]."""
    if state.following is None or found.following is None:
        return 0.0
    return inner(state.following + found.following, way) / 2


def _norm(field: Floats) -> float:
    return float(inner(field, field) ** 0.5)


def _product(problem: Problem, blocks: Floats | None, x: Floats) -> Floats:
    from . import _kernels

    if blocks is None:
        raise ValueError("the state was computed without its tangent")
    out = np.empty_like(x)
    _kernels.multiply(problem.pattern.starts, problem.pattern.columns, blocks, x, out)
    return out
