"""Spleen, kidneys, pancreas, stomach, bladder and the organs of the pelvis."""

from dataclasses import dataclass

import numpy as np

from ..canvas import Canvas
from ..grid import Floats, Grid, Points
from ..options import Phase, Sex
from ..patient import Patient
from ..solids import Solid, chain, cones, ellipsoid, ellipsoids
from .chest import Diaphragm


@dataclass(frozen=True)
class Kidney:
    """One kidney: its outline, the fat-filled sinus, the pyramids and the collecting system."""

    whole: Solid
    sinus: Solid
    pyramids: Solid
    collecting: Solid


@dataclass(frozen=True)
class Viscera:
    """Organs of the belly and pelvis apart from liver and bowel."""

    spleen: Solid
    kidney_left: Kidney
    kidney_right: Kidney
    pancreas: Solid
    stomach: Solid
    bladder: Solid
    genital: Solid
    adrenals: Solid

    @property
    def all(self) -> list[Solid]:
        """Everything that the bowel has to go around."""
        return [self.spleen, self.kidney_left.whole, self.kidney_right.whole, self.pancreas,
                self.stomach, self.bladder, self.genital]  # fmt: skip


def viscera_of(patient: Patient, dome: Diaphragm) -> Viscera:
    """The organs of this patient."""
    rough = patient.lattice("viscera", 24.0)
    spleen = ellipsoids(
        [((104, 40, 190), (42, 56, 54), (0, -12, 14)), ((104, 54, 158), (28, 36, 40), (0, 0, 10))],
        blend_mm=10,
    )  # fmt: skip
    hollow = ellipsoids([((54, 8, 190), (30, 38, 60), (0, 0, 0))])
    spleen = spleen.within(dome.abdomen, gap_mm=1.8).minus(hollow).rough(rough, 1.0)
    stomach = ellipsoids(
        [((58, 14, 212), (34, 34, 30), (0, 0, 0)), ((54, -22, 188), (27, 29, 34), (0, 0, 0)),
         ((44, -52, 156), (24, 24, 30), (0, 12, 0)), ((16, -64, 138), (24, 18, 17), (0, 0, -8)),
         ((-12, -60, 136), (15, 13, 12), (0, 0, -20))], blend_mm=18
    )  # fmt: skip
    stomach = stomach.within(dome.abdomen, gap_mm=4.0).minus(spleen, gap_mm=4.0).rough(rough, 1.6)
    pancreas = cones(
        [[*_at(patient, -26, -34, 96), 13, *_at(patient, -18, -42, 116), 13],
         [*_at(patient, -18, -42, 116), 12, *_at(patient, 4, -46, 128), 9],
         [*_at(patient, 4, -46, 128), 9, *_at(patient, 36, -30, 142), 9.5],
         [*_at(patient, 36, -30, 142), 9.5, *_at(patient, 72, 4, 156), 8]], blend_mm=4
    ).rough(patient.lattice("pancreas", 8.0), 1.7)  # fmt: skip
    return Viscera(
        spleen,
        _kidney(patient, 1, (65, 30, 124)),
        _kidney(patient, -1, (-65, 29, 108)),
        pancreas,
        stomach,
        _bladder(patient),
        _genital(patient),
        _adrenals(patient),
    )


def paint_viscera(canvas: Canvas, patient: Patient, organs: Viscera) -> None:
    """Every organ with its own texture."""
    tissue = patient.tissues
    grain = patient.lattice("viscera grain", 4.0)
    canvas.paint(organs.adrenals, tissue.muscle + 15)
    canvas.paint(
        organs.spleen, _Textured(tissue.spleen, 2.5, patient, "spleen texture"), name="spleen"
    )
    _paint_stomach(canvas, patient, organs.stomach)
    lobules = patient.lattice("lobules", 3.6)

    def pancreas(grid: Grid) -> Floats:
        fat = np.clip(lobules.on(grid) - 0.9, 0, 1) * (0.4 + 0.012 * (patient.age_years - 50))
        value = tissue.pancreas + 3 * grain.on(grid) - 150 * np.clip(fat, 0, 1)
        return np.asarray(value, dtype=np.float32)

    canvas.paint(organs.pancreas, pancreas)
    for kidney, side in ((organs.kidney_left, "left"), (organs.kidney_right, "right")):
        _paint_kidney(canvas, patient, kidney, side)
    canvas.paint(organs.bladder.grown(3.0), tissue.prostate - 15)
    canvas.paint(organs.bladder, tissue.urine)
    canvas.paint(organs.genital, _Textured(tissue.prostate, 5.0, patient, "genital"))


@dataclass(frozen=True)
class _Textured:
    base: float
    amplitude: float
    patient: Patient
    name: str

    def __call__(self, grid: Grid) -> Floats:
        field = self.patient.lattice(self.name, 5.0).on(grid)
        return np.asarray(self.base + self.amplitude * field, dtype=np.float32)


def _at(patient: Patient, x: float, y: float, z: float) -> list[float]:
    return [float(v) for v in patient.warp([[x, y, z]])[0]]


