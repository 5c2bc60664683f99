"""Balls, boxes and tubes whose sizes are known, scanned and unscanned."""

import numpy as np
from scipy.ndimage import gaussian_filter, label
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from surgiplan.geometry import resampled, tangents, transported_frames
from surgiplan.model import Branch, Resection, Segment, Volume, VoxelGrid

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


def scanned_tube(axis, a_mm, b_mm, *, spacing=CT_SPACING, noise_hu=11.0, behind_hu=-100.0, **about):
    """A CT of a contrast-filled vessel: a swept ellipse, its wall, and fat or blood behind it.

    ``axis`` (n, 3) is dense; semi-axes are scalars or (n,).  The scanner blurs by 0.55 mm, slices
    are averaged over their thickness, noise is correlated in the slice.
    """
    values, voxels = _exposed(axis, a_mm, b_mm, spacing, behind_hu, **about)
    rng = np.random.default_rng(1)
    grain = (0.18, 0.75 / spacing[1], 0.75 / spacing[2])
    noise = gaussian_filter(rng.standard_normal(values.shape), grain)
    values = values + noise_hu * noise / noise.std()
    return Volume("ct", np.rint(values).astype(np.int16), voxels)


def bright_part(volume, threshold=175):
    """The largest bright structure of a scan."""
    labels, _ = label(volume.values > threshold)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return Segment("lumen", "lumen", labels == sizes.argmax(), volume.grid)


def _exposed(axis, a_mm, b_mm, spacing, behind_hu, wall_mm=1.4, plaque_at=None, vein_hu=None):
    t = tangents(axis)
    first = np.array([0.3, 0.9, 0.1]) - (t @ [0.3, 0.9, 0.1])[:, None] * t
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(t, first)
    reach = max(np.max(a_mm), np.max(b_mm)) + 7
    low, high = axis.min(axis=0) - reach, axis.max(axis=0) + reach
    shape = tuple(((high - low)[::-1] / spacing).astype(int))
    voxels = grid(shape, spacing, origin=low + [0.3, 0.2, 0.9])
    parts = (3, 2, 2)
    fine = [(np.arange(n * p) + 0.5) / p - 0.5 for n, p in zip(shape, parts, strict=True)]
    points = voxels.to_lps(np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1)).reshape(-1, 3)
    away, n = cKDTree(axis).query(points, distance_upper_bound=1.4 * reach)
    n = np.minimum(n, len(axis) - 1)
    offset = points - axis[n]
    a, b = np.broadcast_to(a_mm, len(axis))[n], np.broadcast_to(b_mm, len(axis))[n]
    u, v = (np.einsum("ij,ij->i", offset, side[n]) for side in (first, second))
    rho = np.hypot(u / a, v / b)
    slope = np.hypot(u / a**2, v / b**2) + 1e-9
    depth = np.where(rho > 1e-3, (rho - 1) * rho / slope, -1.0)
    along = np.einsum("ij,ij->i", offset, t[n])
    depth[~np.isfinite(away) | ((n == 0) & (along < -0.3))] = 9.0
    depth[(n == len(axis) - 1) & (along > 0.3)] = 9.0
    values = np.where(depth < 0, 300.0, np.where(depth < wall_mm, 48.0, behind_hu))
    if vein_hu is not None:
        values[(depth >= wall_mm) & (offset[:, 0] > 0)] = vein_hu
    if plaque_at is not None:
        beside = (np.abs(n - plaque_at) < 12) & (np.abs(np.arctan2(v, u)) < 0.4)
        values[beside & (depth > 0.3) & (depth < 2.0)] = 800.0
    sigmas = [s / h * p for s, h, p in zip((0.6, 0.55, 0.55), spacing, parts, strict=True)]
    blurred = gaussian_filter(values.reshape([len(f) for f in fine]), sigmas)
    k, j, i = shape
    return blurred.reshape(k, 3, j, 2, i, 2).mean(axis=(1, 3, 5)), voxels
