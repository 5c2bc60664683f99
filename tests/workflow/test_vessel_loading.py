"""A vessel is shown as its stent opens: every stage is an equilibrium, the last one the answer."""

import numpy as np
import pytest

from surgiplan.workflow import simulate
from tests.app.bodies import planned_case


def test_a_stent_opens_in_equilibria_up_to_the_answer():
    finding = simulate(
        planned_case(), "plan/stents/stent", {"elements": 80, "load_steps": 3}
    ).finding
    steps, fractions = finding.arrays["steps_mm"], finding.arrays["step_fractions"]
    assert fractions == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert steps[-1] == pytest.approx(finding.arrays["displacement_mm"], abs=1e-5)
    largest = np.linalg.norm(steps, axis=2).max(axis=1)
    assert (np.diff(largest) > 0).all()
    assert 0 < largest[0] < largest[-1]
    told = [one["displacement_max_mm"] for one in finding.numbers["history"]]
    assert told == pytest.approx(largest, rel=1e-5)
    assert max(one["residual"] for one in finding.numbers["history"]) <= 1e-6


def test_an_answer_without_its_way_is_the_same():
    settings = {"elements": 80}
    at_once = simulate(planned_case(), "plan/stents/stent", settings).finding
    settings["load_steps"] = 3
    whole = simulate(planned_case(), "plan/stents/stent", settings).finding
    assert "steps_mm" not in at_once.arrays
    assert at_once.numbers["history"] == []
    wanted = whole.numbers["displacement_max_mm"]
    assert at_once.numbers["displacement_max_mm"] == pytest.approx(wanted, rel=1e-4)
