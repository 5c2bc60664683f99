"""Smooth random fields that depend on position only, not on the grid they are sampled on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._kernels import spline_field
from .grid import Floats, Grid


@dataclass(frozen=True)
class Lattice:
    """Random values of unit variance on a lattice, joined by cubic B-splines.

    ``pitch`` is the lattice step in (z, y, x) [mm]; the field repeats every 64 steps.
    """

    values: Floats
    pitch: tuple[float, float, float]

    def on(self, grid: Grid) -> Floats:
        """The field on ``grid``, mean near 0 and standard deviation near 1."""
        places, weights = zip(*(self._along(grid, d) for d in range(3)), strict=True)
        field = np.empty(grid.shape, dtype=np.float32)
        spline_field(self.values, *places, *weights, field)
        return field

    def _along(self, grid: Grid, dimension: int) -> tuple[NDArray[np.int64], Floats]:
        """Lattice indices (n, 4) and B-spline weights (n, 4) of the samples along an axis."""
        size = self.values.shape[dimension]
        axis = grid.axis(dimension).ravel().astype(np.float64) / self.pitch[dimension]
        base = np.floor(axis).astype(np.int64)
        t = axis - base
        parts = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        weights = np.stack(parts, axis=1).astype(np.float32) / np.float32(6)
        return (base[:, None] + np.arange(-1, 3)) % size, weights


def lattice(rng: np.random.Generator, pitch_mm: float | tuple[float, float, float]) -> Lattice:
    """A new random field with features of about ``pitch_mm`` (z, y, x)."""
    pitch = pitch_mm if isinstance(pitch_mm, tuple) else (pitch_mm, pitch_mm, pitch_mm)
    values = rng.standard_normal((64, 64, 64)).astype(np.float32)
    # A cubic B-spline of unit white noise has a variance of (302 / 630)**3 on average.
    return Lattice(values * np.float32((630 / 302) ** 1.5), pitch)
