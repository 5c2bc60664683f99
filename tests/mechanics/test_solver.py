"""What a solve promises: the same bits on any number of threads, and memory within bounds."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from surgiplan.errors import Cancelled, GeometryError, SolveError
from surgiplan.jobs_report import silent
from surgiplan.mechanics import Loads, NeoHookean, Problem, held, mesh_of, solve, weight_mn_per_mm3
from surgiplan.mechanics.direct import Direct
from surgiplan.mechanics.linear import Tangent, conjugate_gradients
from tests.mechanics import canonical

ROOT = Path(__file__).resolve().parents[2]

ANSWER = """
import hashlib
from tests.mechanics.test_rehearsal import handled
from tests.mechanics.test_solver import sagged
answers = [sagged(12, 1).displacement_mm, sagged(8, 2).displacement_mm, *handled()]
print(hashlib.sha256(b"".join(answer.tobytes() for answer in answers)).hexdigest())
"""


MEMORY = """
from pathlib import Path
from tests.mechanics.test_solver import sagged
sagged({n}, {order})
(line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
print(line.split()[1])
"""


def sagged(n, order, report=silent):
    """The solution for the heavy liver of n^3 cells, of linear or quadratic elements."""
    mesh, ijk, factor = canonical.liver(n)
    back = ijk[:, 1] == 0
    mesh = mesh_of(mesh.nodes_mm[: len(ijk)], mesh.cells[:, :4], order=order)
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    clamped = held(len(mesh.nodes_mm), back[mesh.parents].all(axis=1))
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads, factor)
    return solve(problem, clamped, report=report)


def test_the_same_liver_sags_to_the_same_bits_on_one_and_on_two_threads():
    found = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads)}
        answer = subprocess.run(
            [sys.executable, "-c", ANSWER], cwd=ROOT, env=environment, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        found.add(answer.stdout)
    assert len(found) == 1


def test_a_large_mesh_of_linear_elements_sags_as_five_codes_found():
    assert np.abs(sagged(12, 1).displacement_mm[:2197]).max() == pytest.approx(35.7518, abs=1e-4)


@pytest.mark.parametrize(
    ("nodes", "components"),
    [((), "xyz"), ((0,), "xyz"), ((0, 1), "xyz"), (range(20), "xy")],
)
def test_a_body_that_can_slide_or_turn_as_a_whole_is_refused(nodes, components):
    mesh, _ = canonical.box((10, 10, 10), (2, 2, 2))
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    problem = Problem(mesh, NeoHookean(20.0, 0.45), loads)
    with pytest.raises(SolveError, match="held nowhere, or can still slide or turn"):
        solve(problem, held(len(mesh.nodes_mm), list(nodes), components))


@pytest.mark.parametrize(
    ("n", "order", "most_mib"),
    [
        (20, 1, 300),
        pytest.param(12, 2, 500, marks=pytest.mark.slow),
        pytest.param(32, 1, 1200, marks=pytest.mark.slow),
    ],
)
def test_a_large_liver_needs_little_memory(n, order, most_mib):
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the peak of one process")
    answer = subprocess.run(
        [sys.executable, "-c", MEMORY.format(n=n, order=order)], cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert int(answer.stdout) / 1024 < most_mib


def test_a_large_solve_asks_in_every_iteration_whether_it_is_still_wanted():
    asked = []
    solution = sagged(12, 1, report=lambda fraction, message: asked.append(fraction))
    assert len(asked) > solution.cg_iterations + solution.iterations > 10


def test_a_solve_stops_wherever_it_is_asked_to():
    calls = []
    sagged(4, 2, report=lambda fraction, message: calls.append(message))
    for stop in range(1, len(calls) + 1, 7):
        heard = []

        def unwanted(fraction, message, heard=heard, stop=stop):
            heard.append(message)
            if len(heard) == stop:
                raise Cancelled(message)

        with pytest.raises(Cancelled):
            sagged(4, 2, report=unwanted)
        assert heard == calls[:stop]


def test_every_step_of_the_loading_is_the_equilibrium_of_its_share_of_the_load():
    mesh, ijk = canonical.box((60, 10, 10), (6, 1, 1))
    clamped = held(len(mesh.nodes_mm), canonical.on(mesh, ijk[:, 0] == 0))

    def weighed(share, steps=1):
        loads = Loads(share * weight_mn_per_mm3(1060, (0, 0, -9.81)))
        return solve(Problem(mesh, NeoHookean(5.0, 0.45), loads), clamped, steps=steps)

    found = weighed(1.0, steps=4)
    assert [step.fraction for step in found.steps] == [0.25, 0.5, 0.75, 1.0]
    assert sum(step.iterations for step in found.steps) == found.iterations
    for step in found.steps:
        assert step.residual <= 1e-6
        assert step.min_jacobian > 0
        alone = weighed(step.fraction).displacement_mm
        np.testing.assert_allclose(step.displacement_mm, alone, atol=1e-3)
    assert found.steps[-1].displacement_mm is found.displacement_mm


def test_a_body_on_three_points_is_held():
    mesh, _ = canonical.box((10, 10, 10), (2, 2, 2))
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    solution = solve(
        Problem(mesh, NeoHookean(20.0, 0.45), loads), held(len(mesh.nodes_mm), [0, 2, 6])
    )
    assert solution.residual < 1e-6


@pytest.mark.parametrize(
    ("points", "cells", "sentence"),
    [
        ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], [[0, 1, 2, 3]], "flat"),
        ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, np.nan]], [[0, 1, 2, 3]], "not numbers"),
        ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 2, 4]], "does not have"),
        (np.vstack([np.eye(3), np.zeros((2, 3))]), [[0, 1, 2, 3]], "no element"),
    ],
)
def test_a_mesh_that_is_none_is_refused_in_one_sentence(points, cells, sentence):
    with pytest.raises(GeometryError, match=sentence):
        mesh_of(points, cells)


def test_pardiso_where_installed_solves_the_same_equations_to_the_same_bits():
    pytest.importorskip("pypardiso")
    mesh, ijk = canonical.box((200, 10, 2), (20, 1, 1))
    problem = Problem(mesh, NeoHookean(20.0, 0.3), Loads(weight_mn_per_mm3(1060, (0, 0, -1))))
    clamped = held(len(mesh.nodes_mm), canonical.on(mesh, ijk[:, 0] == 0)).mask
    state = problem.at(np.zeros(clamped.shape), 1.0, tangent=True)
    right = np.where(clamped, 0.0, -state.residual)
    asked, found = [], []
    for iterations in (1, 200, 200):
        tangent = Tangent(problem, clamped)
        tangent.update(state.blocks)
        tangent.took(iterations, 1e-2)
        tangent.update(state.blocks, tick=lambda: asked.append(1))
        found.append(conjugate_gradients(tangent, right, 1e-10, lambda: None, limit=2000))
    (own, many), (first, few), (second, _) = found
    assert few < 5 < many
    assert asked
    np.testing.assert_allclose(first, own, atol=1e-6 * np.abs(own).max())
    assert np.array_equal(first, second)


def test_a_direct_factor_refuses_what_is_not_positive_definite():
    pytest.importorskip("pypardiso")
    mesh, _ = canonical.box((10, 10, 10), (1, 1, 1))
    problem = Problem(mesh, NeoHookean(20.0, 0.3))
    state = problem.at(np.zeros_like(mesh.nodes_mm), 1.0, tangent=True)
    nothing = np.zeros(mesh.nodes_mm.shape, bool)
    assert not Direct(problem.pattern, nothing).factor(-state.blocks, lambda: None)
