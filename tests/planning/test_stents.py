"""Stents in tubes whose size is known."""

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.model import Branch, StentPlacement
from surgiplan.planning import Verdict, deployment, design, expander, fit, struts
from surgiplan.planning.stents import ring_height_mm


def placed(at_mm, diameter_mm=24.0, length_mm=60.0, rotation_deg=0.0):
    stent = design("stent", diameter_mm, length_mm)
    return StentPlacement("s", "s", stent, "c", 0, at_mm, rotation_deg)


def distance_from(axis, points):
    return np.linalg.norm(points[:, None] - axis[None], axis=-1).min(axis=1)


def test_a_stent_as_wide_as_its_vessel_keeps_its_labelled_length(bodies):
    opened = deployment(bodies.tube(bodies.line(), 12.0), placed(60.0))
    assert opened.length_mm == pytest.approx(60.0, abs=0.01)
    assert np.mean(opened.span_mm) == pytest.approx(60.0, abs=0.01)


def test_a_stent_in_a_narrower_vessel_stays_longer_by_its_struts(bodies):
    stent = placed(60.0)
    free = stent.design
    opened = deployment(bodies.tube(bodies.line(), 10.0), stent)
    lumen_mm = 20.0
    arm2 = free.ring_mm**2 + (np.pi * 24 / (2 * free.crowns)) ** 2
    ring_mm = np.sqrt(arm2 - (np.pi * lumen_mm / (2 * free.crowns)) ** 2)
    assert opened.heights_mm == pytest.approx(np.full(len(opened.heights_mm), ring_mm), abs=1e-3)
    longer_mm = len(opened.heights_mm) * (ring_mm - free.ring_mm)
    assert opened.length_mm == pytest.approx(60.0 + longer_mm, abs=0.01)
    assert fit(bodies.tube(bodies.line(), 10.0), stent).foreshortening_fraction < 0


def test_struts_do_not_stretch_when_a_ring_closes():
    free = design("stent")
    diameters = np.array([24.0, 20.0, 12.0, 6.0])
    across = np.pi * diameters / (2 * free.crowns)
    lengths = np.hypot(ring_height_mm(free, diameters), across)
    assert lengths == pytest.approx(np.full(4, lengths[0]))


def test_a_stent_dragged_along_a_bend_keeps_its_length_and_its_width(bodies):
    branch = bodies.tube(bodies.arc(60.0, 170.0), 9.0)
    for at_mm in (40.0, 70.0, 100.0, 130.0):
        rings = struts(branch, placed(at_mm, diameter_mm=18.0))
        points = np.concatenate(rings)
        stations = [branch.nearest_station_mm(p) for p in points]
        assert np.ptp(stations) == pytest.approx(60.0, abs=1.0)
        assert (np.max(stations) + np.min(stations)) / 2 == pytest.approx(at_mm, abs=0.5)
        radii = distance_from(branch.point_at(np.linspace(0, branch.length_mm, 4000)), points)
        assert np.abs(radii - 9.0).max() < 0.2


def test_struts_stay_within_a_lumen_that_narrows(bodies):
    s = np.linspace(0, 1, 121)
    radius = 11.0 - 4.0 * s
    branch = bodies.tube(bodies.line(120.0), radius)
    for ring in struts(branch, placed(60.0)):
        assert len(ring) > 50
        assert ring[0] == pytest.approx(ring[-1])
        offset = ring - branch.points_lps[0]
        along = offset @ branch.tangents[0]
        around = np.linalg.norm(offset - along[:, None] * branch.tangents[0], axis=1)
        assert np.all(around <= 11.0 - 4.0 * along / 120 + 0.05)


def test_a_turned_stent_is_the_same_stent_turned_about_the_vessel(bodies):
    branch = bodies.tube(bodies.line(120.0, direction=(0, 0, 1)), 12.0)
    straight, turned = (
        np.concatenate(struts(branch, placed(60.0, rotation_deg=a))) for a in (0, 20)
    )
    angle = np.deg2rad(20)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    center = branch.points_lps[0]
    assert turned == pytest.approx((straight - center) @ turn.T + center, abs=1e-6)


