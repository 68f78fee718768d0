"""Online regression, and its square root: against normal equations solved afresh."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from banditlab.numerics.regression import forecast, learn_linear, learn_logistic, regression_regret
from banditlab.numerics.roots import absorb, back_substitute

DIM, ROUNDS = 4, 300


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((ROUNDS, DIM)), rng.standard_normal(ROUNDS)


@pytest.mark.parametrize("ridge", [1e-3, 1.0])
def test_ridge_regression(data, ridge):
    x, y = data
    inverse, theta, scratch = np.eye(DIM) / ridge, np.zeros(DIM), np.zeros(DIM)
    root, image = np.sqrt(ridge) * np.eye(DIM), np.zeros(DIM)
    for t in range(ROUNDS):
        learn_linear(inverse, theta, scratch, x[t], y[t])
        absorb(root, image, x[t].copy(), y[t])
    v = ridge * np.eye(DIM) + x.T @ x
    expected = np.linalg.solve(v, x.T @ y)
    assert_allclose(theta, expected, atol=1e-9)
    assert_allclose(root, np.linalg.cholesky(v).T, atol=1e-11)
    back_substitute(root, image)
    assert_allclose(image, expected, atol=1e-11)


def test_the_root_keeps_its_digits_where_features_are_nearly_parallel():
    """A million to one: V has condition 1e12, its root 1e6."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200, 1)) * np.ones(3) + 1e-6 * rng.standard_normal((200, 3))
    y = x @ [1.0, 2.0, 3.0]
    root, image = 1e-7 * np.eye(3), np.zeros(3)
    for row, value in zip(x, y, strict=True):
        absorb(root, image, row.copy(), value)
    expected = np.linalg.lstsq(np.vstack([x, 1e-7 * np.eye(3)]), np.append(y, np.zeros(3)), rcond=None)[0]
    back_substitute(root, image)
    assert_allclose(image, expected, rtol=1e-7)


def test_the_forecast_has_seen_the_context_with_outcome_0(data):
    x, y = data
    v, b = 0.5 * np.eye(DIM) + x[1:].T @ x[1:], x[1:].T @ y[1:]
    expected = x[0] @ np.linalg.solve(v + np.outer(x[0], x[0]), b)
    assert forecast(np.linalg.inv(v), np.linalg.solve(v, b), x[0]) == pytest.approx(expected, rel=1e-12)


def test_online_logistic_regression(data):
    """Each step is Newton's on ln(1 + exp) losses, with the curvature of the rounds so far; it finds the parameter."""
    x, _ = data
    truth = np.array([1.0, -0.5, 0.0, 2.0])
    y = special.expit(x @ truth)  # fractions: the model is exact
    inverse, theta, scratch = np.eye(DIM), np.zeros(DIM), np.zeros(DIM)
    hessian, expected = np.eye(DIM), np.zeros(DIM)
    for t in range(ROUNDS):
        learn_logistic(inverse, theta, scratch, x[t], y[t])
        p = special.expit(x[t] @ expected)
        hessian += p * (1 - p) * np.outer(x[t], x[t])
        expected = expected + np.linalg.solve(hessian, (y[t] - p) * x[t])
        assert_allclose(theta, expected, atol=1e-9)
    assert np.linalg.norm(theta - truth) < 0.2 * np.linalg.norm(truth)


def test_regret_of_regression_is_logarithmic():
    assert regression_regret(3, 3) == pytest.approx(3 * np.log(2))
    assert regression_regret(2, 2 * (1000**2 - 1)) == pytest.approx(2 * regression_regret(2, 2 * 999))
