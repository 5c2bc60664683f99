"""A place in the body is told as a surgeon would: along a vessel, in an organ, beside what."""

import numpy as np
import pytest

from surgiplan.errors import GeometryError, SolveError
from surgiplan.workflow.places import place_in_words, with_place
from tests.app import bodies

STENT, CUT = "plan/stents/stent", "plan/resections/resection"


@pytest.fixture(scope="module")
def case():
    return bodies.planned_case()


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ([-34.0, -12.0, 125.0], "Liver, upper part at the cut face"),
        ([-34.0, -40.0, 60.0], "Liver, lower front part at the cut face"),
        ([-60.0, 14.0, 90.0], "Liver, back right part"),
        ([-18.0, -14.0, 92.0], "Liver, middle part, near Tumour"),
        ([2.0, -14.0, 92.0], "Liver, left part, near Tumour"),
    ],
)
def test_a_place_in_an_organ(case, point, words):
    assert place_in_words(case, CUT, np.array(point)) == words


def test_a_place_along_a_vessel(case):
    branch = bodies.branch()
    for station_mm in (12.0, 80.0):
        beside = branch.point_at(station_mm) + [0.0, 3.0, 0.0]
        words = place_in_words(case, STENT, beside)
        assert words.startswith(f"{station_mm:.0f} mm along Centreline of Aorta lumen")


def test_an_error_with_a_place_says_it_and_keeps_its_numbers(case):
    solve = SolveError("No equilibrium.", iterations=7, residual=0.2, point_lps=(-60.0, 14.0, 90.0))
    said = with_place(solve, case, CUT)
    assert isinstance(said, SolveError)
    assert str(said) == "No equilibrium. The place: Liver, back right part."
    assert (said.iterations, said.residual) == (7, 0.2)
    mesh = with_place(GeometryError("Flat.", point_lps=(-60.0, 14.0, 90.0)), case, CUT)
    assert isinstance(mesh, GeometryError)
    assert str(mesh).endswith("back right part.")


def test_an_error_without_a_place_is_left_alone(case):
    error = GeometryError("The mesh has no elements.")
    assert with_place(error, case, CUT) is error
