"""Upper abdomens painted from ellipsoids: ribs, spine, lungs, liver, spleen, kidneys and bowel."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from surgiplan.model import Volume, VoxelGrid

STEPS_MM = (4.0, 3.5, 3.5)
SHAPE = (80, 72, 100)


@dataclass(frozen=True)
class Phase:
    """Densities [HU]."""

    liver: float
    spleen: float
    kidney: float
    vessel: float


NATIVE = Phase(60, 48, 32, 42)
FATTY = Phase(5, 48, 32, 42)
ARTERIAL = Phase(68, 118, 185, 330)
PORTAL = Phase(112, 124, 188, 150)

_KIDNEYS = {"kidney_left": (64, 38, -30), "kidney_right": (-64, 38, -42)}


@cache
def abdomen(phase, *, without=(), noise_hu=12.0, only=(0, SHAPE[0])):
    """A scan and the masks of its organs by name; ``only`` are the slices that it keeps."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * STEPS_MM
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    z, y, x = (
        (n - (count - 1) / 2) * step
        for n, count, step in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, STEPS_MM, strict=True)
    )

    def ellipsoid(cx, cy, cz, hx, hy, hz):
        return ((x - cx) / hx) ** 2 + ((y - cy) / hy) ** 2 + ((z - cz) / hz) ** 2 < 1

    values = np.full(SHAPE, -1000.0, np.float32)
    for hu, half_x, half_y in ((-100, 165, 115), (55, 152, 102), (-100, 138, 88)):
        values[ellipsoid(0, 0, 0, half_x, half_y, np.inf)] = hu
    inside = ellipsoid(0, 0, 0, 138, 88, np.inf)
    ribs = ellipsoid(0, 0, 0, 146, 96, np.inf) & ~ellipsoid(0, 0, 0, 139, 89, np.inf)
    values[ribs & ((z + 0.3 * np.abs(x)) % 26 < 10) & (np.abs(x) > 40) & (z > -60)] = 700
    values[inside & (z > 30) & ~ellipsoid(0, 0, 30, 136, 88, 55) & (np.abs(x) > 20)] = -850
    truth = {}
    liver = ellipsoid(-62, -8, 20, 70, 72, 58) | ellipsoid(0, -40, 32, 70, 34, 30)
    dome = inside & ~(values < -500)
    truth["liver"] = liver & dome & (z < 70)
    truth["spleen"] = ellipsoid(100, 30, 25, 26, 42, 44) & dome & ~truth["liver"]
    for name, (cx, cy, cz) in _KIDNEYS.items():
        whole = ellipsoid(cx, cy, cz, 25, 28, 50)
        sinus = ellipsoid(cx - np.sign(cx) * 18, cy - 6, cz, 18, 8, 18)
        truth[name] = whole & ~sinus & ~truth["liver"] & ~truth["spleen"]
    levels = {
        "liver": phase.liver, "spleen": phase.spleen,
        "kidney_left": phase.kidney, "kidney_right": phase.kidney,
    }  # fmt: skip
    for side in (-1, 1):
        values[ellipsoid(side * 31, 30, -70, 11, 18, 90)] = 55  # psoas
    values[ellipsoid(58, -30, 0, 30, 28, 40)] = 20  # a full stomach
    for n, (cx, cy) in enumerate(((-60, -50), (-10, -55), (40, -50), (80, -30))):
        values[ellipsoid(cx, cy, -85 + 6 * n, 22, 20, 30)] = 35
    for name in [name for name in truth if name not in without]:
        values[truth[name]] = levels[name]
    values[ellipsoid(0, 44, 0, 24, 20, np.inf)] = 600
    values[ellipsoid(0, 44, 0, 20, 16, np.inf)] = 180
    canal = ellipsoid(0, 72, 0, 16, 12, np.inf) & ~ellipsoid(0, 72, 0, 9, 8, np.inf)
    values[canal] = 600
    values[ellipsoid(0, 72, 0, 9, 8, np.inf)] = 30
    values[ellipsoid(12, 12, 0, 11, 11, np.inf)] = phase.vessel
    sharp = gaussian_filter(values, [1.0 / step for step in STEPS_MM])
    noise = np.random.default_rng(7).standard_normal(SHAPE, np.float32)
    scan = np.rint((sharp + noise_hu * noise).clip(-1024, 3071)).astype(np.int16)
    low, high = only
    affine[:3, 3] = affine[:3, :3] @ [low, 0, 0] + affine[:3, 3]
    scan = np.ascontiguousarray(scan[low:high])
    kept = {name: mask[low:high] for name, mask in truth.items() if name not in without}
    return Volume("ct", scan, VoxelGrid(scan.shape, affine)), kept
