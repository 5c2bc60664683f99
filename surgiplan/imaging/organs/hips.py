"""The balls of the thigh bones in their sockets, so that a narrow joint can be cut."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.morphology import Mask, distance_mm, gaussian
from surgiplan.imaging.sample import trilinear

from .survey import Survey

__all__ = ["Ball", "hip_balls"]

_RADIUS_MM = (14.0, 30.0)
"""Heads of thigh bones of children of ten years to tall men."""

_SIDE_MM = (45.0, 140.0)
"""How far from the middle of the body they lie."""

_ABOVE_END_MM = 70.0
"""They lie below the spine's lower end, or at most this much above it."""

_CORE_MM = 10.0
"""Radius of the dense middle of a head."""

_LIKELY = 0.8
"""Radius of the middle of the joint space over the depth of its centre within all bone."""

_LIKELY_HU_PER_MM = 3.0

_LEAST_STEP_HU = 40.0
"""The joint space is darker than this, counted on both sides and with half the core's density."""

_NECK = np.array((-0.6, 0.22, 0.77))
"""Where the neck leaves the left head: down, back, and outward; (z, y, x), upright."""


_NECK_OVER_HEAD = 0.66
_RIM_MM = 12.0
"""How far a socket's rim reaches along the neck."""


@dataclass(frozen=True)
class Ball:
    """The head of a thigh bone, in upright blocks."""

    centre_mm: tuple[float, float, float]
    """Distances from the first block along (k, j, i)."""
    radius_mm: float
    """To the middle of the joint space."""
    side: int
    """1 on the patient's left, -1 on the right."""

    def joint(
        self, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], half_mm: float
    ) -> tuple[Mask, npt.NDArray[np.float32]]:
        """The joint space, ``half_mm`` to each side, and the distance from the centre [mm].

        Where the neck leaves, the space runs along the neck out of the socket.
        """
        z, y, x = (
            (n * step - c).astype(np.float32)
            for n, step, c in zip(np.ogrid[tuple(map(slice, shape))], spacing_mm, self.centre_mm,
                                  strict=True)
        )  # fmt: skip
        away = np.sqrt(z**2 + y**2 + x**2)
        neck = (_NECK * (1, 1, self.side) / np.linalg.norm(_NECK)).astype(np.float32)
        along = z * neck[0] + y * neck[1] + x * neck[2]
        beside = np.sqrt(np.maximum(away**2 - along**2, 0))
        wide = _NECK_OVER_HEAD * self.radius_mm
        ball = (np.abs(away - self.radius_mm) < half_mm) & ((beside > wide) | (along < 0))
        tube = (np.abs(beside - wide - half_mm) < half_mm) & (along > 0)
        tube &= (away > self.radius_mm - half_mm) & (away < self.radius_mm + _RIM_MM)
        return ball | tube, away


def hip_balls(survey: Survey, solid: Mask, middle_i: float, lowest_k: int) -> list[Ball]:
    """The heads that a scan shows whole, at most one on each side.

    ``middle_i`` is the column of the body's middle, ``lowest_k`` the slice of the spine's lower
    end, both in blocks.
    """
    k_mm, _, i_mm = survey.spacing_mm
    top = min(len(solid), lowest_k + round(_ABOVE_END_MM / k_mm))
    # The scan's end is no border of bone: a shaft that it cuts is as thick as it is wide.
    depth = distance_mm(~np.pad(solid[:top], 1), survey.spacing_mm)[1:-1, 1:-1, 1:-1]
    # The head is the densest spongy bone far around.
    dense = gaussian(np.clip(survey.coarse.values[:top], 0, 600), _CORE_MM / 2, survey.spacing_mm)
    side_mm = (np.arange(solid.shape[2]) - middle_i) * i_mm
    found: dict[int, tuple[float, Ball, float]] = {}
    for side in (-1, 1):
        lateral = (side * side_mm > _SIDE_MM[0]) & (side * side_mm < _SIDE_MM[1])
        inside = np.where(lateral & (depth >= 0.8 * _RADIUS_MM[0]), depth, 0)
        if not inside.any():
            continue
        for likely in (inside, inside * dense):
            best = np.unravel_index(int(likely.argmax()), inside.shape)
            start_mm = np.array(best) * survey.spacing_mm
            fitted = _fitted(survey, start_mm, float(depth[best]), side)
            if side not in found or fitted[0] > found[side][0]:
                found[side] = (*fitted, float(depth[best]))
    # Each may also lie where the other's mirror image does.
    for side in (-1, 1):
        if -side in found:
            z, y, x = found[-side][1].centre_mm
            mirrored = np.array([z, y, 2 * middle_i * i_mm - x])
            fitted = _fitted(survey, mirrored, found[-side][2], side)
            if side in found and fitted[0] > found[side][0]:
                found[side] = (*fitted, found[-side][2])
    return [ball for score, ball, _ in found.values() if score > _LEAST_STEP_HU]


