"""Settings come from names and numbers, within their ranges."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from surgiplan.errors import PlanError
from surgiplan.model import Choice, Quantity
from surgiplan.workflow import settings_from


@dataclass(frozen=True)
class Tissue:
    stiffness_kpa: Annotated[float | None, Quantity("kPa", 1, 10, "stiffness")] = None
    down: tuple[float, float, float] = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Named:
    tissue: Annotated[str, Choice(("liver", "kidney"), "which tissue")] = "liver"


def test_text_from_a_shell_becomes_numbers():
    assert settings_from(Tissue, {"stiffness_kpa": "2.5"}).stiffness_kpa == 2.5
    assert settings_from(Tissue, {"down": "0,0,-1"}).down == (0.0, 0.0, -1.0)


def test_what_is_not_said_keeps_its_default():
    assert settings_from(Tissue, {}) == Tissue()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"stiffness_kpa": "11"}, "outside its range of 1 to 10 kPa"),
        ({"stiffness_kpa": "soft"}, "needs a number"),
        ({"hardness": "1"}, "no setting 'hardness'.*stiffness_kpa"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(PlanError, match=sentence):
        settings_from(Tissue, given)


def test_a_name_that_is_not_among_the_choices_is_refused_with_those_there_are():
    assert settings_from(Named, {"tissue": "kidney"}).tissue == "kidney"
    with pytest.raises(PlanError, match="'cork' is not one of liver, kidney"):
        settings_from(Named, {"tissue": "cork"})
