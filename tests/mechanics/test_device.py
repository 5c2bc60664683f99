"""Devices in vessels: how they push, how they bend, and what comes of it."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.mechanics import (
    Expander,
    Loads,
    NeoHookean,
    Problem,
    Springs,
    Squeezed,
    held,
    solve,
)
from surgiplan.mechanics.tube import wall_of
from tests.mechanics import canonical
from tests.mechanics.test_meshes import lumen


@pytest.fixture(scope="module")
def bend():
    """A vessel bent by 55 degrees with a stent in its middle: wall, contours, stent."""
    contours = lumen(11.0, bend=60.0)
    wall = wall_of(contours, 1.5, 1000)
    axis = contours.mean(axis=1)
    share = np.clip(3 - np.abs(np.arange(len(axis)) - 20) / 4, 0, 1)
    radius = np.full(len(axis), 12.5)
    return wall, contours, Expander(wall.inner, axis, radius, share, 10.0)


def settled(wall, stent):
    around = (Springs(wall.outer, 0.5),)
    problem = Problem(wall.mesh, NeoHookean(600.0, 0.45), Loads(springs=around, expander=stent))
    return problem, solve(problem, held(len(wall.mesh.nodes_mm), wall.end_nodes))


def bend_deg(contours):
    middles = contours.mean(axis=1)
    first, last = middles[14] - middles[10], middles[-11] - middles[-15]
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    return float(np.degrees(np.arccos(cosine)))


def test_a_stiffer_stent_straightens_a_bent_vessel_more(bend):
    wall, contours, stent = bend
    angles = [bend_deg(contours)]
    for stiffness in (100.0, 1000.0, 10000.0):
        _, solution = settled(wall, replace(stent, bending_n_mm2=stiffness))
        angles.append(bend_deg(contours + wall.at_contours(solution.displacement_mm)))
    assert angles == sorted(angles, reverse=True)
    assert angles[0] - angles[1] > 0.5
    assert angles[1] - angles[3] > 3


def test_a_stent_that_lies_freely_is_pushed_by_the_wall_to_no_side(bend):
    wall, _, stent = bend
    for stiffness, most in ((None, 0.2), (100.0, 2e-3)):
        problem, solution = settled(wall, replace(stent, bending_n_mm2=stiffness))
        touch = problem.device_touch(solution.displacement_mm)
        aside = np.linalg.norm(touch.force_mn.sum(axis=0))
        areas = wall.mesh.face_weights_mm2(wall.inner)
        all_around = float((touch.pressure_kpa * areas).sum())
        assert all_around > 10_000
        assert aside < most * all_around
    assert touch.axis_mm.shape == stent.axis_mm.shape
    assert np.abs(touch.axis_mm - stent.axis_mm).max() > 0.1


def test_the_tangent_knows_that_the_axis_yields():
    mesh, ijk = canonical.quarter_tube(1.5, 2.0, 4.0, (1, 4, 4))
    inner = canonical.faces_on(mesh, ijk[:, 0] == 0)
    z = np.linspace(-0.5, 4.5, 21)
    axis = np.stack([0.1 * np.sin(z), 0 * z, z], 1)
    share = np.clip(1.5 - np.abs(z - 2) / 2, 0, 1)
    squeezed = Squeezed(80.0, 12.0, 150.0, depth_mm=0.1)
    stent = Expander(inner, axis, np.full(21, 1.7), share, 50.0, 7.0, squeezed, 0.01)
    problem = Problem(mesh, NeoHookean(3.0, 0.45), Loads(expander=stent))
    random = np.random.default_rng(1)
    u = 0.01 * random.standard_normal(mesh.nodes_mm.shape)
    way = random.standard_normal(mesh.nodes_mm.shape)
    state = problem.at(u, 1.0, tangent=True)
    rows = np.repeat(np.arange(problem.node_count), np.diff(problem.pattern.starts))
    predicted = np.zeros_like(u)
    np.add.at(predicted, rows, np.einsum("sij,sj->si", state.blocks, way[problem.pattern.columns]))
    yielded = np.zeros_like(u)
    yielded[state.softening.nodes] = state.softening.times(way)
    assert np.linalg.norm(yielded) > 1e-3 * np.linalg.norm(predicted)
    h = 1e-7
    ahead, behind = (problem.at(u + s * h * way, 1.0, tangent=False) for s in (1, -1))
    slope = (ahead.residual - behind.residual) / (2 * h)
    assert np.linalg.norm(predicted - yielded - slope) < 1e-5 * np.linalg.norm(slope)
    assert (ahead.energy - behind.energy) / (2 * h) == pytest.approx(
        float(np.vdot(state.residual, way)), rel=1e-5
    )


def test_nitinol_pushes_less_as_it_opens_than_when_it_is_squeezed():
    from surgiplan.mechanics.expander._kernels import pressed

    law = np.array([10.0, 12.0, 20.0, 24.0, 60.0])
    opening, turned, closing = (
        np.array([pressed(depth, law, reached)[1] for depth in np.linspace(0, 3, 61)])
        for reached in (np.inf, 1.0, 0.0)
    )
    assert opening.max() == 12.0
    assert closing.max() == 24.0
    assert (closing[1:] > opening[1:]).all()
    assert (turned <= closing + 1e-12).all()
    assert (turned >= opening - 1e-12).all()
    assert np.array_equal(turned[:21], opening[:21]), "it was there before it was squeezed"
    assert turned[21] - turned[20] == pytest.approx(60 * 0.05)


@pytest.mark.parametrize("reached", [np.inf, 0.0, 0.7, 1.6, 2.5])
@pytest.mark.parametrize("turn", [20.0, 60.0, 400.0])
def test_the_pressure_of_a_device_is_the_slope_of_its_energy(reached, turn):
    from surgiplan.mechanics.expander._kernels import pressed

    law = np.array([10.0, 12.0, 20.0, 24.0, turn])
    for depth in np.linspace(0.013, 3.013, 61):
        ahead, behind = (pressed(depth + step, law, reached) for step in (1e-6, -1e-6))
        _, kpa, rise = pressed(depth, law, reached)
        assert (ahead[0] - behind[0]) / 2e-6 == pytest.approx(kpa, abs=1e-6)
        assert (ahead[1] - behind[1]) / 2e-6 == pytest.approx(rise, abs=1e-4)
