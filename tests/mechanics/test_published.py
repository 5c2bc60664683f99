"""Published answers and measured shapes: plates, beams, panels, contact, a real cylinder."""

import pytest

from tests.mechanics import cylinder, published


def test_a_thick_elliptic_plate_is_stressed_as_nafems_le10_says():
    assert published.le10_mpa() == pytest.approx(-5.38, rel=0.02)


def test_an_elliptic_membrane_is_stressed_as_nafems_le1_says():
    assert published.le1_mpa() == pytest.approx(92.7, rel=0.02)


def test_cooks_panel_bends_as_published():
    assert published.cook_linear() == pytest.approx(23.97, rel=0.02)


@pytest.mark.parametrize(("direction", "deflection"), [("z", 5.4245e-3), ("y", 1.7532e-3)])
def test_a_twisted_beam_bends_as_macneal_and_harder_say(direction, deflection):
    assert published.twisted_beam(direction) == pytest.approx(deflection, rel=0.02)


def test_a_steel_bar_hangs_as_long_as_published():
    assert published.hanging_bar_m() == pytest.approx(1.8213e-7, rel=0.02)


def test_a_rigid_cylinder_touches_a_block_as_wide_as_hertz_says():
    width, exact = published.hertz()
    assert width == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(("kind", "order"), [("linear", 2), ("quadratic", 3), ("hexahedra", 3)])
def test_displacement_converges_at_the_order_of_its_element(kind, order):
    _, observed = published.orders(kind)
    assert observed[-1] == pytest.approx(order, abs=0.15)


def test_a_silicone_cylinder_bends_as_it_did_on_the_bench(shared_data):
    path = shared_data / cylinder.MEASURED
    bent = cylinder.bent(cylinder.points_of(path), (2, 2, 8))
    assert 60 < bent.specific_stiffness < 90
    assert bent.end_miss_mm < 1.5
    assert bent.mean_mm < 2.0
    assert bent.max_mm < 3.0
