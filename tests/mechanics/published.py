"""Cases with published or exact answers, each from its mesh to the number that was published."""

from itertools import pairwise

import numpy as np

from surgiplan.mechanics import (
    Expander,
    Held,
    Linear,
    Loads,
    NeoHookean,
    Problem,
    Traction,
    mesh_of,
    solve,
    solve_small_strain,
    weight_mn_per_mm3,
)
from surgiplan.mechanics.fields import at_corners
from tests.mechanics import canonical


def mapped(cells, place):
    """Hexahedra of a unit cube, every node moved by ``place``, and where it was in the cube."""
    ijk, _ = canonical.grid(*cells)
    mesh = canonical.hexahedra(ijk / np.array(cells, float), cells)
    at = mesh.nodes_mm.copy()
    return mesh_of(place(at), mesh.cells), at


def faces_where(mesh, nodes):
    """Boundary faces whose nodes are all marked."""
    return mesh.surface[nodes[mesh.surface].all(axis=1)]


def held_where(x, y, z):
    mask = np.stack([x, y, z], axis=1)
    return Held(mask, np.zeros(mask.shape))


def corner_stress(problem, solution, node):
    """Stress (3, 3), averaged over the elements at a corner node."""
    stress, _ = problem.stress_kpa(solution.displacement_mm)
    return at_corners(problem.mesh, stress)[np.searchsorted(problem.mesh.corner_nodes, node)]


def _elliptic(at, height):
    s, t = at[:, 0], at[:, 1] * np.pi / 2
    return np.stack(
        [(2 + 1.25 * s) * np.cos(t), (1 + 1.75 * s) * np.sin(t), height * at[:, 2]], axis=1
    )


def le10_mpa(cells=(6, 8, 4)):
    """NAFEMS LE10, thick elliptic plate: stress yy at the inner top corner; -5.38 MPa."""
    mesh, at = mapped(cells, lambda at: _elliptic(at, 0.6))
    top = faces_where(mesh, at[:, 2] == 1)
    outer = at[:, 0] == 1
    held = held_where((at[:, 1] == 1) | outer, (at[:, 1] == 0) | outer, outer & (at[:, 2] == 0.5))
    loads = Loads(tractions=(Traction(top, np.array([0.0, 0.0, -1000.0])),))
    problem = Problem(mesh, Linear(210e6, 0.3), loads)
    solution = solve_small_strain(problem, held)
    corner = np.flatnonzero((at == [0, 0, 1]).all(axis=1))[0]
    return corner_stress(problem, solution, corner)[1, 1] / 1000


def le1_mpa(cells=(8, 12, 1)):
    """NAFEMS LE1, elliptic membrane as a thin slab: stress yy at the inner corner; 92.7 MPa."""
    mesh, at = mapped(cells, lambda at: _elliptic(at, 0.1))
    rim = faces_where(mesh, at[:, 0] == 1)
    held = held_where(at[:, 1] == 1, at[:, 1] == 0, at[:, 2] == 0)
    load = Traction(rim, 10_000.0 * mesh.face_normals(rim))
    problem = Problem(mesh, Linear(210e6, 0.3), Loads(tractions=(load,)))
    solution = solve_small_strain(problem, held)
    corner = np.flatnonzero((at == [0, 0, 0]).all(axis=1))[0]
    return corner_stress(problem, solution, corner)[1, 1] / 1000


def cook_linear(cells=(8, 8, 1)):
    """Cook's panel, plane stress as a thin slab: mid-edge deflection; 23.97."""

    def place(at):
        s, q = at[:, 0], at[:, 1]
        return np.stack([48 * s, 44 * s * (1 - q) + (44 + 16 * s) * q, at[:, 2]], axis=1)

    mesh, at = mapped(cells, place)
    end = faces_where(mesh, at[:, 0] == 1)
    load = Traction(end, np.array([0.0, 1 / 16, 0.0]))
    left = at[:, 0] == 0
    held = held_where(left, left, at[:, 2] == 0)
    problem = Problem(mesh, Linear(1.0, 1 / 3), Loads(tractions=(load,)))
    u = solve_small_strain(problem, held).displacement_mm
    return u[(at[:, 0] == 1) & (at[:, 1] == 0.5), 1].mean()


