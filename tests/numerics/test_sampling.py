"""Samplers of policies: laws by Kolmogorov-Smirnov and chi-square, and the plain samplers number for number."""

import numpy as np
import pytest
from scipy import stats

from banditlab.numerics import sampling
from tests.reference import draws

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
SHAPES = [0.05, 0.3, 1.0, 1.5, 7.0, 400.0]
BETAS = [(1.0, 1.0), (0.5, 0.3), (0.05, 2.0), (1.0, 30.0), (12.0, 3.0), (700.0, 650.0)]


def many(function, *arguments, size=20_000, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([function(rng, *arguments) for _ in range(size)])


def within(sample, mean, variance):
    """Whether the sample's mean is within 5 standard errors: false alarm 6e-7."""
    return abs(sample.mean() - mean) < 5 * np.sqrt(variance / len(sample))


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_follows_its_law(shape):
    sample = many(sampling.gamma, shape)
    assert stats.kstest(sample, stats.gamma(shape).cdf).pvalue > ALARM
    assert within(sample, shape, shape)
    fourth = shape**2 * (3 + 6 / shape)  # central moment
    assert within((sample - shape) ** 2, shape, fourth - shape**2)


@pytest.mark.parametrize(("a", "b"), BETAS)
def test_beta_follows_its_law(a, b):
    sample = many(sampling.beta, a, b)
    law = stats.beta(a, b)
    assert stats.kstest(sample, law.cdf).pvalue > ALARM
    assert within(sample, law.mean(), law.var())


@pytest.mark.claims
@pytest.mark.parametrize("shape", [0.05, 0.3, 1.0, 7.0])
def test_gamma_follows_its_law_closely(shape):
    """A million draws."""
    sample = many(sampling.gamma, shape, size=1_000_000, seed=1)
    assert stats.kstest(sample, stats.gamma(shape).cdf).pvalue > ALARM


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma_is_the_plain_one(shape):
    np.testing.assert_allclose(many(sampling.gamma, shape, size=500), many(draws.gamma, shape, size=500), rtol=1e-12)


@pytest.mark.parametrize(("a", "b"), BETAS)
def test_beta_is_the_plain_one(a, b):
    np.testing.assert_allclose(many(sampling.beta, a, b, size=500), many(draws.beta, a, b, size=500), rtol=1e-12)


@pytest.mark.parametrize("size", [2, 3, 7])
def test_draw_pair_is_uniform(size):
    pairs = many(sampling.draw_pair, size)
    counts = np.bincount(pairs[:, 0] * size + pairs[:, 1], minlength=size**2).reshape(size, size)
    assert (np.diag(counts) == 0).all()
    assert stats.chisquare(counts[~np.eye(size, dtype=bool)]).pvalue > ALARM
    assert (pairs[:500] == many(draws.pair, size, size=500)).all()


def test_draw_index_is_uniform():
    found = many(sampling.draw_index, 5)
    assert stats.chisquare(np.bincount(found, minlength=5)).pvalue > ALARM


def test_draw_weighted_is_proportional_and_never_of_weight_zero():
    weights = np.array([0.0, 3.0, 0.0, 1.0, 0.5, 0.0])
    found = many(sampling.draw_weighted, weights, weights.sum())
    counts = np.bincount(found, minlength=6)
    assert (counts[weights == 0] == 0).all()
    assert stats.chisquare(counts[weights > 0], len(found) * weights[weights > 0] / weights.sum()).pvalue > ALARM


def test_draw_weighted_at_the_end_of_the_scale():
    """A total that is too large by rounding ends at the last positive weight."""

    class Last:
        def random(self):
            return 1 - 2.0**-53

    weights = np.array([1.0, 1e-20, 0.0])
    draw = getattr(sampling.draw_weighted, "py_func", sampling.draw_weighted)
    assert draw(Last(), weights, 1.0 + 1e-9) == 1
