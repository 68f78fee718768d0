"""Regret as a distribution: quantiles, tails, wins and skewness, against scipy, symmetries and known coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from banditlab.analysis import spread

few = settings(max_examples=50, deadline=None)
SMALL = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


def test_quantiles_are_those_of_each_point():
    curves = np.random.default_rng(1).gamma(1, size=(21, 3))
    found = spread.quantiles(curves)
    ordered = np.sort(curves, axis=0)
    np.testing.assert_allclose(found.median, ordered[10])
    np.testing.assert_allclose([found.low, found.high], ordered[[1, 19]])
    np.testing.assert_allclose([found.lower, found.upper], ordered[[5, 15]])
    assert found.n == 21


@few
@given(SMALL)
def test_survival_is_the_share_above(values):
    x, shares = spread.survival(values)
    assert x.tolist() == sorted(set(values))
    assert shares == pytest.approx([np.mean(np.array(values) > value) for value in x])


def test_wins_by_hand_and_wilsons_interval():
    """3 of 4 pairs and a tie: 3.5 of 5; the interval of scipy for whole numbers."""
    assert spread.wins([1, 1, 1, 1, 2], [2, 2, 2, 1, 1]).share == pytest.approx(3.5 / 5)
    found = spread.wins(np.zeros(20), np.r_[np.ones(14), -np.ones(6)], 0.9)
    wilson = stats.binomtest(14, 20).proportion_ci(0.9, method="wilson")
    assert (found.share, found.n) == (0.7, 20)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))


@few
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_wins_and_losses_add_up(pairs):
    a, b = np.array(pairs).T
    forth, back = spread.wins(a, b), spread.wins(b, a)
    assert forth.share + back.share == pytest.approx(1)
    assert (forth.low, forth.high) == pytest.approx((1 - back.high, 1 - back.low))
    assert 0 <= forth.low <= forth.share <= forth.high <= 1


def test_the_same_losses_in_another_order_are_a_tie():
    assert spread.wins([0.1 + 0.2 + 0.3], [0.3 + 0.2 + 0.1]).share == 0.5


@pytest.mark.parametrize("n", [10, 30, 100])
def test_intervals_of_wins_cover_on_average(n):
    """Exactly, over all outcomes, for 200 chances of winning: 95 % on average, and never less than 83 %."""
    k = np.arange(n + 1)
    ends = [spread.wins(np.zeros(n), np.where(np.arange(n) < wins, 1, -1)) for wins in k]
    low, high = np.array([(end.low, end.high) for end in ends]).T
    chances = (np.arange(200) + 0.5) / 200
    held = [stats.binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum() for p in chances]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
    assert min(held) > 0.83


@few
@given(SMALL)
def test_skewness_is_scipys(values):
    expected = stats.skew(values) if len(set(values)) > 1 else 0
    assert spread.skewness(values) == pytest.approx(expected, abs=1e-9)


def test_skew_is_judged_by_the_number_of_replications():
    def sample(skewness, n):
        """n values with this skewness: ones and zeros in the right proportion, as far as whole numbers allow."""
        counts = range(1, n // 2 + 1)
        ones = min(counts, key=lambda k: abs((1 - 2 * k / n) / math.sqrt(k / n * (1 - k / n)) - skewness))
        return np.r_[np.ones(ones), np.zeros(n - ones)]

    assert spread.is_skewed(sample(4.0, 100))
    assert spread.is_skewed(-sample(4.0, 100))
    assert not spread.is_skewed(sample(3.0, 100))
    assert not spread.is_skewed(sample(4.0, 200))
    assert not spread.is_skewed(sample(4.0, 19))  # too few to tell
    assert not spread.is_skewed(np.ones(50))


def test_normal_samples_are_hardly_ever_called_skewed():
    """20 values, 2000 samples: at most 1 in 100; the chance is about 0.001."""
    samples = np.random.default_rng(2).standard_normal((2000, 20))
    assert np.mean([spread.is_skewed(sample) for sample in samples]) < 0.01


@pytest.mark.claims
@pytest.mark.parametrize(("n", "sigma"), [(20, 0.85), (30, 0.87), (50, 0.98), (100, 1.28), (200, 1.35)])
def test_the_rule_for_skew_is_where_coverage_falls_below_93_percent(n, sigma):
    """Lognormal samples: half of them are called skewed about where the bootstrap-t interval covers 93 %.

    20,000 samples: 5 standard errors of a coverage of 0.93 are 0.009; the threshold is rounded, which is worth 0.01.
    """
    from banditlab.analysis.hindsight import coverage

    population = np.random.default_rng(3).lognormal(0, sigma, 200_000)
    samples = np.random.default_rng(4).choice(population, (2000, n))
    called = np.mean([spread.is_skewed(sample) for sample in samples])
    assert 0.3 < called < 0.7
    assert coverage(population, n, samples=20_000) == pytest.approx(0.93, abs=0.019)