def test_a_stent_fifteen_percent_wider_than_its_vessel_touches_everywhere_and_passes(bodies):
    found = fit(bodies.tube(bodies.line(), 12.0 / 1.15), placed(60.0))
    assert found.oversizing_proximal_fraction == pytest.approx(0.15, abs=0.002)
    assert found.oversizing_distal_fraction == pytest.approx(0.15, abs=0.002)
    assert found.apposition_fraction == pytest.approx(1.0)
    assert found.largest_gap_mm == 0
    assert found.proximal_seal_mm == pytest.approx(60.0)
    assert {rule.verdict for rule in found.rules} == {Verdict.PASS}


def test_a_stent_narrower_than_its_vessel_leaves_a_gap_all_around_and_fails(bodies):
    found = fit(bodies.tube(bodies.line(), 14.0), placed(60.0))
    assert found.largest_gap_mm == pytest.approx(2.0)
    assert found.apposition_fraction == 0
    assert found.proximal_seal_mm == 0
    assert {rule.verdict for rule in found.rules} == {Verdict.FAIL}


def test_the_seal_ends_where_the_vessel_widens(bodies):
    s = np.arange(121.0)
    radius = np.where(s < 50, 10.5, 10.5 + np.clip((s - 50) * 0.5, 0, 10))
    radius = np.where(s > 80, np.maximum(10.5, 20.5 - (s - 80) * 1.0), radius)
    found = fit(bodies.tube(bodies.line(120.0), radius), placed(60.0, length_mm=100.0))
    # It touches until the wall is 0.2 mm beyond the stent: at 50 + 1.7 / 0.5 and 80 + 8.3 mm.
    assert found.proximal_seal_mm == pytest.approx(53.4 - 10, abs=0.5)
    assert found.distal_seal_mm == pytest.approx(110 - 88.3, abs=0.5)
    assert found.largest_gap_mm == pytest.approx(8.5, abs=0.5)


def test_an_oval_vessel_is_touched_only_where_it_is_narrow(bodies):
    found = fit(bodies.tube(bodies.line(), 13.0, 10.0), placed(60.0))
    theta = np.linspace(0, 2 * np.pi, 100001)
    r = np.hypot(13.0 * np.cos(theta), 10.0 * np.sin(theta))
    assert found.apposition_fraction == pytest.approx((r <= 12.2).mean(), abs=0.05)
    assert found.largest_gap_mm == pytest.approx(1.0, abs=0.01)


def test_a_place_that_could_not_be_measured_is_no_contact(bodies):
    whole = bodies.tube(bodies.line(), 10.5)
    contours = whole.contours_lps.copy()
    contours[50:60] = np.nan
    found = fit(Branch(whole.points_lps, whole.tangents, contours), placed(60.0))
    assert found.proximal_seal_mm == pytest.approx(49 - 30, abs=0.5)
    assert found.unmeasured_fraction == pytest.approx(11 / 60, abs=0.02)
    assert found.apposition_fraction == pytest.approx(1 - found.unmeasured_fraction, abs=0.01)
    nothing = Branch(whole.points_lps, whole.tangents, np.full_like(contours, np.nan))
    with pytest.raises(PlanError, match="No section"):
        fit(nothing, placed(60.0))


def test_a_simulation_gets_the_vessel_around_the_stent_with_every_section(bodies):
    whole = bodies.tube(bodies.arc(60.0, 170.0), 10.0)
    contours = whole.contours_lps.copy()
    contours[70:76] = np.nan
    branch = Branch(whole.points_lps, whole.tangents, contours)
    axis, walls, radius_mm = expander(branch, placed(80.0, length_mm=40.0))
    assert len(axis) == len(walls) == len(radius_mm)
    assert whole.nearest_station_mm(axis[0]) == pytest.approx(80 - 20 - 24, abs=1)
    assert whole.nearest_station_mm(axis[-1]) == pytest.approx(80 + 20 + 24, abs=1)
    assert np.linalg.norm(walls - axis[:, None], axis=-1) == pytest.approx(10.0, abs=0.02)
    inside = np.isfinite(radius_mm)
    assert inside.sum() == pytest.approx(40, abs=1)
    assert np.all(radius_mm[inside] == 12.0)
    assert not inside[0]
    assert not inside[-1]
    start = whole.nearest_station_mm(axis[0])
    bridged = walls[int(72 - start)]
    original = whole.contours_lps[round(start) + int(72 - start)]
    assert bridged == pytest.approx(original, abs=0.05)
