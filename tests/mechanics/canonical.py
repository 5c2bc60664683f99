"""Meshes and exact answers of the canonical cases: numpy only, the same on every run."""

from itertools import permutations

import numpy as np

from surgiplan.mechanics.loads import Held
from surgiplan.mechanics.mesh import EDGES, Mesh, promoted


def grid(nx, ny, nz):
    """Corner indices (n, 3) of a box of cells and its tetrahedra, six in each cell."""
    k, j, i = (a.ravel() for a in np.meshgrid(*map(np.arange, (nz, ny, nx)), indexing="ij"))
    tets = []
    for path in permutations(range(3)):
        steps = [np.zeros(3, int)]
        for axis in path:
            steps.append(steps[-1] + np.eye(3, dtype=int)[axis])
        if np.linalg.det(np.array(steps[1:], float)) < 0:
            steps[1], steps[2] = steps[2], steps[1]
        tets.append(
            np.stack([i + s[0] + (nx + 1) * (j + s[1] + (ny + 1) * (k + s[2])) for s in steps], 1)
        )
    sizes = (nz + 1, ny + 1, nx + 1)
    K, J, I = (a.ravel() for a in np.meshgrid(*map(np.arange, sizes), indexing="ij"))  # noqa: E741
    return np.stack([I, J, K], 1), np.stack(tets, 1).reshape(-1, 4)


def box(lengths_mm, cells):
    """A box from the origin, as a mesh and its corner indices."""
    ijk, tets = grid(*cells)
    return promoted(ijk / np.array(cells) * np.array(lengths_mm, float), tets), ijk


def jittered_cube():
    """A unit cube of 162 tetrahedra whose inner corners are moved."""
    ijk, tets = grid(3, 3, 3)
    points = ijk / 3.0
    inner = ((ijk > 0) & (ijk < 3)).all(1)
    a = np.arange(len(points))
    jitter = np.stack([np.sin(17.3 * a), np.sin(29.1 * a + 1), np.sin(41.7 * a + 2)], 1)
    points[inner] += 0.05 * jitter[inner]
    return promoted(points, tets)


def quarter_tube(inner_mm, outer_mm, length_mm, cells):
    """A quarter of a tube, its cells along radius, angle and z, and its corner indices."""
    ijk, tets = grid(*cells)
    r = inner_mm + (outer_mm - inner_mm) * ijk[:, 0] / cells[0]
    angle = np.pi / 2 * ijk[:, 1] / cells[1]
    points = np.stack([r * np.cos(angle), r * np.sin(angle), length_mm * ijk[:, 2] / cells[2]], 1)
    points[ijk[:, 1] == cells[1], 0] = 0.0
    points[ijk[:, 1] == 0, 1] = 0.0
    return promoted(points, tets), ijk


def liver(n):
    """A cube bent into a liver (20 x 15 x 10 cm) with a stiff tumour: mesh, indices, stiffness."""
    ijk, tets = grid(n, n, n)
    x, y, z = s = 2 * ijk.T / n - 1.0
    ball = np.stack(
        [
            x * np.sqrt(1 - y * y / 2 - z * z / 2 + y * y * z * z / 3),
            y * np.sqrt(1 - z * z / 2 - x * x / 2 + z * z * x * x / 3),
            z * np.sqrt(1 - x * x / 2 - y * y / 2 + x * x * y * y / 3),
        ]
    )
    q = 0.3 * s + 0.7 * ball
    taper = 1 - 0.35 * q[0]
    points = np.stack([100 * q[0], 75 * q[1] * taper, 50 * q[2] * taper + 15 * q[0] ** 2], 1)
    centres = points[tets].mean(1)
    tumour = ((centres - [20, 10, 0]) ** 2).sum(1) < 18**2
    return promoted(points, tets), ijk, np.where(tumour, 5.0, 1.0)


def on(mesh: Mesh, corners):
    """Mask (nodes,) of marked ``corners`` and of the nodes between two of them."""
    marked = np.zeros(len(mesh.nodes_mm), bool)
    marked[: len(corners)] = corners
    middles = mesh.cells[:, 4:]
    marked[middles[marked[mesh.cells[:, EDGES]].all(2)]] = True
    return marked


def faces_on(mesh: Mesh, corners):
    """Surface faces whose three corners are marked."""
    return mesh.surface[np.asarray(corners)[mesh.surface[:, :3]].all(1)]


def supports(mesh: Mesh, x=None, y=None, z=None):
    """Marked corners of each component held in place."""
    mask = np.zeros((len(mesh.nodes_mm), 3), bool)
    for component, corners in enumerate((x, y, z)):
        if corners is not None:
            mask[:, component] = on(mesh, corners)
    return Held(mask, np.zeros(mask.shape))


def lame_displacement(r, E, nu, pressure, inner, outer):
    """Radial displacement of a thick tube under inner pressure, plane strain."""
    c = pressure * inner**2 / (outer**2 - inner**2)
    return (1 + nu) / E * c * ((1 - 2 * nu) * r + outer**2 / r)


def hexahedra(points, cells):
    """The 20-node mesh of a box of ``cells`` whose corners are at ``points`` (grid order)."""
    nx, ny, nz = cells
    k, j, i = (a.ravel() for a in np.meshgrid(*map(np.arange, (nz, ny, nx)), indexing="ij"))
    around = [
        (0, 0, 0),
        (1, 0, 0),
        (1, 1, 0),
        (0, 1, 0),
        (0, 0, 1),
        (1, 0, 1),
        (1, 1, 1),
        (0, 1, 1),
    ]
    corners = np.stack(
        [i + a + (nx + 1) * (j + b + (ny + 1) * (k + c)) for a, b, c in around], axis=1
    )
    return promoted(points, corners)


def jittered_hexahedra():
    """A unit cube of 27 hexahedra whose inner corners are moved."""
    ijk, _ = grid(3, 3, 3)
    points = ijk / 3.0
    inner = ((ijk > 0) & (ijk < 3)).all(1)
    a = np.arange(len(points))
    jitter = np.stack([np.sin(17.3 * a), np.sin(29.1 * a + 1), np.sin(41.7 * a + 2)], 1)
    points[inner] += 0.05 * jitter[inner]
    return hexahedra(points, (3, 3, 3))
