"""Medians, intervals and gaps against what can be computed by hand, and against simulation."""

import numpy as np
import pytest
from scipy import stats

from surgiplan.validation.statistics import RESAMPLES, gap, holm, spread

SEED = (1,)


def test_quartiles_of_five_cases_are_those_that_one_counts():
    found = spread([0.9, 0.5, 0.7, 0.6, 0.8], SEED)
    assert (found.count, found.median, found.q1, found.q3) == pytest.approx((5, 0.7, 0.6, 0.8))


def test_all_cases_alike_have_an_interval_of_no_width():
    found = spread([0.9] * 12, SEED)
    assert (found.low, found.high) == (0.9, 0.9)


def test_three_cases_have_the_interval_of_all_twenty_seven_draws():
    # Of 27 equally likely draws of (1, 2, 3), 7 have median 1, 13 have 2 and 7 have 3.
    # Either end is far likelier than 2.5 %, so that the interval reaches from end to end.
    found = spread([1.0, 2.0, 3.0], SEED)
    assert (found.low, found.high) == (1.0, 3.0)


def test_of_ninety_cases_the_interval_lies_where_the_binomial_puts_it():
    # The median lies between the 36th and the 55th of 90 with 95 %: 45 -+ 1.96 sqrt(90 / 4).
    found = spread(list(range(1, 91)), SEED)
    assert (found.low, found.high) == pytest.approx((36, 55), abs=1.6)


def test_the_same_cases_give_the_same_interval_and_it_is_that_of_scipy():
    values = np.random.default_rng(5).normal(0.9, 0.05, 40).tolist()
    ours = spread(values, SEED)
    assert ours == spread(values, SEED)
    theirs = stats.bootstrap(
        (np.array(values),), np.median, n_resamples=RESAMPLES, method="percentile", rng=3
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_p_of_a_gap_is_the_one_that_can_be_counted():
    # Of the 20 ways to choose three of six, one is as far to each side as this.
    found = gap([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], SEED)
    assert found.difference == -3.0
    assert found.p == pytest.approx(2 / 20)


def test_groups_without_a_difference_have_a_p_of_one():
    assert gap([1.0] * 9, [1.0] * 9, SEED).p == 1.0


def test_the_interval_of_a_gap_is_that_of_scipy():
    random = np.random.default_rng(7)
    one, other = random.normal(0.92, 0.03, 25), random.normal(0.88, 0.05, 30)
    ours = gap(one.tolist(), other.tolist(), SEED)
    theirs = stats.bootstrap(
        (one, other), lambda a, b, axis=-1: np.median(a, axis) - np.median(b, axis),
        n_resamples=RESAMPLES, method="percentile", rng=3,
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_holm_gives_the_numbers_of_the_textbook():
    # Four tests at 0.05: 0.01 and 0.005 stay, 0.03 and 0.04 do not.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_no_cases_are_refused():
    with pytest.raises(ValueError, match="no values"):
        spread([], SEED)
    with pytest.raises(ValueError, match="no values"):
        gap([1.0], [], SEED)


@pytest.mark.slow
@pytest.mark.parametrize("count", [15, 40])
def test_nineteen_of_twenty_intervals_hold_the_true_median(count):
    random = np.random.default_rng(11)
    true = stats.beta(18, 2).median()
    held = 0
    for n in range(600):
        found = spread(random.beta(18, 2, count).tolist(), (n,))
        held += found.low <= true <= found.high
    assert held / 600 == pytest.approx(0.95, abs=0.035)
