"""What an answer says about the tissue: strain, and what was assumed to hold it."""

import numpy as np
import pytest

from surgiplan.mechanics import (
    Held,
    Linear,
    Loads,
    NeoHookean,
    Problem,
    Springs,
    held,
    response_of,
    solve,
    weight_mn_per_mm3,
)
from tests.mechanics import canonical


def test_a_bar_drawn_out_by_a_fifth_is_strained_by_that_everywhere():
    mesh, _ = canonical.box((30, 10, 10), (3, 1, 1))
    x, y, z = mesh.nodes_mm.T
    mask = np.stack([(x == 0) | (x == 30), y == 0, z == 0], axis=1)
    moved = np.zeros(mask.shape)
    moved[x == 30, 0] = 6.0
    problem = Problem(mesh, NeoHookean(10.0, 0.3), Loads())
    answer = response_of(problem, solve(problem, Held(mask, moved)))
    green_lagrange = (1.2**2 - 1) / 2
    assert answer.strain == pytest.approx(green_lagrange, rel=1e-4)
    assert answer.strain_p95 == pytest.approx(green_lagrange, rel=1e-4)
    assert answer.strain_p99 == pytest.approx(green_lagrange, rel=1e-4)
    assert answer.stress_p95_kpa == pytest.approx(answer.stress_p99_kpa, rel=1e-4)
    on_a_held_side = mask[mesh_nodes(mesh)].any(axis=1)
    assert np.array_equal(answer.fixed, on_a_held_side)
    assert not answer.spring_kpa_per_mm.any()


def test_the_bed_under_a_slab_is_part_of_the_answer_and_a_handle_is_not():
    mesh, ijk = canonical.box((20, 20, 5), (3, 3, 1))
    bed, top = (canonical.faces_on(mesh, ijk[:, 2] == k) for k in (0, 1))
    loads = Loads(
        body_force_mn_per_mm3=weight_mn_per_mm3(1000, (0, 0, -10)),
        springs=(Springs(bed, 0.02), Springs(top, 0.01, pull_mm=(0.0, 0.0, 1.0))),
    )
    problem = Problem(mesh, Linear(100.0, 0.0), loads)
    answer = response_of(problem, solve(problem, held(len(mesh.nodes_mm), [])))
    at = answer.points_mm
    rim = (at[:, :2] == 0).any(axis=1) | (at[:, :2] == 20).any(axis=1)
    below = at[:, 2] == 0
    assert answer.spring_kpa_per_mm[below & ~rim] == pytest.approx(0.02)
    assert (answer.spring_kpa_per_mm[below & rim] > 0).all()
    assert not answer.spring_kpa_per_mm[~below].any()
    assert not answer.fixed.any()


def mesh_nodes(mesh):
    """Numbers of the surface nodes, rising."""
    return np.unique(mesh.surface)
