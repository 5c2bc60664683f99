"""The border of the skeleton at full resolution, between soft tissue and the local cortex."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from surgiplan.imaging.coarse import Coarse
from surgiplan.imaging.crop import Box
from surgiplan.imaging.morphology import Mask, dilated, gaussian, holes_filled
from surgiplan.model import Volume

from .bone_parts import Labels, Part
from .hips import Ball
from .skeleton import Skeleton

__all__ = ["bordered_bone", "fine_labels"]

_Value = TypeVar("_Value", np.bool_, np.uint8)
Floats = npt.NDArray[np.float32]

_HALF = 0.6
"""A cortex thinner than the scanner's blur peaks lower than it is: its edge lies above half."""

_REACH_MM = 4.0
"""How far the blocks' peaks count for the level of a border."""

_DENSEST_HU = 1500.0
_SOCKET_MM = 5.0
"""Within this distance of a joint space the side of it decides, not the block."""

_SPACE_MM = 2.5

_CHUNK = 24
"""Slices of blocks that are worked on at a time, so that memory stays small."""


def bordered_bone(volume: Volume, coarse: Coarse, bones: Skeleton, box: Box) -> Mask:
    """The voxels of bone within a box of blocks; shape of the voxels that the box covers."""
    part = box.slices
    solid, shell = bones.solid[part], bones.shell[part]
    found = _levels(bones.peak[part], shell, bones.soft_hu, coarse.spacing_mm)
    levels = np.maximum(found, np.float32(bones.low_hu - 40))
    near = dilated(solid, 1.05 * max(coarse.spacing_mm), coarse.spacing_mm)
    near &= ~(bones.cores.contrast[part] | bones.places.never[part])
    deep = _repeated(_interior(solid), coarse.factors)
    source = volume.values[coarse.fine_box(box).slices]
    mask = np.empty(source.shape, bool)
    fk = coarse.factors[0]
    for low in range(0, len(solid), _CHUNK):
        high = min(low + _CHUNK, len(solid))
        # One slice of blocks more on each side, for the interpolation.
        a, b = max(low - 1, 0), min(high + 1, len(solid))
        level = coarse.upsampled(levels[a:b])[(low - a) * fk : (high - a) * fk]
        piece = source[low * fk : high * fk] > level
        piece &= _repeated(near[low:high], coarse.factors)
        piece |= deep[low * fk : high * fk]
        may_fill = _repeated(solid[low:high], coarse.factors)
        for n, plane in enumerate(piece):
            mask[low * fk + n] = plane | (_filled(plane) & may_fill[n])
    return mask


def _interior(solid: Mask) -> Mask:
    """Solid blocks whose six neighbours are solid."""
    result = solid.copy()
    for axis in range(3):
        one = np.moveaxis(result, axis, 0)
        whole = np.moveaxis(solid, axis, 0)
        one[1:] &= whole[:-1]
        one[:-1] &= whole[1:]
    return result


def _filled(plane: Mask) -> Mask:
    """A slice with its gaps of a voxel closed and what they then enclose filled."""
    wide = np.pad(plane, 2)
    grown = _crossed(wide, np.logical_or)
    return plane | _crossed(holes_filled(grown), np.logical_and)[2:-2, 2:-2]


def _crossed(plane: Mask, join: "np.ufunc") -> Mask:
    """Each pixel joined with its four neighbours."""
    result = plane.copy()
    join(result[1:], plane[:-1], out=result[1:])
    join(result[:-1], plane[1:], out=result[:-1])
    join(result[:, 1:], plane[:, :-1], out=result[:, 1:])
    join(result[:, :-1], plane[:, 1:], out=result[:, :-1])
    return result


def fine_labels(
    volume: Volume, coarse: Coarse, mask: Mask, labels: Labels, box: Box, balls: list[Ball]
) -> Labels:
    """The part of each voxel of bone in a box of blocks; hip joints are cut along their spaces.

    ``labels`` are those of the blocks of the whole scan.
    """
    wide = _spread(labels[box.slices], steps=3)
    fine = _repeated(wide, coarse.factors)
    fine *= mask
    origin = np.array(coarse.fine_box(box).low) - (np.array(coarse.factors) - 1) / 2
    spacing = np.array(volume.grid.spacing_mm)
    for ball in balls:
        centre = np.array(ball.centre_mm) / spacing - origin
        reach = (ball.radius_mm + _SOCKET_MM) / spacing
        low = np.maximum(np.floor(centre - reach), 0).astype(int)
        high = np.minimum(np.ceil(centre + reach) + 1, fine.shape).astype(int)
        near = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        k_mm, j_mm, i_mm = (float(c) for c in (centre - low) * spacing)
        joint, away = replace(ball, centre_mm=(k_mm, j_mm, i_mm)).joint(
            fine[near].shape, volume.grid.spacing_mm, _SOCKET_MM / 2
        )
        piece = fine[near]
        values = volume.values[coarse.fine_box(box).slices][near]
        hip = (piece == Part.PELVIS) | (piece == Part.LONG_BONES)
        piece[hip & joint] = np.where(away < ball.radius_mm, Part.LONG_BONES, Part.PELVIS)[
            hip & joint
        ]
        space = hip & joint & (np.abs(away - ball.radius_mm) < _SPACE_MM)
        piece[space & (values < _dark_below(values, space))] = Part.NONE
    return fine


def _dark_below(values: npt.NDArray[np.integer], space: Mask) -> float:
    """Halfway between the joint space and the cortices at its sides [HU]."""
    found = values[space]
    if not found.size:
        return -np.inf
    return float(np.mean(np.percentile(np.minimum(found, _DENSEST_HU), [10, 90])))


def _spread(labels: Labels, steps: int) -> Labels:
    """Labels carried on into neighbouring blocks without one."""
    result = labels.copy()
    for _ in range(steps):
        before = result.copy()
        for axis in range(3):
            into, source = np.moveaxis(result, axis, 0), np.moveaxis(before, axis, 0)
            for to, of in ((np.s_[1:], np.s_[:-1]), (np.s_[:-1], np.s_[1:])):
                np.copyto(into[to], source[of], where=into[to] == 0)
    return result


def _levels(
    peak: Floats, shell: Mask, soft_hu: float, spacing_mm: tuple[float, float, float]
) -> Floats:
    """Where the border of bone lies [HU], from the peaks of the cortex around each block."""
    weight = gaussian(shell.astype(np.float32), _REACH_MM / 2, spacing_mm)
    total = gaussian(np.where(shell, np.minimum(peak, _DENSEST_HU), 0), _REACH_MM / 2, spacing_mm)
    crest = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), np.float32(_DENSEST_HU))
    levels: Floats = (soft_hu + _HALF * (crest - soft_hu)).astype(np.float32)
    return levels


def _repeated(blocks: npt.NDArray[_Value], factors: tuple[int, int, int]) -> npt.NDArray[_Value]:
    """Each block's value for all its voxels."""
    for axis, factor in enumerate(factors):
        blocks = blocks.repeat(factor, axis)
    return blocks
