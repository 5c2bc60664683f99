"""Random vascular trees that fill a solid."""

import numpy as np
from numpy.typing import ArrayLike

from ..grid import Grid, Points
from ..solids import Solid


def grow_tree(
    root: ArrayLike,
    solid: Solid,
    rng: np.random.Generator,
    *,
    twigs: int,
    root_radius_mm: float,
    tip_radius_mm: float,
    spare: Solid | None = None,
) -> list[list[float]]:
    """Round cones of a tree from ``root`` to points scattered in ``solid``.

    Each new tip joins the tree where the way from the root stays short; radii follow Murray's
    law from the tips up. Twigs that enter ``spare`` are left out.
    """
    tips = _scatter(solid, rng, twigs)
    return tree_to(root, tips, rng, root_radius_mm, tip_radius_mm, spare=spare)


def tree_to(
    root: ArrayLike,
    tips: Points,
    rng: np.random.Generator,
    root_radius_mm: float,
    tip_radius_mm: float,
    *,
    spare: Solid | None = None,
) -> list[list[float]]:
    """Round cones of a tree from ``root`` to given tips (n, 3), as :func:`grow_tree` has it."""
    nodes = [np.asarray(root, dtype=np.float64)]
    parents = [-1]
    lengths = [0.0]
    for tip in tips:
        position = np.array(nodes)
        away = np.linalg.norm(position - tip, axis=1)
        joint = int(np.argmin(away * 1.25 + np.array(lengths)))
        _bend_towards(nodes, parents, lengths, joint, tip, rng)
    if spare is not None:
        hit = _distances(spare, np.array(nodes)) < 0
    else:
        hit = np.zeros(len(nodes), dtype=bool)
    return _cones(nodes, parents, hit, root_radius_mm, tip_radius_mm)


def _bend_towards(
    nodes: list[Points],
    parents: list[int],
    lengths: list[float],
    joint: int,
    tip: Points,
    rng: np.random.Generator,
) -> None:
    start = nodes[joint]
    span = float(np.linalg.norm(tip - start))
    count = max(int(span / 9), 1)
    direction = start - nodes[parents[joint]] if parents[joint] >= 0 else tip - start
    direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
    for n in range(1, count + 1):
        t = n / count
        straight = start + t * (tip - start)
        bend = 0.22 * span * t * (1 - t) * direction
        wiggle = rng.normal(0, 0.04 * span * t * (1 - t) * 4, 3) if n < count else 0.0
        parent = joint if n == 1 else len(nodes) - 1
        nodes.append(straight + bend + wiggle)
        parents.append(parent)
        step = float(np.linalg.norm(nodes[-1] - nodes[parent]))
        lengths.append(lengths[parent] + step)


def _cones(
    nodes: list[Points],
    parents: list[int],
    hit: np.ndarray,
    root_radius_mm: float,
    tip_radius_mm: float,
) -> list[list[float]]:
    load = np.zeros(len(nodes))
    has_child = np.zeros(len(nodes), dtype=bool)
    has_child[[p for p in parents if p >= 0]] = True
    load[~has_child] = 1.0
    blocked = hit.copy()
    for n in range(1, len(nodes)):
        blocked[n] |= blocked[parents[n]]
    for n in range(len(nodes) - 1, 0, -1):
        load[parents[n]] += load[n]
    power = np.log(max(load[0], 2.0)) / np.log(root_radius_mm / tip_radius_mm)
    radii = tip_radius_mm * np.maximum(load, 1.0) ** (1 / power)
    return [
        [*nodes[p], min(radii[p], 1.25 * radii[n]), *nodes[n], radii[n]]
        for n, p in enumerate(parents)
        if p >= 0 and not blocked[n]
    ]


def _scatter(solid: Solid, rng: np.random.Generator, count: int) -> Points:
    """Points spread evenly in a solid, nearest to the first ones first."""
    candidates = rng.uniform(solid.low, solid.high, (count * 12, 3))
    inside = candidates[_distances(solid, candidates) < 0]
    chosen: list[Points] = []
    spacing = 1.1 * (float(np.prod(solid.high - solid.low)) * 0.4 / count) ** (1 / 3)
    while len(chosen) < count and spacing > 1.0:
        for point in inside:
            if len(chosen) == count:
                break
            if not chosen or np.linalg.norm(np.array(chosen) - point, axis=1).min() > spacing:
                chosen.append(point)
        spacing *= 0.8
    return np.array(chosen) if chosen else np.zeros((0, 3))


def _distances(solid: Solid, points: Points) -> Points:
    """Signed distance of a solid at scattered points, from a grid of 3 mm [mm]."""
    from scipy.ndimage import map_coordinates

    step = 3.0
    low = np.minimum(solid.low, points.min(axis=0)) - step
    high = np.maximum(solid.high, points.max(axis=0)) + step
    shape = np.ceil((high - low) / step).astype(int) + 1
    grid = Grid(
        (float(low[2]), float(low[1]), float(low[0])),
        (step, step, step),
        (int(shape[2]), int(shape[1]), int(shape[0])),
    )
    indices = ((points - low) / step)[:, ::-1].T
    return np.asarray(map_coordinates(solid.distance(grid), indices, order=1, mode="nearest"))
