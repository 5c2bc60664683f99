import json

import numpy as np
import pytest

from surgiplan.model import Case, Source, Volume
from surgiplan.render import Look, defaults_for, finding_arrays
from surgiplan.render.colours import colour_map, default_colour, rgb
from tests.render.patient import MIDDLE


def test_a_look_survives_json(case):
    look = defaults_for(case).with_style("segments/liver", "Liver", colour="#112233", visible=False)
    look = look.with_(finding="findings/answer", array="stress", selected="segments/tumour")
    assert Look.from_json(json.loads(json.dumps(look.to_json()))) == look


def test_damaged_parts_of_a_look_are_as_in_a_new_one():
    damaged = {
        "window_level": [0, "wide"],
        "styles": {"segments/liver": {"colour": "red", "opacity": 1}},
        "array": "temperature",
        "crosshair_lps": [1, 2],
        "volume_id": "ct",
        "someday": 1,
    }
    assert Look.from_json(damaged) == Look(volume_id="ct")


def test_a_case_opens_in_its_middle_with_the_window_of_the_scanner(case):
    look = defaults_for(case)
    assert look.crosshair_lps == pytest.approx(tuple(MIDDLE))
    volume = case.volume()
    scanned = Volume("ct", volume.values, volume.grid, source=Source(window_level=(600.0, 120.0)))
    assert defaults_for(Case().with_(scanned)).window_level == (600.0, 120.0)
    assert defaults_for(Case()) == Look()


def test_names_decide_colours_and_only_what_the_user_changed_is_kept():
    look = Look()
    assert look.style("segments/s1", "Aorta, true lumen").colour == "#40c4b4"
    assert look.style("segments/bone", "Bone").colour == "#e8dfc8"
    assert default_colour("segments/x", "Portal vein") != default_colour("segments/x", "Aorta")
    assert default_colour("segments/odd", "Odd") == default_colour("segments/odd", "Odd")
    changed = look.with_style("segments/bone", "Bone", opacity=0.2)
    assert changed.style("segments/bone").colour == "#e8dfc8"
    assert set(changed.styles) == {"segments/bone"}


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_colour_maps_grow_brighter_all_the_way(name):
    colours = colour_map(name).astype(float)
    luminance = colours @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(luminance) > -0.6)
    assert luminance[-1] > luminance[0] + 150


def test_a_colour_that_is_none_is_refused():
    with pytest.raises(ValueError, match="red"):
        rgb("red")


def test_a_finding_says_what_it_can_show(case):
    assert finding_arrays(case.findings["answer"]) == ("displacement", "stress")
