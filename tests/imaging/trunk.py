"""A trunk from the lungs to the groins, simple enough to be scanned in a moment."""

from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from surgiplan.model import Volume, VoxelGrid

STEPS_MM = (4.0, 2.5, 2.5)
SHAPE = (105, 100, 140)


@cache
def trunk(*, blood_hu, liver_hu=60.0, noise_hu=10.0, metal=False):
    """Body, lungs, spine with cortex, liver and aorta, and perhaps a nail in the back."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * STEPS_MM
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    z, y, x = (
        (n - (count - 1) / 2) * step
        for n, count, step in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, STEPS_MM, strict=True)
    )
    values = np.full(SHAPE, -1000.0, np.float32)

    def paint(hu, cx, cy, cz, hx, hy, hz):
        values[((x - cx) / hx) ** 2 + ((y - cy) / hy) ** 2 + ((z - cz) / hz) ** 2 < 1] = hu

    for hu, half in ((-90, (165, 115)), (50, (150, 100)), (-90, (140, 85))):
        paint(hu, 0, 0, 0, *half, np.inf)  # fat, muscle, and fat again
    for side in (-1, 1):
        paint(-850, side * 70, 0, 170, 55, 75, 130)
    paint(liver_hu, -60, -10, 30, 70, 65, 75)
    paint(450, 0, 60, 0, 24, 20, np.inf)
    paint(160, 0, 60, 0, 20, 16, np.inf)
    paint(blood_hu, 10, 25, 0, 11, 11, np.inf)
    if metal:
        paint(3000, 60, 40, -120, 6, 6, 25)
    values = gaussian_filter(values, [1.0 / step for step in STEPS_MM])
    noise = np.random.default_rng(3).standard_normal(SHAPE, np.float32)
    values = np.rint((values + noise_hu * noise).clip(-1024, 3071)).astype(np.int16)
    return Volume("ct", values, VoxelGrid(SHAPE, affine))
