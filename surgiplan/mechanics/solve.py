"""Equilibrium of a loaded mesh: inexact Newton with an energy line search, in load steps."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SolveError
from surgiplan.jobs_report import Report, silent

from .assembly import Problem, State
from .contact import Contacted
from .linear import Tangent, conjugate_gradients
from .loads import Held
from .newton import Newton, StepFailed, norm, product
from .supports import check_supports

__all__ = ["Solution", "Step", "solve", "solve_small_strain"]

Floats = npt.NDArray[np.float64]

_HALVINGS = 3


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
    ``contacts``: one for each contact of the loads.
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
    contacts: tuple[Contacted, ...] = ()


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
    (n, 3), the equilibrium of a problem much like it, the whole load is tried at once; preloaded
    tissue is loaded in steps from there.  Raises SolveError when a step fails that was already
    halved three times, and for a body that nothing holds.
    """
    check_supports(problem, held)
    loading = _Loading(Newton(problem, held, tolerance, report))
    if start_mm is None or problem.loads.preloaded:
        return loading.run(steps, start_mm)
    return loading.resume(start_mm, steps)


def solve_small_strain(
    problem: Problem, held: Held, *, tolerance: float = 1e-9, report: Report = silent
) -> Solution:
    """The linear theory: one solve with the tangent at rest.  Contact stays as it is at rest."""
    check_supports(problem, held)
    rest = np.zeros_like(held.displacement_mm)
    state = problem.at(rest, 1.0, tangent=True)
    original = replace(state, blocks=None if state.blocks is None else state.blocks.copy())
    tangent = Tangent(problem, held.mask)
    moved = np.where(held.mask, held.displacement_mm, 0.0)
    full = product(problem, original, moved)
    right = np.where(held.mask, 0.0, -(state.residual + full))
    tangent.update(state.blocks, state.softening, state.couplings)
    u, count = conjugate_gradients(
        tangent, right, tolerance, lambda: report(0.5, "Solving the linear response"), limit=2000
    )
    u = np.where(held.mask, moved, u)
    forces = state.residual + product(problem, original, u)
    left = norm(np.where(held.mask, 0.0, forces)) / max(norm(right), 1e-300)
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


class _Loading:
    """The load, put on step by step."""

    def __init__(self, newton: Newton) -> None:
        self._newton = newton
        self._steps: list[Step] = []

    def run(self, steps: int, start_mm: Floats | None = None) -> Solution:
        newton = self._newton
        rest = np.zeros_like(newton.held.displacement_mm)
        u = rest if start_mm is None else np.array(start_mm, float)
        load, increment, halvings = 0.0, 1.0 / steps, 0
        while load < 1.0:
            target = 1.0 if load + increment > 1.0 - 1e-9 else load + increment
            newton.span = (load, target)
            before = newton.pressure, newton.touches
            try:
                u, state = newton.equilibrium(u, target)
            except StepFailed:
                newton.pressure, newton.touches = before
                halvings += 1
                if halvings > _HALVINGS:
                    raise self._failure(load) from None
                increment /= 2
                continue
            load = target
            newton.carry_contacts(u, load)
            self._reached(load, u, state)
        return self._solution(u, state)

    def resume(self, start_mm: Floats, steps: int) -> Solution:
        """From an equilibrium of nearly this problem; from rest where that leads nowhere."""
        newton = self._newton
        try:
            u, state = newton.equilibrium(np.array(start_mm, float), 1.0)
        except StepFailed:
            newton.forget_contacts()
            return self.run(steps)
        self._reached(1.0, u, state)
        return self._solution(u, state)

    def _reached(self, load: float, u: Floats, state: State) -> None:
        before = sum(step.iterations for step in self._steps)
        newton = self._newton
        spent = newton.iterations - before
        self._steps.append(Step(load, u, spent, newton.residual, state.min_jacobian))

    def _solution(self, u: Floats, state: State) -> Solution:
        newton = self._newton
        support = np.where(newton.held.mask, state.residual, 0.0)
        return Solution(
            u, newton.iterations, newton.cg_iterations, len(self._steps), self._steps[-1].residual,
            state, support, newton.held.mask, newton.pressure, tuple(self._steps),
            newton.contacts_at(u),
        )  # fmt: skip

    def _failure(self, load: float) -> SolveError:
        newton = self._newton
        return SolveError(
            f"The tissue found no equilibrium beyond {load:.0%} of the load "
            f"({newton.iterations} iterations, four step sizes). Make the load smaller, the tissue "
            f"stiffer or the elements smaller.",
            iterations=newton.iterations,
            residual=newton.residual,
            point_lps=newton.trouble_lps,
        )
