"""Ribs with their cartilages, sternum, shoulder blades."""

from itertools import pairwise

import numpy as np

from ..canvas import Canvas
from ..curves import vessel
from ..grid import Points
from ..noise import Lattice
from ..patient import Patient
from ..solids import Solid, cones, ellipsoids, mirrored, plates, sweep
from .bones import bone_painter
from .frame import VERTEBRAE, Frame
from .torso import muscle_of

# Rib: height of the front end of its bone, angle there from the front [radians], height where
# its cartilage meets the sternum or the costal margin, and the angle of that place.
_RIBS = {
    "T2": (338.0, 0.62, 347.0, 0.155), "T3": (312.0, 0.66, 326.0, 0.15),
    "T4": (286.0, 0.70, 306.0, 0.15), "T5": (262.0, 0.76, 288.0, 0.15),
    "T6": (238.0, 0.82, 274.0, 0.15), "T7": (214.0, 0.90, 262.0, 0.14),
    "T8": (191.0, 1.00, 218.0, 0.72), "T9": (171.0, 1.12, 196.0, 0.80),
    "T10": (153.0, 1.28, 176.0, 0.93), "T11": (145.0, 1.62, 0.0, 0.0),
    "T12": (132.0, 2.10, 0.0, 0.0),
}  # fmt: skip
_OUTWARD_MM = 5.6


def paint_ribs(canvas: Canvas, patient: Patient, frame: Frame) -> None:
    """The chest wall's bones and cartilages."""
    bone = bone_painter(canvas, patient)
    rough = patient.lattice("ribs", 12.0)
    for level in _RIBS:
        for side in (1, -1):
            cartilage = _cartilage(frame, level, side)
            if cartilage is not None:
                canvas.paint(cartilage, patient.tissues.cartilage)
                _calcify(canvas, patient, cartilage, f"cartilage {level} {side}")
    for level in _RIBS:
        for side in (1, -1):
            bone.paint(_rib(frame, level, side, rough), "ribs", cortex_mm=0.95, density=0.7)
    bone.paint(_sternum(frame), "sternum", cortex_mm=0.9, density=0.6)
    _paint_shoulder_blades(canvas, patient, frame)


def _rib_path(frame: Frame, level: str, side: int) -> Points:
    z0, _, _ = VERTEBRAE[level]
    front_z, front_angle, _, _ = _RIBS[level]
    angles = np.linspace(np.pi - 0.40, front_angle, 12)
    progress = np.linspace(0.06, 1, 12)
    heights = z0 + 4 - (z0 + 4 - front_z) * progress**1.15
    around = frame.cavity.point(angles, heights, _OUTWARD_MM)
    spine = frame.spine(z0)
    head = np.array([[spine[0] + 15.5, spine[1] + 9, z0 + 7], [27, spine[1] + 24, z0 + 6]])
    path = np.concatenate([head, around])
    path[:, 0] *= side
    return path


def _rib(frame: Frame, level: str, side: int, rough: Lattice) -> Solid:
    path = _rib_path(frame, level, side)
    radial = path * [1, 1, 0] - np.array([0, 15.0, 0])
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    small = 0.8 if level in ("T11", "T12") else 1.0
    thick = np.interp(np.arange(len(path)), [0, 2, 8, 13], [4.2, 3.3, 3.1, 3.6]) * small
    tall = np.interp(np.arange(len(path)), [0, 2, 6, 13], [4.6, 5.6, 6.4, 6.8]) * small
    return sweep(vessel(path, thick, tall, first_axis=radial, step_mm=1.5).rows).rough(rough, 0.35)


def _cartilage(frame: Frame, level: str, side: int) -> Solid | None:
    front_z, front_angle, end_z, end_angle = _RIBS[level]
    if end_z == 0.0:
        return None
    share = np.linspace(0, 1, 6)
    heights = front_z + (end_z - front_z) * share**1.5
    angles = front_angle + (end_angle - front_angle) * share
    path = frame.cavity.point(angles, heights, _OUTWARD_MM)
    path[:, 0] *= side
    radial = path * [1, 1, 0] / np.linalg.norm(path[:, :2], axis=1, keepdims=True)
    return sweep(vessel(path, 4.2, 6.4, first_axis=radial, step_mm=1.5).rows)


def _calcify(canvas: Canvas, patient: Patient, cartilage: Solid, name: str) -> None:
    """Specks of calcium under the surface of a costal cartilage, more with age."""
    count = int(max(patient.age_years - 40, 0) / 4)
    rng = patient.rng(name)
    centres = rng.uniform(cartilage.low, cartilage.high, (count, 3))
    specks = [(c, rng.uniform(0.8, 2.6, 3), rng.uniform(0, 90, 3)) for c in centres]
    if specks:
        shell = ellipsoids(specks).within(cartilage, gap_mm=0.3)
        canvas.paint(shell.minus(cartilage.grown(-2.6)), 420.0)


def _sternum(frame: Frame) -> Solid:
    rows = [(392, 26, 6.5), (370, 30, 6.5), (348, 17, 5.5), (320, 15, 5.0), (285, 18, 5.0),
            (262, 15, 4.5), (244, 7, 3.0), (228, 4, 2.2)]  # fmt: skip
    corners = []
    for z, half, thick in rows:
        y = float(frame.cavity.at(z)[1]) - 7.0
        corners.append(([-half + thick, y + 1, z, thick], [half - thick, y + 1, z, thick]))
    parts = []
    for (a, b), (c, d) in pairwise(corners):
        parts += [[*a, *b, *c], [*b, *d, *c]]
    return plates(parts, blend_mm=2)


def _paint_shoulder_blades(canvas: Canvas, patient: Patient, frame: Frame) -> None:
    """Shoulder blades with the muscles in front of and behind them."""
    bone = bone_painter(canvas, patient)
    muscle = muscle_of(patient)
    nodes = {
        "tip": (1.95, 286.0, 17.0), "inner": (2.25, 340.0, 19.0), "top": (2.40, 395.0, 22.0),
        "outer": (1.70, 340.0, 22.0), "neck": (1.52, 392.0, 30.0),
    }  # fmt: skip
    at = {key: frame.cavity.point(angle, z, out) for key, (angle, z, out) in nodes.items()}

    def blade(outward: float, half: float) -> Solid:
        moved = {}
        for key, p in at.items():
            radial = p * [1, 1, 0] / np.linalg.norm(p[:2])
            moved[key] = [*(p + outward * radial), half]
        return plates(
            [[*moved["tip"], *moved["inner"], *moved["outer"]],
             [*moved["inner"], *moved["top"], *moved["outer"]],
             [*moved["top"], *moved["neck"], *moved["outer"]]], blend_mm=1.5
        )  # fmt: skip

    crest = plates([[*at["inner"], 1.6, *(at["neck"] * [1.08, 1.5, 1]), 3.0, *at["top"], 1.6]])
    edge = cones([[*at["tip"], 4.0, *at["outer"], 4.2], [*at["outer"], 4.2, *at["neck"], 6.5]])
    for side in (lambda s: s, mirrored):
        for outward, half in ((-8.0, 5.5), (9.0, 7.0)):
            layer = side(blade(outward, half))
            canvas.paint(layer.grown(1.2), patient.tissues.fat + 10, opacity=0.8)
            canvas.paint(layer, muscle.on)
        bone.paint(side(blade(0.0, 1.5).joined(edge, blend_mm=2)), "scapulae", cortex_mm=0.9)
        bone.paint(side(crest), "scapulae", cortex_mm=0.9)
