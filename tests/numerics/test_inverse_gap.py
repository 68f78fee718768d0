"""Inverse gap weighting: distributions, limits, inequalities of the two papers, and how one is the other."""

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics.inverse_gap import inverse_gaps, reweighted_inverse_gaps

losses = st.lists(st.floats(1e-6, 1), min_size=2, max_size=9).map(np.array)
gammas = st.floats(0, 1e6)
many = settings(max_examples=200, deadline=None, derandomize=True)


def spread(kernel, values, gamma):
    weights = np.full(len(values), math.nan)
    leader = kernel(np.asarray(values, float), gamma, weights)
    return weights, leader


@many
@given(losses, gammas)
def test_they_are_distributions_that_fall_with_the_loss(values, gamma):
    arms = len(values)
    for kernel in (inverse_gaps, reweighted_inverse_gaps):
        p, b = spread(kernel, values, gamma)
        assert b == values.argmin()
        assert abs(p.sum() - 1) < 1e-12
        assert (p > 0).all()
        others = np.delete(p, b)
        assert p[b] >= 1 / arms - 1e-12
        assert (others <= (1 + 1e-14) / arms).all()
        assert (np.diff(others[np.argsort(np.delete(values, b), kind="stable")]) <= 1e-15).all()


@many
@given(losses, gammas)
def test_by_their_formulas(values, gamma):
    arms, b = len(values), values.argmin()
    gaps = np.delete(values - values[b], b)
    assert_allclose(np.delete(spread(inverse_gaps, values, gamma)[0], b), 1 / (arms + gamma * gaps), rtol=1e-14)
    expected = values[b] / (arms * values[b] + gamma * gaps)
    assert_allclose(np.delete(spread(reweighted_inverse_gaps, values, gamma)[0], b), expected, rtol=1e-14)


@many
@given(losses, st.floats(1e-3, 1e6))
def test_what_playing_worse_arms_costs(values, gamma):
    """sum p_a (y_a - y_b) is at most (K - 1) / gamma, and for the reweighted at most (K - 1) y_b / gamma."""
    arms, gaps = len(values), values - values.min()
    assert spread(inverse_gaps, values, gamma)[0] @ gaps <= (arms - 1) / gamma * (1 + 1e-12)
    p = spread(reweighted_inverse_gaps, values, gamma)[0]
    assert p @ gaps <= (arms - 1) * values.min() / gamma * (1 + 1e-12)


@many
@given(losses, gammas)
def test_the_reweighted_is_the_other_with_gamma_over_the_least_loss(values, gamma):
    p = spread(reweighted_inverse_gaps, values, gamma)[0]
    assert_allclose(p, spread(inverse_gaps, values, gamma / values.min())[0], rtol=1e-9)


@many
@given(losses, gammas, st.floats(0.1, 10), st.integers(-8, 8))
def test_one_does_not_see_a_shift_the_other_no_scale(values, gamma, factor, shift):
    values = np.round(values, 6) + 1e-6
    assume(len(np.unique(values)) == len(values))  # rounding may not make a tie, or break one
    moved = spread(inverse_gaps, values + shift, gamma)[0]
    assert_allclose(moved, spread(inverse_gaps, values, gamma)[0], rtol=1e-6)
    scaled = spread(reweighted_inverse_gaps, factor * values, gamma)[0]
    assert_allclose(scaled, spread(reweighted_inverse_gaps, values, gamma)[0], rtol=1e-6)


@many
@given(losses, gammas, st.randoms(use_true_random=False))
def test_arms_have_no_order(values, gamma, random):
    assume(len(np.unique(values)) == len(values))
    order = list(range(len(values)))
    random.shuffle(order)
    for kernel in (inverse_gaps, reweighted_inverse_gaps):
        assert_allclose(spread(kernel, values[order], gamma)[0], spread(kernel, values, gamma)[0][order], rtol=1e-12)


def test_limits():
    values = np.array([0.5, 0.2, 0.9, 0.2])
    for kernel in (inverse_gaps, reweighted_inverse_gaps):
        uniform, b = spread(kernel, values, 0.0)
        assert b == 1
        assert_allclose(uniform, 0.25, rtol=1e-15)
        # an arm that equals the leader keeps 1 / K however greedy
        assert_allclose(spread(kernel, values, math.inf)[0], [0, 0.75, 0, 0.25], rtol=1e-15)


def test_losses_of_zero():
    p, b = spread(reweighted_inverse_gaps, [0.3, 0.0, 0.0], 5.0)
    assert b == 1
    assert_allclose(p, [0, 2 / 3, 1 / 3])
    assert_array_equal(spread(reweighted_inverse_gaps, [0.0, 0.0], 5.0)[0], [0.5, 0.5])
