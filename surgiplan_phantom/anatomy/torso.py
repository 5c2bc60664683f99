"""Skin, fat, the muscles of the trunk and the diaphragm."""

from dataclasses import dataclass

import numpy as np

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
        shaped = solid.rough(rough, 1.2).within(envelope, gap_mm=0.5)
        canvas.paint(shaped.grown(1.3), patient.tissues.fat + 15.0, opacity=0.85)
        canvas.paint(shaped, texture.on)


def _with_cleft(skin: Solid, frame: Frame) -> Solid:
    """The skin with the furrow over the spine and the cleft between the buttocks."""
    z = np.linspace(BOTTOM_MM - 20, TOP_MM + 20, 40)
    back = frame.skin.at(z)[2]
    depth = np.interp(z, [-140, -95, -60, 0, 150, 300], [34, 22, 5, 5.5, 4, 2])
    radius = np.interp(z, [-140, -95, -60, 0], [3.0, 4.0, 16.0, 20.0])
    centre = np.column_stack([np.zeros_like(z), back - depth + radius, z])
    parts = [
        [*centre[n], radius[n], *centre[n + 1], radius[n + 1]] for n in range(len(z) - 1)
    ]
    parts += [[0, back[n] + 20, z[n], 4.0, *centre[n], 2.5] for n in range(9)]
    furrow = cones(parts)

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
        axilla = _ramp(grid.z, 300, 325) * _ramp(np.abs(grid.x), 104, 116) * _ramp(inner, 14, 18)
        armpit = axilla * _ramp(-np.abs(grid.y + 2), -34, -26) * _ramp(-outer, 8, 12)
        fat = np.clip(fat + armpit, 0, 1)
        return np.asarray(value + fat * (-88 - value), dtype=np.float32)


def _ramp(value: Floats, low: float, high: float) -> Floats:
    return np.asarray(np.clip((value - low) / (high - low), 0, 1), dtype=np.float32)


def _sheet(distance: Floats, half_mm: float) -> Floats:
    return np.asarray(np.clip(1.5 - np.abs(distance) / half_mm, 0, 1), dtype=np.float32)


def _column(frame: Frame, rows: list[tuple[float, float, float, float]]) -> Solid:
    """A muscle along the spine on the left; rows are (z, x, y behind the bodies, radius)."""
    nodes = []
    for z, x, behind, radius in rows:
        spine = frame.spine(z)
        nodes.append([spine[0] + x, spine[1] + behind, z, radius])
    return cones([[*a, *b] for a, b in zip(nodes[:-1], nodes[1:], strict=True)], blend_mm=0)


def muscles_of(frame: Frame) -> list[Solid]:
    """Muscles along the spine and around the hips, left and right."""
    psoas = _column(
        frame,
        [(128, 27, 6, 6), (95, 33, 6, 12), (60, 39, 7, 16.5), (20, 45, 8, 20), (-20, 52, 0, 21)],
    ).joined(
        cones([[52, 18, -20, 21, 66, 2, -65, 18], [66, 2, -65, 18, 86, -28, -112, 17],
               [86, -28, -112, 17, 98, -22, -155, 18]])
    )  # fmt: skip
    quadratus = cones([[58, 46, 142, 6, 66, 47, 80, 10.5], [66, 47, 80, 10.5, 76, 48, 18, 10]])
    erector = _column(
        frame,
        [(-95, 16, 28, 7), (-60, 22, 36, 12), (-20, 31, 50, 21), (30, 35, 54, 25),
         (80, 35, 51, 25), (130, 34, 45, 22), (190, 31, 40, 18), (260, 29, 36, 15),
         (400, 29, 36, 14)],
    )  # fmt: skip
    multifidus = _column(
        frame, [(-75, 11, 32, 9), (-20, 13, 46, 11), (60, 13, 44, 10), (180, 12, 36, 8),
                (400, 11, 32, 7)]
    )  # fmt: skip
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
    obturator = plates([[58, 24, -118, 7, 70, -18, -148, 6, 62, 34, -160, 8]], blend_mm=4)
    piriformis = cones([[24, 66, -90, 9, 118, 36, -118, 7]])
    adductor = cones([[30, -44, -165, 14, 60, -30, -190, 20]])
    right = [psoas, quadratus, erector, multifidus, iliacus, maximus, medius, tensor, sartorius]
    right += [rectus_femoris, obturator, piriformis, adductor]
    return [side for solid in right for side in (solid, mirrored(solid))]
