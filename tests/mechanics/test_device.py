"""Devices in vessels: how they push, how they bend, and what comes of it."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.mechanics import (
    Device,
    Expander,
    Loads,
    NeoHookean,
    Pressure,
    Problem,
    Springs,
    Squeezed,
    VesselSettings,
    deploy_stent,
    held,
    solve,
)
from surgiplan.mechanics.device import reloaded
from surgiplan.mechanics.tube import wall_of
from tests.mechanics import canonical
from tests.mechanics.test_meshes import lumen

AXIS = np.stack([np.zeros(41), np.zeros(41), np.linspace(0, 60, 41)], 1)
THIN = VesselSettings(
    thickness_mm=0.5,
    young_modulus_kpa=1000.0,
    poisson_ratio=0.45,
    pressure_mmhg=0.0,
    axial_prestretch_fraction=0.0,
    surroundings_kpa_per_mm=0.0,
    ends_kpa_per_mm=0.1,
    stent_stiffness_kpa_per_mm=8.0,
    elements=120,
)
"""A thin ring, free to shorten, of which the text books know the answer."""


def opened_mm(answer):
    """Diameter of the lumen after, in the middle of the stent."""
    return 2 * np.linalg.norm(answer.contours_mm[15:26, :, :2], axis=2).mean()


def in_ring(free_mm=22.8, design=None, **changes):
    radius = np.where(AXIS[:, 2] >= 0, free_mm / 2, np.nan)
    contours = lumen(11.0, length=60.0)
    return deploy_stent(AXIS, contours, radius, replace(THIN, **changes), design=design)


@pytest.fixture(scope="module")
def ring():
    return in_ring()


@pytest.fixture(scope="module")
def bend():
    """A vessel bent by 55 degrees with a stent in its middle: wall, contours, stent."""
    contours = lumen(11.0, bend=60.0)
    wall = wall_of(contours, 1.5, 120)
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

    law = np.array([10.0, 12.0, 20.0, 24.0, 60.0, 0.3])
    opening, turned, closing = (
        np.array([pressed(depth, law, reached)[1] for depth in np.linspace(0, 3, 61)])
        for reached in (np.inf, 1.0, 0.0)
    )
    assert opening[-1] == pytest.approx(12 + 0.3 * 10 * 1.8)
    assert closing[-1] == pytest.approx(24 + 0.3 * 20 * 1.8)
    assert (closing[1:] > opening[1:]).all()
    assert (turned <= closing + 1e-12).all()
    assert (turned >= opening - 1e-12).all()
    assert np.array_equal(turned[:21], opening[:21]), "it was there before it was squeezed"
    assert turned[21] - turned[20] == pytest.approx(60 * 0.05)


@pytest.mark.parametrize("reached", [np.inf, 0.0, 0.7, 1.6, 2.5])
@pytest.mark.parametrize("turn", [20.0, 60.0, 400.0])
def test_the_pressure_of_a_device_is_the_slope_of_its_energy(reached, turn):
    from surgiplan.mechanics.expander._kernels import pressed

    law = np.array([10.0, 12.0, 20.0, 24.0, turn, 0.3])
    for depth in np.linspace(0.013, 3.013, 61):
        ahead, behind = (pressed(depth + step, law, reached) for step in (1e-6, -1e-6))
        _, kpa, rise = pressed(depth, law, reached)
        assert (ahead[0] - behind[0]) / 2e-6 == pytest.approx(kpa, abs=1e-6)
        assert (ahead[1] - behind[1]) / 2e-6 == pytest.approx(rise, abs=1e-4)


def ring_formula_mm(young_modulus_kpa, free_mm=22.8, stiffness_kpa_per_mm=8.0):
    """Diameter at which stent and thin ring balance; pressures by diameter, not by radius."""
    stent, wall = stiffness_kpa_per_mm / 2, 2 * young_modulus_kpa * 0.5 / 22.25**2
    return (stent * free_mm + wall * 22.0) / (stent + wall)


def test_a_stent_in_a_thin_ring_opens_as_the_formula_of_two_springs_says(ring):
    assert opened_mm(ring) == pytest.approx(ring_formula_mm(1000.0), rel=0.002)
    assert opened_mm(ring) - 22 == pytest.approx(ring_formula_mm(1000.0) - 22, rel=0.03)


def test_in_a_wall_twice_as_stiff_a_stent_stays_smaller(ring):
    stiff = in_ring(young_modulus_kpa=2000.0)
    assert 22 < opened_mm(stiff) < opened_mm(ring) - 0.05
    assert opened_mm(stiff) == pytest.approx(ring_formula_mm(2000.0), rel=0.002)
    assert stiff.device.radial_force_n > ring.device.radial_force_n


def test_the_wall_balances_the_push_of_the_stent(ring):
    device = ring.device
    assert device.contact_balance_error_fraction < 1e-5
    pressure = 8.0 * (11.4 - opened_mm(ring) / 2)
    assert device.contact_pressure_mean_kpa == pytest.approx(pressure, rel=0.02)
    assert device.radial_force_n_per_mm == pytest.approx(np.pi * 22 * pressure / 1000, rel=0.03)
    assert device.hoop_force_n_per_mm == pytest.approx(device.radial_force_n_per_mm / (2 * np.pi))
    # The tension in a thin ring is pressure times radius, whatever pushes.
    tension_kpa = pressure * opened_mm(ring) / 2 / 0.5
    assert ring.response.stress_p95_kpa == pytest.approx(tension_kpa, rel=0.1)


def test_the_chronic_outward_force_is_less_than_the_radial_resistive_force(ring):
    device = ring.device
    assert device.radial_resistive_force_n == pytest.approx(2 * device.radial_force_n, rel=0.01)


def test_a_vessel_that_squeezes_its_stent_meets_more_resistance_than_the_stent_pushed_with(ring):
    problem, solution = ring.device.problem, ring.device.solution
    mesh, loads = problem.mesh, problem.loads
    centres, normals = mesh.face_centres_mm(mesh.surface), mesh.face_normals(mesh.surface)
    outside = np.einsum("fi,fi->f", centres[:, :2], normals[:, :2]) > 1
    stiffer = reloaded(ring.device, Device(stiffness_kpa_per_mm=8.0, loading_factor=2.0))

    def narrowed(expander, kpa):
        squeeze = Pressure(mesh.surface[outside], kpa)
        pressed = replace(loads, expander=expander, pressures=(*loads.pressures, squeeze))
        found = solve(
            problem.on(mesh, pressed), held(len(mesh.nodes_mm), []),
            start_mm=solution.displacement_mm,
        )  # fmt: skip
        inner = np.unique(expander.faces)
        change = found.displacement_mm[inner] - solution.displacement_mm[inner]
        outward = mesh.nodes_mm[inner] * [1, 1, 0]
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        return -float(np.einsum("ni,ni->n", change, outward).mean())

    assert abs(narrowed(stiffer, 0.0)) < 1e-4, "nothing squeezes it yet"
    assert 0 < narrowed(stiffer, 0.5) < 0.6 * narrowed(loads.expander, 0.5)


def test_a_stent_squeezed_to_half_its_width_still_opens_the_vessel_around_it():
    answer = in_ring(
        36.0, Device(stiffness_kpa_per_mm=8.0, plateau_kpa=20.0), surroundings_kpa_per_mm=0.5
    )
    assert opened_mm(answer) > 24.0
    assert np.linalg.norm(answer.axis_mm[15:26, :2], axis=1).max() < 0.5, "it stays in the middle"
    assert any("held where it was placed" in one for one in answer.assumptions)


def test_a_stent_that_gives_way_opens_its_vessel_less(ring):
    weak = in_ring(stent_plateau_kpa=0.6)
    assert weak.device.contact_pressure_mean_kpa < 0.9 * ring.device.contact_pressure_mean_kpa
    assert opened_mm(weak) < opened_mm(ring) - 0.02


def test_a_stent_recoils_when_its_balloon_is_gone():
    design = Device(100.0, 200.0, balloon=True, recoil_fraction=0.02)
    answer = in_ring(23.0, design, stent_stiffness_kpa_per_mm=None)
    left = 23.0 * 0.98
    assert opened_mm(answer) == pytest.approx(ring_formula_mm(1000.0, left, 100.0), rel=0.002)
    assert 0.02 < answer.device.recoil_fraction < 0.025
    assert 2 * np.nanmax(answer.radius_mm) == pytest.approx(left, rel=0.002)


@pytest.mark.parametrize("free_mm", [20.0, 220.0])
@pytest.mark.parametrize("deployment", ["self_expanding", "balloon"])
def test_a_stent_of_the_wrong_size_is_refused_in_a_sentence(free_mm, deployment):
    with pytest.raises(PlanError, match=r"never touches|which no wall bears"):
        in_ring(free_mm, deployment=deployment)
