"""Brings tilted, gapped or unevenly spaced slices onto one upright, even grid."""

import numpy as np
import numpy.typing as npt

from surgiplan.jobs_report import Report
from surgiplan.model import VoxelGrid

from .stack import Layout
from .stacking import Allocate

__all__ = ["even_grid", "onto_grid"]

_DIGITS = 6
"""Of a place between two voxels: rounding must not make a voxel's own place lie beside it."""


def even_grid(layout: Layout) -> VoxelGrid:
    """The smallest even, upright grid that holds all slices of a layout.

    Its in-plane voxels are those of the first slice, continued sideways as far as a tilt needs.
    """
    first = layout.images[0]
    _, rows_mm, columns_mm = layout.spacing_mm
    step_mm = layout.step_mm
    slices = round(float(layout.heights_mm[-1]) / step_mm) + 1
    if layout.numbers is None:
        # Keep both end slices: stretch the usual step a little rather than cut anatomy off.
        step_mm = float(layout.heights_mm[-1]) / (slices - 1)
    grid = VoxelGrid(
        shape=(slices, first.rows, first.columns),
        affine=layout.upright_affine(step_mm),
        frame_uid=first.frame_uid,
    )
    if not layout.is_tilted:
        return grid
    shifts = np.round(layout.shifts_mm / [rows_mm, columns_mm], _DIGITS)
    low = np.floor(shifts.min(axis=0)).astype(int)
    high = np.ceil(shifts.max(axis=0)).astype(int)
    return grid.cropped([0, *low], [slices, first.rows + high[0], first.columns + high[1]])


def onto_grid(
    values: npt.NDArray[np.float32] | npt.NDArray[np.int16],
    layout: Layout,
    grid: VoxelGrid,
    outside: float,
    allocate: Allocate,
    report: Report,
) -> npt.NDArray[np.float32] | npt.NDArray[np.int16]:
    """Slices (n, rows, columns) of ``layout`` interpolated linearly onto ``even_grid`` voxels.

    Voxels without a slice on both sides hold ``outside``.  The result has the type of ``values``.
    """
    slices, rows, columns = grid.shape
    result = allocate(grid.shape, values.dtype.type)
    origin = np.array(layout.images[0].position)
    corner_mm = (grid.affine[:3, 3] - origin) @ layout.directions[1:].T
    heights = np.arange(slices) * grid.spacing_mm[0]
    placed: dict[int, npt.NDArray[np.float32]] = {}
    for k, height in enumerate(heights):
        report(k / slices, f"Resampling slice {k + 1} of {slices}")
        above = int(np.clip(np.searchsorted(layout.heights_mm, height), 1, len(values) - 1))
        for n in (above - 1, above):
            if n not in placed:
                offset = (corner_mm - layout.shifts_mm[n]) / layout.spacing_mm[1:]
                placed[n] = _shifted(values[n], offset, (rows, columns))
        placed = {n: placed[n] for n in (above - 1, above)}
        low, high = layout.heights_mm[above - 1 : above + 1]
        weight = round(float(np.clip((height - low) / (high - low), 0, 1)), _DIGITS)
        plane = _between(placed[above - 1], placed[above], weight)
        plane[np.isnan(plane)] = outside
        result[k] = np.rint(plane) if values.dtype == np.int16 else plane
    return result


def _shifted(
    plane: npt.NDArray[np.int16] | npt.NDArray[np.float32],
    offset: npt.NDArray[np.float64],
    shape: tuple[int, int],
) -> npt.NDArray[np.float32]:
    """``plane`` sampled at (row, column) + ``offset`` in voxels, on a window of ``shape``.

    NaN where that lies beside the plane.
    """
    offset = np.round(offset, _DIGITS)
    whole = np.floor(offset).astype(int)
    row_part, column_part = (offset - whole).tolist()
    wide = np.full((shape[0] + 1, shape[1] + 1), np.nan, np.float32)
    from_low = np.maximum(whole, 0)
    from_high = np.minimum(whole + wide.shape, plane.shape)
    if np.all(from_high > from_low):
        (r0, c0), (r1, c1) = from_low, from_high
        to_r, to_c = from_low - whole
        wide[to_r : to_r + r1 - r0, to_c : to_c + c1 - c0] = plane[r0:r1, c0:c1]
    between_rows = _between(wide[:-1], wide[1:], row_part)
    return _between(between_rows[:, :-1], between_rows[:, 1:], column_part)


def _between(
    a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], weight: float
) -> npt.NDArray[np.float32]:
    """From ``a`` (weight 0) to ``b`` (weight 1); what has no weight may be NaN."""
    if weight == 0.0:
        return a.copy()
    if weight == 1.0:
        return b.copy()
    result: npt.NDArray[np.float32] = a * np.float32(1 - weight) + b * np.float32(weight)
    return result
