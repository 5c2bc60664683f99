"""What came of a stent, in vessels whose shape after is known."""

import numpy as np
import pytest

from surgiplan.geometry import tangents
from surgiplan.model import StentPlacement
from surgiplan.planning import Lumen, achieved, deployment, design, expander, struts_after

ALONG = np.linspace(0, 120, 121)


def placed(diameter_mm=24.0, length_mm=60.0, at_mm=60.0):
    stent = design("stent", diameter_mm, length_mm)
    return StentPlacement("s", "s", stent, "c", 0, at_mm)


def widened(branch, stent, radius_mm, *, turned=None):
    """The vessel after, of ``radius_mm`` (n,) or a number at its stations; with a turned axis."""
    axis, before, free_mm = expander(branch, stent)
    s = branch.nearest_station_mm(axis[0]) + np.arange(len(axis))
    after_axis = axis if turned is None else turned(s - s.mean())
    offset = before - axis[:, None]
    offset /= np.linalg.norm(offset, axis=2, keepdims=True)
    wanted = np.broadcast_to(np.interp(s, ALONG, np.broadcast_to(radius_mm, ALONG.shape)), s.shape)
    after = after_axis[:, None] + wanted[:, None, None] * offset
    pressure = np.where(np.isfinite(free_mm), 3.0, 0.0)[:, None] * np.ones(after.shape[:2])
    return Lumen(s, before, after, after_axis, free_mm, pressure)


def test_planned_and_achieved_stand_beside_each_other_at_the_same_stations(bodies):
    branch, stent = bodies.tube(bodies.line(), 10.0), placed()
    lumen = widened(branch, stent, 11.0)
    found = achieved(branch, stent, lumen)
    assert len(found.stations_after) == len(lumen.s_mm)
    middle = min(found.stations_after, key=lambda one: abs(one.s_mm - 60))
    assert middle.d_area_before_mm == pytest.approx(20.0, abs=0.05)
    assert middle.d_area_planned_mm == pytest.approx(20.0, abs=0.05)
    assert middle.d_area_after_mm == pytest.approx(22.0, abs=0.05)
    assert middle.d_min_after_mm == pytest.approx(22.0, abs=0.05)
    assert middle.d_max_after_mm == pytest.approx(22.0, abs=0.05)
    assert middle.gap_max_mm == 0
    assert middle.contact_pressure_mean_kpa == pytest.approx(3.0)
    beside = found.stations_after[0]
    assert beside.d_area_after_mm == pytest.approx(22.0, abs=0.05)
    assert beside.d_area_planned_mm is None
    assert beside.gap_max_mm is None
    assert beside.contact_pressure_mean_kpa is None
    assert found.apposition_fraction == 1
    assert found.malapposed_mm == ()


def test_a_stent_that_opens_wider_than_planned_becomes_shorter(bodies):
    branch, stent = bodies.tube(bodies.line(), 10.0), placed()
    planned = deployment(branch, stent)
    half, whole = (achieved(branch, stent, widened(branch, stent, r)) for r in (11.0, 12.0))
    assert planned.length_mm > half.deployed_length_mm > whole.deployed_length_mm
    assert whole.deployed_length_mm == pytest.approx(60.0, abs=0.01)
    assert whole.foreshortening_fraction == pytest.approx(0.0, abs=1e-3)
    assert half.foreshortening_fraction < 0, "it stays longer than labelled"


def test_where_the_wall_stays_away_a_stent_is_malapposed(bodies):
    radius = 11.0 + 4.0 * ((ALONG > 50) & (ALONG < 70))
    branch, stent = bodies.tube(bodies.line(), radius), placed()
    lumen = widened(branch, stent, radius)
    found = achieved(branch, stent, lumen)
    assert found.largest_gap_mm == pytest.approx(3.0, abs=0.05)
    ((start, end),) = found.malapposed_mm
    assert (start, end) == (pytest.approx(51, abs=1), pytest.approx(69, abs=1))
    assert found.apposition_fraction == pytest.approx(1 - 19 / 60, abs=0.04)
    assert np.isnan(lumen.gap_mm[0]).all()
    points, _ = struts_after(stent, lumen)
    away = points - lumen.axis_after[0]
    ahead = tangents(lumen.axis_after)[0]
    across = np.linalg.norm(away - (away @ ahead)[:, None] * ahead, axis=1)
    assert across.max() <= 12.01, "where nothing holds it, it is round and open"
    assert across.min() == pytest.approx(11.0, abs=0.05)


def test_an_oval_vessel_touches_a_round_stent_in_part(bodies):
    branch, stent = bodies.tube(bodies.line(), 14.0, 10.0), placed()
    axis, before, free_mm = expander(branch, stent)
    s = branch.nearest_station_mm(axis[0]) + np.arange(len(axis))
    found = achieved(branch, stent, Lumen(s, before, before, axis, free_mm, 0 * before[..., 0]))
    assert 0.4 < found.apposition_fraction < 0.6
    assert found.largest_gap_mm == pytest.approx(2.0, abs=0.05)
    middle = found.stations_after[len(s) // 2]
    assert (middle.d_min_after_mm, middle.d_max_after_mm) == (
        pytest.approx(20.0, abs=0.1),
        pytest.approx(28.0, abs=0.1),
    )


def test_a_straightened_vessel_tells_by_how_much(bodies):
    branch, stent = bodies.tube(bodies.arc(60.0, 120.0), 10.0), placed()
    straight = widened(branch, stent, 11.0, turned=lambda s: np.stack([s, 0 * s, 0 * s], axis=1))
    found = achieved(branch, stent, straight)
    along = np.degrees((60.0 - 24.0) / 60.0)
    assert found.bend_before_deg == pytest.approx(along, abs=2)
    assert found.bend_after_deg == pytest.approx(0, abs=0.5)
    assert found.straightening_deg == pytest.approx(along, abs=2)
    assert found.tortuosity_before > 0.03
    assert found.tortuosity_after == pytest.approx(0, abs=1e-3)


def test_the_struts_after_lie_on_the_widened_lumen(bodies):
    branch, stent = bodies.tube(bodies.arc(60.0, 120.0), 10.0), placed()
    lumen = widened(branch, stent, 11.0)
    points, lines = struts_after(stent, lumen)
    away = np.linalg.norm(points[:, None] - lumen.axis_after[None], axis=2).min(axis=1)
    assert away == pytest.approx(11.0, abs=0.1)
    assert lines.min() == 0
    assert lines.max() == len(points) - 1
    lengths = np.linalg.norm(points[lines[:, 0]] - points[lines[:, 1]], axis=1)
    assert lengths.max() < 6.0, "a strut leads from point to point, never across the vessel"
