"""A body whose left, front and head are marked, stored in every order and direction of axes."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from surgiplan.model import VoxelGrid
from tests.io import series_on_disk as on_disk

CENTRE = np.array([0.0, -20.0, 400.0])
"""Of the body in LPS [mm]."""
MARKERS = {
    "left": (CENTRE + [6.0, 0.0, 0.0], 2.61, 1000),
    "front": (CENTRE + [0.0, -7.0, 0.0], 2.13, 600),
    "head": (CENTRE + [0.0, 0.0, 9.0], 3.17, 300),
}
"""Centre in LPS [mm], radius [mm] and HU of three balls, each on one side of the body's middle."""
BODY_HU, AIR_HU = 40, -1000
STEPS = np.diag([0.4, 0.7, 1.3])
"""Steps along x, y and z [mm], all different, one a row."""
COUNTS = (60, 41, 25)
"""Voxels along x, y and z."""
LETTERS = ("RL", "AP", "IS")

ORDERS = {
    "".join(LETTERS[axis][sign > 0] for axis, sign in zip(axes, signs, strict=True)): (axes, signs)
    for axes in permutations((2, 1, 0))
    for signs in product((1, -1), repeat=3)
}
"""By the sides to which k, j and i run: ``SPL`` is upright.  48, half of them mirrored."""
NASTY = ("SPL", "SPR", "IAR", "PIL", "ASR", "LPI", "RIP", "LSP")
"""Upright, mirrored once and three times, coronal, sagittal, and both of them turned over."""


def grid_in(order: str, turn: np.ndarray | None = None) -> VoxelGrid:
    """The grid whose axes run in an order, turned about the body's centre."""
    axes, signs = ORDERS[order]
    steps = np.array([sign * STEPS[axis] for axis, sign in zip(axes, signs, strict=True)])
    if turn is not None:
        steps = steps @ turn.T
    shape = [COUNTS[axis] for axis in axes]
    affine = np.eye(4)
    affine[:3, :3] = steps.T
    affine[:3, 3] = CENTRE - (np.array(shape) - 1) / 2 @ steps
    return VoxelGrid((shape[0], shape[1], shape[2]), affine, on_disk.FRAME)


def body_on(grid: VoxelGrid) -> np.ndarray:
    """HU of the body at each voxel; no voxel's middle lies on a border."""
    points = grid.to_lps(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1))
    values = np.full(grid.shape, AIR_HU, np.int16)
    values[np.linalg.norm((points - CENTRE) / [10.03, 12.07, 14.01], axis=-1) < 1] = BODY_HU
    for centre, radius_mm, hu in MARKERS.values():
        values[np.linalg.norm(points - centre, axis=-1) < radius_mm] = hu
    return values


def volume_file(path: Path, grid: VoxelGrid) -> Path:
    """The body in a NIfTI, NRRD or MetaImage file, its axes as in ``grid``."""
    image = sitk.GetImageFromArray(body_on(grid))
    steps = grid.affine[:3, 2::-1]
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(grid.affine[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return path


def series(folder: Path, grid: VoxelGrid) -> Path:
    """The body as a DICOM series, a file a slice, numbered from the first slice of ``grid``."""
    step_mm, rows_mm, columns_mm = grid.spacing_mm
    directions = grid.affine[:3, :3] / grid.spacing_mm
    images = on_disk.slices(body_on(grid), directions, tuple(grid.affine[:3, 3]), step_mm)
    return on_disk.write(folder, images, PixelSpacing=[rows_mm, columns_mm])
