"""All automatic organs of a full CT: what somebody waits who presses one button."""

from contextlib import contextmanager
from functools import cache

import numpy as np

from benchmarks.row import Clock, Row
from surgiplan.imaging import METHODS
from surgiplan.jobs_report import silent
from surgiplan.model import Volume, VoxelGrid
from surgiplan_phantom.options import Options, Phase
from surgiplan_phantom.study import make_study

__all__ = ["rows"]

SHAPE = (400, 512, 512)
NOISE_HU = 12.0


@contextmanager
def rows():
    """Every organ at once, on two cores."""
    full_ct()
    yield (Row("torso: all organs of a 400 x 512 x 512 CT", torso, most=60, clock=Clock.WALL),)


def torso():
    """One run on a scan that was never surveyed before."""
    method = METHODS["torso"]
    found = method().run(full_ct(), np.zeros((0, 3)), method.Settings(), silent)
    assert len(found) > 10


def full_ct() -> Volume:
    """A synthetic patient in voxels of 0.8 x 0.8 x 1.3 mm: drawn at half that, noise apart."""
    values, affine = _half_resolution()
    fine = values.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    rng = np.random.default_rng(1)
    for piece in fine:
        noise = rng.standard_normal(piece.shape, np.float32) * NOISE_HU
        piece += noise.astype(np.int16)
    affine = affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, 0.25)
    affine[:3, :3] /= 2
    grid = VoxelGrid(shape=SHAPE, affine=affine, frame_uid="bench")
    return Volume(id="ct", values=fine, grid=grid, unit="HU")


@cache
def _half_resolution():
    study = make_study(
        Options(seed=5, phase=Phase.PORTAL, slice_step_mm=2.6, in_plane_mm=(1.6, 1.6), noise_hu=0)
    )
    wanted = np.array(SHAPE) // 2
    values = np.full(wanted, -1024, np.int16)
    shape = np.minimum(wanted, study.pixels.shape)
    k, j, i = shape
    values[:k, :j, :i] = study.pixels[:k, :j, :i]
    steps = study.scan.spacing_kji_mm
    affine = np.eye(4)
    affine[[2, 1, 0], [0, 1, 2]] = steps
    affine[[0, 2], [0, 2]] = 0
    affine[:3, 3] = study.scan.origin_lps_mm
    return values, affine
