"""A sparse factor by PARDISO, where the user has installed it, for what iterations find slowly."""

from collections.abc import Callable
from importlib.util import find_spec
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from .assembly import Pattern

__all__ = ["Direct"]

Floats = npt.NDArray[np.float64]

_POLL_SECONDS = 0.1
_POSITIVE_DEFINITE = 2


class Direct:
    """The factor of a positive definite block matrix without its fixed components.

    On one thread, so that the same input gives the same bits.
    """

    def __init__(self, pattern: Pattern, fixed: npt.NDArray[np.bool_]) -> None:
        self._free = np.flatnonzero(~fixed.ravel())
        number = np.full(fixed.size, -1)
        number[self._free] = np.arange(len(self._free))
        rows = np.repeat(np.arange(pattern.size), np.diff(pattern.starts))
        row = number[3 * rows[:, None, None] + np.arange(3)[:, None]] + np.zeros((1, 3), int)
        column = number[3 * pattern.columns[:, None, None] + np.arange(3)] + np.zeros((3, 1), int)
        upper = np.flatnonzero((row >= 0) & (column >= row))
        order = np.lexsort((column.ravel()[upper], row.ravel()[upper]))
        self._taken = upper[order]
        self._columns = column.ravel()[self._taken].astype(np.int32)
        counts = np.bincount(row.ravel()[self._taken], minlength=len(self._free))
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a PARDISO."""
        return find_spec("pypardiso") is not None

    def factor(self, blocks: Floats, tick: Callable[[], None]) -> bool:
        """Factor a matrix; False where it is not positive definite.

        The library works beside ``tick``, which can stop the wait for it.
        """
        from scipy.sparse import csr_array

        values, shape = blocks.reshape(-1)[self._taken], (len(self._free), len(self._free))
        self._matrix = csr_array((values, self._columns, self._starts), shape=shape)
        found: list[Any] = []
        worker = Thread(target=_factored, args=(self._matrix, found), daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(_POLL_SECONDS)
            tick()
        self._solver: Any = found[0] if found else None
        return bool(found)

    def solve(self, right: Floats) -> Floats:
        """Solution (n, 3), zero in fixed components."""
        found = np.zeros(right.size)
        found[self._free] = self._solver.solve(self._matrix, right.reshape(-1)[self._free])
        return found.reshape(right.shape)


def _factored(matrix: Any, found: list[Any]) -> None:
    import ctypes

    from pypardiso import PyPardisoSolver
    from pypardiso.pardiso_wrapper import PyPardisoError

    solver = PyPardisoSolver(mtype=_POSITIVE_DEFINITE)
    solver.libmkl.MKL_Set_Num_Threads(ctypes.c_int(1))
    try:
        solver.factorize(matrix)
    except PyPardisoError:
        return
    found.append(solver)
