"""Skin, fat, the muscles of the trunk and the diaphragm."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..canvas import Canvas
from ..grid import Floats, Grid
from ..noise import Lattice
from ..patient import Patient
from ..solids import Solid, cones, mirrored, plates
from .frame import BOTTOM_MM, TOP_MM, Frame


@dataclass(frozen=True)
class Muscle:
    """Texture of striated muscle: a mean value and streaks of fat along the fibres."""

    patient: Patient
    streaks: Lattice
    grain: Lattice

    def on(self, grid: Grid) -> Floats:
        """Values on a grid [HU]."""
        amount = 0.02 + 0.0008 * max(self.patient.age_years - 35, 0)
        near_zero = np.clip(1.6 - np.abs(self.streaks.on(grid)) / amount, 0, 1)
        value = self.patient.tissues.muscle + 4.0 * self.grain.on(grid) - 60.0 * near_zero
        return np.asarray(value, dtype=np.float32)


def muscle_of(patient: Patient) -> Muscle:
    """The muscle texture of this patient."""
    return Muscle(
        patient,
        patient.lattice("muscle streaks", (60.0, 11.0, 11.0)),
        patient.lattice("muscle grain", (9.0, 4.0, 4.0)),
    )


def paint_trunk(canvas: Canvas, patient: Patient, frame: Frame) -> None:
    """Skin, subcutaneous fat, the muscular wall and the fat of the cavity."""
    tissue = patient.tissues
    lumps = patient.lattice("fat lumps", 9.0)
    strands = patient.lattice("fat strands", (14.0, 8.0, 8.0))
    folds = patient.lattice("skin", 40.0)

    def fat(grid: Grid) -> Floats:
        septum = np.abs(strands.on(grid)) < 0.022
        return np.asarray(tissue.fat + 3 * lumps.on(grid) + 45 * septum, dtype=np.float32)

    skin = _with_cleft(frame.skin.solid, frame).rough(folds, 1.0)
    canvas.paint(skin, tissue.skin, name="body")
    canvas.paint(skin.grown(-1.9), fat)
    wall = frame.muscle.solid.rough(patient.lattice("wall", 30.0), 1.4)
    canvas.paint(wall, _wall_values(patient, frame))
    canvas.paint(frame.cavity.solid, fat)


def paint_muscles(canvas: Canvas, patient: Patient, frame: Frame) -> None:
    """The muscles along the spine and around the pelvis, each in a thin sheath of fat."""
    texture = muscle_of(patient)
    rough = patient.lattice("muscle surface", 22.0)
    envelope = frame.muscle.solid
    for solid in muscles_of(frame):
        shaped = solid.rough(rough, 1.9).within(envelope, gap_mm=0.5)
        canvas.paint(shaped.grown(1.0), patient.tissues.fat + 15.0, opacity=0.8)
        canvas.paint(shaped, texture.on)


def _with_cleft(skin: Solid, frame: Frame) -> Solid:
    """The skin with the furrow over the spine and the cleft between the buttocks."""
    z = np.linspace(BOTTOM_MM - 20, TOP_MM + 20, 40)
    back = frame.skin.at(z)[2]
    depth = np.interp(z, [-160, -120, -90, -60, 0, 150, 300], [48, 34, 16, 5, 5.5, 4, 2])
    radius = np.interp(z, [-140, -95, -60, 0], [1.5, 4.0, 16.0, 20.0])
    edges = [[0, b - d + r, h, r] for b, d, r, h in zip(back, depth, radius, z, strict=True)]
    lips = [[0, b + 3, h, r + 1.0] for b, r, h in zip(back, radius, z, strict=True)]
    furrow = cones([[*a, *b] for a, b in pairwise(edges)])
    low = range(int(np.searchsorted(z, -62)))
    sheet = [[*edges[n], *edges[n + 1], *lips[n]] for n in low]
    sheet += [[*lips[n], *edges[n + 1], *lips[n + 1]] for n in low]
    furrow = furrow.joined(plates(sheet))

    def distance(grid: Grid) -> Floats:
        inner, cut = skin.distance(grid), -furrow.distance(grid)
        h = np.maximum(6 - np.abs(inner - cut), 0) / 6
        return np.asarray(np.maximum(inner, cut) + h * h * 1.5, dtype=np.float32)

    return Solid(skin.low, skin.high, distance)


def _wall_values(patient: Patient, frame: Frame) -> "WallTexture":
    return WallTexture(muscle_of(patient), frame, patient.lattice("wall planes", 24.0))


@dataclass(frozen=True)
class WallTexture:
    """The muscular wall: three flat layers at the side, rectus in front, fat between them."""

    muscle: Muscle
    frame: Frame
    wander: Lattice

    def __call__(self, grid: Grid) -> Floats:
        """Values on a grid [HU]."""
        value = self.muscle.on(grid)
        inner = self.frame.cavity.distance(grid)
        outer = self.frame.muscle.distance(grid)
        depth = np.clip(inner / np.maximum(inner - outer, 1.0), 0, 1) + 0.03 * self.wander.on(grid)
        thickness = np.clip(inner - outer, 6, 60)
        lateral = _ramp(np.abs(grid.x), 66, 74) * _ramp(-grid.z, -215, -195)
        plane = _sheet((depth - 0.30) * thickness, 0.9) + _sheet((depth - 0.62) * thickness, 1.0)
        side = _ramp(-grid.y, -48, -38)
        fat = lateral * side * plane
        chest = _ramp(grid.z, 185, 215)
        between = _ramp(inner, 9.5, 11) * _ramp(-inner, -13.5, -11.5)
        fat = fat + chest * between * 0.85
        front = _ramp(-grid.y, 45, 55) * _ramp(-grid.z, -225, -205)
        midline = _sheet(grid.x, 2.2) + _sheet(np.abs(grid.x) - 70, 2.0)
        fat = fat + front * midline * 0.8
        pit = ((np.abs(grid.x) - 136) / 24) ** 2 + ((grid.y + 4) / 34) ** 2
        pit = pit + ((grid.z - 360) / 62) ** 2 + 0.38 * self.wander.on(grid)
        armpit = _ramp(-pit, -1.1, -0.85) * _ramp(inner, 10, 13) * _ramp(-outer, 7, 10)
        breast = _ramp(grid.z, 255, 280) * _ramp(-grid.y, 30, 40)
        pectoral = breast * _sheet(depth - 0.55 - 0.02 * self.wander.on(grid), 0.05)
        fat = np.clip(fat + armpit + 0.9 * pectoral, 0, 1)
        return np.asarray(value + fat * (-88 - value), dtype=np.float32)


def _ramp(value: NDArray[np.floating], low: float, high: float) -> Floats:
    return np.asarray(np.clip((value - low) / (high - low), 0, 1), dtype=np.float32)


def _sheet(distance: Floats, half_mm: float) -> Floats:
    return np.asarray(np.clip(1.5 - np.abs(distance) / half_mm, 0, 1), dtype=np.float32)


def _column(frame: Frame, rows: list[tuple[float, float, float, float]]) -> Solid:
    """A muscle along the spine on the left; rows are (z, x, y behind the bodies, radius)."""
    nodes = []
    for z, x, behind, radius in rows:
        spine = frame.spine(z)
        nodes.append([spine[0] + x, spine[1] + behind, z, radius])
    return cones([[*a, *b] for a, b in pairwise(nodes)], blend_mm=0)


def muscles_of(frame: Frame) -> list[Solid]:
    """Muscles along the spine and around the hips, left and right."""
    psoas = _column(
        frame,
        [(128, 27, 6, 6), (95, 33, 6, 12), (60, 39, 7, 16.5), (20, 45, 8, 20), (-20, 52, 0, 21)],
    ).joined(
        cones([[52, 18, -20, 21, 66, 2, -65, 18], [66, 2, -65, 18, 86, -28, -112, 17],
               [86, -28, -112, 17, 98, -22, -155, 18]])
    )  # fmt: skip
    quadratus = plates(
        [[56, 50, 140, 4, 78, 50, 135, 4, 80, 50, 22, 5],
         [56, 50, 140, 4, 80, 50, 22, 5, 60, 44, 60, 8]], blend_mm=6
    )  # fmt: skip
    erector = _column(
        frame,
        [(-95, 14, 29, 7), (-60, 18, 37, 11), (-20, 21, 50, 17), (30, 23, 53, 20),
         (80, 23, 50, 20), (130, 22, 44, 18), (190, 20, 40, 15), (260, 19, 36, 12),
         (400, 19, 36, 11)],
    )  # fmt: skip
    lateral = _column(
        frame,
        [(-60, 28, 38, 8), (-20, 42, 47, 14), (30, 50, 49, 18), (80, 49, 46, 18),
         (130, 46, 40, 16), (190, 42, 37, 13), (260, 38, 34, 11), (400, 36, 34, 9)],
    )  # fmt: skip
    erector = erector.joined(lateral, blend_mm=14)
    iliacus = plates(
        [[112, -30, -55, 7, 108, 20, 0, 5, 62, 35, -40, 7],
         [112, -30, -55, 7, 62, 35, -40, 7, 84, -18, -105, 13]], blend_mm=8
    )  # fmt: skip
    maximus = plates(
        [[30, 92, -60, 10, 26, 98, -110, 15, 120, 62, -95, 14],
         [26, 98, -110, 15, 120, 62, -95, 14, 128, 58, -150, 14],
         [26, 98, -110, 15, 128, 58, -150, 14, 50, 92, -165, 18],
         [50, 92, -165, 18, 128, 58, -150, 14, 110, 70, -190, 16]], blend_mm=10
    )  # fmt: skip
    medius = plates(
        [[132, -32, -52, 8, 134, 22, -8, 8, 98, 62, -40, 12],
         [132, -32, -52, 8, 98, 62, -40, 12, 140, 12, -128, 9],
         [98, 62, -40, 12, 98, 55, -85, 10, 140, 12, -128, 9]], blend_mm=8
    )  # fmt: skip
    tensor = cones([[134, -45, -62, 8, 146, -40, -170, 13]])
    sartorius = cones([[122, -58, -62, 6, 96, -64, -170, 10]])
    rectus_femoris = cones([[104, -38, -100, 7, 110, -48, -175, 15]])
    obturator = plates(
        [[56, 30, -112, 6, 60, -22, -134, 7, 54, 34, -158, 9],
         [60, -22, -134, 7, 48, -30, -172, 9, 54, 34, -158, 9]], blend_mm=5
    )  # fmt: skip
    levator = plates(
        [[50, -22, -142, 2.2, 50, 26, -140, 2.2, 17, 4, -172, 3.0],
         [50, 26, -140, 2.2, 10, 58, -150, 2.6, 17, 34, -172, 3.0],
         [50, 26, -140, 2.2, 17, 34, -172, 3.0, 17, 4, -172, 3.0]], blend_mm=3
    )  # fmt: skip
    piriformis = cones([[24, 66, -90, 9, 118, 36, -118, 7]])
    adductor = cones([[30, -44, -165, 14, 60, -30, -190, 20]])
    right = [psoas, quadratus, erector, iliacus, maximus, medius, tensor, sartorius]
    right += [rectus_femoris, obturator, levator, piriformis, adductor]
    return [side for solid in right for side in (solid, mirrored(solid))]
