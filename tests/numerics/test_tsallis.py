"""The Tsallis leader: known values, an independent solution, invariances, and optimality, up to huge losses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import optimize

from banditlab.numerics.tsallis import tsallis_weights

losses = st.lists(st.floats(0, 1e6), min_size=2, max_size=12).map(np.array)
etas = st.floats(1e-4, 4.0)
many = settings(max_examples=150, deadline=None, derandomize=True)


def leader(values, eta):
    weights = np.zeros(len(values))
    return weights, tsallis_weights(np.asarray(values, float), eta, weights)


def solved(values, eta):
    """The weights by bracketing the distance of x below the least loss, which lies in 2/eta .. 2 sqrt(K)/eta."""
    gaps = values - values.min()

    def weights(below):
        return 4 / (eta * (gaps + below)) ** 2

    below = optimize.brentq(
        lambda y: weights(y).sum() - 1, 2 / eta, 2.001 * math.sqrt(len(gaps)) / eta, xtol=1e-300, rtol=1e-15
    )
    return weights(below)


def test_uniform():
    weights, x = leader(np.zeros(5), 2.0)
    assert_allclose(weights, 0.2, rtol=1e-15)
    assert x == pytest.approx(-math.sqrt(5), rel=1e-15)


def test_two_arms_in_closed_form():
    """Weights 4/5 and 1/5 where the distances to x are as 1 to 2: roots a, 2a with 4/a^2 + 1/a^2 = eta^2."""
    eta = 0.3
    a = math.sqrt(5) / eta
    weights, x = leader([7.0, 7.0 + a], eta)
    assert_allclose(weights, [0.8, 0.2], rtol=1e-14)
    assert x == pytest.approx(7.0 - a, rel=1e-14)


@many
@given(losses, etas)
def test_it_is_the_solution(values, eta):
    weights, x = leader(values, eta)
    assert_allclose(weights, solved(values, eta), rtol=1e-11)
    assert abs(weights.sum() - 1) < 1e-14
    assert (weights > 0).all()
    assert x < values.min()


@pytest.mark.parametrize("size", [1e6, 1e9, 1e12])
def test_large_losses_cost_no_digits(size):
    """Losses on a grid of 1/16, which floats of this size hold exactly: the weights are those without the offset."""
    rng = np.random.default_rng(0)
    for arms in (2, 8, 100):
        gaps = rng.integers(0, 1000, arms) / 16
        for eta in (4.0, 0.1, 1e-3):
            assert_allclose(leader(gaps + size, eta)[0], leader(gaps, eta)[0], rtol=1e-13)
            spread = leader(gaps * size, eta)[0]
            assert_allclose(spread, solved(gaps * size, eta), rtol=1e-9)


def test_a_hopeless_arm_gets_nothing():
    weights, _ = leader([0.0, 1e300], 2.0)
    assert weights.tolist() == [1.0, 0.0]


@many
@given(losses, etas, st.floats(0.1, 10))
def test_only_losses_times_rate_matter(values, eta, factor):
    assert_allclose(leader(values * factor, eta / factor)[0], leader(values, eta)[0], rtol=1e-9)


@many
@given(losses, etas, st.randoms(use_true_random=False))
def test_arms_have_no_order(values, eta, random):
    order = list(range(len(values)))
    random.shuffle(order)
    assert_allclose(leader(values[order], eta)[0], leader(values, eta)[0][order], rtol=1e-9)
    ranked = leader(np.sort(values), eta)[0]
    assert (np.diff(ranked) <= 0).all()


def test_it_minimises_its_objective():
    rng = np.random.default_rng(1)
    for _ in range(50):
        values, eta = 20 * rng.random(6), 4 / math.sqrt(rng.integers(1, 1000))

        def objective(w, values=values, eta=eta):
            return w @ values - 4 / eta * np.sqrt(w).sum()

        weights, _ = leader(values, eta)
        others = 0.9 * weights + 0.1 * rng.dirichlet(np.ones(6), 40)
        assert all(objective(weights) < objective(other) for other in others)
