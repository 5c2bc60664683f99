"""Forces at points of faces, and their slopes, gathered at the nodes."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def gather(nodes: Ints, rows: Floats, forces: Floats, middles: Floats, slots: Ints,
           force: Floats, blocks: Floats, tangent: bool) -> None:  # fmt: skip
    """Add R^T f to nodal forces (n, 3) and R^T D R to the blocks, for each of p points.

    ``rows`` (p, r, k, 3): what a point feels of the displacement of its k ``nodes`` (p, k).
    ``forces`` (p, r) and ``middles`` (p, r, r) are f and D.  ``slots`` (p, k * k).
    """
    count, width = rows.shape[1], rows.shape[2]
    half = np.empty((count, width, 3))
    for p in range(len(nodes)):
        R, D = rows[p], middles[p]
        for a in range(width):
            for i in range(3):
                for r in range(count):
                    force[nodes[p, a], i] += R[r, a, i] * forces[p, r]
        if not tangent:
            continue
        for r in range(count):
            for a in range(width):
                for i in range(3):
                    half[r, a, i] = 0.0
                    for s in range(count):
                        half[r, a, i] += D[r, s] * R[s, a, i]
        for a in range(width):
            for b in range(width):
                block = blocks[slots[p, width * a + b]]
                for i in range(3):
                    for k in range(3):
                        for r in range(count):
                            block[i, k] += R[r, a, i] * half[r, b, k]
