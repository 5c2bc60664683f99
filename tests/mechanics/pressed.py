"""Bodies that press on each other or on something rigid, beside what is known of them."""

import numpy as np

from surgiplan.mechanics import (
    Bodies,
    Held,
    Loads,
    NeoHookean,
    Obstacle,
    Problem,
    Springs,
    Traction,
    ball,
    cylinder,
    mesh_of,
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


def two_balls(depth=0.04, size=24.0, cells=(12, 1, 10)):
    """Two equal round bodies whose far ends come nearer by ``depth``: answer, force, and Hertz's.

    Near where they touch they are balls; E* and R are half of those of one on something rigid.
    """
    below, at, _ = wedge(cells, size, lambda r: -(np.minimum(r, 3) ** 2) / (2 * R))
    mesh, far = with_its_mirror(below, at[:, 2] == 1)
    count = len(below.nodes_mm)
    at = np.vstack([at, at])
    side = [faces_where(mesh, at[:, 1] == k) for k in (0, 1)]
    tops = faces_where(mesh, at[:, 2] == 0)
    tops = tops[np.hypot(*mesh.face_centres_mm(tops)[:, :2].T) < 2]
    lower = tops[(tops < count).all(axis=1)]
    upper = tops[(tops >= count).all(axis=1)]
    moved = np.zeros((len(at), 3))
    moved[far & (np.arange(len(at)) >= count), 2] = -depth
    loads = Loads(
        springs=(Springs(np.vstack(side), 1e3 * E, slides=True),),
        contacts=(Bodies(upper, lower, penetration_mm=1e-4),),
    )
    problem = Problem(mesh, NeoHookean(E, NU), loads)
    solution = solve(problem, Held(np.repeat(far[:, None], 3, axis=1), moved))
    force = 2 * np.pi / ANGLE * solution.contacts[0].force_mn[2]
    return solution, force, 4 / 3 * (STIFF / 2) * np.sqrt(R / 2) * depth**1.5


MIRRORED = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11, 16, 17, 18, 19]
"""The nodes of a hexahedron seen in a mirror."""


def with_its_mirror(mesh, far):
    """A mesh below z = 0 with its mirror image above as another body, and the far ends of both."""
    nodes = np.vstack([mesh.nodes_mm, mesh.nodes_mm * [1, 1, -1]])
    mirrored = mesh.cells[:, MIRRORED] + len(mesh.nodes_mm)
    return mesh_of(nodes, np.vstack([mesh.cells, mirrored])), np.concatenate([far, far])


def stacked(lower=(3, 3, 2), upper=(3, 3, 2), bulge=0.0, overlap=0.0):
    """Two blocks, one on the other at z = 0, meshed apart in these cells.

    Returns the mesh, the faces of the lower and of the upper one that touch, and the upper end.
    The lower one bulges up by ``bulge`` [1/mm], the upper one follows it less; they overlap.
    """
    (a, tets_a), (b, tets_b) = canonical.grid(*lower), canonical.grid(*upper)
    below, above = a / lower * BLOCK_MM - [0, 0, BLOCK_MM[2]], b / upper * np.array(BLOCK_MM)
    for points, share in ((below, a[:, 2] / lower[2]), (above, 1 - b[:, 2] / upper[2])):
        points[:, 2] -= bulge * share * ((points[:, :2] - 10) ** 2).sum(axis=1)
        bulge = 0.8 * bulge
    above[:, 2] -= overlap
    mesh = mesh_of(np.vstack([below, above]), np.vstack([tets_a, tets_b + len(a)]))
    ends = (
        np.concatenate([a[:, 2] == lower[2], b[:, 2] == 0]),
        np.concatenate([np.zeros(len(a), bool), b[:, 2] == upper[2]]),
    )
    touching, end = (mesh.surface[marked[mesh.surface[:, :3]].all(axis=1)] for marked in ends)
    is_lower = (touching[:, :3] < len(a)).all(axis=1)
    return mesh, touching[is_lower], touching[~is_lower], end


def patch(lower, upper, load_kpa=1.0, penetration_mm=0.05):
    """Two blocks pressed together by ``load_kpa`` on the upper end: the problem and its answer."""
    mesh, under, over, end = stacked(lower, upper)
    loads = Loads(
        tractions=(Traction(end, np.array([0, 0, -load_kpa])),),
        contacts=(Bodies(over, under, penetration_mm=penetration_mm),),
    )
    x, y, z = mesh.nodes_mm.T
    held = held_where(x < 1e-9, y < 1e-9, z < 1e-9 - BLOCK_MM[2])
    problem = Problem(mesh, NeoHookean(20.0, 0.3), loads)
    return problem, solve(problem, held)
