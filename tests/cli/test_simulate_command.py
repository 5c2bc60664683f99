"""What a simulation says in a shell: each number with its error and band, or one sentence."""

import json

import pytest

from surgiplan import io
from surgiplan.cli import main
from tests.app import bodies

CONTRACT = {
    "converged", "iterations", "residual", "min_jacobian", "element", "displacement_max_mm",
    "stress_p99_kpa", "force_balance_error_fraction", "discretisation_error_fraction", "seconds",
    "provenance",
}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved case with a stent and a resection planned."""
    path = tmp_path_factory.mktemp("simulate") / "case.splan"
    io.save(bodies.planned_case(), path)
    return path


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_resection_is_answered_with_the_error_and_the_band_of_each_number(capsys, saved):
    few = ("--elements", bodies.few_elements("resection"), "--quiet")
    code, out, _ = run(capsys, "simulate", saved, "resection", *few, "--json", "--dry-run")
    assert code == 0
    answer = json.loads(out)
    assert answer.keys() >= CONTRACT | {"remnant_after", "discretisation", "scenario_band"}
    assert answer["discretisation_error_fraction"] > 0
    assert answer["first_answer_seconds"] < answer["seconds"]
    for key, band in answer["scenario_band"].items():
        assert band["low"] <= answer[key] == band["value"] <= band["high"]


def test_the_first_answer_alone_is_kept_and_says_what_is_missing(capsys, saved):
    quick = ("--elements", bodies.few_elements("stent"), "--first-answer", "--quiet")
    code, out, _ = run(capsys, "simulate", saved, "stent", *quick, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer.keys() >= CONTRACT | {"stations_after"}
    assert answer["discretisation_error_fraction"] is None
    assert answer["discretisation_reason"]
    assert "scenario_band" not in answer
    assert io.load(saved).findings["stent_response"].numbers["iterations"] == answer["iterations"]
    code, out, _ = run(capsys, "simulate", saved, "stent", *quick, "--dry-run")
    assert "largest displacement" in out
    assert "mesh error unknown" in out


def test_a_remnant_is_pulled_from_the_shell(capsys, saved):
    quick = ("--elements", 300, "--first-answer", "--quiet", "--json", "--dry-run")
    handle = ("--handle", "-34,-40,90", "--pull", "-6,-6,0")
    code, out, _ = run(capsys, "simulate", saved, "resection", *handle, *quick)
    assert code == 0
    answer = json.loads(out)
    assert answer["settings"]["pull_mm"] == [-6, -6, 0]
    assert answer["handle_force_n"] > 0.05
    assert answer["displacement_max_mm"] > 5
