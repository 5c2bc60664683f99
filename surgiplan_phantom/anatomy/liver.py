"""Liver with its veins, the gallbladder and the tumour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..canvas import Canvas
from ..curves import smooth_path
from ..grid import Floats, Grid, Points
from ..patient import Patient
from ..solids import Solid, chain_rows, cones, ellipsoid, ellipsoids
from .branches import grow_tree
from .chest import Diaphragm


@dataclass(frozen=True)
class Liver:
    """Solids of the liver; ``tumour`` is ``None`` without one."""

    whole: Solid
    portal: Solid
    hepatic: Solid
    tumour: Solid | None
    tumour_centre: Points
    gallbladder: Solid


_PORTAL = {
    "trunk": ([(-8, -36, 120), (-20, -30, 140), (-36, -20, 160)], (6.6, 6.8, 6.6)),
    "right": ([(-36, -20, 160), (-52, -10, 166), (-66, 0, 168)], (6.4, 5.6, 5.0)),
    "right front": ([(-66, 0, 168), (-80, -12, 186), (-88, -20, 205)], (4.6, 3.6, 2.4)),
    "right back": ([(-66, 0, 168), (-84, 22, 158), (-94, 36, 146)], (4.4, 3.4, 2.2)),
    "left": ([(-36, -20, 160), (-22, -34, 172), (-6, -46, 180), (-2, -58, 190)],
             (5.2, 4.8, 4.4, 3.6)),
    "left side": ([(-4, -50, 184), (18, -52, 190), (36, -50, 194)], (3.2, 2.4, 1.6)),
    "middle": ([(-2, -58, 190), (-22, -62, 182), (-38, -62, 174)], (3.2, 2.4, 1.6)),
}  # fmt: skip
_HEPATIC = {
    "right": ([(-27, 6, 219), (-50, 18, 208), (-76, 26, 190), (-94, 26, 164), (-100, 20, 142)],
              (5.2, 5.0, 4.2, 3.2, 2.0)),
    "middle": ([(-27, 0, 222), (-36, -20, 214), (-48, -40, 196), (-58, -54, 172), (-62, -58, 152)],
               (4.8, 4.6, 4.0, 3.0, 1.8)),
    "left": ([(-26, -2, 222), (-12, -22, 216), (6, -40, 208), (26, -48, 204)],
             (4.4, 3.8, 2.8, 1.6)),
}  # fmt: skip


def liver_of(patient: Patient, dome: Diaphragm) -> Liver:
    """The liver of this patient, fitted under the right dome."""
    whole = _shape(patient).within(dome.abdomen, gap_mm=1.6)
    centre, tumour = _tumour(patient)
    gallbladder = ellipsoids(
        [(patient.warp([(-54, -58, 122)])[0], (13, 15, 26), (24, 0, 0)),
         (patient.warp([(-48, -46, 142)])[0], (6, 7, 14), (40, 0, 0))], blend_mm=6
    )  # fmt: skip
    spare = None if tumour is None else tumour.grown(4.5)
    portal = _vessels(patient, _PORTAL, whole, spare, "portal")
    hepatic = _vessels(patient, _HEPATIC, whole, spare, "hepatic")
    whole = whole.minus(gallbladder, gap_mm=0.6)
    return Liver(whole, portal, hepatic.minus(portal, gap_mm=1.0), tumour, centre, gallbladder)


def paint_liver(canvas: Canvas, patient: Patient, liver: Liver) -> None:
    """Parenchyma, gallbladder, veins and tumour."""
    tissue = patient.tissues
    texture = patient.lattice("liver texture", 4.0)
    broad = patient.lattice("liver broad", 30.0)

    def parenchyma(grid: Grid) -> Floats:
        value = tissue.liver + 2.5 * texture.on(grid) + 1.5 * broad.on(grid)
        return np.asarray(value, dtype=np.float32)

    canvas.paint(liver.whole.grown(1.0), tissue.fat + 20, opacity=0.5)
    canvas.paint(liver.gallbladder.grown(1.4), tissue.bowel_wall - 12)
    canvas.paint(liver.whole, parenchyma, name="liver")
    canvas.paint(liver.gallbladder, tissue.bile)
    canvas.paint(
        liver.hepatic, tissue.hepatic_vein, name="hepatic_veins", inside=("liver", "vena_cava")
    )
    canvas.paint(liver.portal, tissue.portal, name="portal_vein", inside=("liver",))
    if liver.tumour is not None:
        mottle = patient.lattice("tumour texture", 6.0)

        def lesion(grid: Grid) -> Floats:
            value = tissue.tumour + 5 * mottle.on(grid) - 6
            return np.asarray(value, dtype=np.float32)

        canvas.paint(liver.tumour, lambda grid: tissue.tumour + 10 + 0 * grid.z, name="tumour",
                     inside=("liver",))  # fmt: skip
        canvas.paint(liver.tumour.grown(-2.2), lesion, name="tumour", inside=("liver",))


def _shape(patient: Patient) -> Solid:
    rough = patient.lattice("liver surface", 34.0)
    right = ellipsoids(
        [((-78, 6, 186), (80, 86, 68), (0, 0, 0)), ((-92, 14, 140), (50, 64, 52), (0, 0, 0)),
         ((-100, 20, 108), (28, 44, 38), (0, 10, 0))], blend_mm=22
    )  # fmt: skip
    left = ellipsoids(
        [((-20, -44, 196), (52, 44, 34), (0, 8, 0)), ((26, -56, 204), (42, 28, 19), (0, 12, 14)),
         ((58, -50, 208), (24, 20, 9), (0, 12, 20))], blend_mm=16
    )  # fmt: skip
    caudate = ellipsoid((-16, -4, 186), (15, 18, 26))
    body = right.joined(left, blend_mm=24)
    hilum = ellipsoids(
        [((6, 14, 160), (44, 62, 60), (0, 0, 0)), ((-36, -16, 128), (26, 36, 34), (0, 0, 0)),
         ((24, -34, 164), (48, 34, 28), (0, 10, 0)), ((-62, 40, 104), (33, 34, 50), (0, 0, 0))],
        blend_mm=14,
    )  # fmt: skip
    cut = cones([[-6, -92, 150, 7, -6, -58, 180, 3.5], [-6, -92, 150, 6, -2, -96, 214, 3]])
    shaped = body.minus(hilum).joined(caudate, blend_mm=8).minus(cut)
    return shaped.rough(rough, 1.6)


def _tumour(patient: Patient) -> tuple[Points, Solid | None]:
    """A lobulated lesion a few millimetres from the right hepatic vein."""
    rng = patient.rng("tumour")
    radius = rng.uniform(15.0, 16.2) / patient.scale
    gap = rng.uniform(3.5, 6.0)
    vein = patient.warp([_HEPATIC["right"][0][2]])[0]
    outward = np.array([-0.42, -0.86, -0.06]) + rng.normal(0, 0.06, 3)
    centre = vein + outward / np.linalg.norm(outward) * (radius + 4.2 + gap)
    if not patient.options.disease.has_tumour:
        return centre, None
    parts: list[tuple[ArrayLike, ArrayLike, ArrayLike]] = [
        (centre, (radius, radius * 0.93, radius * 0.9), rng.uniform(0, 180, 3))
    ]
    for direction in rng.standard_normal((7, 3)):
        direction /= np.linalg.norm(direction)
        if direction @ -outward > 0.3:
            continue
        lobe = radius * rng.uniform(0.36, 0.5)
        parts.append((centre + direction * (radius - 0.72 * lobe), (lobe,) * 3, (0, 0, 0)))
    return centre, ellipsoids(parts, blend_mm=4).rough(patient.lattice("tumour edge", 7.0), 0.6)


def _vessels(
    patient: Patient,
    plan: Mapping[str, tuple[Sequence[tuple[float, float, float]], tuple[float, ...]]],
    liver: Solid,
    spare: Solid | None,
    name: str,
) -> Solid:
    """Named trunks and random side branches of one venous system."""
    trunks, twigs = [], []
    rng = patient.rng(f"{name} veins")
    inner = liver.grown(-7)
    for trunk, (path, radii) in plan.items():
        points = smooth_path(patient.warp(path), 2.5)
        sizes = np.interp(np.linspace(0, len(radii) - 1, len(points)), np.arange(len(radii)), radii)
        trunks.append(chain_rows(points, sizes))
        if trunk == "trunk":
            continue
        around = _near(inner, points, 42.0)
        for start in points[len(points) // 3 :: max(len(points) // 4, 1)]:
            twigs += grow_tree(start, around, rng, twigs=5, root_radius_mm=2.2, tip_radius_mm=0.8,
                               spare=spare)  # fmt: skip
    whole = cones(np.concatenate(trunks)).joined(cones(twigs).within(liver.grown(-3)))
    return whole if spare is None else whole.minus(spare, gap_mm=-1.5)


def _near(solid: Solid, points: Points, reach_mm: float) -> Solid:
    return Solid(
        np.maximum(solid.low, points.min(axis=0) - reach_mm),
        np.minimum(solid.high, points.max(axis=0) + reach_mm),
        solid.distance,
    )
