"""What contact ties together that no element does."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Coupling"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coupling:
    """The tangent between nodes that share no element: R^T D S + S^T D R.

    ``rows`` and ``others`` (r p, 3 n) are R and S, what p points feel of either body; ``middles``
    (p, r, r) is D.
    """

    rows: "csr_array"
    others: "csr_array"
    middles: Floats

    def times(self, x: Floats) -> Floats:
        """Product (n, 3) with ``x`` (n, 3)."""
        flat = x.ravel()
        there = self.rows.T @ self._weighed(self.others @ flat)
        back = self.others.T @ self._weighed(self.rows @ flat)
        return np.asarray((there + back).reshape(x.shape))

    def _weighed(self, felt: Floats) -> Floats:
        points, count, _ = self.middles.shape
        weighed = np.einsum("prs,ps->pr", self.middles, felt.reshape(points, count))
        return np.asarray(weighed.ravel())


def rows_of(nodes: npt.NDArray[np.int32], rows: Floats, size: int) -> "csr_array":
    """The matrix (r p, 3 ``size``) of ``rows`` (p, r, k, 3) on ``nodes`` (p, k)."""
    from scipy.sparse import csr_array

    points, count, width, _ = rows.shape
    columns = 3 * nodes[:, None, :, None] + np.arange(3)
    columns = np.broadcast_to(columns, rows.shape)
    starts = np.arange(points * count + 1) * 3 * width
    return csr_array((rows.ravel(), columns.ravel(), starts), shape=(points * count, 3 * size))