def _fitted(
    survey: Survey, start_mm: npt.NDArray[np.floating], depth_mm: float, side: int
) -> tuple[float, Ball]:
    """The sphere with the darkest joint space between two cortices on the socket's side.

    ``depth_mm`` is how deep the start lies within head, joint and socket together.
    """
    ball = _fibonacci(60)
    directions = _fibonacci(240)
    neck = _NECK * (1, 1, side) / np.linalg.norm(_NECK)
    directions = directions[directions @ neck < 0.1]
    spacing = np.array(survey.scan.grid.spacing_mm)
    apart = int(np.ceil(2 * np.clip(spacing.max(), 2.0, 3.0)))  # in steps of half a millimetre
    low, high = max(0.7 * depth_mm, _RADIUS_MM[0]), min(1.1 * depth_mm, _RADIUS_MM[1])
    radii = np.arange(low, max(high, low + 1), 0.5)
    wide = np.arange(radii[0] - apart / 2, radii[-1] + apart / 2 + 0.25, 0.5)
    factors = np.array(survey.coarse.factors)

    def steps(centre_mm: npt.NDArray[np.float64]) -> tuple[float, float]:
        """How dark the joint space is at a centre [HU], and its radius [mm]."""
        points = centre_mm + wide[:, None, None] * directions
        voxels = points / spacing + (factors - 1) / 2
        values = np.clip(trilinear(survey.scan.values, voxels), -100, 700)
        within, beyond = values[: -2 * apart], values[2 * apart :]
        gap = values[apart:-apart]
        dip = 2 * np.clip(np.minimum(within, beyond) - gap, -100, 200).mean(axis=1)
        dip -= _LIKELY_HU_PER_MM * np.abs(radii - _LIKELY * depth_mm)
        core = (centre_mm + 0.7 * _CORE_MM * ball) / spacing + (factors - 1) / 2
        dip += 0.3 * np.clip(trilinear(survey.scan.values, core), 0, 600).mean()
        # A socket's own marrow is a second gap farther out: the first nearly as dark counts.
        n = int(np.flatnonzero(dip >= dip.max() - 0.2 * abs(dip.max()))[0])
        n += int(dip[n : n + 5].argmax())
        return float(dip[n]), float(radii[n])

    centre = start_mm.astype(float)
    best, radius = steps(centre)
    for size in (6.0, 3.0, 1.5):
        moved = True
        while moved:
            moved = False
            for axis in range(3):
                for sign in (-1, 1):
                    trial = centre.copy()
                    trial[axis] += sign * size
                    dip, r = steps(trial)
                    if dip > best + 1.0 and np.linalg.norm(trial - start_mm) < 25.0:
                        centre, best, radius, moved = trial, dip, r, True
    z, y, x = (float(c) for c in centre)
    return best, Ball((z, y, x), radius, side)


def _fibonacci(count: int) -> npt.NDArray[np.float64]:
    """Directions (count, 3) spread evenly over a sphere."""
    n = np.arange(count) + 0.5
    z = 1 - 2 * n / count
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z**2)
    return np.column_stack([z, flat * np.cos(turn), flat * np.sin(turn)])
