"""The inner loops of the solver, compiled once by numba and kept on disk."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_OPTIONS = {"cache": True, "nogil": True, "fastmath": False}


@njit(**_OPTIONS)
def pressing(x: Floats, faces: Ints, shapes: Floats, slopes: Floats, weights: Floats,
             pressure: float, slots: Ints, force: Floats, blocks: Floats, tangent: bool,
             ) -> None:  # fmt: skip
    """Add the force (n, 3) of a pressure on faces that lie at ``x`` now, and take off its slope.

    The slope is made symmetric, which it is by itself where the edge of the faces is held.
    """
    nodes = faces.shape[1]
    along, across = np.empty(3), np.empty(3)
    turn = np.empty((3, 3))
    D = np.empty((nodes, nodes, 3, 3))
    for f in range(len(faces)):
        D[:] = 0.0
        for point in range(len(weights)):
            s = pressure * weights[point]
            N, dN = shapes[point], slopes[point]
            for i in range(3):
                along[i], across[i] = 0.0, 0.0
                for a in range(nodes):
                    along[i] += dN[a, 0] * x[faces[f, a], i]
                    across[i] += dN[a, 1] * x[faces[f, a], i]
            for a in range(nodes):
                for i in range(3):
                    j, k = (i + 1) % 3, (i + 2) % 3
                    normal = along[j] * across[k] - along[k] * across[j]
                    force[faces[f, a], i] -= s * N[a] * normal
            if not tangent:
                continue
            for b in range(nodes):
                for i in range(3):
                    j, k = (i + 1) % 3, (i + 2) % 3
                    turn[i, i] = 0.0
                    turn[i, j] = dN[b, 0] * across[k] - dN[b, 1] * along[k]
                    turn[i, k] = dN[b, 1] * along[j] - dN[b, 0] * across[j]
                for a in range(nodes):
                    for i in range(3):
                        for k in range(3):
                            D[a, b, i, k] += s * N[a] * turn[i, k]
        if tangent:
            for a in range(nodes):
                for b in range(nodes):
                    for i in range(3):
                        for k in range(3):
                            both = (D[a, b, i, k] + D[b, a, k, i]) / 2
                            blocks[slots[f, nodes * a + b], i, k] += both
