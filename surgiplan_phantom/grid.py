"""Regular axis-aligned sampling grids in template space."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Points: TypeAlias = NDArray[np.float64]
Slices: TypeAlias = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Grid:
    """Sample points in index order (k, j, i); ``origin`` and ``step`` are (z, y, x) [mm]."""

    origin: tuple[float, float, float]
    step: tuple[float, float, float]
    shape: tuple[int, int, int]

    def axis(self, dimension: int) -> Floats:
        """Coordinates along one dimension, shaped to broadcast over the grid [mm]."""
        shape = [1, 1, 1]
        shape[dimension] = self.shape[dimension]
        values = self.origin[dimension] + self.step[dimension] * np.arange(self.shape[dimension])
        return values.astype(np.float32).reshape(shape)

    @property
    def z(self) -> Floats:
        """Positions towards the head [mm], shape (k, 1, 1)."""
        return self.axis(0)

    @property
    def y(self) -> Floats:
        """Positions towards the back [mm], shape (1, j, 1)."""
        return self.axis(1)

    @property
    def x(self) -> Floats:
        """Positions towards the patient's left [mm], shape (1, 1, i)."""
        return self.axis(2)

    def crop(self, low_xyz: Points, high_xyz: Points) -> Slices:
        """Index ranges of the samples within a box given in (x, y, z) [mm]; may be empty."""
        ranges = []
        for dimension in range(3):
            low, high = low_xyz[2 - dimension], high_xyz[2 - dimension]
            start = (low - self.origin[dimension]) / self.step[dimension]
            stop = (high - self.origin[dimension]) / self.step[dimension]
            size = self.shape[dimension]
            first = int(np.clip(np.floor(start), 0, size))
            ranges.append(slice(first, int(np.clip(np.ceil(stop) + 1, first, size))))
        return ranges[0], ranges[1], ranges[2]

    def sub(self, slices: Slices) -> "Grid":
        """The part of this grid within ``slices``."""
        origin = tuple(
            o + s * r.start for o, s, r in zip(self.origin, self.step, slices, strict=True)
        )
        shape = tuple(r.stop - r.start for r in slices)
        return Grid((origin[0], origin[1], origin[2]), self.step, (shape[0], shape[1], shape[2]))


def box_grid(low_xyz: Points, high_xyz: Points, step_mm: float) -> Grid:
    """A cubic grid that covers a box given in (x, y, z) [mm]."""
    shape = np.ceil((np.asarray(high_xyz) - np.asarray(low_xyz)) / step_mm).astype(int) + 1
    return Grid(
        (float(low_xyz[2]), float(low_xyz[1]), float(low_xyz[0])),
        (step_mm, step_mm, step_mm),
        (int(shape[2]), int(shape[1]), int(shape[0])),
    )
