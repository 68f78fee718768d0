"""Rank-one algebra against NumPy."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics import linear

few = settings(max_examples=40, deadline=None, derandomize=True)
sizes, seeds = st.integers(1, 9), st.integers(0, 10**6)


def positive(d, rng):
    """A positive definite matrix, and a vector."""
    root = rng.standard_normal((d, d))
    return root @ root.T + np.eye(d), rng.standard_normal(d)


@few
@given(d=sizes, seed=seeds)
def test_products(d, seed):
    rng = np.random.default_rng(seed)
    matrix, x = positive(d, rng)
    y, out = rng.standard_normal(d), np.zeros(d)
    assert_allclose(linear.dot(x, y), x @ y, rtol=1e-12, atol=1e-12)
    linear.multiply(matrix, x, out)
    assert_allclose(out, matrix @ x, rtol=1e-12, atol=1e-12)
    only_lower = np.where(np.tri(d, dtype=bool), matrix, np.nan)
    assert_allclose(linear.quadratic(only_lower, x), x @ matrix @ x, rtol=1e-12)
    assert_allclose(linear.norm(matrix, x), np.sqrt(x @ matrix @ x), rtol=1e-12)
    assert linear.norm(-matrix, x) == 0.0


@few
@given(d=sizes, seed=seeds)
def test_cholesky_solves_and_inverts(d, seed):
    rng = np.random.default_rng(seed)
    matrix, b = positive(d, rng)
    factor, x, inverse = np.zeros((d, d)), np.zeros(d), np.zeros((d, d))
    assert linear.cholesky(matrix, factor)
    assert_allclose(factor, np.linalg.cholesky(matrix), rtol=1e-10, atol=1e-12)
    linear.solve(factor, b, x)
    assert_allclose(x, np.linalg.solve(matrix, b), rtol=1e-8, atol=1e-10)
    linear.invert(factor, inverse)
    assert_allclose(inverse @ matrix, np.eye(d), atol=1e-9)
    assert linear.cholesky(matrix, matrix)  # in place
    assert_array_equal(np.tril(matrix), factor)
    linear.solve(factor, b, b)
    assert_array_equal(b, x)
    assert not linear.cholesky(-np.eye(d), factor)


@few
@given(d=sizes, seed=seeds, ridge=st.sampled_from([1e-6, 1e-2, 1.0, 10.0]))
def test_sherman_morrison_keeps_the_inverse(d, seed, ridge):
    """Against a fresh inverse after 60 updates; returns the gain that log det grows by."""
    rng = np.random.default_rng(seed)
    matrix, inverse, scratch = ridge * np.eye(d), np.eye(d) / ridge, np.zeros(d)
    logdet = d * np.log(ridge)
    for _ in range(60):
        x, weight = rng.standard_normal(d), rng.random() + 0.1
        before = inverse @ x
        gain = linear.sherman_morrison(inverse, x, scratch, weight)
        assert_allclose(scratch, before, rtol=1e-9, atol=1e-9 * np.abs(before).max())
        linear.add_outer(matrix, x, weight)
        logdet += np.log1p(gain)
    assert_allclose(inverse, np.linalg.inv(matrix), rtol=0, atol=1e-8 * np.abs(np.linalg.inv(matrix)).max())
    assert_allclose(logdet, np.linalg.slogdet(matrix)[1], rtol=1e-9, atol=1e-9)


def test_sherman_morrison_is_symmetric_to_the_bit():
    rng, inverse, scratch = np.random.default_rng(0), np.eye(4), np.zeros(4)
    for _ in range(20):
        linear.sherman_morrison(inverse, rng.standard_normal(4), scratch, rng.random() + 0.1)
        assert_array_equal(inverse, inverse.T)


def test_sherman_morrison_does_not_drift():
    """max |P M - I| <= 2e-9, from lambda = 1e-6 on."""
    rng, inverse, matrix, scratch = np.random.default_rng(0), np.eye(5) * 1e6, np.eye(5) * 1e-6, np.zeros(5)
    for _ in range(10_000):
        x = rng.standard_normal(5)
        x /= np.linalg.norm(x)
        linear.sherman_morrison(inverse, x, scratch, 1.0)
        matrix += np.outer(x, x)
    assert_allclose(inverse @ matrix, np.eye(5), rtol=0, atol=2e-9)
