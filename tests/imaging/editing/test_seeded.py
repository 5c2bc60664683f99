"""Painted seeds grow to the organ, and a preview that remembers gives what a fresh start gives."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.imaging.editing.grow_cut import GrowCut
from surgiplan.imaging.editing.seeded import SeedSettings


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("name", ["grow_cut", "watershed"])
def test_seeds_grow_to_the_organ_and_stop_at_its_edge(bench, name):
    painting = bench.painting
    lesion = bench.segment("lesion", painting.ball((3, 6, 2), 2))
    found = bench.run(name, "core", lesion, "around", reach_mm=2)
    assert [one.id for one in found] == ["core", "lesion", "around"]
    tumour = bench.masks["tumour"]
    organ = painting.ball((-4, 2, 0), 11) & ~painting.ball((-6, 2, 0), 3.5) & ~tumour
    near = painting.ball((-4, 2, 0), 14) & ~painting.ball((-6, 2, 0), 3.5)
    assert dice(bench.on_scan(found[0]) & near, organ) > 0.9
    assert dice(bench.on_scan(found[1]) & near, tumour & near) > 0.75
    masks = [bench.on_scan(one) for one in found]
    assert sum(mask.astype(int) for mask in masks).max() == 1, "no overlap"


def test_a_stroke_more_and_a_stroke_less_give_what_a_fresh_start_gives(bench):
    core, around = bench.segment("core"), bench.segment("around")
    lesion = bench.segment("lesion", bench.painting.ball((3, 6, 2), 2))
    more = bench.segment("core", bench.masks["core"] | bench.painting.ball((-4, 9, 4), 2))
    settings = SeedSettings(reach_mm=2)
    live = GrowCut(bench.scan, (core, around), settings)
    for seeds in ((more, around), (more, around, lesion), (core, around, lesion), (core, around)):
        live.update(seeds)
        fresh = GrowCut(bench.scan, seeds, settings)
        assert live.box == fresh.box
        np.testing.assert_array_equal(live.labels, fresh.labels)
    assert [one.id for one in live.segments((core, around))] == ["core", "around"]


def test_seeds_that_leave_the_box_begin_a_larger_one(bench):
    core = bench.segment("core")
    near = bench.segment("near", bench.painting.ball((-8, 8, 0), 2))
    live = GrowCut(bench.scan, (core, near), SeedSettings(reach_mm=1))
    small = live.box
    live.update((core, bench.segment("around")))
    assert np.prod(live.box.shape) > np.prod(small.shape)
    assert set(np.unique(live.labels)) == {1, 2}


def test_one_segment_alone_has_nobody_to_meet(bench):
    with pytest.raises(SegmentationError, match="at least two"):
        GrowCut(bench.scan, (bench.segment("core"),))
    with pytest.raises(SegmentationError, match="takes 2 to 50 segments"):
        bench.run("grow_cut", "core")
