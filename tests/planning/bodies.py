"""Balls, boxes and tubes whose sizes are known, scanned and unscanned."""

import numpy as np
from scipy.spatial.transform import Rotation

from surgiplan.geometry import resampled, tangents, transported_frames
from surgiplan.model import Branch, Resection, Segment, VoxelGrid

CT_SPACING = (2.5, 0.85, 0.85)


def grid(shape, spacing=CT_SPACING, *, turned=None, origin=(0.0, 0.0, 0.0)):
    """A grid of patient axes, or one that is ``turned`` by a Rotation."""
    affine = np.eye(4)
    affine[:3, :3] = np.diag(spacing)[::-1]
    if turned is not None:
        affine[:3, :3] = turned.as_matrix() @ affine[:3, :3]
    affine[:3, 3] = origin
    return VoxelGrid(shape, affine)


def points_of(voxels):
    """Centres of all voxels of a grid, (*shape, 3)."""
    axes = np.meshgrid(*(np.arange(n) for n in voxels.shape), indexing="ij")
    return voxels.to_lps(np.stack(axes, axis=-1))


def middle(voxels):
    return voxels.to_lps((np.array(voxels.shape) - 1) / 2)


def ball(voxels, center, radius_mm, name="ball"):
    inside = np.linalg.norm(points_of(voxels) - center, axis=-1) <= radius_mm
    return Segment(name, name, inside, voxels)


def plane(point, normal, margin_mm=10.0):
    return Resection(
        "cut",
        "cut",
        "ball",
        np.asarray(point, float),
        np.asarray(normal, float),
        margin_mm=margin_mm,
    )


def random_rotation(seed):
    return Rotation.random(random_state=seed)


def tube(points, a_mm, b_mm=None, angles=64):
    """A branch along a polyline whose sections are ellipses of semi-axes (n,) or scalars."""
    axis = resampled(points, 1.0)
    u, v = transported_frames(axis)
    a = np.broadcast_to(a_mm, len(axis))[:, None, None]
    b = a if b_mm is None else np.broadcast_to(b_mm, len(axis))[:, None, None]
    theta = (np.arange(angles) * 2 * np.pi / angles)[None, :, None]
    contours = axis[:, None] + a * np.cos(theta) * u[:, None] + b * np.sin(theta) * v[:, None]
    return Branch(axis, tangents(axis), contours)


def arc(radius_mm=60.0, degrees=90.0):
    t = np.deg2rad(np.linspace(0, degrees, 400))
    return radius_mm * np.stack([np.cos(t), 0.2 * t, np.sin(t)], axis=1)


def line(length_mm=120.0, direction=(0.3, 0.2, -1.0)):
    d = np.asarray(direction, float)
    return np.outer(np.linspace(0, length_mm, 200), d / np.linalg.norm(d)) + [10.0, -5.0, 300.0]
