"""Hip bones and the upper ends of the thigh bones."""

from itertools import pairwise

import numpy as np

from ..canvas import Canvas
from ..curves import smooth_path
from ..patient import Patient
from ..solids import Solid, cones, ellipsoid, mirrored, plates
from .bones import bone_painter

_HIP = (89.0, 4.0, -133.0)


def paint_pelvis(canvas: Canvas, patient: Patient) -> None:
    """Both hip bones with their sockets, and both thigh bones."""
    bone = bone_painter(canvas, patient)
    rough = patient.lattice("pelvis", 16.0)
    hip = _hip_bone().rough(rough, 0.6)
    gap = ellipsoid(_HIP, (26.5, 26.5, 26.5))
    thigh = _thigh_bone().rough(rough, 0.4)
    for side in (lambda s: s, mirrored):
        canvas.paint(side(ellipsoid(_HIP, (27, 27, 27))), patient.tissues.muscle + 10)
        bone.paint(side(hip.minus(gap)), "pelvis", cortex_mm=1.3, density=0.8)
        bone.paint(side(thigh), "femora", cortex_mm=1.1, density=1.5)
    disc = ellipsoid((0, -57, -157), (4.5, 9, 17))
    canvas.paint(disc, patient.tissues.cartilage)


def _hip_bone() -> Solid:
    """The left hip bone."""
    crest = [(123, -48, -60), (129, -24, -18), (126, 8, 6), (108, 42, 8), (76, 70, -16),
             (52, 84, -44)]  # fmt: skip
    roof, sciatic, joint = (90, 4, -104), (66, 46, -92), (44, 66, -56)
    fossa = (86, 34, -45)
    edge = smooth_path(crest, 9.0)
    half = np.interp(np.linspace(0, 1, len(edge)), [0, 0.5, 1], [4.6, 3.6, 6.0])
    inner = [roof if s < 0.4 else fossa for s in np.linspace(0, 1, len(edge) - 1)]
    wing = [
        [*edge[n], half[n], *edge[n + 1], half[n + 1], *inner[n], 7.0 if inner[n] == roof else 3.0]
        for n in range(len(edge) - 1)
    ]
    turn = inner.index(fossa)
    wing += [
        [*edge[turn], half[turn], *fossa, 3.0, *roof, 7.0],
        [*fossa, 3.0, *sciatic, 7.0, *roof, 7.0],
        [*edge[-1], 6.0, *joint, 7.0, *fossa, 3.0], [*joint, 7.0, *sciatic, 6.0, *fossa, 3.0],
    ]  # fmt: skip
    rim = [[*a, 5.0, *b, 5.0] for a, b in pairwise(edge)]
    pillars = cones(
        [*rim, [*crest[0], 5.5, 112, -42, -92, 6.5], [112, -42, -92, 6.5, *roof, 12],
         [*joint, 8, *sciatic, 8], [*sciatic, 8, 76, 30, -112, 13]], blend_mm=3
    )  # fmt: skip
    socket = ellipsoid((86, 7, -130), (34, 33, 34))
    ischium = cones(
        [[76, 34, -138, 14, 64, 50, -168, 15], [64, 50, -168, 15, 52, 44, -196, 13],
         [62, 48, -128, 4, 70, 34, -116, 9]], blend_mm=4
    )  # fmt: skip
    pubis = cones(
        [[72, -20, -126, 11, 44, -46, -136, 7.5], [44, -46, -136, 7.5, 15, -58, -148, 9],
         [12, -58, -148, 8, 9, -56, -168, 7], [10, -55, -168, 7, 40, -8, -200, 7]], blend_mm=4
    )  # fmt: skip
    body = plates(wing, blend_mm=3).joined(pillars, blend_mm=4)
    return body.joined(socket, blend_mm=6).joined(ischium, blend_mm=5).joined(pubis, blend_mm=5)


def _thigh_bone() -> Solid:
    return cones(
        [[*_HIP, 23.3, *_HIP, 23.3], [96, 6, -138, 15.5, 124, 16, -162, 15],
         [128, 20, -150, 14, 138, 22, -160, 14], [128, 14, -168, 18, 126, 8, -210, 15]],
        blend_mm=7,
    )  # fmt: skip
