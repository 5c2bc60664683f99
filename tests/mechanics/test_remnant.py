"""What happens to an organ that is cut: how it settles, what holds it, and what its tissue is."""

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from surgiplan.errors import Cancelled, PlanError, SolveError
from surgiplan.mechanics import CutPlane, Organ, RemnantSettings, settle_remnant, warm_up

BOUNDS = np.array([[-60.0, -45, -35], [60, 45, 35]])
SETTINGS = RemnantSettings(elements=450)


def plane(point, normal):
    return CutPlane(np.array(point, float), np.array(normal, float))


AT_20 = plane([20, 0, 0], [1, 0, 0])


def ellipsoid(points):
    return (np.linalg.norm(points / [60.0, 45.0, 35.0], axis=1) - 1) * 35


def ball(centre, radius):
    return lambda points: np.linalg.norm(points - np.asarray(centre, float), axis=1) - radius


LIVER = Organ("liver", ellipsoid, BOUNDS)
TUMOUR = replace(LIVER, lesions=(ball([-15, 0, 0], 18.0),))


@cache
def settled(organ=LIVER, removed=AT_20, **changes):
    return settle_remnant(organ, removed, replace(SETTINGS, **changes))


def largest(answer):
    return answer.response.displacement_max_mm


def test_a_remnant_settles_from_where_it_was_scanned():
    answer = settled()
    kept = np.pi * 45 * 35 * 60 * (2 / 3 + 1 / 3 - (1 / 3) ** 3 / 3)
    assert answer.volume_before_ml == pytest.approx(kept / 1000, rel=0.005)
    assert answer.volume_before_ml + answer.removed_ml == pytest.approx(
        4 / 3 * np.pi * 60 * 45 * 35 / 1000, rel=0.02
    )
    assert answer.volume_after_ml == pytest.approx(answer.volume_before_ml, rel=0.03)
    assert answer.scan_miss_mm < 0.1
    # Without its neighbour the cut face sags, by less than the whole organ hangs in its bed.
    assert 0.1 < answer.face.displacement_mm[1] < 2.0
    assert answer.response.force_balance_error_fraction < 1e-6
    assert answer.response.min_jacobian > 0.5


def test_the_cut_face_is_where_the_plane_was_and_its_size_that_of_the_section():
    answer, response = settled(), settled().response
    assert answer.face.area_before_mm2 == pytest.approx(np.pi * 45 * 35 * (1 - 1 / 9), rel=0.04)
    middles = response.points_mm[response.triangles].mean(axis=1)
    assert len(answer.cut) == len(middles)
    assert np.abs(middles[answer.cut, 0] - 20).max() < 1e-6
    assert answer.cut[np.linalg.norm(middles / [60, 45, 35], axis=1) < 0.8].all()
    changed = answer.face.area_after_mm2 / answer.face.area_before_mm2 - 1
    assert 0 < abs(changed) < 0.1
    assert answer.face.retraction_mean_mm < answer.face.retraction_max_mm
    assert answer.face.edge_displacement_max_mm <= largest(answer) + 1e-9


@pytest.mark.parametrize("position", ["supine", "left_side"])
def test_without_a_cut_and_as_it_was_scanned_an_organ_stays_where_it_was(position):
    held = replace(TUMOUR, cava=ball([30, 50, 0], 14.0), vessels=(ball([-62, 0, 0], 8.0),))
    lying = {"position": position, "scan_position": position}
    assert largest(settled(held, None, **lying)) < 0.1
    assert largest(settled(held, None, position="prone")) > 1.0, "turned over it does move"


def test_a_softer_heavier_or_turned_remnant_moves_accordingly():
    def sag(**changes):
        return settled(**changes).face.displacement_mm

    usual = sag()
    assert sag(density_kg_per_m3=1200.0)[1] > usual[1]
    assert sag(stiffness_factor=5.0)[1] < usual[1]
    assert sag(shear_modulus_kpa=9.0) == pytest.approx(sag(stiffness_factor=5.0), abs=1e-6)
    assert sag(tissue="spleen")[1] < usual[1], "spleen is stiffer"
    assert sag(position="prone")[1] < -2.0, "prone, it falls to the front"
    assert sag(position="left_side")[0] > usual[0] + 1.0, "on its left side"
    assert sag(head_down_deg=30.0)[2] > usual[2] + 0.5, "head down, towards the head"
    given = sag(gravity_m_per_s2=(0.0, -9.80665, 0.0))
    assert given == pytest.approx(sag(position="prone"), abs=1e-6)


def test_gas_presses_the_organ_into_its_bed_about_as_deep_as_the_bed_gives_way():
    sunk = settled(insufflation_mmhg=12.0).face.displacement_mm - settled().face.displacement_mm
    assert sunk[1] == pytest.approx(12 * 0.1333 / 0.5, rel=0.25), "12 mmHg on 0.5 kPa/mm"


def test_an_organ_hangs_on_its_vena_cava_and_its_vessels():
    def falls(organ, y):
        answer = settled(organ, position="prone")
        return -answer.carried_mm(np.array([[0.0, y, 0.0]]))[0, 1]

    grown = replace(LIVER, cava=ball([0, 50, 0], 14.0))
    assert falls(grown, 44) < 0.9 * falls(LIVER, 44)
    assert not [one for one in settled(grown).assumptions if "not found" in one]
    assert [one for one in settled().assumptions if "vena cava was not found" in one]
    entered = replace(LIVER, vessels=(ball([0, -50, 0], 14.0),))
    assert falls(entered, -44) < 0.9 * falls(LIVER, -44)


