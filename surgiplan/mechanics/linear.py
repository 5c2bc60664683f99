"""Conjugate gradients with a two-level preconditioner: quadratic nodes smoothed, corners exact."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .assembly import Pattern, Problem, pattern_of

__all__ = ["Tangent", "conjugate_gradients", "inner"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


class Tangent:
    """A tangent matrix with held components removed, and its approximate inverse.

    One symmetric cycle: a forward block Gauss-Seidel sweep over all nodes, the exact solution on
    the linear element (corner nodes only, a sparse LU), a backward sweep.
    """

    def __init__(self, problem: Problem, fixed: npt.NDArray[np.bool_]) -> None:
        self._pattern = problem.pattern
        self._fixed = np.ascontiguousarray(fixed)
        mesh = problem.mesh
        self._parents = mesh.parents
        self._corner_fixed = np.ascontiguousarray(fixed[mesh.corner_nodes])
        self._coarse = pattern_of(mesh.corner_cells, len(mesh.corner_nodes))
        self._coarse_slots = _coarse_slots(self._pattern, self._coarse, self._parents)

    def update(self, blocks: Floats | None) -> None:
        """Take the blocks of a new tangent; they are changed in place."""
        if blocks is None:
            raise ValueError("the state was computed without its tangent")
        from scipy.sparse import bsr_array
        from scipy.sparse.linalg import splu

        from . import _kernels

        fine, coarse = self._pattern, self._coarse
        reduced = np.zeros((len(coarse.keys), 3, 3))
        _kernels.coarsen(
            fine.starts, fine.columns, blocks, self._coarse_slots, self._fixed, reduced
        )
        _kernels.constrain(coarse.starts, coarse.columns, reduced, self._corner_fixed)
        matrix = bsr_array(
            (reduced, coarse.columns, coarse.starts), shape=(3 * coarse.size, 3 * coarse.size)
        ).tocsc()
        self._factor = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        _kernels.constrain(fine.starts, fine.columns, blocks, self._fixed)
        self._blocks = blocks
        diagonal = self._pattern.slots(np.arange(fine.size), np.arange(fine.size))
        self._pivots = np.ascontiguousarray(np.linalg.inv(blocks[diagonal]))

    def times(self, x: Floats) -> Floats:
        """Product with ``x`` (n, 3)."""
        from . import _kernels

        out = np.empty_like(x)
        _kernels.multiply(self._pattern.starts, self._pattern.columns, self._blocks, x, out)
        return out

    def approximately_inverted(self, right: Floats) -> Floats:
        """The preconditioner applied to ``right`` (n, 3)."""
        from . import _kernels

        starts, columns = self._pattern.starts, self._pattern.columns
        x = np.zeros_like(right)
        _kernels.sweep(starts, columns, self._blocks, self._pivots, right, x, False)
        x += self._corner_correction(right - self.times(x))
        _kernels.sweep(starts, columns, self._blocks, self._pivots, right, x, True)
        return x

    def _corner_correction(self, residual: Floats) -> Floats:
        free = np.where(self._fixed, 0.0, residual)
        corners = self._coarse.size
        gathered = np.stack(
            [
                np.bincount(self._parents.ravel(), np.repeat(free[:, i] / 2, 2), minlength=corners)
                for i in range(3)
            ],
            axis=1,
        )
        gathered[self._corner_fixed] = 0.0
        solved = self._factor.solve(gathered.ravel()).reshape(-1, 3)
        spread = (solved[self._parents[:, 0]] + solved[self._parents[:, 1]]) / 2
        spread[self._fixed] = 0.0
        return np.asarray(spread)


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
