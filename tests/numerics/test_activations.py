"""Activations and their derivatives: against NumPy and SciPy over the whole range, at its ends, and beyond them."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics.activations import ACTIVATIONS, activate, exponentials, multiply_by_slopes, sigma
from tests.reference.networks import phi

RNG = np.random.default_rng(0)
#: every size from the smallest number to what no sum of a network reaches, of both signs, and zeros of both signs
SIZES = np.concatenate([[5e-324, 1e-310], np.logspace(-300, 0, 31), RNG.uniform(0, 40, 400), np.linspace(40, 700, 40)])
RANGE = np.concatenate([SIZES, -SIZES, [0.0, -0.0]])


def exponential(factor, z):
    out = np.full(len(z), math.nan)
    with np.errstate(invalid="ignore"):
        exponentials(factor, z, out, np.zeros(len(z), int))
    return out


def value(name, z):
    out = np.full(len(z), math.nan)
    with np.errstate(all="ignore"):
        activate(ACTIVATIONS[name], z, out, np.zeros(len(z) + 1, int))
    return out


def slope(name, z):
    out = np.ones(len(z))
    with np.errstate(all="ignore"):
        multiply_by_slopes(ACTIVATIONS[name], z, value(name, z), out)
    return out


def test_exponentials():
    x = np.concatenate([RANGE, np.linspace(-708, 709, 1418), np.arange(-1020, 1023) * math.log(2)])
    assert_allclose(exponential(1.0, x), np.exp(x), rtol=2e-15)
    # the range is reduced at odd halves of ln 2: on both sides of each
    edges = (np.arange(-1000, 1000) + 0.5) * math.log(2)
    edges = np.concatenate([np.nextafter(edges, -math.inf), edges, np.nextafter(edges, math.inf)])
    assert_allclose(exponential(1.0, edges), np.exp(edges), rtol=2e-15)
    for factor in (-1.0, 2.0):
        assert_array_equal(exponential(factor, x / 2), exponential(1.0, factor * (x / 2)))


def test_exponentials_at_the_ends_and_beyond():
    assert_array_equal(exponential(1.0, np.array([0.0, -0.0])), 1.0)
    low, high = exponential(1.0, np.array([-708.0, 709.0]))
    assert_allclose([low, high], np.exp([-708.0, 709.0]), rtol=1e-14)
    assert_array_equal(exponential(1.0, np.array([-708.5, -745.0, -1e4, -1e300])), low)
    assert_array_equal(exponential(1.0, np.array([709.5, 710.0, 1e4, 1e300])), high)


def test_what_is_not_finite_stays_so():
    beside = exponential(1.0, np.array([0.5, math.nan, 1.0, math.inf, 2.0]))
    assert_array_equal(beside[::2], exponential(1.0, np.array([0.5, 1.0, 2.0])))
    assert not np.isfinite(exponential(1.0, np.array([math.nan, math.inf]))).any()
    for name in ACTIVATIONS:
        assert np.isnan(value(name, np.array([1.0, math.nan]))[1])
        assert np.isnan(slope(name, np.array([1.0, math.nan]))[1]) or name == "identity"
        assert not np.isfinite(value(name, np.array([math.inf]))[0]) or name in ("tanh", "sigmoid")


@pytest.mark.compiled
def test_the_same_bits_without_compilation():
    """Vector lanes do what one number after the other does: nothing is contracted or reordered."""
    plain = np.empty(len(RANGE))
    exponentials.py_func(-1.0, RANGE, plain, np.zeros(len(RANGE), int))
    assert_array_equal(exponential(-1.0, RANGE), plain)
    for name in ("tanh", "sigmoid", "silu"):
        alone = [value(name, RANGE[k : k + 1])[0] for k in range(0, len(RANGE), 7)]
        assert_array_equal(value(name, RANGE)[::7], alone)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_against_scipy(name):
    z = RANGE[np.abs(RANGE) < 30] if name == "gelu" else RANGE  # beyond, SciPy's and C's tails are 1e-12 apart
    with np.errstate(all="ignore"):
        expected, derivative = phi(name, z)
    absolute = 1e-14 if name == "tanh" else 1e-320  # the last: numbers so small that they have few digits
    assert_allclose(value(name, z), expected, rtol=0 if name == "tanh" else 1e-13, atol=absolute)
    normal = np.abs(z) > 1e-300
    assert_allclose(slope(name, z)[normal], derivative[normal], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("s", [1, 2, 3])
def test_sigma(s):
    """sqrt(2 / (2 s - 1)!!) max(0, z)^s, of which the mean square for standard normal z is 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    squares = value(f"sigma-{s}", nodes) ** 2
    assert_allclose(squares @ weights / weights.sum(), 1.0, rtol=1e-12)
    assert sigma(s) == ACTIVATIONS[f"sigma-{s}"]
    assert_allclose(value(f"sigma-{s}", np.array([3.0]))[0], math.sqrt(2 / [1, 3, 15][s - 1]) * 3.0**s, rtol=1e-15)


def test_slopes_at_zero():
    for name in ACTIVATIONS:
        expected = {"tanh": 1.0, "identity": 1.0, "sigmoid": 0.25, "softplus": 0.5, "silu": 0.5, "gelu": 0.5}.get(name)
        assert_allclose(slope(name, np.array([0.0, -0.0])), expected or 0.0, rtol=1e-15)


def test_slopes_multiply_what_is_there():
    z = np.array([-1.0, 0.5, 2.0])
    for name in ACTIVATIONS:
        out = np.array([2.0, -3.0, 0.0])
        multiply_by_slopes(ACTIVATIONS[name], z, value(name, z), out)
        assert_allclose(out, slope(name, z) * [2.0, -3.0, 0.0], rtol=1e-15)
