"""Margins, islands, logic and ranges do to a body what their names say."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging.editing.ranges import otsu


def ball_ml(radius_mm):
    return 4 / 3 * np.pi * radius_mm**3 / 1000


@pytest.mark.parametrize(("by_mm", "radius_mm"), [(4.0, 9.0), (-2.0, 3.0)])
def test_a_ball_grows_and_shrinks_to_the_ball_of_the_new_radius(bench, by_mm, radius_mm):
    assert bench.segment("tumour").volume_ml == pytest.approx(ball_ml(5), rel=0.05)
    moved = bench.edited("margin", "tumour", margin_mm=by_mm)
    assert (moved.volume_ml / ball_ml(1)) ** (1 / 3) == pytest.approx(radius_mm, abs=0.3)


def test_a_margin_that_eats_everything_is_refused(bench):
    with pytest.raises(SegmentationError, match="nothing of tumour"):
        bench.run("margin", "tumour", margin_mm=-20)
    with pytest.raises(SegmentationError, match="0 mm changes nothing"):
        bench.run("margin", "tumour", margin_mm=0)


def test_a_structure_that_the_scan_cuts_off_is_not_shrunk_from_the_cut(bench):
    thinner = bench.on_scan(bench.edited("margin", "tube", margin_mm=-1))
    assert thinner[0].any()
    assert thinner[-1].any()


def test_a_shell_lies_on_its_side_of_the_surface(bench):
    organ = bench.on_scan(bench.segment("organ"))
    inner = bench.on_scan(bench.edited("hollow", "organ", shell_mm=2))
    outer = bench.on_scan(bench.edited("hollow", "organ", shell_mm=2, outside=1))
    assert not (inner & ~organ).any()
    assert not (outer & organ).any()
    assert not inner[organ & bench.painting.ball((-4, 9, 0), 1)].any(), "deep inside is empty"


def test_parts_are_kept_removed_and_split(bench):
    organ = bench.segment("organ")
    largest = bench.edited("keep_largest", "organ")
    parts = bench.run("split", "organ", min_ml=0.05)
    assert [one.name for one in parts] == ["organ", "organ 2", "organ 3"][: len(parts)]
    assert sum(one.voxels for one in parts) == organ.voxels
    assert parts[0].voxels >= largest.voxels
    clicked = bench.edited("keep_islands", "organ", points=bench.lps((14, 14, -12)))
    assert clicked.volume_ml == pytest.approx(ball_ml(3.2), rel=0.25)
    assert bench.edited("remove_islands", "organ", min_ml=2.0).voxels == largest.voxels


def test_only_small_holes_are_filled_if_so_wanted(bench):
    organ = bench.segment("organ")
    filled = bench.edited("fill_holes", "organ")
    assert filled.volume_ml - organ.volume_ml == pytest.approx(ball_ml(2.6), rel=0.25)
    with pytest.raises(SegmentationError, match="as it is"):
        bench.run("fill_holes", "organ", largest_ml=0.01)


def test_logic_keeps_the_count_of_voxels(bench):
    organ, tumour = bench.segment("organ"), bench.segment("tumour")
    both = bench.edited("intersection", "organ", "tumour").voxels
    assert bench.edited("union", "organ", "tumour").voxels == organ.voxels + tumour.voxels - both
    assert bench.edited("difference", "organ", "tumour").voxels == organ.voxels - both
    assert bench.edited("invert", "organ").voxels == bench.scan.values.size - organ.voxels


def test_otsu_divides_fat_from_organ(bench):
    inside = bench.scan.values[bench.masks["body"]]
    assert -60 < otsu(inside) < 90
    assert otsu(inside.astype(np.float32)) == pytest.approx(otsu(inside), abs=5)
    low = bench.scan.values[bench.on_scan(bench.edited("threshold", "body"))]
    assert low.min() >= otsu(inside)
    with pytest.raises(SegmentationError, match="no limit divides"):
        otsu(np.full(9, 40, np.int16))
