"""Each edit: what it does, and what it refuses in one sentence."""

from dataclasses import FrozenInstanceError, is_dataclass, replace

import numpy as np
import pytest

from surgiplan.edits import (
    EDITS,
    AddSegments,
    ChangeSegment,
    ColourSegment,
    MovePlane,
    MoveStent,
    PlaceStent,
    PlanResection,
    Remove,
    Rename,
    ResizeStent,
)
from surgiplan.errors import GeometryError, PlanError, SegmentationError
from surgiplan.model import (
    Branch,
    Case,
    Centerline,
    Resection,
    Segment,
    StentDesign,
    StentPlacement,
    Volume,
    VoxelGrid,
)


def straight_branch(length_mm=100.0, radius_mm=10.0):
    z = np.arange(0, length_mm + 0.5)
    points = np.column_stack([np.zeros_like(z), np.zeros_like(z), z])
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring = radius_mm * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(64)])
    return Branch(points, np.tile([0.0, 0, 1], (len(z), 1)), points[:, None] + ring)


@pytest.fixture
def case():
    grid = VoxelGrid((20, 20, 20), np.eye(4))
    liver = Segment("liver", "liver", np.ones(grid.shape, bool), grid)
    lumen = Segment("aorta_lumen", "aorta_lumen", np.ones(grid.shape, bool), grid)
    line = Centerline("centerline", "Centreline", "aorta_lumen", (straight_branch(),))
    return Case().with_(liver, lumen, line)


def stent(length_mm=60.0, at_mm=50.0):
    return StentPlacement("stent", "s", StentDesign("s", 24.0, length_mm), "centerline", 0, at_mm)


def test_every_edit_is_a_frozen_dataclass_with_a_label():
    for edit in EDITS:
        assert is_dataclass(edit)
        assert edit.__dataclass_params__.frozen
        assert edit.label
    with pytest.raises(FrozenInstanceError):
        Remove("segments/liver").path = "x"


def test_a_stent_longer_than_its_vessel_is_refused(case):
    with pytest.raises(PlanError, match=r"120\.0 mm long.*100\.0 mm"):
        PlaceStent(stent(length_mm=120)).apply(case)


def test_a_stent_that_would_stick_out_is_told_where_it_fits(case):
    with pytest.raises(PlanError, match=r"between 30\.0 and 70\.0"):
        PlaceStent(stent(at_mm=80)).apply(case)


def test_a_dragged_stent_stops_at_the_end_of_the_vessel(case):
    case = PlaceStent(stent()).apply(case)
    assert MoveStent("stent", 500).apply(case).plan.stents["stent"].at_mm == 70
    assert MoveStent("stent", 41.5).apply(case).plan.stents["stent"].at_mm == 41.5


def test_a_longer_stent_shifts_inwards(case):
    case = PlaceStent(stent(length_mm=20, at_mm=15)).apply(case)
    case = ResizeStent("stent", StentDesign("s", 24.0, 80.0)).apply(case)
    assert case.plan.stents["stent"].at_mm == 40


def test_a_plane_that_misses_the_organ_is_refused(case):
    plane = Resection("r", "r", "liver", [0, 0, 500], [0, 0, 1])
    with pytest.raises(PlanError, match="misses liver"):
        PlanResection(plane).apply(case)


def test_a_plane_dragged_off_the_organ_leaves_the_case_alone(case):
    case = PlanResection(Resection("r", "r", "liver", [10, 10, 10], [0, 0, 2])).apply(case)
    assert case.plan.resections["r"].normal == pytest.approx([0, 0, 1])
    with pytest.raises(PlanError):
        MovePlane("r", [0, 0, -50], [0, 0, 1]).apply(case)


def test_an_empty_segment_is_refused(case):
    grid = VoxelGrid((2, 2, 2), np.eye(4))
    with pytest.raises(SegmentationError, match="empty"):
        AddSegments((Segment("t", "t", np.zeros(grid.shape, bool), grid),)).apply(case)


def test_what_a_plan_hangs_on_cannot_be_removed(case):
    case = PlaceStent(stent()).apply(case)
    with pytest.raises(PlanError, match="remove the stent first"):
        Remove("plan/centerlines/centerline").apply(case)
    assert not Remove("plan/stents/stent").apply(case).plan.stents


def test_a_name_is_changed_in_place(case):
    renamed = Rename("segments/liver", " Liver ").apply(case)
    assert renamed.segments["liver"].name == "Liver"


@pytest.fixture
def scanned(case):
    grid = case.segments["liver"].grid
    return case.with_(Volume("ct", np.zeros(grid.shape, np.int16), grid))


def test_a_changed_segment_takes_its_place_and_what_was_made_beside_joins(scanned):
    liver = scanned.segments["liver"]
    half = replace(liver, mask=np.indices(liver.mask.shape)[0] < 10)
    rest = replace(liver, id="liver_2", mask=~half.mask)
    edit = ChangeSegment(half, "Split liver into parts", (rest,))
    assert edit.label == "Split liver into parts"
    after = edit.apply(scanned)
    assert list(after.segments) == ["liver", "aorta_lumen", "liver_2"]
    assert after.segments["liver"].voxels == liver.voxels / 2


def test_a_change_that_leaves_nothing_or_lies_on_another_grid_is_refused(scanned):
    liver = scanned.segments["liver"]
    empty = replace(liver, mask=np.zeros(liver.mask.shape, bool))
    with pytest.raises(SegmentationError, match=r"nothing of liver.*remove the segment"):
        ChangeSegment(empty, "Erase").apply(scanned)
    affine = liver.grid.affine.copy()
    affine[0, 3] += 0.4
    beside = replace(liver, grid=replace(liver.grid, affine=affine))
    with pytest.raises(GeometryError, match="own grid"):
        ChangeSegment(beside, "Paint").apply(scanned)


def test_a_segment_gets_a_colour_and_loses_it(scanned):
    red = ColourSegment("liver", "#c0392b").apply(scanned)
    assert red.segments["liver"].colour == "#c0392b"
    assert red.segments["liver"].digest == scanned.segments["liver"].digest
    assert ColourSegment("liver", "").apply(red).segments["liver"].colour == ""
    with pytest.raises(PlanError, match="no colour"):
        ColourSegment("liver", "red").apply(scanned)
