"""A remnant in the hand follows at once, and the shell finds the same pull again."""

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.model import Finding
from surgiplan.workflow import RemnantInHand, simulate, take_in_hand
from tests.app.bodies import planned_case

SETTINGS = {"elements": 400}
PATH = "plan/resections/resection"


@pytest.fixture(scope="module")
def hand() -> RemnantInHand:
    return take_in_hand(planned_case(), PATH, SETTINGS)


def places(finding: Finding) -> np.ndarray:
    """Where the surface lies (n, 3)."""
    return np.asarray(finding.arrays["points_lps"]) + finding.arrays["displacement_mm"]


def front_of(finding: Finding) -> np.ndarray:
    lies = places(finding)
    return lies[np.argmin(lies[:, 1])]


def test_tissue_in_the_hand_goes_where_the_hand_goes_and_no_farther(hand):
    grip = hand.grip(front_of(hand.finding))
    before = places(hand.finding)
    after = hand.pulled(grip, (0.0, -12.0, 0.0))
    moved = places(after) - before
    held = np.linalg.norm(before - front_of(hand.finding), axis=1) < 8.0
    assert moved[held] == pytest.approx(np.tile([0.0, -12.0, 0.0], (held.sum(), 1)), abs=0.2)
    assert np.linalg.norm(moved, axis=1).max() < 12.5
    far = np.linalg.norm(before - front_of(hand.finding), axis=1).argmax()
    assert np.linalg.norm(moved[far]) < 4.0
    assert after.numbers["handle_force_n"] > 0.01


def test_the_shell_finds_a_pull_again_from_its_settings(hand):
    grip = hand.grip(front_of(hand.finding))
    pulled = hand.pulled(grip, (0.0, -8.0, 4.0))
    again = simulate(planned_case(), PATH, {**SETTINGS, **grip.settings((0.0, -8.0, 4.0))}).finding
    kept = {name: again.settings[name] for name in ("handle_lps", "pull_mm")}
    assert kept == {name: pulled.settings[name] for name in kept}
    here = np.asarray(kept["handle_lps"])
    near = np.linalg.norm(pulled.arrays["points_lps"] - here, axis=1).argmin()
    also = np.linalg.norm(again.arrays["points_lps"] - here, axis=1).argmin()
    wanted = pulled.arrays["displacement_mm"][near]
    assert again.arrays["displacement_mm"][also] == pytest.approx(wanted, abs=1.5)


def test_only_what_stays_after_a_resection_is_taken_in_hand():
    with pytest.raises(PlanError, match="choose a resection"):
        take_in_hand(planned_case(), "plan/stents/stent", {})
