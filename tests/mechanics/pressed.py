"""Bodies that press on each other or on something rigid, beside what is known of them."""

import numpy as np

from surgiplan.mechanics import (
    Loads,
    NeoHookean,
    Obstacle,
    Problem,
    Springs,
    ball,
    cylinder,
    plane,
    solve,
    weight_mn_per_mm3,
)
from tests.mechanics import canonical
from tests.mechanics.published import faces_where, held_where, mapped

E, NU, R = 1000.0, 0.3, 10.0
STIFF = E / (1 - NU**2)


def line_contact(depth=0.05, cells=(20, 14, 1)):
    """Half-width of the contact of a rigid cylinder with a block in plane strain, and Hertz's."""

    def place(at):
        return np.stack([30 * at[:, 0] ** 2.2, -30 * at[:, 1] ** 2.2, -0.2 * at[:, 2]], axis=1)

    mesh, at = mapped(cells, place)
    top = faces_where(mesh, at[:, 1] == 0)
    obstacle = Obstacle(
        top[mesh.face_centres_mm(top)[:, 0] < 3],
        cylinder((0, R - depth, 0), (0, 0, 1), R),
        penetration_mm=0.0002,
    )
    held = held_where(at[:, 0] == 0, at[:, 1] == 1, np.ones(len(at), bool))
    problem = Problem(mesh, NeoHookean(E, NU), Loads(contacts=(obstacle,)))
    found = solve(problem, held).contacts[0]
    parts = found.pressure_kpa * mesh.face_weights_mm2(obstacle.faces)
    shapes = mesh.element.face.shapes
    across = np.einsum("qa,fa->fq", shapes, mesh.nodes_mm[obstacle.faces][..., 0])
    force = 2 * found.force_mn[1] / -0.2
    width = 3 * np.pi / 4 * (parts * across).sum() / parts.sum()
    return width, np.sqrt(4 * force * R / (np.pi * STIFF))


ANGLE = 0.15
"""Of the wedge that stands for all of a round body [rad]."""


def wedge(cells, size, top, sharp=2.8):
    """A wedge of a round body under the surface z = ``top(r)``, dense near the middle of it.

    Returns the mesh, where its nodes were in a unit cube, and springs that keep its sides in
    their planes.
    """

    def place(at):
        r = size * (0.001 + 0.999 * _denser(at[:, 0], cells[0], sharp))
        turn = ANGLE * (0.5 - at[:, 1])
        z = top(r) - (size + top(r)) * _denser(at[:, 2], cells[2], sharp)
        return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)

    mesh, at = mapped(cells, place)
    sides = [faces_where(mesh, at[:, 1] == k) for k in (0, 1)]
    return mesh, at, Springs(np.vstack(sides), 1e3 * E, slides=True)


def _denser(share, cells, sharp):
    """Shares 0..1 drawn to 0, so that the middle of a cell stays in its middle."""
    ends = np.arange(cells + 1) / cells
    return np.interp(share, ends, ends**sharp)


def rigid_ball(depth=0.02, size=24.0, cells=(22, 1, 14)):
    """Force [mN] of a rigid ball pressed into a flat body by ``depth``, and Hertz's."""
    mesh, at, sides = wedge(cells, size, lambda r: 0 * r)
    top = faces_where(mesh, at[:, 2] == 0)
    top = top[mesh.face_centres_mm(top)[:, 0] < 2]
    obstacle = Obstacle(top, ball((0, 0, R), R), penetration_mm=1e-4, moves_mm=(0, 0, -depth))
    held = held_where(*3 * (at[:, 2] == 1,))
    problem = Problem(mesh, NeoHookean(E, NU), Loads(springs=(sides,), contacts=(obstacle,)))
    solution = solve(problem, held)
    force = -2 * np.pi / ANGLE * solution.contacts[0].force_mn[2]
    return solution, force, 4 / 3 * STIFF * np.sqrt(R) * depth**1.5


BLOCK_MM = (20.0, 20.0, 10.0)
DENSITY = 1060.0
WEIGHT_MN = DENSITY * 9.81e-6 * np.prod(BLOCK_MM)


def block(stiffness_kpa=20.0):
    """A block of soft tissue, what it is made of, its corner indices and its lower faces."""
    mesh, ijk = canonical.box(BLOCK_MM, (3, 3, 2))
    return mesh, NeoHookean(stiffness_kpa, 0.3), ijk, canonical.faces_on(mesh, ijk[:, 2] == 0)


def inclined(angle_rad, friction_coefficient):
    """A heavy block on an inclined plane, a weak spring below it: the solution.

    Directions are the plane's: x down along it, z out of it.
    """
    mesh, tissue, ijk, bottom = block()
    down = 9.81 * np.array([np.sin(angle_rad), 0, -np.cos(angle_rad)])
    obstacle = Obstacle(
        bottom, plane((0, 0, 0), (0, 0, 1)), friction_coefficient=friction_coefficient
    )
    spring = Springs(canonical.faces_on(mesh, ijk[:, 0] == 3), 1e-3, slides=True)
    loads = Loads(weight_mn_per_mm3(DENSITY, down), springs=(spring,), contacts=(obstacle,))
    held = canonical.supports(mesh, y=ijk[:, 1] == 0)
    return solve(Problem(mesh, tissue, loads), held)
