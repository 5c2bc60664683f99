"""Diaphragm, lungs with vessels and airways, and the outline of the mediastinum."""

from dataclasses import dataclass

import numpy as np

from ..canvas import Canvas
from ..grid import Floats, Grid, Points
from ..noise import Lattice
from ..patient import Patient
from ..solids import Solid, chain, cones, ellipsoids, mirrored, plates
from .branches import grow_tree
from .frame import BOTTOM_MM, TOP_MM, Frame


@dataclass(frozen=True)
class Diaphragm:
    """The dome between chest and abdomen, and the solids on both sides of it."""

    frame: Frame
    wander: Lattice

    def height_above(self, grid: Grid) -> Floats:
        """Signed distance to the dome: negative in the chest, positive in the abdomen [mm]."""
        inward = np.maximum(-self.frame.cavity.distance(grid), 0)
        x, y = grid.x, grid.y
        right = 20 * np.exp(-(((x + 62) / 40) ** 2) - ((y + 4) / 75) ** 2)
        left = 11 * np.exp(-(((x - 66) / 38) ** 2) - ((y + 2) / 70) ** 2)
        top = 234 + right + left - 0.0022 * (y + 10) ** 2
        back = np.clip((y - 0) / 60, 0, 1)
        front = np.clip((-y - 20) / 50, 0, 1)
        fall = 66 + 26 * back - 40 * front
        steep = fall * np.exp(-inward / 9)
        height = top - steep + 1.5 * self.wander.on(grid)
        slope = 0.3 + steep / 9
        return np.asarray((height - grid.z) / np.sqrt(1 + slope**2), dtype=np.float32)

    @property
    def above(self) -> Solid:
        """The chest side."""
        far = np.array([250.0, 250.0, TOP_MM + 50])
        return Solid(np.array([-250.0, -250.0, 120.0]), far, self.height_above)

    @property
    def abdomen(self) -> Solid:
        """The cavity below the dome, without the thickness of the muscle."""
        cavity = self.frame.cavity.solid
        low = np.array([cavity.low[0], cavity.low[1], BOTTOM_MM - 60])
        high = np.array([cavity.high[0], cavity.high[1], 275.0])

        def distance(grid: Grid) -> Floats:
            return np.asarray(
                np.maximum(3.2 - self.height_above(grid), self.frame.cavity.distance(grid) + 1.0),
                dtype=np.float32,
            )

        return Solid(low, high, distance)

    @property
    def sheet(self) -> Solid:
        """The muscle of the dome."""
        cavity = self.frame.cavity.solid
        low = np.array([cavity.low[0], cavity.low[1], 125.0])
        high = np.array([cavity.high[0], cavity.high[1], 275.0])

        def distance(grid: Grid) -> Floats:
            shell = np.abs(self.height_above(grid) - 1.4) - 1.3
            return np.asarray(np.maximum(shell, self.frame.cavity.distance(grid)), dtype=np.float32)

        return Solid(low, high, distance)


def diaphragm_of(patient: Patient, frame: Frame) -> Diaphragm:
    """The diaphragm of this patient."""
    return Diaphragm(frame, patient.lattice("diaphragm", 45.0))


def paint_lungs(
    canvas: Canvas, patient: Patient, frame: Frame, dome: Diaphragm, mediastinum: Solid
) -> None:
    """Both lungs with fissures, vessels and airways, and the muscle of the diaphragm."""
    canvas.paint(dome.sheet, patient.tissues.muscle)
    free = frame.cavity.solid.within(dome.above).minus(mediastinum)
    lungs = Solid(free.low, free.high, free.distance).rough(patient.lattice("lungs", 18.0), 0.5)
    air = _air(patient)
    for side, name in ((1.0, "lung_left"), (-1.0, "lung_right")):
        half = _half(lungs, side)
        canvas.paint(half, air, name=name)
        for fissure in _fissures(side):
            canvas.paint(fissure.within(half, gap_mm=0.5), -640.0, opacity=0.5)
        _paint_tree(canvas, patient, half, side)
    _paint_airways(canvas, patient)


def _half(lungs: Solid, side: float) -> Solid:
    def distance(grid: Grid) -> Floats:
        return np.asarray(
            np.maximum(lungs.distance(grid), np.float32(1.5) - np.float32(side) * grid.x),
            dtype=np.float32,
        )

    low, high = lungs.low.copy(), lungs.high.copy()
    low[0], high[0] = (0.0, high[0]) if side > 0 else (low[0], 0.0)
    high[2] = min(high[2], TOP_MM + 15)
    return Solid(low, high, distance)


@dataclass(frozen=True)
class Air:
    """Lung tissue: denser towards the back, where a lying patient's blood pools."""

    base: float
    fine: Lattice
    coarse: Lattice

    def __call__(self, grid: Grid) -> Floats:
        """Values on a grid [HU]."""
        gravity = 0.42 * (grid.y + 20)
        value = self.base + gravity + 11 * self.fine.on(grid) + 9 * self.coarse.on(grid)
        return np.asarray(value, dtype=np.float32)


def _air(patient: Patient) -> Air:
    return Air(
        patient.tissues.lung,
        patient.lattice("lung fine", 2.6),
        patient.lattice("lung coarse", 14.0),
    )


def _fissures(side: float) -> list[Solid]:
    oblique = plates(
        [[side * 10, 90, 362, 0.45, side * 130, 90, 352, 0.45, side * 120, -70, 208, 0.45],
         [side * 10, 90, 362, 0.45, side * 120, -70, 208, 0.45, side * 10, -70, 206, 0.45]]
    )  # fmt: skip
    if side > 0:
        return [oblique]
    flat = plates(
        [[-20, -75, 292, 0.4, -125, -40, 288, 0.4, -110, 18, 296, 0.4],
         [-20, -75, 292, 0.4, -110, 18, 296, 0.4, -20, 18, 298, 0.4]]
    )  # fmt: skip
    return [oblique, flat]


