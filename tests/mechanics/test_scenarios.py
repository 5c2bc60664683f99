"""What happens to a body: a vessel that is stented, an organ that is cut, a user who cancels."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import PlanError, SolveError
from surgiplan.mechanics import (
    NeoHookean,
    RemnantSettings,
    VesselSettings,
    deploy_stent,
)
from surgiplan.mechanics.assembly import Problem
from surgiplan.mechanics.loads import Expander, Loads, weight_mn_per_mm3
from surgiplan.mechanics.solve import solve
from surgiplan.model.quantity import quantities
from tests.mechanics import canonical
from tests.mechanics.test_meshes import lumen

AXIS = np.stack([np.zeros(41), np.zeros(41), np.linspace(0, 100, 41)], 1)
BOUNDS = [[-60, -45, -35], [60, 45, 35]]
STENTED = (AXIS[:, 2] > 30) & (AXIS[:, 2] < 70)
SMALL = VesselSettings(elements=150, young_modulus_kpa=600.0, poisson_ratio=0.45)
REMNANT = RemnantSettings(elements=1200)


def ellipsoid(points):
    return (np.linalg.norm(points / [60.0, 45.0, 35.0], axis=1) - 1) * 35


def test_a_balloon_in_a_vessel_pushes_as_another_code_found():
    mesh, ijk = canonical.quarter_tube(1.5, 2.0, 8.0, (2, 12, 24))
    z = np.linspace(0, 8, 81)
    slope = np.clip(z - 4, 0, 1)
    expander = Expander(
        faces=canonical.faces_on(mesh, ijk[:, 0] == 0),
        axis_mm=np.stack([0 * z, 0 * z, z], 1),
        radius_mm=1.3 + 0.65 * (0.5 + 0.5 * np.cos(np.pi * slope)),
        share=np.ones(len(z)),
        stiffness_kpa_per_mm=5000.0,
    )
    end = ijk[:, 2] == 24
    held = canonical.supports(
        mesh, x=end | (ijk[:, 1] == 12), y=end | (ijk[:, 1] == 0), z=end | (ijk[:, 2] == 0)
    )
    problem = Problem(mesh, NeoHookean(300.0, 0.49), Loads(expander=expander))
    solution = solve(problem, held)
    u = solution.displacement_mm
    radius = np.hypot(*(mesh.nodes_mm + u)[: len(ijk), :2].T)
    middle = ijk[:, 2] == 0
    assert radius[middle & (ijk[:, 0] == 0)].mean() == pytest.approx(1.947, abs=0.005)
    assert radius[middle & (ijk[:, 0] == 2)].mean() == pytest.approx(2.3614, abs=0.005)
    areas = mesh.face_weights_mm2(expander.faces)
    force_n = (problem.contact_pressure_kpa(u) * areas).sum() / 1000
    assert force_n == pytest.approx(0.2349, rel=0.03)


def test_stent_and_wall_share_the_gap_as_two_springs():
    bloodless = replace(SMALL, pressure_mmhg=0.0, axial_prestretch_fraction=0.0, elements=250)
    settings = replace(bloodless, surroundings_kpa_per_mm=0.0, ends_kpa_per_mm=1000.0)
    gap = 0.2
    answer = deploy_stent(AXIS, lumen(11.0), np.where(AXIS[:, 2] > 0, 11.0 + gap, 11.2), settings)
    E, nu = settings.young_modulus_kpa, settings.poisson_ratio
    wall = 1 / canonical.lame_displacement(11.0, E, nu, 1.0, 11.0, 12.5)
    expected = gap * 10 / (10 + wall)
    opened = np.linalg.norm(answer.contours_mm[20, :, :2], axis=1).mean() - 11.0
    assert opened == pytest.approx(expected, rel=0.03)
    assert answer.contact_pressure_kpa[20].mean() == pytest.approx(wall * expected, rel=0.05)
    assert answer.contours_moved_mm < 0.2


def test_a_stiffer_stent_opens_a_bent_noisy_vessel_wider_and_pushes_harder():
    noise = np.random.default_rng(3).normal(0, 0.3, (41, 48))
    contours = lumen(11.0, bend=60.0, noise=noise)
    axis = lumen(1e-9, bend=60.0).mean(axis=1)
    radius = np.where(STENTED, 12.5, np.nan)
    soft, stiff = (
        deploy_stent(axis, contours, radius, replace(SMALL, stent_stiffness_kpa_per_mm=k))
        for k in (3.0, 30.0)
    )

    def opened(answer):
        before = np.linalg.norm(contours - axis[:, None], axis=2)[STENTED].mean()
        return np.linalg.norm(answer.contours_mm - axis[:, None], axis=2)[STENTED].mean() - before

    assert 0 < opened(soft) < opened(stiff) < 1.5
    assert 0 < soft.radial_force_n < stiff.radial_force_n
    assert np.abs(stiff.contours_mm - contours)[[0, -1]].max() < 0.5
    for answer in (soft.response, stiff.response):
        assert answer.converged
        assert answer.min_jacobian > 0.8
        assert answer.force_balance_error_fraction < 1e-6
        assert answer.triangles.max() == len(answer.points_mm) - 1
        assert answer.displacement_mm.shape == answer.points_mm.shape
        assert answer.von_mises_kpa.shape == (len(answer.points_mm),)
        assert 0 < answer.stress_p99_kpa < 500


def test_a_stent_that_never_touches_is_no_plan():
    with pytest.raises(PlanError, match="never touches the wall"):
        deploy_stent(AXIS, lumen(11.0), np.full(41, 9.0), SMALL)


def test_a_stent_beyond_the_vessel_is_no_plan():
    with pytest.raises(PlanError, match="does not reach"):
        deploy_stent(AXIS, lumen(11.0), np.full(41, np.nan), SMALL)


def test_a_setting_outside_its_range_is_refused():
    with pytest.raises(PlanError, match="poisson_ratio"):
        deploy_stent(AXIS, lumen(11.0), np.full(41, 12.0), VesselSettings(poisson_ratio=0.4999))


@pytest.mark.parametrize("settings", [VesselSettings, RemnantSettings])
def test_every_setting_has_a_default_within_its_range(settings):
    found = quantities(settings)
    assert len(found) >= 6
    for about, default in found.values():
        assert default is None or about.low <= default <= about.high
        assert about.unit


def test_a_load_beyond_reason_ends_in_an_error_with_its_numbers():
    mesh, ijk, factor = canonical.liver(4)
    weight = weight_mn_per_mm3(1_060_000, (0, 0, -9.81))
    back = ijk[:, 1] == 0
    problem = Problem(mesh, NeoHookean(20.0, 0.45), Loads(body_force_mn_per_mm3=weight), factor)
    with pytest.raises(SolveError, match="no equilibrium") as caught:
        solve(problem, canonical.supports(mesh, x=back, y=back, z=back))
    assert caught.value.iterations > 5
    assert caught.value.residual > 1e-6
