"""Heart with its four chambers, and the great vessels that leave and reach it."""

from dataclasses import dataclass

from ..canvas import Canvas
from ..patient import Patient
from ..solids import Solid, chain, cones, ellipsoid, ellipsoids


@dataclass(frozen=True)
class Heart:
    """Solids of the heart; ``whole`` is muscle and chambers without the fat around them."""

    whole: Solid
    left_ventricle: Solid
    right_ventricle: Solid
    left_atrium: Solid
    right_atrium: Solid


def heart_of(patient: Patient) -> Heart:
    """The heart, its apex to the left, in front and below."""
    rough = patient.lattice("heart", 20.0)
    turn = (0, 52, -38)
    left = ellipsoid(_at(patient, 42, -32, 266), (30, 27, 48), turn_deg=turn)
    lumen = ellipsoid(_at(patient, 40, -30, 268), (19, 17, 38), turn_deg=turn)
    right = ellipsoids(
        [(_at(patient, 6, -54, 258), (33, 22, 28), (0, 20, -28)),
         (_at(patient, 8, -56, 284), (17, 14, 24), (0, 10, 0)),
         (_at(patient, 34, -62, 248), (26, 12, 17), (0, 25, -25))], blend_mm=9
    )  # fmt: skip
    right_lumen = right.grown(-3.0).minus(left, gap_mm=0.5)
    left_atrium = ellipsoids(
        [(_at(patient, 6, 10, 291), (33, 19, 25), (0, 0, 0)),
         (_at(patient, 34, -6, 300), (13, 9, 9), (0, 0, 40))], blend_mm=8
    )  # fmt: skip
    right_atrium = ellipsoids(
        [(_at(patient, -34, -22, 266), (23, 26, 31), (0, 0, 0)),
         (_at(patient, -24, -46, 284), (14, 11, 11), (0, 0, 30))], blend_mm=8
    )  # fmt: skip
    whole = left.joined(right, blend_mm=8).joined(left_atrium.grown(1.8), blend_mm=7)
    whole = whole.joined(right_atrium.grown(1.8), blend_mm=7).rough(rough, 0.9)
    cavity = lumen.rough(patient.lattice("trabeculae carneae", 6.0), 1.0)
    return Heart(whole, cavity, right_lumen, left_atrium, right_atrium)


def paint_heart(canvas: Canvas, patient: Patient, heart: Heart) -> None:
    """Pericardial fat, muscle, chambers, coronary arteries, trunk and veins of the lung."""
    tissue = patient.tissues
    canvas.paint(heart.whole.grown(4.6), tissue.muscle - 20)
    canvas.paint(heart.whole.grown(3.6), tissue.fat + 8)
    canvas.paint(heart.whole, tissue.myocardium, name="heart")
    inside = ("heart",)
    canvas.paint(heart.right_atrium, tissue.right_heart - 5, inside=inside)
    canvas.paint(heart.left_atrium, tissue.left_heart - 5, inside=inside)
    canvas.paint(heart.right_ventricle, tissue.right_heart, inside=inside)
    canvas.paint(heart.left_ventricle, tissue.left_heart, inside=inside)
    groove = cones(
        [[*_at(patient, 20, -34, 306), 3, *_at(patient, 42, -68, 278), 4],
         [*_at(patient, 42, -68, 278), 4, *_at(patient, 76, -66, 240), 2],
         [*_at(patient, -6, -44, 300), 3, *_at(patient, -22, -48, 262), 4.5],
         [*_at(patient, -22, -48, 262), 4.5, *_at(patient, -14, -30, 236), 4]]
    )  # fmt: skip
    canvas.paint(groove.within(heart.whole.grown(3)).minus(heart.left_ventricle, gap_mm=6), -85.0)
    _paint_coronaries(canvas, patient)
    _paint_lung_roots(canvas, patient)


def _paint_coronaries(canvas: Canvas, patient: Patient) -> None:
    front = [(14, -26, 298), (24, -40, 300), (38, -64, 284), (56, -73, 264), (76, -70, 243)]
    right = [(0, -34, 296), (-12, -48, 294), (-26, -52, 268), (-20, -38, 240)]
    around = [(20, -28, 299), (44, -14, 294), (62, 2, 274)]
    for path, size in ((front, 1.9), (right, 1.9), (around, 1.6)):
        canvas.paint(
            chain(patient.warp(path), [size] + [size * 0.75] * (len(path) - 1)),
            patient.tissues.artery - 20,
            inside=("heart",),
        )
    rng = patient.rng("coronary calcium")
    for _ in range(max(patient.age_years - 50, 0) // 6):
        centre = patient.warp([front[1 + int(rng.integers(0, 3))]])[0] + rng.normal(0, 2.0, 3)
        canvas.paint(ellipsoid(centre, rng.uniform(0.8, 1.8, 3)), 560.0)


def _paint_lung_roots(canvas: Canvas, patient: Patient) -> None:
    tissue = patient.tissues
    trunk = [(14, -52, 296), (16, -44, 312), (18, -26, 324), (14, -8, 322)]
    right = [(16, -14, 322), (-8, -8, 316), (-30, 0, 309), (-44, 10, 302)]
    left = [(16, -12, 322), (28, 6, 326), (38, 16, 316), (44, 18, 302)]
    for path, radii in (
        (trunk, (13, 13, 12.5, 10)),
        (right, (10, 10, 9, 7)),
        (left, (10, 10, 9, 7)),
    ):
        canvas.paint(chain(patient.warp(path), _thickened(radii, 1.2)), tissue.vessel_wall)
        canvas.paint(chain(patient.warp(path), radii), tissue.pulmonary_artery)
    veins = [
        [(20, 8, 296), (36, 4, 300), (48, -8, 308)], [(24, 14, 286), (40, 20, 278), (54, 28, 268)],
        [(-14, 10, 294), (-32, -4, 296), (-46, -14, 302)],
        [(-14, 14, 284), (-34, 20, 276), (-48, 26, 264)],
    ]  # fmt: skip
    for vein in veins:
        canvas.paint(
            chain(patient.warp(vein), (7, 6, 4)), tissue.left_heart - 20, inside=("heart",)
        )
    upper = [(-24, -18, 400), (-26, -16, 360), (-30, -14, 320), (-32, -16, 290), (-34, -18, 276)]
    canvas.paint(chain(patient.warp(upper), (8, 9.5, 10, 10.5, 11)), tissue.right_heart + 15)
    oesophagus = [
        (0, 18, 400),
        (2, 22, 345),
        (2, 24, 310),
        (4, 26, 280),
        (8, 18, 245),
        (16, 8, 225),
    ]
    gullet = patient.warp(oesophagus)
    canvas.paint(chain(gullet, 7.0), tissue.muscle - 8)
    canvas.paint(chain(gullet[:4] + [0.6, -0.8, 0], 2.4), -780.0, opacity=0.7)


def _thickened(values: tuple[float, ...], by: float) -> list[float]:
    """Each value with the same amount added."""
    return [value + by for value in values]


def _at(patient: Patient, x: float, y: float, z: float) -> list[float]:
    return [float(v) for v in patient.warp([[x, y, z]])[0]]
