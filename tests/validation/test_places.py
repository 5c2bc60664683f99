"""The places where a reader errs, as a radiologist would point at them."""

import numpy as np
import pytest
from masks import ball, box, segment

from surgiplan.errors import GeometryError
from surgiplan.model import Surface
from surgiplan.validation import disagreement, worst_places

SHAPE = (60, 60, 60)


def errant(reference):
    """A bump, a bite and a hole, and a rim of one voxel all around."""
    test = reference | np.roll(reference, 1, axis=1)
    bump = box(SHAPE, (28, 28, 44), (33, 33, 57))
    bite = box(SHAPE, (9, 20, 20), (20, 40, 40))
    hole = box(SHAPE, (28, 28, 22), (34, 34, 28))
    return ((test | bump) & ~bite) & ~hole


def test_each_error_is_one_place_and_the_rim_that_all_readers_have_is_none():
    reference = ball(16)
    bump, bite, hole = worst_places(segment(reference), segment(errant(reference)))
    assert not bump.is_missed
    assert bump.point_lps == pytest.approx([53.5, 30, 30], abs=1)  # (x, y, z) is (i, j, k)
    assert bump.distance_mm == pytest.approx(10.5, abs=1.0)
    assert bite.is_missed
    assert bite.point_lps == pytest.approx([29.5, 29.5, 15.5], abs=1.5)
    assert hole.is_missed
    assert hole.volume_ml == pytest.approx(6**3 / 1000, rel=0.15)
    assert hole.point_lps == pytest.approx([24.5, 30.5, 30.5], abs=1)
    assert bump.distance_mm >= bite.distance_mm >= hole.distance_mm
    missed_ml = np.count_nonzero(reference & ~errant(reference)) / 1000
    assert bite.volume_ml + hole.volume_ml == pytest.approx(missed_ml, rel=0.05)


def test_readers_who_agree_within_a_voxel_have_no_worst_place():
    reference = ball(16)
    assert worst_places(segment(reference), segment(np.roll(reference, 1, axis=2))) == ()
    assert worst_places(segment(reference), segment(reference)) == ()


def test_thick_slices_do_not_make_one_slice_more_a_place():
    reference = ball(16)
    spacing = (5.0, 1.0, 1.0)
    shifted = segment(np.roll(reference, 1, axis=0), spacing)
    assert worst_places(segment(reference, spacing), shifted) == ()


def vertices(mask):
    """One triangle for each voxel of a mask's border, at its middle."""
    from surgiplan.validation.surfels import boundary_voxels

    points = boundary_voxels(mask, (1.0, 1.0, 1.0)).index_kji[:, ::-1]
    return Surface(np.ascontiguousarray(points), np.zeros((1, 3), np.int32))


def test_a_surface_is_painted_red_outside_and_blue_inside():
    reference = ball(16)
    test = segment(errant(reference), name="test")
    found = disagreement(segment(reference), test, vertices(errant(reference)))
    at_bump = np.linalg.norm(found.points_lps - [56, 30, 30], axis=1) < 3
    in_bite = np.linalg.norm(found.points_lps - [30, 30, 20], axis=1) < 4
    assert found.signed_mm[at_bump].min() > 5
    assert found.signed_mm[in_bite].max() < -2
    assert found.missed.voxels == np.count_nonzero(reference & ~errant(reference))
    assert found.added.voxels == np.count_nonzero(errant(reference) & ~reference)
    assert len(found.places) == 3


def test_one_thin_spike_does_not_make_all_other_colours_alike():
    reference = ball(16)
    spiked = np.roll(reference, 1, axis=1)
    spiked[30, 30, 46:58] = True
    found = disagreement(segment(reference), segment(spiked), vertices(spiked))
    assert found.signed_mm.max() > 10
    assert found.limit_mm <= 2.0


def test_two_alike_are_painted_nought():
    one = segment(ball(16))
    found = disagreement(one, one, vertices(ball(16)))
    assert np.abs(found.signed_mm).max() == 0
    assert found.limit_mm == 1.0


def test_an_empty_reader_cannot_be_painted():
    with pytest.raises(GeometryError, match="is empty"):
        disagreement(segment(ball(16)), segment(np.zeros(SHAPE, bool)), vertices(ball(16)))
