"""A silicone cylinder that bent under its own weight on a bench, and its computed shape."""

from dataclasses import dataclass

import numpy as np

from surgiplan.mechanics import Loads, NeoHookean, Problem, held, solve, weight_mn_per_mm3
from tests.mechanics.published import mapped

MEASURED = "meshes-liver-truthcylinder-sofa/mesh/truthCylinder-Deformed.obj"
RADIUS_MM, LENGTH_MM = 19.0, 178.0
END_MM = np.array([0.0, -119.383, 126.842])
"""Where the middle of the free end came to rest (scene of the phantom, g along -y)."""


@dataclass
class Bent:
    """E / rho that puts the end where it was [m2/s2], and what is left between the shapes [mm]."""

    specific_stiffness: float
    end_miss_mm: float
    mean_mm: float
    max_mm: float


def bent(scanned_points_mm, cells=(4, 4, 12), poisson_ratio=0.49):
    """Fit E / rho on the height of the end point, then measure the distance of the surfaces."""

    def disc(at):
        x, y = 2 * at[:, 0] - 1, 2 * at[:, 1] - 1
        return np.stack(
            [
                RADIUS_MM * x * np.sqrt(1 - y**2 / 2),
                RADIUS_MM * y * np.sqrt(1 - x**2 / 2),
                LENGTH_MM * at[:, 2],
            ],
            axis=1,
        )

    mesh, at = mapped(cells, disc)
    clamped = held(len(at), at[:, 2] == 0)
    end = (at == [0.5, 0.5, 1]).all(axis=1)
    material = NeoHookean(50.0, poisson_ratio)

    def shape(specific, start):
        weight = weight_mn_per_mm3(50e3 / specific, (0.0, -9.81, 0.0))
        problem = Problem(mesh, material, Loads(weight))
        return solve(problem, clamped, start_mm=start).displacement_mm

    low, high, u = 120.0, 200.0, None
    heights = {}
    for specific in (high, low):
        u = shape(specific, u)
        heights[specific] = u[end, 1][0]
    for _ in range(12):
        # Sag is close to a function of rho / E: secant in that.
        a, b = (heights[s] - END_MM[1] for s in (low, high))
        middle = 1 / (1 / low + (1 / high - 1 / low) * a / (a - b))
        u = shape(middle, u)
        heights[middle] = u[end, 1][0]
        low, high = sorted(heights, key=lambda s: abs(heights[s] - END_MM[1]))[:2]
        if abs(heights[low] - END_MM[1]) < 0.01:
            break
    miss = np.linalg.norm((mesh.nodes_mm + u)[end][0] - END_MM)
    apart = distances(mesh, u, scanned_points_mm)
    return Bent(low, float(miss), float(apart.mean()), float(apart.max()))


def distances(mesh, u, points):
    """Distance of points (n, 3) to the deformed surface, sampled densely [mm]."""
    from scipy.spatial import cKDTree

    from surgiplan.mechanics.elements import _QUAD_CORNERS, _QUAD_EDGES, _serendipity

    side = np.linspace(-1, 1, 9)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    shapes, _ = _serendipity(places, _QUAD_CORNERS, _QUAD_EDGES)
    samples = np.einsum("qa,fai->fqi", shapes, (mesh.nodes_mm + u)[mesh.surface])
    return cKDTree(samples.reshape(-1, 3)).query(points)[0]


def points_of(path):
    """Vertices (n, 3) [mm] of an OBJ file in metres, read line by line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return 1000 * np.array([line.split()[1:4] for line in lines if line.startswith("v ")], float)
