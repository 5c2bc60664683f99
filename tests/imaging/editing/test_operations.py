"""What all operations share: the box is no border, names stay, and nonsense is refused."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import GeometryError, PlanError, SegmentationError, SurgiplanError
from surgiplan.imaging.editing import OPERATIONS
from surgiplan.model import check, quantities

from .conftest import bench_with

CASES = {
    "margin": [(("tumour",), {"margin_mm": 3.0}), (("organ",), {"margin_mm": -2.0})],
    "hollow": [(("organ",), {}), (("tumour",), {"shell_mm": 3.0, "outside": 1})],
    "keep_largest": [(("organ",), {}), (("organ",), {"count": 2})],
    "keep_islands": [(("organ",), {"points": [(14, 14, -12)]})],
    "remove_islands": [(("organ",), {"min_ml": 0.05})],
    "split": [(("organ",), {"min_ml": 0.05})],
    "fill_holes": [(("organ",), {}), (("organ",), {"slicewise": 1})],
    "union": [(("organ", "tube"), {})],
    "intersection": [(("organ", "tumour"), {})],
    "difference": [(("organ", "tumour"), {})],
    "invert": [(("organ",), {}), (("organ", "body"), {})],
    "median": [(("organ",), {})],
    "gaussian": [(("organ",), {})],
    "closing": [(("organ",), {"radius_mm": 3.0})],
    "opening": [(("organ",), {"radius_mm": 2.4})],
    "smooth": [(("organ",), {}), (("moving",), {"sigma_mm": 2.5})],
    "joint": [(("tumour", "organ"), {}), (("tube", "organ", "tumour"), {"sigma_mm": 0.8})],
    "draw": [
        (("tumour",), {"points": [(0, 0, 0), (12, 0, 0), (12, 9, 0), (3, 14, 0)]}),
        (("tube",), {"points": [(8, -6, -9), (18, -6, 9), (14, 6, 0)], "erase": 1}),
        ((), {"points": [(0, 0, 0), (90, 0, 0), (12, 0, 9)], "thickness_mm": 7.0}),
    ],
    "scissors": [
        (("organ",), {"points": [(-9, -9, 40), (9, -9, 40), (0, 9, 40)]}),
        (("tube",), {"points": [(8, 40, -4), (18, 40, -4), (14, 40, 9)], "outside": 1}),
        (("organ",), {"points": [(-9, -9, 40), (9, -9, 40), (0, 9, 40)], "slab_mm": 80.0}),
        (
            ("organ",),
            {
                "points": [(-9, -9, 40), (9, -9, 40), (0, 9, 40)],
                "eye_lps": (-20.0, 10.0, 400.0),
                "depth_mm": 38.0,
            },
        ),
    ],
    "level_trace": [((), {"points": [(-15, 2, 0)]}), (("tumour",), {"points": [(13, 2.5, 0)]})],
    "fill_between": [(("drawn",), {})],
    "march": [((), {"points": [(-4, 9, 0)], "reach_mm": 9}), (("tube",), {"points": [(3, 6, 2)]})],
    "trace_vessel": [((), {"points": [(11.5, -6, -20), (14.5, 6, 20)]})],
    "grow_cut": [(("core", "tumour", "around"), {"reach_mm": 2.0})],
    "watershed": [(("core", "around"), {"reach_mm": 2.0})],
    "threshold": [(("body",), {}), ((), {"low_hu": 200.0}), (("body",), {"high_hu": 0.0})],
}
"""Segments and settings for each operation; points are mm from the scan's middle."""

EACH = [(name, *case) for name, cases in CASES.items() for case in cases]


def run(bench, name, segments, given):
    given = dict(given)
    points = bench.lps(*given.pop("points")) if "points" in given else ()
    return bench.run(name, *segments, points=points, **given)


def test_every_operation_is_tried_here():
    assert set(CASES) == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_setting_has_a_unit_a_range_and_a_default_within_it(name):
    operation = OPERATIONS[name]
    assert operation.name == name
    check(operation.Settings())
    for about, _ in quantities(operation.Settings).values():
        assert about.unit
        assert about.low < about.high
        assert about.meaning
    assert operation.about.endswith(".")
    assert operation.segments[0] <= operation.segments[1]


