"""Vertebrae, discs, spinal canal, sacrum."""

import numpy as np
from numpy.typing import ArrayLike

from ..canvas import Canvas
from ..grid import Points
from ..patient import Patient
from ..solids import Solid, chain, cones, ellipsoids, half_space, plates
from .bones import bone_painter
from .frame import VERTEBRAE, Frame


def paint_spine(canvas: Canvas, patient: Patient, frame: Frame) -> None:
    """The spine from the top of the field of view down to the coccyx."""
    bone = bone_painter(canvas, patient)
    tissue = patient.tissues
    column = frame.spine(np.arange(-40.0, 402.0, 4.0))
    for z, _, height in VERTEBRAE.values():
        canvas.paint(_disc(frame, z, height), tissue.disc)
    for level in VERTEBRAE:
        bone.paint(_arch(frame, level), "spine", cortex_mm=1.3)
    for z, _, height in VERTEBRAE.values():
        bone.paint(_body(frame, z, height), "spine", cortex_mm=0.75)
    bone.paint(_sacrum(frame), "spine", cortex_mm=1.2, density=0.75)
    behind = np.interp(column[:, 2], [-40, 0, 120, 400], [25, 26, 25, 19])
    canal = column + np.column_stack([0 * behind, behind, 0 * behind])
    canvas.paint(chain(canal, 9.0), tissue.fat + 30)
    canvas.paint(chain(canal, 7.2), tissue.fluid + 4)
    cord = canal[canal[:, 2] > 115]
    canvas.paint(chain(cord, 4.4), tissue.cord)


def spine_clearance(frame: Frame) -> Solid:
    """A column around the bodies and the sacrum that soft organs stay out of."""
    z = np.arange(-160.0, 240.0, 5.0)
    return chain(frame.spine(z), np.interp(z, [-160, -60, 0, 240], [8, 26, 26, 24]))


def _half_widths(z: float) -> tuple[float, float]:
    """Half width and half depth of a vertebral body at a height [mm]."""
    return (
        float(np.interp(z, [-20, 60, 155, 260, 400], [26, 23.5, 20.5, 16.5, 13.5])),
        float(np.interp(z, [-20, 60, 155, 260, 400], [17.5, 17, 16, 14.5, 10])),
    )


def _tilt_deg(frame: Frame, z: float) -> float:
    below, above = frame.spine(z - 6), frame.spine(z + 6)
    return float(np.degrees(np.arctan2(below[1] - above[1], 12.0)))