def _paint_tree(canvas: Canvas, patient: Patient, lung: Solid, side: float) -> None:
    """Pulmonary arteries and veins, which run apart and end a little short of the pleura."""
    blood = patient.tissues.pulmonary_artery
    rng = patient.rng(f"lung tree {side}")
    # Distances saturate within a lung, so its vessels start from a rind of one millimetre.
    inner = lung.grown(-1.0)
    for hilum, seeds in (((36, 8, 302), 420), ((34, -6, 288), 330)):
        root = np.array([side * hilum[0], hilum[1], hilum[2]], dtype=np.float64)
        trees = grow_tree(root, inner, rng, twigs=seeds, root_radius_mm=6.5, tip_radius_mm=0.78)
        canvas.paint(
            cones(trees).within(lung.grown(1.0)), blood, inside=("lung_left", "lung_right")
        )


def _airway_paths() -> list[tuple[list[list[float]], list[float]]]:
    return [
        ([[0, -4, 400], [1, 0, 372], [2, 6, 345], [0, 10, 322]], [8.8, 8.8, 8.6, 8.4]),
        ([[0, 10, 322], [-20, 12, 306], [-40, 12, 294]], [7.4, 7.0, 6.2]),
        ([[0, 10, 322], [24, 13, 306], [46, 14, 292]], [6.6, 6.0, 5.4]),
        ([[-24, 12, 304], [-44, 8, 318], [-58, 4, 334]], [4.6, 4.2, 3.0]),
        ([[-40, 12, 294], [-46, 18, 272], [-54, 26, 246]], [5.0, 4.2, 2.6]),
        ([[-42, 12, 288], [-58, -12, 274], [-72, -28, 262]], [3.6, 3.0, 2.0]),
        ([[-54, 26, 250], [-70, 44, 226]], [2.6, 1.7]),
        ([[46, 14, 292], [60, 0, 308], [70, -10, 324]], [4.2, 3.4, 2.2]),
        ([[46, 14, 292], [54, 24, 270], [60, 32, 244]], [4.6, 3.8, 2.4]),
        ([[60, 0, 306], [74, -30, 288]], [3.0, 1.8]),
        ([[60, 32, 246], [74, 48, 224]], [2.4, 1.6]),
        ([[-58, 4, 330], [-70, -16, 346]], [2.6, 1.6]),
        ([[-56, 6, 330], [-66, 36, 350]], [2.6, 1.6]),
        ([[-52, 24, 254], [-78, 18, 232]], [2.4, 1.5]),
        ([[58, 30, 252], [84, 20, 236]], [2.2, 1.5]),
    ]  # fmt: skip


def _paint_airways(canvas: Canvas, patient: Patient) -> None:
    paths = [(patient.warp(p), np.asarray(r)) for p, r in _airway_paths()]
    lungs = ("lung_left", "lung_right")
    for path, radii in paths:
        wall = np.interp(radii, [1.5, 8], [0.7, 1.6])
        canvas.paint(chain(path, radii + wall), 20.0, inside=lungs)
    for path, radii in paths:
        canvas.paint(chain(path, radii), -985.0, name="airways")


def mediastinum_of(patient: Patient, frame: Frame, heart: Solid, aorta: Solid) -> Solid:
    """What lies between the lungs: heart, great vessels, spine and the fat around them."""
    z = np.arange(120.0, 404.0, 6.0)
    spine: Points = frame.spine(z)
    bodies = chain(spine, np.interp(z, [120, 250, 400], [26, 22, 20]))
    middle = ellipsoids(
        [((2, -6, 388), (34, 26, 40), (0, 0, 0)), ((0, -6, 340), (36, 36, 40), (0, 0, 0)),
         ((0, 2, 303), (38, 26, 32), (0, 0, 0)), ((4, 14, 250), (18, 18, 60), (0, 0, 0)),
         ((2, -10, 262), (24, 24, 30), (0, 0, 0)),
         ((-20, 0, 235), (20, 26, 40), (0, 0, 0))], blend_mm=12
    )  # fmt: skip
    behind = chain(spine + [0.0, 40.0, 0.0], np.interp(z, [120, 190, 300], [50, 40, 27]))
    front = plates(
        [[0, -100, 180, 30, 0, -90, 236, 14, 10, -40, 225, 16],
         [0, -90, 236, 14, 0, -68, 330, 7, 10, -40, 250, 10],
         [0, -68, 330, 7, 0, -48, 380, 12, 0, -20, 330, 10],
         [0, -68, 330, 7, 10, -40, 250, 10, 0, -20, 330, 10]], blend_mm=4
    )  # fmt: skip
    whole = (
        bodies.joined(behind, blend_mm=6)
        .joined(middle, blend_mm=10)
        .joined(heart.grown(4.5), blend_mm=9)
    )
    return whole.joined(aorta.grown(2.5), blend_mm=4).joined(front, blend_mm=8)


def crura() -> list[Solid]:
    """The legs of the diaphragm on both sides of the aorta."""
    left = cones(
        [[14, 20, 200, 3.5, 17, 6, 165, 5], [17, 6, 165, 5, 19, 4, 135, 5],
         [19, 4, 135, 5, 15, 6, 100, 3]]
    )  # fmt: skip
    return [left, mirrored(left)]
