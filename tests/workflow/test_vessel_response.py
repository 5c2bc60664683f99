"""What a simulated stent says: stations, fit, forces, maps on the wall, the stent itself."""

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.workflow import simulate
from tests.app import bodies


@pytest.fixture(scope="module")
def finding():
    return simulate(bodies.planned_case(), "stent", {"elements": 120}).finding


def test_every_station_says_before_planned_and_after(finding):
    stations = finding.numbers["stations_after"]
    stented = [one for one in stations if one["d_area_planned_mm"] is not None]
    assert 55 < len(stented) < 66
    for one in stented:
        assert one["d_min_after_mm"] <= one["d_area_after_mm"] <= one["d_max_after_mm"]
        assert one["gap_max_mm"] >= 0
        assert one["contact_pressure_mean_kpa"] >= 0
    middle = stented[len(stented) // 2]
    assert middle["d_area_after_mm"] > middle["d_area_before_mm"]
    assert middle["contact_pressure_mean_kpa"] > 0


def test_the_forces_of_the_stent_are_told_and_balanced(finding):
    told = finding.numbers
    assert 0 < told["radial_force_n"] < told["radial_resistive_force_n"]
    assert told["contact_balance_error_fraction"] < 1e-4
    assert told["hoop_force_n_per_mm"] == pytest.approx(
        told["radial_force_n_per_mm"] / (2 * np.pi), rel=1e-6
    )
    assert told["recoil_fraction"] is None, "it was not opened by a balloon"
    assert 0.9 < told["apposition_fraction"] <= 1
    assert abs(told["foreshortening_fraction"]) < 0.1
    assert any("unconfirmed" in one and "N/mm" not in one for one in told["assumptions"])


def test_the_wall_carries_maps_of_contact_and_gap(finding):
    arrays = finding.arrays
    contact, gap = arrays["contact_pressure_kpa"], arrays["gap_mm"]
    assert contact.shape == gap.shape == (len(arrays["points_lps"]),)
    assert contact.max() > 1
    assert np.isnan(gap[contact == 0]).any()
    assert np.nanmax(gap[contact > 1]) < 0.3


def test_the_opened_stent_lies_in_the_vessel_after(finding):
    arrays = finding.arrays
    points, lines = arrays["device/points_lps"], arrays["device/lines"]
    after = arrays["points_lps"] + arrays["displacement_mm"]
    touched = after[arrays["contact_pressure_kpa"] > 0.5]
    away = np.linalg.norm(points[::7, None] - touched[None], axis=2).min(axis=1)
    assert np.median(away) < 3.0, "the nodes of the wall are wider apart"
    assert lines.shape[1] == 2
    assert lines.max() < len(points)


def test_a_balloon_may_be_chosen_and_its_diameter(finding):
    chosen = {"elements": 120, "deployment": "balloon", "balloon_diameter_mm": "23"}
    told = simulate(bodies.planned_case(), "stent", chosen).finding.numbers
    assert 0 <= told["recoil_fraction"] < 0.1
    assert told["radial_resistive_force_n"] == pytest.approx(told["radial_force_n"])
    with pytest.raises(PlanError, match="as_designed, self_expanding, balloon"):
        simulate(bodies.planned_case(), "stent", {"deployment": "magic"})
