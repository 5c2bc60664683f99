"""Names that stand for several segments: bone, kidneys."""

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.model import Case, Segment, VoxelGrid, remarks_of

GRID = VoxelGrid((10, 10, 10), np.diag([1.0, 1.0, 1.0, 1.0]))


def kidney(name, low):
    high = np.array(low) + 2
    return Segment(id=name, name=name, mask=np.ones((2, 2, 2), bool),
                   grid=GRID.cropped(low, high), confidence=0.8)  # fmt: skip


@pytest.fixture
def case():
    return Case().with_(kidney("kidney_left", (1, 1, 7)), kidney("kidney_right", (4, 1, 0)))


def test_kidneys_are_both_kidneys(case):
    both = case.segment("kidneys")
    assert both.voxels == 16
    assert both.grid.box_in(GRID) == (slice(1, 6), slice(1, 3), slice(0, 9))
    assert both.confidence == 0.8
    assert case.at("segments/kidneys").digest == both.digest


def test_a_segment_of_that_name_goes_before_the_union(case):
    own = kidney("kidneys", (0, 0, 0))
    assert case.with_(own).segment("kidneys") is own


def test_union_is_stale_when_a_part_changes(case):
    known = case.made_from("segments/kidneys")
    assert not case.is_stale(known)
    assert case.with_(kidney("kidney_left", (1, 1, 6))).is_stale(known)


def test_union_without_parts_is_no_segment_and_cannot_be_deleted(case):
    with pytest.raises(PlanError, match="bone"):
        case.segment("bone")
    with pytest.raises(PlanError, match="kidneys"):
        case.without("segments/kidneys")


def test_what_several_structures_have_in_common_is_said_once():
    spine, ribs = (
        Segment(
            id=name,
            name=name,
            mask=np.ones((1, 1, 1), bool),
            grid=GRID.cropped((0, 0, 0), (1, 1, 1)),
            remarks=remarks,
        )
        for name, remarks in (("spine", ("Metal.", "Cut.")), ("ribs", ("Metal.",)))
    )
    assert remarks_of([spine, ribs]) == ("spine, ribs: Metal.", "spine: Cut.")