def test_a_tumour_in_the_remnant_strains_less_than_the_liver_around_it():
    def stretch(tumour_tissue):
        answer = settled(TUMOUR, position="prone", tumour_tissue=tumour_tissue)
        left, right = answer.carried_mm(np.array([[-27.0, 0, 0], [-3.0, 0, 0]]))
        return np.linalg.norm(right - left)

    assert stretch("hepatocellular_carcinoma") < 0.7 * stretch("as the organ")


def test_stiffness_may_follow_the_hounsfield_units():
    dense = replace(LIVER, hu=lambda points: np.where(points[:, 0] < 0, 160.0, 60.0))
    off, on = settled(dense), settled(dense, tissue_by_hu="linear", stiffening_per_100_hu=2.0)
    assert largest(off) == largest(settled())
    assert largest(on) != largest(off)
    assert [one for one in on.assumptions if "nobody confirmed" in one]


def test_a_handle_pulls_the_cut_edge_aside_and_tells_its_force():
    pulled = settled(handle_lps=(20.0, -42.0, 0.0), pull_mm=(-8.0, -8.0, 0.0))
    moved = pulled.carried_mm(np.array([[20.0, -42.0, 0.0]]))[0]
    assert moved[:2] == pytest.approx([-8, -8], abs=2.5)
    assert 0.05 < pulled.handle_force_n < 20
    with pytest.raises(PlanError, match=r"handle lies \d+ mm from what stays of the liver"):
        settled(handle_lps=(60.0, 0.0, 90.0), pull_mm=(0.0, 0.0, 1.0))
    with pytest.raises(PlanError, match="give both"):
        settled(handle_lps=(60.0, 0.0, 90.0))


def test_a_pull_that_no_tissue_follows_names_the_organ():
    with pytest.raises(SolveError, match="What stays of the liver did not settle"):
        settled(handle_lps=(20.0, -42.0, 0.0), pull_mm=(500.0, 5000.0, 0.0), elements=300)


def test_a_small_cut_leaves_the_far_side_where_it_was():
    answer = settled(LIVER, plane([48, 0, 0], [1, 0, 0]))
    far = answer.response.points_mm[:, 0] < 0
    moved = np.linalg.norm(answer.response.displacement_mm[far], axis=1)
    assert np.median(moved) < 0.1


def test_any_surface_may_cut():
    bitten = settled(LIVER, ball([60, 0, 0], 40.0))
    assert bitten.removed_ml < settled().removed_ml
    assert bitten.face.area_before_mm2 > 2000


@pytest.mark.parametrize(
    ("removed", "changes", "sentence"),
    [
        (plane([80, 0, 0], [1, 0, 0]), {}, "misses the liver"),
        (plane([-80, 0, 0], [1, 0, 0]), {}, "leaves nothing of the liver"),
        (plane([0, -20, 0], [0, 1, 0]), {}, "the liver has too little surface left"),
        (AT_20, {"stiffness_factor": 0.0}, "stiffness_factor = 0"),
        (AT_20, {"tissue": "bone"}, "tissue = 'bone' is not one of"),
        (AT_20, {"gravity_m_per_s2": (1.0, 2.0)}, "gravity_m_per_s2 needs 3 numbers"),
    ],
)
def test_what_cannot_be_planned_is_told_in_a_sentence(removed, changes, sentence):
    with pytest.raises(PlanError, match=sentence):
        settled(LIVER, removed, **changes)


def test_the_same_cut_gives_the_same_answer():
    first, second = (settle_remnant(TUMOUR, AT_20, SETTINGS) for _ in range(2))
    assert np.array_equal(first.response.displacement_mm, second.response.displacement_mm)
    assert np.array_equal(first.response.von_mises_kpa, second.response.von_mises_kpa)


def test_a_cancelled_solve_stops_at_once():
    warm_up()
    calls = []

    def report(fraction, text):
        calls.append((time.monotonic(), fraction, text))
        if "iteration 2" in text:
            raise Cancelled("no longer wanted")

    with pytest.raises(Cancelled):
        settle_remnant(LIVER, AT_20, SETTINGS, report)
    fractions = [fraction for _, fraction, _ in calls]
    assert fractions == sorted(fractions)
    assert len(calls) > 10
    assert "iteration 2" in calls[-1][2]


AMONG = replace(LIVER, neighbours=(ball([0, 145, 0], 100.0), ball([-160, 0, 0], 101.0)))
"""A liver with something round behind it and at its right, which seems to overlap by 1 mm."""


def test_an_organ_that_rests_on_its_neighbours_stays_where_it_was_scanned():
    answer = settled(AMONG, None, contact_with_neighbours="on")
    assert largest(answer) < 0.1
    assert answer.neighbours.force_mn[1] < -100
    assert "structures around it" in " ".join(answer.assumptions)


def test_a_remnant_leaves_the_neighbours_it_rested_on_when_the_patient_is_turned():
    turned = {"position": "prone"}
    touching = settled(AMONG, AT_20, contact_with_neighbours="on", **turned)
    held_back = settled(AMONG, AT_20, **turned)
    assert touching.neighbours.area_mm2 == 0
    assert largest(touching) > largest(held_back)


def test_a_neighbour_stops_a_remnant_that_falls_onto_it():
    stopped = settled(AMONG, AT_20, contact_with_neighbours="on", position="right_side")
    falling = settled(AMONG, AT_20, position="right_side")
    assert largest(stopped) < 0.95 * largest(falling)
    push = stopped.neighbours.force_mn
    assert push[0] > 10 * abs(push[2])
    points = stopped.response.points_mm
    pressed = stopped.pressed_kpa(points)
    assert points[pressed.argmax(), 0] < -40
    assert not pressed[points[:, 1] < -25].any()
    assert stopped.response.force_balance_error_fraction < 1e-6
