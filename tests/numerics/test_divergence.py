"""Divergences against SciPy, and the bounds that invert them against bisection in 60 digits."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from banditlab.numerics.divergence import bernoulli_kl, bernoulli_lower, bernoulli_upper

many = settings(max_examples=300, deadline=None, derandomize=True)
inside = st.floats(1e-9, 1 - 1e-9)
probabilities = st.floats(0, 1)
levels = st.floats(1e-9, 50)
GRID = [1e-9, 1e-4, 0.03, 0.3, 0.5, 0.5000001, 0.9, 1 - 1e-5]
LEVELS = [1e-9, 1e-5, 1e-3, 0.05, 0.7, 3.0, 40.0]


def exact(a, level):
    """What is gone, and what is left, of the probability a: bisection on the logarithm of what is left."""
    with localcontext() as context:
        context.prec = 60
        a, level = Decimal(a), Decimal(level)
        b, low, high = 1 - a, a.ln() - (level + 1) / a, a.ln()
        for _ in range(170):
            middle = (low + high) / 2
            left = middle.exp()
            reached = a * (a.ln() - middle) + b * (b.ln() - (1 - left).ln()) >= level
            low, high = (middle, high) if reached else (low, middle)
        return float(a - low.exp()), float(low.exp())


@many
@given(p=probabilities, q=st.floats(1e-300, 1) | st.just(0.0))
def test_bernoulli_divergence(p, q):
    expected = special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)
    assert bernoulli_kl(p, q) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert bernoulli_kl(p, q) >= 0
    assert bernoulli_kl(p, p) == 0


@pytest.mark.parametrize("p", GRID)
def test_bounds_against_bisection(p):
    for level in LEVELS:
        gone, left = exact(p, level)
        if left > 1e-250:
            assert bernoulli_lower(p, level) == pytest.approx(left, rel=1e-12)
        assert p - bernoulli_lower(p, level) == pytest.approx(gone, rel=1e-11, abs=1e-15)
        gone, left = exact(Decimal(1) - Decimal(p), level)
        assert bernoulli_upper(p, level) == pytest.approx(p + gone, rel=1e-12)
        assert bernoulli_upper(p, level) - p == pytest.approx(gone, rel=1e-11, abs=2e-16)


@many
@given(p=inside, level=levels)
def test_bounds_reach_the_level(p, level):
    lower, upper = bernoulli_lower(p, level), bernoulli_upper(p, level)
    assert 0 <= lower <= p <= upper <= 1
    if lower > 1e-12:
        assert bernoulli_kl(p, lower) == pytest.approx(level, rel=1e-6, abs=1e-14)
    if upper < 1 - 1e-6:
        assert bernoulli_kl(p, upper) == pytest.approx(level, rel=1e-6, abs=1e-14)


@many
@given(p=inside, level=levels)
def test_bounds_mirror_each_other(p, level):
    q = 1 - p
    assert bernoulli_upper(q, level) == pytest.approx(1 - bernoulli_lower(1 - q, level), abs=1e-14)


@many
@given(p=inside, level=levels, more=st.floats(1e-6, 2))
def test_bounds_widen_with_the_level_and_keep_within_pinskers(p, level, more):
    assert bernoulli_upper(p, level) <= bernoulli_upper(p, level * (1 + more))
    assert bernoulli_lower(p, level) >= bernoulli_lower(p, level * (1 + more))
    radius = math.sqrt(level / 2)
    assert bernoulli_upper(p, level) <= p + radius + 1e-15
    assert bernoulli_lower(p, level) >= p - radius - 1e-15


@given(level=levels)
@many
def test_bounds_of_certain_outcomes(level):
    """-ln(1 - q) = level at p = 0."""
    assert bernoulli_lower(0.0, level) == 0
    assert bernoulli_upper(1.0, level) == 1
    assert bernoulli_upper(0.0, level) == pytest.approx(-math.expm1(-level), rel=1e-15)
    assert bernoulli_lower(1.0, level) == pytest.approx(math.exp(-level), rel=1e-15)


@given(p=probabilities)
@many
def test_bounds_of_extreme_levels(p):
    assert bernoulli_lower(p, 0.0) == bernoulli_lower(p, -1.0) == p
    assert bernoulli_upper(p, 0.0) == pytest.approx(p, abs=0)
    if p > 0.01:
        assert bernoulli_lower(p, 1e5) < 1e-290  # the iteration may end before the smallest number
    if p < 0.99:
        assert bernoulli_upper(p, 1e5) == 1
    assert np.isfinite([bernoulli_lower(p, 1e300), bernoulli_upper(p, 1e300)]).all()
    assert np.isfinite([bernoulli_lower(p, 1e-300), bernoulli_upper(p, 1e-300)]).all()
