"""What a hand in the tissue may expect: the true equilibrium, and no harm from a wrong pull."""

from dataclasses import dataclass

import numpy as np
import pytest

from surgiplan.errors import Cancelled, SolveError
from surgiplan.mechanics import (
    Handle,
    Held,
    Loads,
    NeoHookean,
    Pressure,
    Problem,
    Rehearsal,
    Solution,
    Springs,
    held,
    mesh_of,
    solve,
    surface_patch,
    weight_mn_per_mm3,
)
from tests.mechanics import canonical


@dataclass(frozen=True)
class Liver:
    """The heavy liver at rest in its weight, and the patch at its tip that a hand takes."""

    problem: Problem
    held: Held
    solution: Solution
    tip: np.ndarray

    def rehearsal(self):
        return Rehearsal(self.problem, self.held, self.solution)

    def pulled(self, pull_mm):
        """The tight solution with the tip moved by ``pull_mm``."""
        mask, places = self.held.mask.copy(), np.zeros(self.held.mask.shape)
        mask[self.tip], places[self.tip] = True, self.solution.displacement_mm[self.tip] + pull_mm
        start = self.solution.displacement_mm
        return solve(self.problem, Held(mask, places), start_mm=start, tolerance=1e-8)


def liver(n, order, poisson_ratio=0.45):
    mesh, ijk, factor = canonical.liver(n)
    back = ijk[:, 1] == 0
    mesh = mesh_of(mesh.nodes_mm[: len(ijk)], mesh.cells[:, :4], order=order)
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    clamped = held(len(mesh.nodes_mm), back[mesh.parents].all(axis=1))
    problem = Problem(mesh, NeoHookean(20.0, poisson_ratio), loads, factor)
    tip = surface_patch(mesh, mesh.nodes_mm[mesh.nodes_mm[:, 0].argmax()], 15.0)
    return Liver(problem, clamped, solve(problem, clamped), tip)


def handled():
    """Displacements of a liver that is dragged, let go and cut."""
    body = liver(4, 2)
    rehearsal = body.rehearsal()
    rehearsal.drag(Handle(body.tip, (0, 0, 4)))
    rehearsal.drag(Handle(body.tip, (0, 2, 8)))
    dragged = rehearsal.displacement_mm
    middle = rehearsal.mesh.nodes_mm[rehearsal.mesh.cells[:, :4]].mean(axis=1)
    return dragged, rehearsal.cut(middle[:, 0] > 60).displacement_mm


@pytest.fixture(scope="module")
def quadratic():
    return liver(4, 2)


@pytest.fixture(scope="module")
def linear():
    return liver(8, 1)


@pytest.mark.parametrize("which", ["quadratic", "linear"])
def test_a_dragged_liver_lies_where_a_tight_solution_finds_it(which, request):
    body = request.getfixturevalue(which)
    rehearsal = body.rehearsal()
    for pull in ((0, 0, 1), (0, 0, 6), (2, -3, 8)):
        found = rehearsal.drag(Handle(body.tip, pull))
        exact = body.pulled(pull)
        assert np.abs(found.displacement_mm - exact.displacement_mm).max() < 0.01
        assert found.residual <= found.tolerance
        assert found.min_jacobian > 0
        force = exact.support_mn[body.tip].sum(axis=0)
        np.testing.assert_allclose(found.force_mn[0], force, rtol=0.01, atol=2.0)


def test_nearly_incompressible_tissue_follows_the_hand_too():
    body = liver(3, 2, poisson_ratio=0.499)
    found = body.rehearsal().drag(Handle(body.tip, (0, 0, 5)))
    assert np.abs(found.displacement_mm - body.pulled((0, 0, 5)).displacement_mm).max() < 0.01


def test_a_hand_that_lets_go_gives_the_liver_back_its_shape(quadratic):
    rehearsal = quadratic.rehearsal()
    rehearsal.drag(Handle(quadratic.tip, (0, 0, 8)))
    rehearsal.drag()
    left = rehearsal.displacement_mm - quadratic.solution.displacement_mm
    assert np.abs(left).max() < 0.01


def test_a_second_hand_takes_hold_where_the_first_has_moved_the_tissue(quadratic):
    rehearsal, mesh = quadratic.rehearsal(), quadratic.problem.mesh
    other = surface_patch(mesh, mesh.nodes_mm[mesh.nodes_mm[:, 0].argmin()], 15.0)
    first = rehearsal.drag(Handle(quadratic.tip, (0, 0, 5)))
    both = rehearsal.drag(Handle(quadratic.tip, (0, 0, 0)), Handle(other, (0, 0, 3)))
    moved = both.displacement_mm - first.displacement_mm
    np.testing.assert_allclose(moved[quadratic.tip], 0, atol=1e-9)
    np.testing.assert_allclose(moved[other], np.broadcast_to([0, 0, 3], (len(other), 3)))
    assert both.force_mn.shape == (2, 3)


