"""Several structures, several readers, and what they agree on."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from masks import ball, box, grid_of, segment

from surgiplan.errors import GeometryError, SegmentationError
from surgiplan.validation import Rule, compared, consensus, majority, resampled, staple


def named(*segments):
    return {one.name: one for one in segments}


def readers(count=4, seed=0):
    """One ball, drawn by readers who err in different places."""
    random = np.random.default_rng(seed)
    truth = ball(12, (40, 40, 40), (20, 20, 20))
    drawn = []
    for n in range(count):
        blocks = random.random((10, 10, 10)) < 0.03 * (n + 1)
        drawn.append(segment(truth ^ np.kron(blocks, np.ones((4, 4, 4), bool)), name=f"r{n}"))
    return segment(truth), drawn


def test_structures_meet_by_name_and_what_a_reader_lacks_counts_as_empty():
    liver = segment(box((20, 20, 20), (2, 2, 2), (12, 12, 12)), name="liver")
    spleen = segment(box((20, 20, 20), (13, 13, 13), (18, 18, 18)), name="spleen")
    kidney = segment(box((20, 20, 20), (1, 1, 14), (5, 5, 18)), name="kidney")
    rows = compared(named(liver, spleen), {"A": named(spleen, liver), "B": named(liver, kidney)})
    found = {(row.reader, row.name): row.agreement.dice for row in rows}
    assert found == {
        ("A", "liver"): 1.0, ("A", "spleen"): 1.0,
        ("B", "liver"): 1.0, ("B", "spleen"): 0.0, ("B", "kidney"): 0.0,
    }  # fmt: skip


def test_one_structure_on_each_side_is_compared_whatever_it_is_called():
    one = segment(ball(6, (20, 20, 20), (10, 10, 10)), name="reference")
    (row,) = compared(named(one), {"A": named(replace(one, name="my liver"))})
    assert row.agreement.dice == 1.0


def test_other_voxels_of_the_same_scan_are_resampled_and_the_table_says_so():
    fine = segment(ball(12, (40, 40, 40), (20, 20, 20)), (0.5, 0.5, 0.5))
    coarse = segment(ball(6, (20, 20, 20), (10, 10, 10)), (1.0, 1.0, 1.0))
    (row,) = compared(named(fine), {"A": named(coarse)})
    assert row.agreement.dice > 0.92  # a ball of six coarse voxels radius
    assert "Resampled from 1.00" in row.notice


def test_another_frame_of_reference_is_never_compared():
    one = segment(ball(6, (20, 20, 20), (10, 10, 10)), frame="1.2.4")
    other = replace(one, grid=replace(one.grid, frame_uid="1.2.3"))
    with pytest.raises(GeometryError, match="frames of reference"):
        compared(named(one), {"A": named(other)})


def test_a_mask_resampled_to_turned_axes_stays_in_its_place():
    mask = box((20, 22, 24), (3, 5, 7), (9, 16, 12))
    one = segment(mask, (1.5, 1.0, 0.5))
    turned_grid = grid_of((24, 22, 20))
    affine = one.grid.affine[:, [2, 1, 0, 3]].copy()
    moved = resampled(one, replace(turned_grid, affine=affine))
    assert moved.volume_ml == pytest.approx(one.volume_ml)
    assert moved.centroid_lps == pytest.approx(one.centroid_lps)


def test_a_label_map_that_states_no_frame_is_compared_with_a_scan_and_the_table_says_so():
    one = segment(ball(6, (20, 20, 20), (10, 10, 10)), frame="1.2.4")
    other = replace(one, grid=replace(one.grid, frame_uid=""))
    for reference, test in ((one, other), (other, one)):
        (row,) = compared(named(reference), {"A": named(test)})
        assert row.agreement.dice == 1.0
        assert "does not state its frame" in row.notice


def test_the_majority_is_what_more_than_half_drew():
    _, drawn = readers(3)
    found = majority(drawn, ["A", "B", "C"])
    votes = sum(one.mask.astype(int) for one in drawn)
    (row,) = compared(named(found.segment), {"votes": named(segment(votes >= 2))})
    assert row.agreement.dice == 1.0
    assert found.segment.voxels == np.count_nonzero(votes >= 2)
    assert found.scores[0].sensitivity == pytest.approx(
        np.count_nonzero(drawn[0].mask & (votes >= 2)) / np.count_nonzero(votes >= 2)
    )
    assert found.scores[0].specificity > found.scores[2].specificity


def test_each_structure_finds_its_own_consensus_and_who_lacks_it_drew_nothing():
    shape = (20, 20, 20)
    liver = segment(box(shape, (2, 2, 2), (12, 12, 12)), name="liver")
    spleen = segment(box(shape, (13, 13, 13), (18, 18, 18)), name="spleen")
    three = {"A": named(liver, spleen), "B": named(liver), "C": named(liver, spleen)}
    found = consensus(three, Rule.MAJORITY)
    assert list(found) == ["liver", "spleen"]
    assert found["spleen"].segment.voxels == 125
    assert [one.sensitivity for one in found["spleen"].scores] == [1.0, 0.0, 1.0]
    two = consensus({"A": named(liver, spleen), "B": named(liver)}, Rule.MAJORITY)
    assert two["spleen"].segment.voxels == 0
    assert two["spleen"].scores[0].sensitivity is None


def test_staple_agrees_with_the_filter_of_simpleitk():
    _, drawn = readers()
    ours = staple(drawn, [one.name for one in drawn])
    images = [
        sitk.GetImageFromArray(np.pad(one.mask, 2).astype(np.uint8)) for one in drawn
    ]  # the same margin: the background counts
    peer = sitk.STAPLEImageFilter()
    peer.SetForegroundValue(1)
    probability = sitk.GetArrayFromImage(peer.Execute(images))
    for score, p, q in zip(ours.scores, peer.GetSensitivity(), peer.GetSpecificity(), strict=True):
        assert score.sensitivity == pytest.approx(p, abs=1e-3)
        assert score.specificity == pytest.approx(q, abs=1e-3)
    theirs = segment(probability[2:-2, 2:-2, 2:-2] > 0.5)
    (row,) = compared(named(theirs), {"ours": named(ours.segment)})
    assert row.agreement.dice == 1.0


def test_staple_trusts_the_better_readers_and_comes_nearer_to_the_truth_than_they():
    truth, drawn = readers(5)
    ours = staple(drawn, [one.name for one in drawn])
    assert ours.scores[0].specificity > ours.scores[-1].specificity
    (row,) = compared(named(truth), {"consensus": named(ours.segment)})
    best = max(r.agreement.dice for one in drawn for r in compared(named(truth), {"r": named(one)}))
    assert row.agreement.dice > best


def test_a_consensus_of_one_is_refused():
    _, drawn = readers(1)
    for find in (majority, staple):
        with pytest.raises(SegmentationError, match="at least two readers"):
            find(drawn, ["A"])
    with pytest.raises(SegmentationError, match="at least two readers"):
        consensus({"A": named(*drawn)}, Rule.STAPLE)
