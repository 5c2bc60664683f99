"""A case holds nouns, and knows which numbers are stale."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.model import Case, Finding, Measurement, Segment, VoxelGrid


def organ(size=3, name="liver"):
    grid = VoxelGrid((size, size, size), np.eye(4))
    return Segment(name, name, np.ones(grid.shape, bool), grid)


def answer(case):
    return Finding("f", "remnant response", "segments/liver", case.made_from("segments/liver"))


def test_every_change_makes_a_new_case_that_shares_the_rest():
    before = Case().with_(organ())
    after = before.with_(Measurement("d", "Distance", [[0, 0, 0], [3, 4, 0]]))
    assert after.segments is before.segments
    assert "d" not in before.plan.measurements
    assert after.at("plan/measurements/d").length_mm == 5


def test_a_finding_is_stale_once_its_organ_changed_and_fresh_again_when_it_is_back():
    case = Case().with_(organ())
    case = case.with_(answer(case))
    made_from = case.findings["f"].made_from
    changed = case.with_(organ(size=4))
    assert not case.is_stale(made_from)
    assert changed.is_stale(made_from)
    assert not changed.with_(organ()).is_stale(made_from)
    assert case.without("segments/liver").is_stale(made_from)


def test_a_new_name_makes_nothing_stale():
    case = Case().with_(organ())
    case = case.with_(answer(case))
    renamed = case.with_(replace(case.segments["liver"], name="Liver, venous phase"))
    assert not renamed.is_stale(case.findings["f"].made_from)


def test_what_is_not_there_is_named_together_with_what_is():
    case = Case().with_(organ())
    with pytest.raises(PlanError, match=r"no segment 'spleen'.*liver"):
        case.segment("spleen")
    with pytest.raises(PlanError, match="no scan yet"):
        case.volume()


def test_a_second_stent_gets_a_free_id():
    case = Case().with_(organ())
    assert case.free_id("segments", "tumour") == "tumour"
    assert case.free_id("segments", "liver") == "liver2"