def _slab(frame: Frame, z: float, half_height: float, grow: float) -> Solid:
    """A kidney-shaped column across the spine, cut flat above and below."""
    centre = frame.spine(z)
    width, depth = _half_widths(z)
    tilt = _tilt_deg(frame, z)
    side = np.array([width * 0.42, depth * 0.18, 0])
    shape = ellipsoids(
        [(centre, (width + grow, depth + grow, 70.0), (tilt, 0, 0)),
         (centre + side, (width * 0.6, depth * 0.85, 70.0), (tilt, 0, 0)),
         (centre + side * [-1, 1, 1], (width * 0.6, depth * 0.85, 70.0), (tilt, 0, 0))],
        blend_mm=5,
    )  # fmt: skip
    up = np.array([0, -np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    shape = shape.within(half_space(centre + half_height * up, up))
    return shape.within(half_space(centre - half_height * up, -up))


def _body(frame: Frame, z: float, height: float) -> Solid:
    disc = 0.24 * height if z < 170 else 0.17 * height
    half = 0.5 * (height - disc)
    body = _slab(frame, z, half, 0.0)
    centre = frame.spine(z)
    width, depth = _half_widths(z)
    ring = np.linspace(0, 2 * np.pi, 25)[:-1]
    waist = []
    for angle, following in zip(ring, np.roll(ring, -1), strict=True):
        ends = []
        for a in (angle, following):
            offset = np.array([(width + 10.5) * np.sin(a), -(depth + 10.5) * np.cos(a), 0])
            ends += [*(centre + offset), 12.0]
        waist.append(ends)
    keep = [w for w in waist if w[1] < centre[1] + depth * 0.4]
    return body.minus(cones(keep))


def _disc(frame: Frame, z: float, height: float) -> Solid:
    below = z - 0.5 * height
    return _slab(frame, below, 0.17 * height, 0.8)


def _arch(frame: Frame, level: str) -> Solid:
    """Pedicles, laminae, processes and facets of one vertebra."""
    z, _, _ = VERTEBRAE[level]
    centre = frame.spine(z)
    width, depth = _half_widths(z)
    lumbar = level.startswith("L")
    canal = float(np.interp(z, [0, 120, 400], [26, 25, 19]))
    reach = 36.0 if lumbar else 27.0
    drop = -6.0 if lumbar else -18.0
    tip = np.array([0, canal + (34 if lumbar else 27), drop])
    parts: list[list[float]] = []
    wing: list[list[float]] = []
    for side in (-1, 1):
        root = np.array([side * width * 0.62, depth * 0.7, 5.0])
        pillar = np.array([side * (15.0 if lumbar else 13), canal + 3, 1.0])
        joint = np.array([0, canal + 12.0, drop * 0.3])
        process = np.array([side * (width + reach * 0.55), canal + (2 if lumbar else 14), 4.0])
        parts.append(_cone(centre, root, 5.6, pillar, 4.6))
        parts.append(_cone(centre, pillar, 4.8, joint, 3.4))
        parts.append(_cone(centre, pillar + [0, 2, 12], 4.4, pillar + [side * 1.5, 4, -15], 5.4))
        parts.append(_cone(centre, pillar, 4.6, process, 3.6))
        wing.append(
            [*(centre + pillar + [-side * 3, 4, 6]), 2.6, *(centre + joint + [0, 0, -8]), 2.6,
             *(centre + pillar + [-side * 2, 5, -9]), 2.6]
        )  # fmt: skip
    spine_z = 6.5 if lumbar else 3.0
    wing.append(
        [*(centre + [0, canal + 11, spine_z]), 2.4, *(centre + tip + [0, 0, spine_z]), 3.2,
         *(centre + tip + [0, 0, -spine_z]), 3.4]
    )  # fmt: skip
    wing.append(
        [*(centre + [0, canal + 11, spine_z]), 2.4, *(centre + tip + [0, 0, -spine_z]), 3.4,
         *(centre + [0, canal + 12, -spine_z]), 2.6]
    )  # fmt: skip
    return cones(parts, blend_mm=3).joined(plates(wing), blend_mm=2)


def _cone(base: Points, a: Points, ra: float, b: Points, rb: float) -> list[float]:
    return [*(base + a), ra, *(base + b), rb]


def _sacrum(frame: Frame) -> Solid:
    """Five fused bodies, the wings towards the pelvis, and the coccyx."""
    levels = [(-50, 24, 15), (-70, 20, 13), (-88, 17, 11), (-104, 14, 9.5), (-120, 11, 8)]
    parts: list[tuple[ArrayLike, ArrayLike, ArrayLike]] = []
    for z, width, depth in levels:
        centre = frame.spine(z) + [0, 2, 0]
        parts.append((centre, (width, depth, 15), (_tilt_deg(frame, z), 0, 0)))
    for side in (-1, 1):
        parts.append(((side * 30, 52, -62), (20, 15, 19), (0, 0, side * -25)))
        parts.append(((side * 27, 66, -84), (15, 11, 16), (0, 0, side * -20)))
        parts.append(((side * 18, 74, -106), (11, 8, 13), (0, 0, 0)))
    body = ellipsoids(parts, blend_mm=9)
    crest = plates([[0, 74, -58, 3, 0, 88, -70, 4, 0, 84, -105, 4]])
    coccyx = cones([[0, 74, -128, 6, 0, 68, -143, 4.5], [0, 68, -143, 4.5, 0, 58, -154, 3]])
    canal = cones([[0, 62, -44, 8, 0, 74, -72, 6.5], [0, 74, -72, 6.5, 0, 80, -100, 4]])
    holes = cones(
        [[s * x, y - 12, z, 3.4, s * x, y + 14, z - 4, 3.2]
         for s in (-1, 1) for x, y, z in ((17, 58, -64), (15, 68, -83), (13, 74, -101))]
    )  # fmt: skip
    return body.joined(crest, blend_mm=4).joined(coccyx, blend_mm=5).minus(canal).minus(holes)
