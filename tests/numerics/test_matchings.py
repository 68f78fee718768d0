"""Perfect matchings: what is one, the best one against scipy's, and the law of one at random."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import chisquare

from banditlab.numerics.families import listed
from banditlab.numerics.matchings import best_matching, draw_matching, is_matching, perfect_matchings

few = settings(max_examples=80, deadline=None, derandomize=True)
ROUND = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0])


def found_by(kernel, family, *arguments):
    items = np.zeros(family.items, int)
    return items[: kernel(family, *arguments, items)]


@st.composite
def weighed(draw):
    size = draw(st.integers(2, 7))
    return np.array(draw(st.lists(ROUND | st.floats(-10, 10), min_size=size**2, max_size=size**2)))


def check_best(weights):
    size = math.isqrt(len(weights))
    family = perfect_matchings(size)
    found = found_by(best_matching, family, weights)
    assert sorted(found % size) == list(range(size)) == (found // size).tolist()
    best = weights.reshape(size, size)[linear_sum_assignment(weights.reshape(size, size), maximize=True)].sum()
    assert weights[found].sum() == pytest.approx(best, abs=1e-9)
    assert found_by(best_matching, family, weights).tolist() == found.tolist()  # whatever scratch holds


@few
@given(weighed())
def test_the_best_matching_is_that_of_scipy(weights):
    check_best(weights)


@pytest.mark.parametrize("law", ["uniform", "zero or one"])
def test_a_large_one_too(law):
    rng = np.random.default_rng(1)
    weights = rng.random(30 * 30)
    check_best(weights if law == "uniform" else np.round(weights))


def test_numbers_that_are_none_do_not_hang():
    with np.errstate(invalid="ignore"):
        found = found_by(best_matching, perfect_matchings(3), np.full(9, math.nan))
    assert found.tolist() == [0, 4, 8]


def test_equal_weights_match_in_order():
    assert found_by(best_matching, perfect_matchings(4), np.ones(16)).tolist() == [0, 5, 10, 15]


def test_all_matchings():
    found = list(listed(perfect_matchings(3)))
    assert len(found) == len(set(found)) == 6
    every = {items for items in itertools.combinations(range(9), 3) if is_one(items, 3)}
    assert {tuple(sorted(items)) for items in found} == every


def is_one(items, size):
    rows, columns = {i // size for i in items}, {i % size for i in items}
    return len(items) == size == len(rows) == len(columns) and min(items) >= 0 and max(items) < size**2


@few
@given(st.integers(2, 4), st.integers(0, 10**6))
def test_only_matchings_are_matchings_in_any_order(size, seed):
    rng, family = np.random.default_rng(seed), perfect_matchings(size)
    items = rng.integers(-1, size**2 + 1, size)
    assert is_matching(family, items) == is_one(items.tolist(), size)
    found = rng.permutation(found_by(draw_matching, family, rng))
    assert is_matching(family, found)
    assert not is_matching(family, found[1:])
    assert not is_matching(family, np.append(found[1:], found[1]))


def test_a_matching_at_random_is_each_one_with_the_same_probability():
    family, rng = perfect_matchings(4), np.random.default_rng(0)
    counts = Counter(tuple(found_by(draw_matching, family, rng)) for _ in range(4000))
    assert chisquare([counts[items] for items in listed(family)]).pvalue > 1e-3


def test_one_pair_is_no_choice():
    with pytest.raises(ValueError, match="pairs: at least 2, got 1"):
        perfect_matchings(1)