def _kidney(patient: Patient, side: int, centre: tuple[float, float, float]) -> Kidney:
    c = patient.warp([centre])[0]
    turn = (8, side * 10, side * 28)
    body = ellipsoids(
        [(c, (25, 29, 53), turn), (c + [side * -2, -2, 30], (22, 24, 22), turn),
         (c + [side * 3, 3, -30], (23, 25, 22), turn)], blend_mm=8
    )  # fmt: skip
    inward = np.array([-side * 0.9, -0.42, 0.0])
    notch = ellipsoid(c + 28 * inward, (13, 9, 15), turn_deg=turn)
    sinus = ellipsoids(
        [(c + 9 * inward, (9.5, 8, 27), turn), (c + 22 * inward, (13, 7, 14), turn)], blend_mm=6
    )  # fmt: skip
    rng = patient.rng(f"kidney {side}")
    whole = body.minus(notch).rough(patient.lattice(f"kidney {side}", 13.0), 0.7)
    pyramids, calyces = [], []
    for height in np.linspace(-33, 33, 5) + rng.normal(0, 2.5, 5):
        for spread in np.array([-0.9, 0.9]) + rng.normal(0, 0.25, 2):
            out = np.array([side * np.cos(spread), np.sin(spread), 0.0])
            start = c + 10 * out * [1, 1, 0] + [0, 0, height * 0.72]
            stop = c + 17.5 * out + [0, 0, height * 1.05]
            pyramids.append([*start, 3.0, *stop, 6.3])
            calyces.append([*(c + 6 * inward + [0, 0, height * 0.35]), 1.5, *start, 1.0])
    pelvis = c + 17 * inward
    ureter = [pelvis, *patient.warp([(side * 36, 8, 80), (side * 40, -2, 40), (side * 36, -2, -10),
              (side * 44, 6, -50), (side * 46, 20, -90), (side * 18, 2, -134)])]  # fmt: skip
    tube = chain(np.array(ureter), [3.0] + [1.8] * (len(ureter) - 1))
    basin = cones([*calyces, [*(c + 6 * inward), 4.0, *pelvis, 4.5]])
    return Kidney(whole, sinus, cones(pyramids).within(whole, gap_mm=5.0), basin.joined(tube))


def _paint_kidney(canvas: Canvas, patient: Patient, kidney: Kidney, side: str) -> None:
    tissue = patient.tissues
    name = f"kidney_{side}"
    native = patient.options.phase is Phase.NATIVE
    urine = tissue.urine if native else tissue.urine + 4
    canvas.paint(kidney.whole.grown(3.0), tissue.fat + 3)
    canvas.paint(kidney.whole, _Textured(tissue.kidney_cortex, 4.0, patient, name), name=name)
    canvas.paint(kidney.pyramids, tissue.kidney_medulla, inside=(name,))
    canvas.paint(kidney.sinus, tissue.fat + 14)
    canvas.paint(kidney.collecting.grown(0.9), tissue.muscle, inside=(name,), opacity=0.99)
    canvas.paint(kidney.collecting, urine)


def _paint_stomach(canvas: Canvas, patient: Patient, stomach: Solid) -> None:
    """Wall with folds, food below and gas above the fluid level."""
    tissue = patient.tissues
    canvas.paint(stomach.grown(1.0), tissue.bowel_wall - 8)
    folds = patient.lattice("stomach folds", 8.0)
    food = patient.lattice("food", 7.0)
    level = _gas_level(patient)

    def content(grid: Grid) -> Floats:
        meal = tissue.bowel_fluid + 12 * food.on(grid) - 70 * np.clip(food.on(grid) - 1.3, 0, 1)
        gas = np.clip((level - grid.y) / 0.8 + 0.5, 0, 1)
        return np.asarray(meal + gas * (-985 - meal), dtype=np.float32)

    canvas.paint(stomach.grown(-3.4).rough(folds, 1.3), content)


def _gas_level(patient: Patient) -> float:
    return float(patient.rng("gas").uniform(-46, -38))


def _bladder(patient: Patient) -> Solid:
    fill = patient.rng("bladder").uniform(0.85, 1.15)
    return ellipsoids(
        [(_at(patient, 0, -34, -124), (41 * fill, 32 * fill, 25 * fill), (12, 0, 0)),
         (_at(patient, 0, -28, -138), (28, 25, 18), (0, 0, 0))], blend_mm=10
    )  # fmt: skip


def _genital(patient: Patient) -> Solid:
    """Prostate with seminal vesicles, or uterus with ovaries."""
    if patient.sex is Sex.MALE:
        gland: list[
            tuple[Points | list[float], tuple[float, float, float], tuple[int, int, int]]
        ] = [
            (_at(patient, 0, -8, -163), (24, 19, 17), (0, 0, 0)),
            (_at(patient, 16, 16, -137), (20, 6.5, 8), (0, 0, -14)),
            (_at(patient, -16, 16, -137), (20, 6.5, 8), (0, 0, 14)),
        ]
        return ellipsoids(gland, blend_mm=4)
    return ellipsoids(
        [(_at(patient, 0, 8, -104), (25, 21, 31), (-40, 0, 0)),
         (_at(patient, 0, 14, -136), (15, 14, 20), (0, 0, 0)),
         (_at(patient, 44, 12, -100), (11, 8, 13), (0, 0, 20)),
         (_at(patient, -43, 14, -104), (10, 8, 12), (0, 0, -20))], blend_mm=6
    )  # fmt: skip


def _adrenals(patient: Patient) -> Solid:
    rows = []
    for side, z in ((1, 164), (-1, 168)):
        top = _at(patient, side * 32, 20, z)
        for end in ((side * 44, 30, z - 18), (side * 30, 34, z - 18)):
            rows.append([*top, 2.6, *_at(patient, *end), 2.0])
    return cones(rows)
