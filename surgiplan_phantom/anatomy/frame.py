"""The frame of the template: where the spine runs and how wide the trunk is at each height.

Template space is LPS in millimetres for an adult of middle height: z = 0 lies at the lower end of
the fourth lumbar vertebra, x = 0 in the midline, y = 0 in the middle of the trunk.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..grid import Floats, Grid, Points
from ..patient import Patient
from ..solids import Solid

BOTTOM_MM = -166.0
TOP_MM = 372.0

# Middle of each vertebral body: height, depth (y), and height of body with disc below it.
VERTEBRAE = {
    "L5": (-18.0, 20.0, 35.0), "L4": (18.0, 13.0, 36.0), "L3": (54.0, 13.0, 36.0),
    "L2": (89.0, 17.0, 34.5), "L1": (123.0, 23.0, 33.0), "T12": (155.0, 30.0, 31.0),
    "T11": (185.0, 37.0, 28.5), "T10": (212.5, 43.0, 26.5), "T9": (238.5, 48.0, 25.5),
    "T8": (263.5, 51.0, 24.5), "T7": (287.5, 52.0, 23.5), "T6": (310.5, 51.0, 22.5),
    "T5": (332.5, 49.0, 21.5), "T4": (353.5, 45.5, 20.5), "T3": (373.5, 41.0, 20.0),
    "T2": (393.0, 36.0, 19.0),
}  # fmt: skip

_HEIGHTS = (-175, -135, -90, -50, 0, 50, 100, 150, 200, 250, 300, 340, 375, 400)
_SKIN_HALF = (171, 177, 172, 163, 156, 154, 156, 159, 162, 165, 171, 180, 188, 190)
_SKIN_FRONT = (-96, -98, -106, -114, -120, -122, -118, -114, -111, -109, -106, -98, -86, -76)
_SKIN_BACK = (114, 120, 117, 107, 101, 101, 103, 106, 110, 113, 115, 113, 107, 100)
_FAT_HALF = (27, 31, 28, 23, 20, 18, 16, 13, 11, 10, 11, 13, 15, 16)
_FAT_FRONT = (23, 27, 28, 26, 23, 20, 17, 14, 12, 11, 10, 9, 8, 8)
_FAT_BACK = (30, 28, 20, 16, 14, 12, 11, 10, 9, 9, 9, 9, 8, 8)
_CAVITY_HALF = (60, 68, 98, 116, 120, 117, 121, 127, 131, 131, 123, 107, 84, 62)
_CAVITY_FRONT = (-70, -74, -79, -84, -91, -94, -92, -90, -88, -85, -77, -63, -45, -33)
_CAVITY_BACK = (62, 66, 70, 58, 48, 49, 56, 69, 83, 91, 93, 89, 79, 68)


@dataclass(frozen=True)
class Contour:
    """A closed outline that changes with height, a superellipse with its own front and back."""

    heights: Points
    half: Points
    front: Points
    back: Points
    exponent: float

    def at(self, z: ArrayLike) -> tuple[Points, Points, Points]:
        """Half width, front and back [mm] at given heights."""
        from scipy.interpolate import PchipInterpolator

        profile = np.stack([self.half, self.front, self.back], axis=1)
        values = PchipInterpolator(self.heights, profile, extrapolate=True)(np.asarray(z))
        return values[..., 0], values[..., 1], values[..., 2]

    def point(self, angle: ArrayLike, z: ArrayLike, outward_mm: float = 0.0) -> Points:
        """Points (n, 3) on the outline; the angle runs from the front (0) over the left side."""
        half, front, back = self.at(z)
        middle = 0.5 * (front + back)
        angles = np.asarray(angle)
        power = 2 / self.exponent
        sine, cosine = np.sin(angles), np.cos(angles)
        x = (half + outward_mm) * np.sign(sine) * np.abs(sine) ** power
        depth = 0.5 * (back - front) + outward_mm
        y = middle - depth * np.sign(cosine) * np.abs(cosine) ** power
        return np.stack(np.broadcast_arrays(x, y, np.asarray(z, dtype=np.float64)), axis=-1)

    @property
    def solid(self) -> Solid:
        """What lies within the outline."""
        reach = float(self.half.max())
        low = np.array([-reach, self.front.min(), BOTTOM_MM - 60])
        return Solid(low, np.array([reach, self.back.max(), TOP_MM + 60]), self.distance)

    def distance(self, grid: Grid) -> Floats:
        """Signed distance to the outline, in the axial plane [mm]."""
        half, front, back = (v.astype(np.float32) for v in self.at(grid.z))
        middle, n = 0.5 * (front + back), np.float32(self.exponent)
        depth = 0.5 * (back - front)
        u, v = np.abs(grid.x) / half, np.abs(grid.y - middle) / depth
        total = np.maximum(u**n + v**n, np.float32(1e-3))
        slope2 = (u ** (n - 1) / half) ** 2 + (v ** (n - 1) / depth) ** 2
        rho = total ** (1 / n)
        slope = np.sqrt(slope2) * rho ** (1 - n)
        return np.asarray((rho - 1) / np.maximum(slope, 1e-4), dtype=np.float32)


@dataclass(frozen=True)
class Frame:
    """Outlines of one patient: skin, muscle under the fat, and the cavity within the wall."""

    skin: Contour
    muscle: Contour
    cavity: Contour
    sway: Points

    def spine(self, z: ArrayLike) -> Points:
        """Middle of the vertebral bodies at given heights, (n, 3)."""
        from scipy.interpolate import CubicSpline

        levels = np.array(
            [(0, -170.0, 50.0), (0, -150.0, 62.0), (0, -120.0, 72.0), (0, -90.0, 68.0),
             (0, -62.0, 52.0), (0, -46.0, 38.0)]
            + [(0, h, y) for h, y, _ in VERTEBRAE.values()]
        )  # fmt: skip
        heights = np.asarray(z, dtype=np.float64)
        y = CubicSpline(levels[:, 1], levels[:, 2])(heights)
        x = self.sway[0] * np.sin(heights / 110 + self.sway[1])
        return np.stack([x, y, heights], axis=-1)


def frame_of(patient: Patient) -> Frame:
    """Outlines for this patient; a fatter one is wider outside the muscle and inside the wall."""
    rng = patient.rng("frame")
    z = np.array(_HEIGHTS, dtype=np.float64)
    wobble = 2.0 * np.cumsum(rng.normal(0, 0.5, (3, len(z))), axis=1)
    wobble -= wobble.mean(axis=1, keepdims=True)
    more = patient.fatness - 1
    belly = 14 * more * np.exp(-(((z - 40) / 90) ** 2))
    cavity = Contour(
        z,
        np.array(_CAVITY_HALF) + 0.5 * belly,
        np.array(_CAVITY_FRONT) - belly,
        np.array(_CAVITY_BACK, dtype=np.float64),
        2.35,
    )
    muscle = Contour(
        z,
        np.array(_SKIN_HALF) - np.array(_FAT_HALF) + 0.5 * belly + 0.4 * wobble[0],
        np.array(_SKIN_FRONT) + np.array(_FAT_FRONT) - belly,
        np.array(_SKIN_BACK, dtype=np.float64) - np.array(_FAT_BACK),
        2.35,
    )
    skin = Contour(
        z,
        muscle.half + np.array(_FAT_HALF) * patient.fatness + 0.6 * wobble[0],
        muscle.front - np.array(_FAT_FRONT) * patient.fatness + 0.6 * wobble[1],
        muscle.back + np.array(_FAT_BACK) * patient.fatness + 0.4 * wobble[2],
        2.3,
    )
    sway = np.array([rng.normal(0, 1.6), rng.uniform(0, 2 * np.pi)])
    return Frame(skin, muscle, cavity, sway)
