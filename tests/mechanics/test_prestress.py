"""A vessel is scanned under its blood pressure and stretched; a plan changes it from there."""

import numpy as np
import pytest

from surgiplan.errors import SolveError
from surgiplan.mechanics import NeoHookean, Problem, VesselSettings, deploy_stent, solve
from surgiplan.mechanics.prestress import KPA_PER_MMHG, Surroundings, scanned_vessel
from surgiplan.mechanics.tube import wall_of
from tests.mechanics import canonical
from tests.mechanics.test_meshes import lumen

RADIUS, THICKNESS, LENGTH = 11.0, 1.5, 50.0
E, NU, STRETCH = 600.0, 0.45, 0.05
SCAN = 93 * KPA_PER_MMHG


def vessel(bend=None, E=E, around=0.0, elements=120, flattened=1.0):
    contours = lumen(RADIUS, bend=bend, length=LENGTH) * [1.0, flattened, 1.0]
    wall = wall_of(contours, THICKNESS, elements)
    tissue = NeoHookean(E, NU)
    surroundings = Surroundings(SCAN, STRETCH, around, 10.0)
    return scanned_vessel(wall, lambda mesh, loads: Problem(mesh, tissue, loads), surroundings)


@pytest.fixture(scope="module")
def straight():
    return vessel()


def change_mm(body, mmhg):
    problem = body.problem(KPA_PER_MMHG * mmhg)
    solution = solve(problem, body.free, start_mm=body.scanned_mm)
    return solution.displacement_mm - body.scanned_mm


def widening_mm(body, change):
    """Mean radial displacement of the lumen halfway along."""
    inner = body.wall.grid[body.wall.grid.shape[0] // 4 * 2, ::2]
    across = (body.wall.feet_mm - body.wall.middles_mm)[inner]
    return np.einsum("ij,ij->i", change[inner], across).mean() / RADIUS


@pytest.mark.parametrize("bend", [None, 60.0])
def test_without_a_device_and_at_the_pressure_of_the_scan_a_vessel_stays(bend, straight):
    body = vessel(bend=bend, around=0.5) if bend else straight
    assert np.linalg.norm(body.scanned_mm, axis=1).max() > 1.0, "its own pressure alone moves it"
    assert np.linalg.norm(change_mm(body, 93), axis=1).max() < 0.1
    scanned = body.rest.nodes_mm + body.scanned_mm - body.wall.mesh.nodes_mm
    assert np.linalg.norm(scanned, axis=1).max() < 0.1


def test_an_oval_vessel_is_kept_from_rounding_by_what_lies_around():
    oval = vessel(around=0.5, flattened=0.8)
    assert oval.is_kept_in_shape
    assert np.linalg.norm(change_mm(oval, 93), axis=1).max() < 0.1
    assert widening_mm(oval, change_mm(oval, 120)) > 0.1
    assert widening_mm(oval, change_mm(oval, 60)) < -0.1


def test_at_rest_a_vessel_is_shorter_and_narrower(straight):
    z = straight.rest.nodes_mm[:, 2]
    assert np.ptp(z) == pytest.approx(LENGTH / (1 + STRETCH), rel=1e-6)
    inner = straight.rest.nodes_mm[straight.wall.grid[straight.wall.grid.shape[0] // 4 * 2, ::2]]
    assert np.hypot(*inner[:, :2].T).mean() < RADIUS - 0.5


def test_the_wall_carries_the_blood_pressure_as_laplace_says(straight):
    problem = straight.problem(SCAN)
    stress, _ = problem.stress_kpa(straight.scanned_mm)
    mesh = straight.wall.mesh
    points = np.einsum("qa,mai->mqi", mesh.element.shapes, mesh.nodes_mm[mesh.cells])
    around = np.stack([-points[..., 1], points[..., 0], 0 * points[..., 0]], axis=-1)
    around /= np.linalg.norm(around, axis=-1, keepdims=True)
    hoop = np.einsum("mqi,mqij,mqj->mq", around, stress, around)
    halfway = np.abs(points[..., 2] - LENGTH / 2) < LENGTH / 6
    mean = np.average(hoop[halfway], weights=mesh.point_volumes_mm3[halfway])
    assert mean == pytest.approx(SCAN * RADIUS / THICKNESS, rel=0.02)


def test_a_higher_pressure_in_the_operation_widens_and_a_lower_one_narrows(straight):
    wider = widening_mm(straight, change_mm(straight, 113))
    assert wider > 0 > widening_mm(straight, change_mm(straight, 73))
    lame = canonical.lame_displacement(RADIUS, E, NU, 20 * KPA_PER_MMHG, RADIUS, RADIUS + THICKNESS)
    assert lame < wider < 2 * lame, "a wider tube under pressure gives way more"


def test_a_vessel_too_soft_for_its_own_pressure_is_refused_in_words():
    with pytest.raises(SolveError, match=r"too soft or thin for 93 mmHg; lower pressure_mmhg"):
        vessel(E=60.0, elements=60)


def test_blood_pressure_in_the_operation_helps_the_stent():
    axis = lumen(1e-9, length=LENGTH).mean(axis=1)
    stent = np.where(np.abs(axis[:, 2] - 25) < 12, 12.0, np.nan)

    def opened(mmhg):
        settings = VesselSettings(elements=120, operation_pressure_mmhg=mmhg)
        answer = deploy_stent(axis, lumen(RADIUS, length=LENGTH), stent, settings)
        return np.linalg.norm(answer.contours_mm[20, :, :2], axis=1).mean(), answer

    usual, high = (opened(mmhg) for mmhg in (None, 130))
    assert usual[0] < high[0]
    assert usual[1].radial_force_n > high[1].radial_force_n
    assert usual[1].scan_miss_mm < 0.1
    assert "93 mmHg" in usual[1].assumptions[0]
