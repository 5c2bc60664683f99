"""Conjugate gradients with a two-level preconditioner: quadratic nodes smoothed, corners exact."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .assembly import Pattern, Problem, pattern_of
from .contact import Coupling
from .direct import Direct
from .expander import Softening
from .groups import Groups

__all__ = ["Tangent", "conjugate_gradients", "inner"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


_WORN = 1.5
"""So many times the iterations that groups cost when fresh make new ones worth their price."""

_STALE = 25
"""Iterations from which on an old direct factor is worth another."""

_SLOW = 150
"""Iterations of one linear solution from which on a direct factor is cheaper."""


class Tangent:
    """A tangent matrix with held components removed, and its approximate inverse.

    One symmetric cycle: a forward block Gauss-Seidel sweep over all nodes, the solution on the
    linear element (corner nodes only), a backward sweep.  The corners in turn are swept around the
    response of groups of them that move as rigid pieces.  No library's threads take part, so that
    the same input gives the same bits.
    """

    def __init__(self, problem: Problem, fixed: npt.NDArray[np.bool_]) -> None:
        mesh = problem.mesh
        self._fixed = np.ascontiguousarray(fixed)
        self._parents = mesh.parents
        self._corner_fixed = np.ascontiguousarray(fixed[mesh.corner_nodes])
        self._linear = mesh.element.nodes == mesh.element.corners
        self._fine = _Swept(problem.pattern, self._fixed)
        coarse = self._fine
        if not self._linear:
            pattern = pattern_of(mesh.corner_cells, len(mesh.corner_nodes))
            coarse = _Swept(pattern, self._corner_fixed)
            self._coarse_slots = _coarse_slots(problem.pattern, pattern, self._parents)
        self._coarse = coarse
        points = mesh.nodes_mm[mesh.corner_nodes]
        self._groups = Groups(points, coarse.pattern, self._corner_fixed)
        self._fresh, self._worn = np.inf, True
        self._direct: Direct | None = None
        self._strained = False

    def update(
        self,
        blocks: Floats | None,
        softening: Softening | None = None,
        couplings: tuple[Coupling, ...] = (),
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the blocks of a new tangent and what contact adds beside them.

        ``tick`` is called while a direct factor is waited for, and may stop that.
        """
        self._couplings = couplings
        if blocks is None:
            raise ValueError("the state was computed without its tangent")
        from .matrix import _kernels

        self._softening = softening.kept(self._fixed) if softening else None
        self._fine.update(blocks)
        if self._factored(blocks, tick):
            return
        fine, coarse = self._fine.pattern, self._coarse.pattern
        if not self._linear:
            reduced = np.zeros((len(coarse.keys), 3, 3))
            _kernels.coarsen(
                fine.starts, fine.columns, blocks, self._coarse_slots, self._fixed, reduced
            )
            self._coarse.update(reduced)
        if self._worn:
            self._groups.update(self._coarse.blocks)
            self._fresh, self._worn = np.inf, False

    def took(self, iterations: int, relative_tolerance: float) -> None:
        """Hear what a solution took: groups older than the matrix serve until they slow it down.

        What iterations find too slowly is left to PARDISO from then on, where it is installed.
        """
        self._strained = self._strained or iterations >= _SLOW
        rate = iterations / -np.log10(min(relative_tolerance, 0.5))
        self._fresh = min(self._fresh, rate)
        self._worn = iterations > _STALE if self._direct else rate > _WORN * self._fresh

    def _factored(self, blocks: Floats, tick: Callable[[], None]) -> bool:
        """Whether a direct factor, of these blocks or of ones before, is to be used."""
        if not (self._strained and Direct.is_installed()):
            return False
        if self._direct is None:
            self._direct, self._worn = Direct(self._fine.pattern, self._fixed), True
        if self._worn:
            self._strained = self._direct.factor(blocks, tick)
            self._fresh, self._worn = np.inf, not self._strained
        return self._strained

    def times(self, x: Floats) -> Floats:
        """Product with ``x`` (n, 3), zero in held components."""
        out = self._fine.times(x)
        if self._softening:
            out[self._softening.nodes] -= self._softening.times(x)
        for coupling in self._couplings:
            out += np.where(self._fixed, 0.0, coupling.times(x))
        return out

    def approximately_inverted(self, right: Floats) -> Floats:
        """The preconditioner applied to ``right`` (n, 3)."""
        if self._direct and self._strained:
            return self._direct.solve(right)
        if self._linear:
            return self._corners_solved(right)
        return self._fine.cycle(right, self._corner_correction)

    def _corners_solved(self, right: Floats) -> Floats:
        return self._coarse.cycle(right, self._groups.correction)

    def _corner_correction(self, residual: Floats) -> Floats:
        from .matrix import _kernels

        gathered = np.empty((self._coarse.pattern.size, 3))
        _kernels.to_corners(self._parents, self._fixed, self._corner_fixed, residual, gathered)
        spread = np.empty_like(residual)
        solved = self._corners_solved(gathered)
        _kernels.from_corners(self._parents, self._fixed, solved, spread)
        return spread


