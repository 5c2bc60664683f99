"""Smooth random fields that depend on position only, not on the grid they are sampled on."""

from dataclasses import dataclass

import numpy as np

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
        field = self.values
        for dimension in (0, 1, 2):
            field = self._along(field, grid, dimension)
        return np.ascontiguousarray(field)

    def _along(self, field: Floats, grid: Grid, dimension: int) -> Floats:
        size = self.values.shape[dimension]
        axis = grid.axis(dimension).ravel().astype(np.float64) / self.pitch[dimension]
        base = np.floor(axis).astype(int)
        t = axis - base
        first, last = base.min() - 1, base.max() + 2
        picked = np.take(field, np.arange(first, last + 1) % size, axis=dimension)
        weights = np.zeros((len(axis), last - first + 1), dtype=np.float32)
        rows = np.arange(len(axis))
        parts = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        for offset, part in enumerate(parts):
            weights[rows, base - 1 - first + offset] = part / 6
        moved = np.moveaxis(np.tensordot(weights, picked, axes=(1, dimension)), 0, dimension)
        return np.asarray(moved, dtype=np.float32)


def lattice(rng: np.random.Generator, pitch_mm: float | tuple[float, float, float]) -> Lattice:
    """A new random field with features of about ``pitch_mm`` (z, y, x)."""
    pitch = pitch_mm if isinstance(pitch_mm, tuple) else (pitch_mm, pitch_mm, pitch_mm)
    values = rng.standard_normal((64, 64, 64)).astype(np.float32)
    # A cubic B-spline of unit white noise has a variance of (302 / 630)**3 on average.
    return Lattice(values * np.float32((630 / 302) ** 1.5), pitch)
