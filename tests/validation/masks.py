"""Masks of known shape."""

import numpy as np
from scipy import ndimage

from surgiplan.model import Segment, VoxelGrid


def grid_of(shape, spacing_mm=(1.0, 1.0, 1.0), frame=""):
    affine = np.eye(4)
    affine[:3, :3] = np.diag(spacing_mm[::-1])[:, ::-1]
    return VoxelGrid(shape, affine, frame)


def segment(mask, spacing_mm=(1.0, 1.0, 1.0), name="mask", frame=""):
    return Segment(name, name, mask, grid_of(mask.shape, spacing_mm, frame))


def box(shape, low, high):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def ball(radius, shape=(60, 60, 60), centre=(30, 30, 30)):
    index = np.indices(shape) - np.reshape(centre, (3, 1, 1, 1))
    return (index**2).sum(axis=0) <= radius**2


def two_ellipsoids(seed):
    random = np.random.default_rng(seed)
    shape = (18 + seed, 24, 30)
    index = np.moveaxis(np.indices(shape), 0, -1)
    centre, radii = np.array(shape) / 2, np.array([5, 7, 9])
    one = (((index - centre) / radii) ** 2).sum(-1) < 1
    other = (((index - centre - [1, -1.5, 2]) / (radii * [1.1, 0.9, 1])) ** 2).sum(-1) < 1
    rim = ndimage.binary_dilation(other) & ~other
    return one, other ^ (rim & (random.random(shape) < 0.3))
