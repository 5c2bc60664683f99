"""The volume being painted, tissue over tissue, with the occupancy of every named segment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .grid import Floats, Grid, Slices
from .solids import Solid

Bytes: TypeAlias = NDArray[np.uint8]
Hounsfield: TypeAlias = float | Callable[[Grid], Floats]

_SLAB = 40


@dataclass
class Canvas:
    """Hounsfield values on a fine grid; later tissue replaces earlier tissue where it lies.

    ``segments`` holds the occupied fraction (0 to 255) of each named segment on the fine grid.
    """

    grid: Grid
    hu: Floats = field(init=False)
    segments: dict[str, Bytes] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Start with air everywhere."""
        self.hu = np.full(self.grid.shape, -1000.0, dtype=np.float32)

    def paint(
        self,
        solid: Solid,
        hu: Hounsfield,
        *,
        name: str | None = None,
        inside: Iterable[str] = (),
        opacity: float = 1.0,
    ) -> None:
        """Put a tissue on top of what is there.

        ``name`` adds it to a segment. It is taken out of every other segment except the body and
        those in ``inside``; faint tissue (opacity below 1) leaves segments alone.
        """
        whole = self.grid.crop(solid.low - self.grid.step[2], solid.high + self.grid.step[2])
        for start in range(whole[0].start, whole[0].stop, _SLAB):
            stop = min(start + _SLAB, whole[0].stop)
            self._paint_slab((slice(start, stop), *whole[1:]), solid, hu, name, inside, opacity)

    def _paint_slab(
        self,
        slab: Slices,
        solid: Solid,
        hu: Hounsfield,
        name: str | None,
        inside: Iterable[str],
        opacity: float,
    ) -> None:
        grid = self.grid.sub(slab)
        if 0 in grid.shape:
            return
        occupied = self._occupancy(solid, grid)
        if not occupied.any():
            return
        value = hu(grid) if callable(hu) else np.float32(hu)
        target = self.hu[slab]
        target += np.float32(opacity) * occupied * (value - target)
        if opacity >= 1.0:
            self._record(slab, occupied, name, {"body", name, *inside})

    def _occupancy(self, solid: Solid, grid: Grid) -> Floats:
        """Fraction of each voxel that lies in the solid, from its signed distance."""
        width = np.float32(0.5 * (self.grid.step[1] + self.grid.step[2]))
        occupied = solid.distance(grid)
        occupied = occupied * (-1 / width) + np.float32(0.5)
        return np.asarray(np.clip(occupied, 0, 1, out=occupied))

    def _record(
        self, slab: Slices, occupied: Floats, name: str | None, keep: set[str | None]
    ) -> None:
        covered = np.rint(occupied * 255).astype(np.uint8)
        for other, occupancy in self.segments.items():
            if other in keep:
                continue
            target = occupancy[slab]
            if target.any():
                np.minimum(target, 255 - covered, out=target)
        if name is not None:
            if name not in self.segments:
                self.segments[name] = np.zeros(self.grid.shape, dtype=np.uint8)
            target = self.segments[name][slab]
            np.maximum(target, covered, out=target)