class _Swept:
    """A block matrix, and Gauss-Seidel sweeps over its rows that leave fixed components alone."""

    def __init__(self, pattern: Pattern, fixed: npt.NDArray[np.bool_]) -> None:
        self.pattern, self._fixed = pattern, fixed
        own = np.arange(pattern.size)
        self._middles = pattern.slots(own, own)

    def update(self, blocks: Floats) -> None:
        from .matrix import _kernels

        self.blocks, self._rough = blocks, blocks.astype(np.float32)
        self._pivots = np.empty((self.pattern.size, 3, 3))
        _kernels.invert_pivots(self._middles, blocks, self._fixed, self._pivots)

    def times(self, x: Floats) -> Floats:
        from .matrix import _kernels

        out = np.empty_like(x)
        _kernels.multiply(self.pattern.starts, self.pattern.columns, self.blocks, x, out)
        out[self._fixed] = 0.0
        return out

    def cycle(self, right: Floats, correction: Callable[[Floats], Floats]) -> Floats:
        from .matrix import _kernels

        pattern, x, left = self.pattern, np.empty_like(right), np.empty_like(right)
        given = pattern.starts, self._middles, pattern.columns, self._rough, self._pivots, right
        _kernels.swept_forward(*given, x, left)
        x += correction(left)
        _kernels.sweep_backward(*given, x)
        return x


def conjugate_gradients(
    tangent: Tangent,
    right: Floats,
    relative_tolerance: float,
    tick: Callable[[], None],
    limit: int = 500,
) -> tuple[Floats, int]:
    """Solution (n, 3) of ``tangent`` x = ``right``, and the iterations it took.

    Stops early on negative curvature with what it has: a descent direction of the energy.
    """
    x = np.zeros_like(right)
    r = right.copy()
    z = tangent.approximately_inverted(r)
    rz = inner(r, z)
    if not rz > 0:
        return r, 0
    p, goal = z.copy(), relative_tolerance * inner(right, right) ** 0.5
    for iteration in range(1, limit + 1):
        tick()
        kp = tangent.times(p)
        curvature = inner(p, kp)
        if not curvature > 0:
            return (p if iteration == 1 else x), iteration
        step = rz / curvature
        x += step * p
        r -= step * kp
        if inner(r, r) ** 0.5 <= goal:
            return x, iteration
        z = tangent.approximately_inverted(r)
        new = inner(r, z)
        if not new > 0:
            return x, iteration
        p *= new / rz
        p += z
        rz = new
    return x, limit


def inner(a: Floats, b: Floats) -> float:
    """Sum of products of two nodal fields (n, 3), the same on every run and on one core.

    BLAS would share it out over threads, which costs more than it saves.
    """
    return float(np.einsum("ij,ij->", a, b))


def _coarse_slots(fine: Pattern, coarse: Pattern, corners: Ints) -> Ints:
    rows = np.repeat(np.arange(fine.size), np.diff(fine.starts))
    left, right = corners[rows], corners[fine.columns]
    return np.stack([coarse.slots(left[:, a], right[:, b]) for a in (0, 1) for b in (0, 1)], axis=1)
