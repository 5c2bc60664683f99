"""Which stents there are."""

import pytest

from surgiplan.errors import PlanError
from surgiplan.planning import catalogue, design, device
from surgiplan.planning.devices import read_devices


def test_every_device_comes_in_its_usual_size_and_says_that_it_is_generic():
    for family in catalogue():
        stent = design(family.name)
        assert stent.diameter_mm == family.usual_diameter_mm
        assert stent.length_mm == family.usual_length_mm
        assert stent.source == "GENERIC - EXAMPLE"


def test_the_generic_stent_comes_in_any_size():
    stent = design("stent", 23.7, 61.5)
    assert (stent.diameter_mm, stent.length_mm) == (23.7, 61.5)


def test_a_stent_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(PlanError, match=r"'foo'; the catalogue has: .*aortic-tube"):
        device("foo")


def test_a_size_that_is_not_made_is_refused_with_those_that_are():
    with pytest.raises(PlanError, match="diameter of 25 mm; choose one of: 22, 24, 26"):
        design("aortic-tube", 25.0, 100.0)
    with pytest.raises(PlanError, match="length of 300 mm; choose one of: 5 to 250 mm"):
        design("stent", 20.0, 300.0)


def test_a_damaged_catalogue_file_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[[device]]\nname = 'x'\n")
    with pytest.raises(PlanError, match=r"mine\.toml"):
        read_devices(path)
