"""A coarse picture of a body: groups of nodes that move as rigid pieces."""

import numpy as np
import numpy.typing as npt

from .assembly import Pattern

__all__ = ["Groups"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_NODES_A_GROUP = 60
_MOST_GROUPS = 160
_FEW_GROUPS = 36


class Groups:
    """The response of rigid pieces of a body, which sweeps over single nodes find slowly."""

    def __init__(self, points: Floats, pattern: Pattern, fixed: npt.NDArray[np.bool_]) -> None:
        self._pattern = pattern
        wanted = max(len(points) // _NODES_A_GROUP, min(len(points) // 25, _FEW_GROUPS))
        count = int(np.clip(wanted, 1, _MOST_GROUPS))
        self._group = _halved(points, count)
        self._count = int(self._group.max()) + 1
        self._modes = _rigid_modes(points, self._group, self._count)
        self._modes[fixed] = 0.0

    def update(self, blocks: Floats) -> None:
        """Take the blocks of a matrix."""
        from .matrix import _kernels

        size = 6 * self._count
        matrix = np.zeros((size, size))
        pattern = self._pattern
        _kernels.gathered(pattern.starts, pattern.columns, blocks, self._group, self._modes, matrix)
        # Groups that are held have modes without stiffness; they are to stay where they are.
        diagonal = np.diagonal(matrix)
        matrix[np.diag_indices(size)] = np.where(
            diagonal > 0, diagonal * (1 + 1e-9), np.abs(diagonal).max()
        )
        self._factor = np.empty((size, size), np.float32)
        _kernels.cholesky(matrix, self._factor)

    def correction(self, residual: Floats) -> Floats:
        """How the pieces move under forces (n, 3)."""
        from .matrix import _kernels

        moved = np.empty_like(residual)
        _kernels.moved_together(self._group, self._modes, self._factor, residual, moved)
        return moved


def _halved(points: Floats, count: int) -> Ints:
    """A group number for each point: space is halved across its longest side again and again."""
    group = np.zeros(len(points), np.int32)
    parts = [(np.arange(len(points)), count)]
    number = 0
    while parts:
        members, pieces = parts.pop()
        if pieces <= 1 or len(members) < 2:
            group[members] = number
            number += 1
            continue
        axis = int(np.ptp(points[members], axis=0).argmax())
        order = members[np.argsort(points[members, axis], kind="stable")]
        left = pieces // 2
        split = len(order) * left // pieces
        parts += [(order[:split], left), (order[split:], pieces - left)]
    return group


def _rigid_modes(points: Floats, group: Ints, count: int) -> Floats:
    """Three shifts and three turns about the middle of its group of each point (n, 3, 6)."""
    sizes = np.bincount(group, minlength=count)
    middle = np.stack([np.bincount(group, points[:, i], count) for i in range(3)], 1)
    x, y, z = (points - (middle / sizes[:, None])[group]).T
    scale = np.sqrt((x**2 + y**2 + z**2).mean())
    modes = np.zeros((len(points), 3, 6))
    modes[:, [0, 1, 2], [0, 1, 2]] = 1.0
    modes[:, 1, 3], modes[:, 2, 3] = -z / scale, y / scale
    modes[:, 0, 4], modes[:, 2, 4] = z / scale, -x / scale
    modes[:, 0, 5], modes[:, 1, 5] = -y / scale, x / scale
    return modes
