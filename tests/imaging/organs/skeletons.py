"""A painted trunk with a skeleton whose parts are known."""

from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from surgiplan.model import Volume, VoxelGrid

STEPS_MM = (3.0, 2.0, 2.0)
SHAPE = (130, 110, 170)
CORTEX_MM = 2.5


@cache
def painted(*, aorta_hu=45.0, marrow_hu=150.0, noise_hu=12.0):
    """The scan, and the mask of each part by its name; mm from the middle, z up, y back, x left.

    Vertebrae with their canal and a sacrum, ribs, hip bones with thigh bones in their sockets, a
    breastbone, and an aorta in front of the spine.
    """
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, ::-1] * STEPS_MM
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    z, y, x = (
        (n - (count - 1) / 2) * step
        for n, count, step in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, STEPS_MM, strict=True)
    )
    values = np.full(SHAPE, -1000.0, np.float32)
    values[np.broadcast_to((x / 155) ** 2 + (y / 100) ** 2 < 1, SHAPE)] = -90
    values[np.broadcast_to((x / 145) ** 2 + (y / 92) ** 2 < 1, SHAPE)] = 50
    values[np.broadcast_to((x / 108) ** 2 + (y / 66) ** 2 < 1, SHAPE)] = -80
    values[np.broadcast_to((x - 12) ** 2 + (y + 8) ** 2 < 10**2, SHAPE) & (z > -110)] = aorta_hu
    truth = {name: np.zeros(SHAPE, bool) for name in ("spine", "ribs", "pelvis", "long_bones")}
    truth["sternum"] = np.zeros(SHAPE, bool)

    def bone(part, outer, inner):
        values[outer] = 1000
        values[inner] = marrow_hu
        truth[part] |= outer

    def grown(shape):
        return shape(0.0), shape(-CORTEX_MM)

    def vertebra(g):
        disc = np.abs((z + 400) % 34 - 17) < 14 + g
        body = ((x / (21 + g)) ** 2 + ((y - 28) / (16 + g)) ** 2 < 1) & disc
        ring = (x**2 + (y - 52) ** 2 < (14 + g) ** 2) & (np.abs((z + 400) % 34 - 17) < 11 + g)
        side = (np.abs(y - 54 - np.abs(x) * 0.25) < 5 + g) & (np.abs(x) < 33 + g)
        spike = (np.abs(x) < 5 + g) & (y > 52) & (y < 80 + g)
        low = np.abs((z + 400) % 34 - 17) < 8 + g
        return (body | ring | ((side | spike) & low)) & (z > -90)

    def sacrum(g):
        return ((x / (34 + g)) ** 2 + ((y - 42) / (15 + g)) ** 2 < 1) & (z <= -90) & (z > -140 - g)

    def rib(g):
        tilt = z + 400 - 0.5 * np.abs(y - 40)
        ring = np.abs(np.hypot(x / 130, y / 80) - 1) * 95 < 5 + g
        behind = (np.abs(np.hypot(x / 130, (y - 8) / 62) - 1) * 62 < 5 + g) & (np.abs(x) > 26)
        curve = np.where(y > 0, behind, ring)
        return curve & (np.abs(tilt % 26 - 13) < 6 + g) & (z > 20) & (y > -55)

    def hip(g):
        wing = np.abs(np.abs(x) - 74 - 0.35 * (z + 120)) < 8 + g
        wing = wing & (np.abs(y - 10) < 40 + g) & (z > -140 - g) & (z < -60 + g)
        cup = (np.abs(x) - 85) ** 2 + y**2 + (z + 150) ** 2 < (36 + g) ** 2
        return (wing | cup) & ~socket

    def thigh(g):
        ball = (np.abs(x) - 85) ** 2 + y**2 + (z + 150) ** 2 < (23 + g) ** 2
        shaft = ((np.abs(x) - 118) ** 2 + y**2 < (15 + g) ** 2) & (z < -172)
        along = np.clip((np.abs(x) - 85) * 0.77 - (z + 150) * 0.6 + y * 0.2, 0, 42)
        off = [np.abs(x) - 85 - 0.77 * along, z + 150 + 0.6 * along, y - 0.2 * along]
        neck = sum(part**2 for part in off) < (13 + g) ** 2
        return ball | shaft | neck

    socket = (np.abs(x) - 85) ** 2 + y**2 + (z + 150) ** 2 < 27**2
    socket = socket | ((np.abs(x) - 85) * 0.77 - (z + 150) * 0.6 + y * 0.2 > 10)
    for part, shape in (
        ("spine", vertebra),
        ("spine", sacrum),
        ("ribs", rib),
        ("pelvis", hip),
        ("long_bones", thigh),
        ("sternum", lambda g: (np.abs(x) < 18 + g) & (np.abs(y + 82) < 6 + g) & (z > 60)),
    ):
        bone(part, *(np.broadcast_to(m, SHAPE) for m in grown(shape)))
    wall = (x**2 + (y - 52) ** 2 < 10.5**2) & (z > -127) & truth["spine"]
    values[wall] = 1000
    canal = np.broadcast_to((x**2 + (y - 52) ** 2 < 8**2) & (z > -125), SHAPE)
    values[canal] = 25
    for mask in truth.values():
        mask &= ~canal
    values = gaussian_filter(values, [0.8 / step for step in STEPS_MM])
    noise = np.random.default_rng(5).standard_normal(SHAPE, np.float32)
    values = np.rint(values + noise_hu * noise).astype(np.int16)
    return Volume("ct", values, VoxelGrid(SHAPE, affine)), truth