def twisted_beam(direction, cells=(24, 4, 2)):
    """MacNeal and Harder's twisted beam, unit load along y or z: 1.7532e-3 and 5.4245e-3."""

    def place(at):
        y, z, turn = 1.1 * (at[:, 1] - 0.5), 0.32 * (at[:, 2] - 0.5), np.pi / 2 * at[:, 0]
        cos, sin = np.cos(turn), np.sin(turn)
        return np.stack([12 * at[:, 0], y * cos - z * sin, y * sin + z * cos], axis=1)

    mesh, at = mapped(cells, place)
    end, wall = faces_where(mesh, at[:, 0] == 1), at[:, 0] == 0
    axis = "xyz".index(direction)
    load = Traction(end, np.eye(3)[axis] / (1.1 * 0.32))
    problem = Problem(mesh, Linear(29e6, 0.22), Loads(tractions=(load,)))
    u = solve_small_strain(problem, held_where(wall, wall, wall)).displacement_mm
    return u[(at == [1, 0.5, 0.5]).all(axis=1), axis].mean()


def hanging_bar_m():
    """A steel bar under its weight: rho g L^2 / 2E = 1.8213e-7 m."""
    mesh, at = mapped((2, 2, 6), lambda at: at * [100.0, 100.0, 1000.0])
    loads = Loads(weight_mn_per_mm3(7800, (0, 0, -9.80665)))
    held = held_where(at[:, 0] == 0, at[:, 1] == 0, at[:, 2] == 1)
    u = solve_small_strain(Problem(mesh, Linear(210e6, 0.3), loads), held).displacement_mm
    return -u[at[:, 2] == 0, 2].mean() / 1000


def hertz(depth=0.05, cells=(26, 18, 1)):
    """A rigid cylinder of 10 mm pressed into a block: half-width of the contact, and by Hertz.

    Plane strain, half of it.  The width is told from the mean distance of the pressure, 4 a / 3 pi.
    """
    E, nu, R = 1000.0, 0.3, 10.0

    def place(at):
        return np.stack([30 * at[:, 0] ** 2.2, -30 * at[:, 1] ** 2.2, -0.2 * at[:, 2]], axis=1)

    mesh, at = mapped(cells, place)
    top = faces_where(mesh, at[:, 1] == 0)
    z = np.linspace(-1.2, 1.0, 12)
    axis = np.stack([0 * z, 0 * z + R - depth, z], axis=1)
    expander = Expander(top, axis, np.full(12, R), np.ones(12), 1e5)
    held = held_where(at[:, 0] == 0, at[:, 1] == 1, np.ones(len(at), bool))
    problem = Problem(mesh, NeoHookean(E, nu), Loads(expander=expander))
    solution = solve(problem, held)
    pressure = problem.contact_pressure_kpa(solution.displacement_mm)
    parts = pressure * mesh.face_weights_mm2(top)
    across = np.einsum("qa,fa->fq", mesh.element.face.shapes, mesh.nodes_mm[top][..., 0])
    force = 2 * parts.sum() / 0.2
    width = 3 * np.pi / 4 * (parts * across).sum() / parts.sum()
    return width, np.sqrt(4 * force * R * (1 - nu**2) / (np.pi * E))


def orders(kind, cells=(2, 4, 8)):
    """Mean square errors of u = grad(e^x sin y) on grids, and the observed orders between them."""

    def exact(X):
        x, y = X[:, 0], X[:, 1]
        return np.stack([np.exp(x) * np.sin(y), np.exp(x) * np.cos(y), 0 * x], axis=1)

    errors = []
    for n in cells:
        ijk, tets = canonical.grid(n, n, n)
        mesh = canonical.hexahedra(ijk / n, (n, n, n)) if kind == "hexahedra" else mesh_of(
            ijk / n, tets, order=1 if kind == "linear" else 2
        )  # fmt: skip
        outside = np.zeros(len(mesh.nodes_mm), bool)
        outside[mesh.surface] = True
        X, u = mesh.nodes_mm, exact(mesh.nodes_mm)
        held = Held(np.repeat(outside[:, None], 3, 1), np.where(outside[:, None], u, 0.0))
        found = solve_small_strain(Problem(mesh, Linear(1.0, 0.3)), held).displacement_mm
        shapes = mesh.element.shapes
        there = np.einsum("qa,mai->mqi", shapes, X[mesh.cells])
        apart = np.einsum("qa,mai->mqi", shapes, found[mesh.cells])
        apart = apart - exact(there.reshape(-1, 3)).reshape(there.shape)
        squares = (apart**2).sum(axis=2) * mesh.point_volumes_mm3
        errors.append(float(np.sqrt(squares.sum())))
    return errors, [float(np.log2(a / b)) for a, b in pairwise(errors)]
