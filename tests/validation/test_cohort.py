"""Many cases: failures stay, voxels are never pooled, small groups are not spoken of."""

from dataclasses import replace

import numpy as np
import pytest
from masks import box, segment

from surgiplan.validation import Agreement, CohortCase, Comparison, compared, summary_of

NOTHING = Agreement(1, 1, None, None, None, None, None, None)


def case(number, dice, reader="A", **groups):
    """One liver with a Dice; its other numbers follow from it so that they can be told apart."""
    found = replace(
        NOTHING, dice=dice, nsd=dice, hd_mm=20 * (1 - dice), hd95_mm=10 * (1 - dice),
        assd_mm=1 - dice, volume_error_fraction=dice - 1,
    )  # fmt: skip
    return CohortCase(f"P{number}", reader, (Comparison("liver", reader, found),), groups)


def of(summary, key, reader="A"):
    return next(s for s in summary.labels if (s.metric.key, s.reader) == (key, reader))


def test_an_empty_mask_counts_as_a_failure_and_two_are_left_out_but_counted():
    shape = (9, 9, 9)
    full = segment(box(shape, (2, 2, 2), (7, 7, 7)), name="liver")
    none = segment(np.zeros(shape, bool), name="liver")
    pairs = [(full, full), (full, full), (full, none), (none, none)]
    cases = [
        CohortCase(f"P{n}", "A", tuple(compared({"liver": one}, {"A": {"liver": other}})))
        for n, (one, other) in enumerate(pairs)
    ]
    summary = summary_of(cases)
    dice, hd95 = of(summary, "dice"), of(summary, "hd95_mm")
    assert (dice.spread.count, dice.failures, dice.correct_rejections) == (3, 1, 1)
    assert sorted(dice.values) == [0.0, 1.0, 1.0]
    assert (hd95.spread.count, hd95.failures) == (2, 1)
    assert dice.worst[0] == ("P2", 0.0)
    assert hd95.worst[0][0] == "P2"
    assert np.isnan(hd95.worst[0][1])


def test_a_structure_that_neither_side_has_is_a_correct_rejection_too():
    liver = {"liver": segment(box((9, 9, 9), (2, 2, 2), (7, 7, 7)), name="liver")}
    tumour = {"tumour": segment(box((9, 9, 9), (3, 3, 3), (4, 4, 4)), name="tumour")}
    ill, well = compared(liver | tumour, {"A": liver | tumour}), compared(liver, {"A": liver})
    summary = summary_of([CohortCase("P1", "A", tuple(ill)), CohortCase("P2", "A", tuple(well))])
    found = next(s for s in summary.labels if (s.label, s.metric.key) == ("tumour", "dice"))
    assert (found.spread.count, found.correct_rejections, found.failures) == (1, 1, 0)


def test_a_large_case_weighs_as_much_as_a_small_one():
    shape = (40, 40, 40)
    small = segment(box(shape, (2, 2, 2), (6, 6, 6)), name="liver")
    half = segment(box(shape, (2, 2, 2), (6, 6, 4)), name="liver")
    large = segment(box(shape, (1, 1, 1), (39, 39, 39)), name="liver")
    pairs = [(small, half), (large, large), (large, large)]
    cases = [
        CohortCase(f"P{n}", "A", tuple(compared({"liver": one}, {"A": {"liver": other}})))
        for n, (one, other) in enumerate(pairs)
    ]
    assert sorted(of(summary_of(cases), "dice").values) == pytest.approx([2 / 3, 1.0, 1.0])


def test_the_five_worst_cases_are_named_worst_first_by_what_is_bad():
    cases = [case(n, 0.9 + 0.01 * n) for n in range(8)]
    summary = summary_of(cases)
    assert [name for name, _ in of(summary, "dice").worst] == ["P0", "P1", "P2", "P3", "P4"]
    assert of(summary, "hd95_mm").worst[0] == ("P0", pytest.approx(1.0))
    assert of(summary, "volume_error_fraction").worst[0] == ("P0", pytest.approx(-0.1))


def test_a_vendor_on_which_the_reader_fails_is_found_and_corrected_for_all_gaps():
    cases = [
        case(n, (0.8 if n % 3 == 0 else 0.93) + 0.001 * (n % 7), vendor="XYZ"[n % 3], sex=sex)
        for n, sex in enumerate("MF" * 18)
    ]
    gaps = {(one.column, one.group): one for one in summary_of(cases).gaps}
    assert set(gaps) == {("vendor", "X"), ("vendor", "Y"), ("vendor", "Z"), ("sex", "F")}
    worst = gaps["vendor", "X"]
    assert worst.gap.difference == pytest.approx(-0.13, abs=0.005)
    assert worst.gap.high < 0
    assert worst.p_holm == pytest.approx(4 * worst.gap.p)
    assert worst.p_holm < 0.001
    assert gaps["sex", "F"].p_holm > 0.5


def test_groups_that_are_too_small_are_refused_in_a_sentence():
    cases = [case(n, 0.9 + 0.001 * n, sex="F" if n < 4 else "M") for n in range(20)]
    summary = summary_of(cases)
    assert not summary.gaps
    assert any("sex F has 4 cases, fewer than 8" in sentence for sentence in summary.refusals)


def test_numbers_are_split_at_their_median_and_what_is_unknown_is_left_out():
    cases = [
        case(n, 0.9 + 0.001 * n, slice_thickness_mm=f"{0.5 + n / 10:g}") for n in range(20)
    ] + [case(99, 0.1, slice_thickness_mm="")]
    (found,) = summary_of(cases).gaps
    assert (found.count, found.count_others) == (10, 10)
    assert {found.group, found.others} == {"≤ 1.45", "> 1.45"}
    words = [case(n, 0.9, site=f"hospital {n}") for n in range(20)]
    assert any("20 different values" in sentence for sentence in summary_of(words).refusals)


def test_each_reader_is_summed_up_alone():
    cases = [case(n, 0.9, "A") for n in range(5)] + [case(n, 0.7, "B") for n in range(5)]
    summary = summary_of(cases)
    assert summary.cases == 5
    assert of(summary, "dice", "A").spread.median == 0.9
    assert of(summary, "dice", "B").spread.median == 0.7
