"""The report says of a simulation how far to trust it, and shows nothing that did not converge."""

import io
from dataclasses import replace

import numpy as np
import pytest
from pypdf import PdfReader

from surgiplan.model import Finding
from surgiplan.report.pages import built
from tests.app import bodies

STENT = "plan/stents/stent"
NUMBERS = {
    "converged": True, "iterations": 12, "residual": 3e-7, "min_jacobian": 0.93,
    "element": "10-node tetrahedron", "tet_count": 4032, "poisson_ratio": 0.45,
    "displacement_max_mm": 1.234, "stress_p99_kpa": 48.1, "tip_force_n": 0.7,
    "apposition_fraction": 0.955,
    "force_balance_error_fraction": 2e-8, "discretisation_error_fraction": 0.031,
    "discretisation_reason": None, "second_mesh_elements": 960,
    "discretisation": {"displacement_max_mm": 0.031},
    "scenario_band": {
        "displacement_max_mm": {"low": 0.91, "value": 1.234, "high": 1.67, "at_least": True},
        "tip_force_n": {"low": 0.5, "value": 0.7, "high": 0.9},
    },
    "scenarios": [
        {"name": "stiff wall", "settings": {"young_modulus_kpa": 858.0}, "converged": True,
         "displacement_max_mm": 0.91, "stress_p99_kpa": 61.0},
        {"name": "soft wall", "settings": {"young_modulus_kpa": 342.0}, "converged": False,
         "reason": "The tissue found no equilibrium."},
    ],
    "stations_after": [
        {"s_mm": 20.0 + s, "d_area_before_mm": 18.0, "d_area_planned_mm": 22.0,
         "d_area_after_mm": 20.0 + s / 100, "d_area_after_low_mm": 19.1,
         "d_area_after_high_mm": 21.3}
        for s in range(40)
    ],
    "assumptions": ["The stent slides without friction."],
}  # fmt: skip


@pytest.fixture(scope="module")
def case():
    return bodies.planned_case()


def printed(case, numbers, pictures=None):
    finding = Finding(
        "one", "vessel response", STENT, case.made_from(STENT), {"elements": 4000}, numbers
    )
    content, _ = built(case.with_(finding), "case", pictures or {}, (), "")
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_each_number_stands_beside_its_error_and_its_band(case):
    text = printed(case, NUMBERS)
    assert "Largest displacement 1.23 mm ± 3.1 % at least 0.91 to 1.67 mm" in text
    assert "Apposition 95.5 % – –" in text
    assert "Tip force 0.7 N – 0.5 to 0.9 N" in text
    assert "beside a second mesh of 960" in text
    assert "residual 3.0e-07" in text
    assert "The stent slides without friction." in text


def test_planned_and_achieved_diameters_stand_side_by_side(case):
    assert "20 mm 18.0 mm 22.0 mm 20.0 mm 19.1 to 21.3 mm" in printed(case, NUMBERS)


def test_a_scenario_without_an_answer_is_named(case):
    text = printed(case, NUMBERS)
    assert "Soft wall Young modulus 342 kPa no answer" in text
    assert "Soft wall: The tissue found no equilibrium." in text
    assert "Stiff wall Young modulus 858 kPa 0.91 mm 61 kPa" in text


def test_a_first_answer_says_what_is_missing(case):
    keys = ("discretisation", "scenario_band", "scenarios", "stations_after")
    first = {key: value for key, value in NUMBERS.items() if key not in keys}
    first["discretisation_reason"] = "No second mesh was computed yet."
    text = printed(case, first)
    assert "No second mesh was computed yet." in text
    assert "No scenarios were computed" in text


def test_what_did_not_converge_is_not_printed(case):
    picture = {"finding one displacement": np.zeros((20, 30, 3), np.uint8)}
    text = printed(case, {**NUMBERS, "converged": False}, picture)
    assert "did not converge" in text
    assert "1.23 mm" not in text
    assert "an outline" not in text
    assert "an outline" in printed(case, NUMBERS, picture)


def test_a_stale_answer_says_so(case):
    stent = case.at(STENT)
    finding = Finding("one", "vessel response", STENT, case.made_from(STENT), {}, NUMBERS)
    moved = case.with_(finding, replace(stent, at_mm=stent.at_mm + 5))
    content, _ = built(moved, "case", {}, (), "")
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert "STALE" in text