def test_a_pull_that_tissue_cannot_follow_is_refused_and_forgotten(quadratic):
    rehearsal = quadratic.rehearsal()
    before = rehearsal.drag(Handle(quadratic.tip, (0, 0, 2))).displacement_mm
    with pytest.raises(SolveError, match="cannot follow the handle"):
        rehearsal.drag(Handle(quadratic.tip, (-1000, 0, 0)))
    assert rehearsal.displacement_mm is before
    after = rehearsal.drag(Handle(quadratic.tip, (0, 0, 2))).displacement_mm
    np.testing.assert_allclose(after, before, atol=0.005)


def test_a_drag_that_is_no_longer_wanted_stops_and_leaves_the_liver_as_it_was(quadratic):
    rehearsal = quadratic.rehearsal()
    before, calls = rehearsal.displacement_mm, []

    def unwanted(fraction, message):
        calls.append(message)
        if len(calls) == 5:
            rehearsal.cancel()

    with pytest.raises(Cancelled):
        rehearsal.drag(Handle(quadratic.tip, (0, 0, 5)), report=unwanted)
    assert len(calls) == 5
    assert rehearsal.displacement_mm is before
    assert rehearsal.drag(Handle(quadratic.tip, (0, 0, 5))).min_jacobian > 0


@pytest.mark.parametrize("which", ["quadratic", "linear"])
def test_a_cut_liver_settles_where_a_fresh_solution_finds_it(which, request):
    body = request.getfixturevalue(which)
    rehearsal, mesh = body.rehearsal(), body.problem.mesh
    middle = mesh.nodes_mm[mesh.cells[:, :4]].mean(axis=1)
    wedge = (middle[:, 0] > 40) & (middle[:, 1] > 0)
    found = rehearsal.cut(wedge)
    nodes, rest = rehearsal.nodes, rehearsal.mesh
    assert np.array_equal(rehearsal.elements, np.flatnonzero(~wedge))
    np.testing.assert_array_equal(rest.nodes_mm, mesh.nodes_mm[nodes])
    assert rest.volume_mm3 == pytest.approx(mesh.volumes_mm3[~wedge].sum())
    loads = Loads(weight_mn_per_mm3(1060, (0, 0, -9.81)))
    factor = body.problem.tissue.stiffness_factor[~wedge]
    fresh = solve(
        Problem(rest, NeoHookean(20.0, 0.45), loads, factor),
        held(len(nodes), body.held.mask[nodes, 0]), tolerance=1e-8,
    )  # fmt: skip
    assert np.abs(found.displacement_mm - fresh.displacement_mm).max() < 0.01
    assert np.abs(found.displacement_mm - body.solution.displacement_mm[nodes]).max() > 1
    tip = surface_patch(rest, rest.nodes_mm[rest.nodes_mm[:, 0].argmax()], 10.0)
    assert rehearsal.drag(Handle(tip, (0, 0, 3))).residual <= found.tolerance


def test_a_piece_that_a_cut_sets_free_is_refused_and_nothing_is_cut(quadratic):
    rehearsal, mesh = quadratic.rehearsal(), quadratic.problem.mesh
    depths = mesh.nodes_mm[mesh.cells[:, :4], 1]
    slab = np.flatnonzero((depths.min(axis=1) < 5) & (depths.max(axis=1) > 5))
    with pytest.raises(SolveError, match="ml loose that nothing holds"):
        rehearsal.cut(slab)
    with pytest.raises(SolveError, match="leaves nothing"):
        rehearsal.cut(np.arange(len(mesh.cells)))
    assert rehearsal.mesh is mesh


def test_springs_and_pressure_stay_on_what_a_cut_leaves_of_their_faces():
    mesh, ijk = canonical.box((40, 10, 10), (4, 1, 1))
    bottom, top = (canonical.faces_on(mesh, ijk[:, 2] == level) for level in (0, 1))
    bed = np.linspace(1.0, 2.0, len(bottom))
    loads = Loads(pressures=(Pressure(top, 0.1),), springs=(Springs(bottom, bed),))
    nothing = held(len(mesh.nodes_mm), [])
    problem = Problem(mesh, NeoHookean(20.0, 0.3), loads)
    rehearsal = Rehearsal(problem, nothing, solve(problem, nothing))
    far = mesh.nodes_mm[mesh.cells[:, :4]].mean(axis=1)[:, 0] > 20
    found = rehearsal.cut(far)
    rest = rehearsal.mesh
    number = np.full(len(mesh.nodes_mm), -1)
    number[rehearsal.nodes] = np.arange(len(rehearsal.nodes))
    stays = [(number[faces] >= 0).all(axis=1) for faces in (bottom, top)]
    assert [int(on.sum()) for on in stays] == [4, 4]
    loads = Loads(
        pressures=(Pressure(number[top[stays[1]]], 0.1),),
        springs=(Springs(number[bottom[stays[0]]], bed[stays[0]]),),
    )
    fresh = Problem(rest, NeoHookean(20.0, 0.3), loads)
    exact = solve(fresh, held(len(rest.nodes_mm), [])).displacement_mm
    np.testing.assert_allclose(found.displacement_mm, exact, atol=1e-4)


def test_two_hands_on_one_node_are_a_mistake(quadratic):
    with pytest.raises(ValueError, match="same node"):
        quadratic.rehearsal().drag(
            Handle(quadratic.tip, (0, 0, 1)), Handle(quadratic.tip[:1], (0, 0, 1))
        )
