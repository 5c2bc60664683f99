"""Every number of a simulation says how far to trust it: a second mesh, and scenarios."""

from dataclasses import replace

import pytest

from surgiplan.errors import Cancelled, PlanError, SolveError
from surgiplan.model import Finding
from surgiplan.workflow import evidence, simulate, substantiate
from surgiplan.workflow.scenarios import Scenario, settings_in
from surgiplan.workflow.simulation import Simulation, simulation_of
from tests.app import bodies

FEW = {subject: {"elements": bodies.few_elements(subject)} for subject in ("stent", "resection")}


@pytest.fixture(scope="module")
def case():
    return bodies.planned_case()


@pytest.fixture(scope="module", params=["stent", "resection"])
def answers(case, request):
    """The first answer about a stent or a resection, and the same with its evidence."""
    first = simulate(case, request.param, FEW[request.param]).finding
    usual = simulation_of(first.subject)
    softer_and_stiffer = replace(usual, scenarios=lambda settings: usual.scenarios(settings)[:2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "simulation_of", lambda *_: softer_and_stiffer)
        return first, substantiate(case, first).finding


def test_the_first_answer_says_that_the_error_of_its_mesh_is_not_known_yet(answers):
    first, _ = answers
    assert first.numbers["discretisation_error_fraction"] is None
    assert "second mesh" in first.numbers["discretisation_reason"]


def test_a_second_mesh_gives_each_headline_number_its_error(answers):
    first, full = answers
    numbers = full.numbers
    assert numbers["second_mesh_elements"] != numbers["tet_count"]
    errors = numbers["discretisation"]
    headlines = simulation_of(first.subject).headlines
    there = {key for key in headlines if first.numbers.get(key)}
    assert len(there) >= 7
    assert errors.keys() >= there
    assert all(errors[key] > 0 for key in there)
    assert errors["displacement_max_mm"] < 1
    assert numbers["discretisation_error_fraction"] == errors["displacement_max_mm"]
    assert numbers["discretisation_reason"] is None


def test_the_way_to_the_answer_is_added_where_the_first_answer_came_at_once(answers):
    first, full = answers
    steps = full.arrays["steps_mm"]
    assert len(steps) == len(full.numbers["history"]) == 3
    assert steps[-1] == pytest.approx(first.arrays["displacement_mm"], abs=2e-3)


def test_soft_and_stiff_tissue_lie_on_both_sides_of_the_answer(answers):
    first, full = answers
    soft, stiff = full.numbers["scenarios"]
    assert soft["name"].startswith("soft")
    assert stiff["name"].startswith("stiff")
    band = full.numbers["scenario_band"]["displacement_max_mm"]
    key = "displacement_max_mm"
    assert stiff[key] < first.numbers[key] < soft[key]
    assert band["low"] <= stiff[key] < band["value"] < soft[key] <= band["high"]
    assert band["value"] == first.numbers[key]
    assert "at_least" not in band
    for one in full.numbers.get("stations_after", ()):
        low, high = one["d_area_after_low_mm"], one["d_area_after_high_mm"]
        assert low <= one["d_area_after_mm"] <= high


def test_evidence_changes_no_number_field_or_input_of_the_answer(answers):
    first, full = answers
    assert full.id == first.id
    assert full.made_from == first.made_from
    assert full.settings == first.settings
    assert full.arrays.keys() == first.arrays.keys() | {"steps_mm", "step_fractions"}
    for key, value in first.numbers.items():
        if not key.startswith("discretisation") and key not in ("stations_after", "history"):
            assert full.numbers[key] == value


def test_evidence_about_what_has_changed_since_is_refused(case, answers):
    first, _ = answers
    stale = replace(first, made_from={**first.made_from, first.subject: "of another plan"})
    with pytest.raises(PlanError, match="changed since"):
        substantiate(case, stale)


@pytest.fixture
def quick(case, monkeypatch):
    """An answer, and its evidence where a function answers every other run at once."""
    subject = "plan/stents/stent"
    settings = {"young_modulus_kpa": 600.0, "elements": FEW["stent"]["elements"]}
    numbers = dict.fromkeys(simulation_of(subject).headlines, 1.0)
    numbers |= {"tet_count": 1200, "stress_energy_error_estimate_fraction": 0.1}
    numbers |= {"discretisation_error_fraction": None, "discretisation_reason": "none yet"}
    made_from = case.made_from(subject)
    first = Finding("one", "vessel response", subject, made_from, settings, numbers)

    def with_respond(respond):
        usual = simulation_of(first.subject)
        other = Simulation(
            usual.settings, respond, usual.headlines,
            lambda _: (Scenario("soft", times={"young_modulus_kpa": 0.5}),
                       Scenario("stiff", times={"young_modulus_kpa": 2.0})),
        )  # fmt: skip
        monkeypatch.setattr(evidence, "simulation_of", lambda *_: other)
        return substantiate(case, first).finding.numbers

    return first, with_respond


def test_a_scenario_without_equilibrium_is_named_and_leaves_the_band_open(quick):
    first, numbers_with = quick

    def respond(case, path, settings, report):
        if settings.young_modulus_kpa < 600:
            raise SolveError("The tissue found no equilibrium.")
        return replace(first, numbers={**first.numbers, "displacement_max_mm": 0.1})

    numbers = numbers_with(respond)
    soft, stiff = numbers["scenarios"]
    assert soft["name"] == "soft"
    assert soft["converged"] is False
    assert soft["reason"] == "The tissue found no equilibrium."
    assert stiff["converged"]
    band = numbers["scenario_band"]["displacement_max_mm"]
    assert band["at_least"]
    assert band["low"] == 0.1


def test_a_second_mesh_without_equilibrium_leaves_the_error_unknown_and_says_why(quick):
    first, numbers_with = quick

    def respond(case, path, settings, report):
        if settings.elements != FEW["stent"]["elements"]:
            raise SolveError("The tissue found no equilibrium.")
        return first

    numbers = numbers_with(respond)
    assert numbers["discretisation_error_fraction"] is None
    assert "no equilibrium" in numbers["discretisation_reason"]
    assert "discretisation" not in numbers


def test_a_cancelled_scenario_is_no_scenario_without_an_answer(quick):
    _, numbers_with = quick

    def respond(case, path, settings, report):
        raise Cancelled("no longer wanted")

    with pytest.raises(Cancelled):
        numbers_with(respond)


def test_a_scenario_stays_within_the_range_of_its_settings():
    settings = simulation_of("plan/stents/one").settings()
    soft, changed = settings_in(Scenario("soft", times={"ends_kpa_per_mm": 1e-6}), settings)
    assert changed == {"ends_kpa_per_mm": 0.1}
    assert soft.ends_kpa_per_mm == 0.1


@pytest.mark.parametrize("path", ["plan/stents/one", "plan/resections/one"])
def test_every_simulation_knows_soft_and_stiff_tissue_and_supports(path):
    simulation = simulation_of(path)
    settings = simulation.settings()
    found = simulation.scenarios(settings)
    names = [one.name for one in found]
    assert len(set(names)) == len(names) >= 4
    assert names[0].startswith("soft")
    assert names[1].startswith("stiff")
    for one in found:
        assert settings_in(one, settings)[1], f"{one.name} changes nothing"
