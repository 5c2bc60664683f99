"""Forces at points of faces, and their slopes, gathered at the nodes."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def gather(faces: Ints, shapes: Floats, forces: Floats, slopes: Floats, slots: Ints,
           force: Floats, blocks: Floats, tangent: bool) -> None:  # fmt: skip
    """Add forces (f, q, 3) to the nodes (n, 3), and take off their slopes (f, q, 3, 3)."""
    nodes = faces.shape[1]
    for f in range(len(faces)):
        for point in range(len(shapes)):
            N = shapes[point]
            for a in range(nodes):
                for i in range(3):
                    force[faces[f, a], i] += N[a] * forces[f, point, i]
            if not tangent:
                continue
            for a in range(nodes):
                for b in range(nodes):
                    both = N[a] * N[b]
                    slot = slots[f, nodes * a + b]
                    for i in range(3):
                        for k in range(3):
                            blocks[slot, i, k] -= both * slopes[f, point, i, k]
