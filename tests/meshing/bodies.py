"""Bodies whose shape is known, as segments on slanted, mirrored and anisotropic grids."""

import numpy as np

from surgiplan.model import Segment, VoxelGrid


def rotation(about, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [n for n in range(3) if n != about]
    turn = np.eye(3)
    turn[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    return turn


def grid(shape, spacing, axes=((0, 0, 1), (0, 1, 0), (1, 0, 0))):
    affine = np.eye(4)
    affine[:3, :3] = np.array(axes, float).T * spacing
    affine[:3, 3] = [-31.0, 12.0, 250.0] - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return VoxelGrid(shape=shape, affine=affine)


def segment(on, inside, name="liver"):
    index = np.stack(np.meshgrid(*map(np.arange, on.shape), indexing="ij"), axis=-1)
    return Segment(id=name, name=name, mask=inside(on.to_lps(index)), grid=on)


CENTRE = np.array([-31.0, 12.0, 250.0])

OBLIQUE = (rotation(0, 20) @ rotation(1, 15) @ np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])).T
SHEARED = ((0.0, 0.25, 0.97), (0, 1, 0), (1, 0, 0))
GRIDS = {
    "standard": grid((30, 70, 70), (2.0, 0.8, 0.8)),
    "oblique": grid((30, 80, 80), (2.0, 0.8, 0.8), OBLIQUE),
    "tilted gantry": grid((30, 80, 80), (2.0, 0.8, 0.8), SHEARED),
    "upside down": grid((70, 30, 70), (0.8, 2.0, 0.8), ((-1, 0, 0), (0, 0, -1), (0, -1, 0))),
}


def ball(points, radius=20.0):
    return np.linalg.norm(points - CENTRE, axis=-1) < radius


def unit(direction):
    return np.array(direction, float) / np.linalg.norm(direction)


def to_ellipsoid(points, half_axes):
    """Signed distance to an ellipsoid about CENTRE, right near its surface."""
    offset, half_axes = points - CENTRE, np.array(half_axes)
    level = np.linalg.norm(offset / half_axes, axis=-1)
    slope = np.linalg.norm(offset / half_axes**2, axis=-1)
    return level * (level - 1) / np.maximum(slope, 1e-9)


def to_tube(points, direction, radius, half_length):
    """Signed distance to a cylinder with flat ends about CENTRE."""
    along = (points - CENTRE) @ unit(direction)
    axis = along[..., None] * unit(direction)
    out = np.linalg.norm(points - CENTRE - axis, axis=-1) - radius
    beyond = np.abs(along) - half_length
    corner = np.hypot(np.maximum(out, 0), np.maximum(beyond, 0))
    return np.where(corner > 0, corner, np.maximum(out, beyond))


def to_torus(points, radius, tube_radius):
    """Signed distance to a ring in the plane of x and y about CENTRE."""
    x, y, z = np.moveaxis(points - CENTRE, -1, 0)
    return np.hypot(np.hypot(x, y) - radius, z) - tube_radius