@pytest.mark.parametrize(("name", "segments", "given"), EACH)
def test_the_box_gives_what_the_whole_scan_gives(bench, monkeypatch, name, segments, given):
    boxed = run(bench, name, segments, given)
    monkeypatch.setattr(OPERATIONS[name], "box", lambda *_: bench.whole)
    whole = run(bench, name, segments, given)
    assert len(boxed) == len(whole)
    for one, other in zip(boxed, whole, strict=True):
        assert one.voxels
        np.testing.assert_array_equal(bench.on_scan(one), bench.on_scan(other))


@pytest.mark.parametrize(("name", "segments", "given"), EACH)
def test_a_changed_segment_keeps_its_name_and_tells_what_was_done(bench, name, segments, given):
    first, *others = run(bench, name, segments, given)
    assert first.id == (segments[0] if segments else name)
    assert first.confidence is None
    assert first.volume_id == "ct"
    assert name in first.made_by
    assert first.made_by.startswith("drawn: " + segments[0] if segments else name)
    assert len({one.id for one in (first, *others)}) == 1 + len(others)
    sides = [first.mask.any(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
    assert all(side[[0, -1]].all() for side in sides), "cropped to what is true"


@pytest.mark.parametrize(
    "axes", [((0, 0, -1), (0, 1, 0), (1, 0, 0)), ((0, 1, 0), (-1, 0, 0), (0, 0, 1))]
)
@pytest.mark.parametrize(
    "name", ["margin", "hollow", "fill_holes", "closing", "median", "gaussian", "keep_largest"]
)
def test_millimetres_are_millimetres_in_every_orientation(bench, axes, name):
    order = [int(np.argmax(np.abs(axis))) for axis in axes]
    size = np.array(SHAPE_XYZ)[order], np.array(SPACING_XYZ)[order]
    turned = bench_with(tuple(size[0]), tuple(size[1]), axes)
    assert turned.edited(name, "organ").voxels == bench.edited(name, "organ").voxels


SHAPE_XYZ, SPACING_XYZ = (48, 44, 24), (0.8, 1.0, 2.5)


@pytest.mark.parametrize("number", [0.0, -1.0, 1e6, float("nan")])
@pytest.mark.parametrize("name", ["hollow", "remove_islands"])
def test_an_absurd_number_is_refused(bench, name, number):
    key = next(iter(quantities(OPERATIONS[name].Settings)))
    with pytest.raises(PlanError, match="outside its range"):
        bench.run(name, "organ", **{key: number})


def test_what_makes_no_sense_is_refused_in_a_sentence(bench):
    organ = bench.segment("organ")
    moved = replace(organ.grid, affine=organ.grid.affine + np.eye(4)[:, [1, 2, 3, 0]] * 0.3)
    elsewhere = replace(organ.grid, frame_uid="9.9")
    for segment, error, words in (
        (replace(organ, volume_id="mr"), SegmentationError, "drawn on the scan mr"),
        (replace(organ, grid=moved), GeometryError, "own grid"),
        (replace(organ, grid=elsewhere), GeometryError, "frames of reference"),
    ):
        with pytest.raises(error, match=words):
            bench.run("margin", segment)
    for name, segments, points, words in (
        ("margin", ("organ", "tumour"), (), "takes 1 segment, not 2; remove"),
        ("union", ("organ",), (), "takes 2 segments, not 1; add"),
        ("margin", ("organ",), bench.lps((0, 0, 0)), "takes no point"),
        ("keep_islands", ("organ",), bench.lps((0, 0, 900)), "outside the scan"),
        ("keep_islands", ("organ",), bench.lps((0, -18, 0)), "nothing of organ; click in"),
        ("intersection", ("tumour", "tube"), (), "nothing of tumour"),
        ("fill_holes", ("tumour",), (), "as it is"),
    ):
        with pytest.raises(SurgiplanError, match=words):
            bench.run(name, *segments, points=points)
