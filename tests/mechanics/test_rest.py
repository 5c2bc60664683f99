"""What the scan shows already carries its weight and its blood pressure."""

import numpy as np
import pytest

from surgiplan.errors import SolveError
from surgiplan.mechanics import (
    Loads,
    NeoHookean,
    Position,
    Pressure,
    Problem,
    Springs,
    gravity_m_per_s2,
    held,
    rest_shape,
    solve,
    weight_mn_per_mm3,
)
from surgiplan.mechanics.mesh import Mesh
from tests.mechanics import canonical
from tests.mechanics.test_incompressible import tube

LIVER, IJK, FACTOR = canonical.liver(4)
BACK = canonical.on(LIVER, IJK[:, 1] == 0)


def lying(position, mesh, density=1060):
    weight = weight_mn_per_mm3(density, gravity_m_per_s2(position))
    return Problem(mesh, NeoHookean(20.0, 0.45), Loads(weight), FACTOR)


def test_a_liver_that_lies_as_it_was_scanned_does_not_move():
    back = held(len(LIVER.nodes_mm), BACK)
    rest = rest_shape(LIVER, lambda mesh: lying(Position.SUPINE, mesh), back)
    assert np.abs(rest.mesh.nodes_mm - LIVER.nodes_mm).max() > 5
    again = solve(lying(Position.SUPINE, rest.mesh), back)
    moved = rest.mesh.nodes_mm + again.displacement_mm - LIVER.nodes_mm
    assert np.linalg.norm(moved, axis=1).max() < 0.1
    assert np.linalg.norm(rest.change_mm(again.displacement_mm), axis=1).max() < 0.1
    turned = solve(lying(Position.PRONE, rest.mesh), back)
    front = ~BACK
    assert rest.change_mm(turned.displacement_mm)[front, 1].mean() < -3


def test_a_vessel_scanned_under_pressure_has_its_known_rest_radius():
    def loads(mesh, lumen):
        return Loads(pressures=(Pressure(lumen, 13.3322),))

    problem, fixed, ijk = tube(0.49, (4, 12, 1), loads)
    scanned = Mesh(
        problem.mesh.nodes_mm + solve(problem, fixed).displacement_mm, problem.mesh.cells
    )

    def under(mesh):
        return Problem(mesh, NeoHookean(300.0, 0.49), problem.loads)

    found = rest_shape(scanned, under, fixed, tolerance_mm=1e-4).mesh.nodes_mm
    radius = np.hypot(*found[: len(ijk), :2].T)
    assert np.hypot(*scanned.nodes_mm[: len(ijk), :2].T)[ijk[:, 0] == 0].min() > 1.8
    assert radius[ijk[:, 0] == 0] == pytest.approx(1.5, abs=1e-3)
    assert radius[ijk[:, 0] == 4] == pytest.approx(2.0, abs=1e-3)


def test_a_scan_that_no_weightless_shape_can_have_given_is_refused():
    back = held(len(LIVER.nodes_mm), BACK)
    with pytest.raises(SolveError, match=r"stiffer|smaller"):
        rest_shape(LIVER, lambda mesh: lying(Position.SUPINE, mesh, density=40_000), back)


def test_a_handle_stretches_a_block_that_slides_and_hardly_one_that_is_grown_on():
    mesh, ijk = canonical.box((20, 10, 10), (4, 2, 2))
    bed, end = canonical.faces_on(mesh, ijk[:, 2] == 0), canonical.faces_on(mesh, ijk[:, 0] == 4)
    left = canonical.supports(mesh, x=ijk[:, 0] == 0, y=ijk[:, 1] == 0)

    def pulled(*, slides):
        handle = Springs(end, 50.0, pull_mm=(0.03, 0.0, 0.0))
        loads = Loads(springs=(Springs(bed, 5.0, slides=slides), handle))
        problem = Problem(mesh, NeoHookean(20.0, 0.0), loads)
        return solve(problem, left).displacement_mm[np.unique(end), 0].mean()

    # Bar and handle are two springs in series: E / L = 1 kPa/mm and 50 kPa/mm.
    assert pulled(slides=True) == pytest.approx(0.03 * 50 / 51, rel=1e-3)
    assert pulled(slides=False) < 0.97 * pulled(slides=True)


@pytest.mark.parametrize(
    ("position", "tilt_deg", "expected"),
    [
        (Position.SUPINE, 0, (0, 1, 0)),
        (Position.LEFT_SIDE, 0, (1, 0, 0)),
        (Position.SUPINE, 30, (0, np.sqrt(3) / 2, 0.5)),
        (Position.SUPINE, -30, (0, np.sqrt(3) / 2, -0.5)),
    ],
)
def test_things_fall_to_the_back_left_or_head_as_the_patient_lies(position, tilt_deg, expected):
    found = gravity_m_per_s2(position, head_down_rad=np.radians(tilt_deg))
    assert found == pytest.approx(9.80665 * np.array(expected), abs=1e-9)
