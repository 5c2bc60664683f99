"""How arteries, calcium, thrombus and veins are painted."""

from collections.abc import Sequence

import numpy as np

from ..canvas import Canvas
from ..curves import Vessel, smooth_path
from ..grid import Points
from ..patient import Patient
from ..solids import Solid, chain, sweep
from .arteries import ILIAC_WALL_MM, WALL_MM, Arteries


def paint_veins(canvas: Canvas, patient: Patient) -> None:
    """Vena cava with its iliac and renal veins."""
    tissue = patient.tissues
    upper = [(-24, -4, 118), (-25, 2, 150), (-26, 10, 185), (-27, 8, 215), (-29, -4, 240),
             (-32, -14, 256)]  # fmt: skip
    lower = [(-24, 2, -14), (-28, -1, 15), (-33, -2, 50), (-31, -4, 85), (-24, -4, 118)]
    left = [(-24, 2, -14), (-6, 6, -22), (16, 12, -42), (37, 20, -66), (42, 12, -86),
            (44, -14, -106), (50, -50, -128), (58, -58, -150), (63, -57, -178)]  # fmt: skip
    right = [(-24, 2, -14), (-28, 6, -36), (-38, 18, -64), (-42, 12, -86), (-44, -14, -106),
             (-50, -50, -128), (-58, -58, -150), (-63, -57, -178)]  # fmt: skip
    for path in (left, right):
        canvas.paint(chain(_smooth(patient, path), 6.2), tissue.iliac_vein)
    for side in (1, -1):
        deep = [(side * 37, 22, -66), (side * 42, 34, -88), (side * 46, 46, -116)]
        canvas.paint(chain(_smooth(patient, deep), 4.4), tissue.iliac_vein)
    canvas.paint(chain(_smooth(patient, lower), 10.2), tissue.vena_cava_low)
    renal_left = [(54.0, 18, 114), (36, 2, 111), (22, -16, 112), (6, -23.5, 114), (-10, -16, 117),
                  (-22, -6, 120)]  # fmt: skip
    renal_right = [(-54.0, 20, 102), (-40, 8, 107), (-26, -2, 114)]
    for branch in (renal_left, renal_right):
        canvas.paint(chain(_smooth(patient, branch), 4.4), tissue.vena_cava + 8)
    azygos = [(9.0, 20, 150), (2, 22, 190), (-3, 31, 240), (-6, 33, 300), (-10, 27, 326),
              (-22, 4, 330), (-28, -10, 322)]  # fmt: skip
    canvas.paint(chain(_smooth(patient, azygos), 3.4), tissue.vena_cava_low)
    canvas.paint(chain(_smooth(patient, upper), 10.8), tissue.vena_cava, name="vena_cava")
    canvas.paint(
        chain(_smooth(patient, [(-20, -4, 114), (-24, -4, 126)]), 9.5),
        tissue.vena_cava - 10,
        opacity=0.8,
    )


def paint_arteries(canvas: Canvas, patient: Patient, arteries: Arteries) -> None:
    """Aorta, aneurysm with thrombus, branches, iliac arteries and their calcium."""
    tissue = patient.tissues
    outer = arteries.outer
    canvas.paint(outer.grown(1.6), tissue.fat + 12, opacity=0.8)
    for branch in arteries.branches:
        canvas.paint(branch.lumen.grown(0.7), tissue.vessel_wall, inside=_NEIGHBOURS)
    iliacs = ((arteries.iliac_left, "left"), (arteries.iliac_right, "right"))
    internals = {"left": arteries.internal_left, "right": arteries.internal_right}
    for iliac, side in iliacs:
        canvas.paint(internals[side].lumen.grown(0.8), tissue.vessel_wall)
        canvas.paint(sweep(iliac.widened(ILIAC_WALL_MM).rows), tissue.vessel_wall)
    clot = patient.lattice("clot", 7.0)
    if arteries.sac is not None:
        canvas.paint(outer, tissue.vessel_wall + 10)
        sac = sweep(arteries.sac.rows).grown(-1.2)
        canvas.paint(sac, lambda grid: tissue.thrombus + 4 * clot.on(grid), name="aorta_thrombus")
    else:
        canvas.paint(outer, tissue.vessel_wall)
    canvas.paint(sweep(arteries.aorta.widened(WALL_MM).rows), tissue.vessel_wall)
    for solid in _plaques(patient, arteries):
        canvas.paint(solid.grown(2.0), tissue.vessel_wall + 8, opacity=0.99)
    for iliac, side in iliacs:
        canvas.paint(internals[side].lumen, tissue.artery)
        canvas.paint(sweep(iliac.rows), tissue.artery, name=f"iliac_artery_{side}")
    for branch in arteries.branches:
        name = branch.name if branch.name.startswith("renal") else None
        canvas.paint(branch.lumen, tissue.artery, name=name, inside=_NEIGHBOURS)
    canvas.paint(arteries.lumen, tissue.aorta, name="aorta_lumen")
    for number, solid in enumerate(_plaques(patient, arteries)):
        value = 620.0 + 60 * (number % 6)
        canvas.paint(solid, value, name="aorta_calcium")


_NEIGHBOURS = ("liver", "kidney_left", "kidney_right", "spleen")


def _smooth(patient: Patient, path: Sequence[tuple[float, float, float]]) -> Points:
    return smooth_path(patient.warp(path), 3.0)


def _plaques(patient: Patient, arteries: Arteries) -> list[Solid]:
    """Plates of calcium outside the lumen: in the wall of the sac, the neck and the iliacs."""
    rng = patient.rng("calcium")
    age = max(patient.age_years - 45, 0) / 25
    solids = []
    lumen = arteries.aorta
    total = lumen.length_mm
    renal = arteries.renal_s
    spots: list[tuple[Vessel, float, float]] = []
    spots += [(lumen, s, 3.2) for s in rng.uniform(renal - 130, renal - 20, int(6 * age))]
    spots += [(lumen, renal + d, 3.6) for d in (9.0, 17.0)[: int(2 * age)]]
    spots += [(lumen, total - d, 3.6) for d in (7.0, 3.0)[: int(2 * age)]]
    for iliac in (arteries.iliac_left, arteries.iliac_right):
        spots += [(iliac, s, 3.6) for s in rng.uniform(22, 105, int(4 * age))]
    if arteries.sac is not None:
        length = arteries.sac.length_mm
        spots += [(arteries.sac, s, -0.9) for s in rng.uniform(0.2, 0.9, int(9 * age)) * length]
    for wall, s, outward in spots:
        solids.append(_plaque(wall, float(s), outward, rng))
    return solids


def _plaque(wall: Vessel, s: float, outward: float, rng: np.random.Generator) -> Solid:
    """A curved plate on the wall, ``outward`` millimetres outside its surface."""
    centre = rng.uniform(0, 2 * np.pi)
    size = rng.uniform(2.5, 8.0)
    rows = []
    for shift in (-1.6, 0.0, 1.6):
        n = int(np.argmin(np.abs(wall.s_mm - s - shift)))
        a, b = wall.a_mm[n] + outward, wall.b_mm[n] + outward
        spread = size / a * (1.0 if shift == 0 else 0.6)
        angles = centre + np.linspace(-0.5, 0.5, 7) * spread
        ring = wall.points[n] + np.outer(a * np.cos(angles), wall.first[n])
        ring = ring + np.outer(b * np.sin(angles), wall.second[n])
        rows.append(chain(ring, 0.75 + 0.35 * np.cos(np.linspace(-1.4, 1.4, 7))))
    return rows[0].joined(rows[1]).joined(rows[2])
