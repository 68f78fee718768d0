"""Maximum likelihood from duels, and the design of contrasts: against SciPy, and by their symmetries."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics import preference
from banditlab.numerics.links import LINKS
from tests.reference import likelihood

few = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
each_link = pytest.mark.parametrize("link", LINKS)


def duels(link, count, dim, signal, seed):
    """Random duels of unit vectors: first (n, d), second (n, d), whether the first won (n,)."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(dim)
    theta *= signal / np.linalg.norm(theta)
    x = rng.standard_normal((2, count, dim))
    x /= np.linalg.norm(x, axis=2, keepdims=True)
    return *x, rng.random(count) < likelihood.cdf(link, (x[0] - x[1]) @ theta)


def learn(link, first, second, won, ridge=1.0, refit=1.0):
    estimator = preference.start_estimator(first.shape[1], len(first), link, ridge, refit)
    for x, y, wins in zip(first, second, won, strict=True):
        preference.learn_duel(estimator, x, y, bool(wins))
    return estimator


def contrasts(first, second, won):
    return np.where(won[:, None], first - second, second - first)


@each_link
def test_estimate_is_the_maximum(link):
    """Within 1e-8 of SciPy's (BFGS, then Powell's hybrid method on the gradient), easy and nearly separable data."""
    worst = 0.0
    for ridge, signal, count, seed in itertools.product((1e-4, 1e-2, 1.0), (1.0, 5.0, 20.0), (3, 30, 200), range(3)):
        data = duels(link, count, 4, signal, seed)
        expected = likelihood.maximise(link, contrasts(*data), ridge, np.zeros(4))
        worst = max(worst, np.abs(fitted(link, data, ridge) - expected).max())
    assert worst < 1e-8


def fitted(link, data, ridge):
    """The estimate of all duels by one maximisation from zero."""
    estimator = preference.start_estimator(data[0].shape[1], len(data[0]), link, ridge, 1.0)
    estimator.contrasts[:], estimator.weights[:] = contrasts(*data), 1.0
    estimator.clock[0] = len(data[0])
    preference.fit(estimator)
    return estimator.theta


@each_link
@pytest.mark.parametrize("ridge", [1e-4, 1.0])
def test_gradient_vanishes_at_the_estimate(link, ridge):
    """|gradient| < 1e-8 n."""
    for seed in range(5):
        data = duels(link, 100, 4, 3.0, seed)
        z, theta = contrasts(*data), fitted(link, data, ridge)
        gradient = ridge * theta - z.T @ likelihood.score(link, z @ theta)
        assert np.abs(gradient).max() < 1e-8 * len(z)


@each_link
@few
@given(seed=seeds, refit=st.sampled_from([1.0, 1.05, 2.0]))
def test_exchanging_the_arms_of_duels_changes_nothing(link, seed, refit):
    first, second, won = duels(link, 40, 3, 2.0, seed)
    swapped = np.random.default_rng(seed).random(40) < 0.5
    one = learn(link, first, second, won, refit=refit)
    first[swapped], second[swapped] = second[swapped], first[swapped].copy()
    other = learn(link, first, second, won ^ swapped, refit=refit)
    assert_array_equal(one.theta, other.theta)


@each_link
@few
@given(seed=seeds, refit=st.sampled_from([1.0, 1.05, 2.0]))
def test_self_duels_teach_nothing(link, seed, refit):
    """Estimate, its Hessian and the design stay bit for bit, and so does all that comes after."""
    first, second, won = duels(link, 30, 3, 2.0, seed)
    states = []
    for every in (False, True):
        estimator = preference.start_estimator(3, 60, link, 0.1, refit)
        design = preference.start_design(3, 1.0)
        for s in range(30):
            if s == 10:
                preference.close_exploration(design)
            preference.learn_duel(estimator, first[s], second[s], bool(won[s]))
            preference.learn_contrast(design, first[s], second[s], s < 10)
            if every:
                preference.learn_duel(estimator, first[s], first[s].copy(), True)
                preference.learn_contrast(design, second[s], second[s].copy(), s < 10)
        states.append([estimator.theta, estimator.inverse, estimator.clock, design.matrix, design.inverse])
    for one, other in zip(*states, strict=True):
        assert_array_equal(one, other)


def test_one_hot_features_give_the_bradley_terry_fit():
    """Up to a shift: the ridge picks the solution whose worths sum to zero."""
    rng = np.random.default_rng(3)
    arms, count = 4, 80
    i = rng.integers(arms, size=count)
    j = (i + rng.integers(1, arms, size=count)) % arms
    won = rng.random(count) < 1 / (1 + np.exp(j - i))
    worths = learn("logistic", np.eye(arms)[i], np.eye(arms)[j], won, ridge=1e-4).theta
    wins = np.zeros((arms, arms))
    np.add.at(wins, (np.where(won, i, j), np.where(won, j, i)), 1)
    fixed = np.ones(arms)  # Hunter's minorisation-maximisation, without a ridge
    for _ in range(5000):
        pairs = (wins + wins.T) / (fixed[:, None] + fixed[None])
        fixed = wins.sum(1) / pairs.sum(1)
        fixed /= np.exp(np.log(fixed).mean())
    assert abs(worths.sum()) < 1e-8
    assert_allclose(worths, np.log(fixed), atol=1e-3)


@few
@given(seed=seeds, dim=st.integers(1, 5), ridge=st.sampled_from([0.0, 1e-2, 1.0]))
def test_design(seed, dim, ridge):
    """M^-1 is the inverse of M_0 + sum z z'; det M and its least eigenvalue never fall; the elliptical potential is
    within its bound."""
    first, second, _ = duels("logistic", 80, dim, 1.0, seed)
    z, explored = first - second, 4 * dim
    design = preference.start_design(dim, ridge)
    fresh = ridge * np.eye(dim)
    for s in range(explored):
        preference.learn_contrast(design, first[s], second[s], True)
        fresh += np.outer(z[s], z[s])
    assert_allclose(design.matrix, fresh, atol=1e-12)
    preference.close_exploration(design)
    start, potential = np.linalg.slogdet(fresh)[1], 0.0
    for s in range(explored, 80):
        before = design.inverse.copy()
        potential += min(1.0, z[s] @ before @ z[s])
        preference.learn_contrast(design, first[s], second[s], False)
        fresh += np.outer(z[s], z[s])
        assert np.linalg.slogdet(design.inverse)[1] <= np.linalg.slogdet(before)[1] + 1e-12
        assert np.linalg.eigvalsh(design.inverse).max() <= np.linalg.eigvalsh(before).max() * (1 + 1e-12)
    assert_allclose(design.inverse @ fresh, np.eye(dim), atol=1e-8)
    assert potential <= 2 * (np.linalg.slogdet(fresh)[1] - start) + 1e-9


@pytest.mark.parametrize("kind", ["nothing", "a line", "one-hot"])
def test_close_exploration_of_a_singular_design(kind):
    dim = 4
    design, z = preference.start_design(dim, 0.0), np.zeros((6, dim))
    if kind == "a line":
        z[:] = np.arange(1, dim + 1)
    elif kind == "one-hot":
        z = np.eye(dim)[[0, 1, 2, 3, 0, 1]] - np.eye(dim)[[1, 2, 3, 0, 2, 3]]
    for row in z:
        preference.learn_contrast(design, row, np.zeros(dim), True)
    m = z.T @ z
    preference.close_exploration(design)
    added = 1e-6 * np.trace(m) / dim if m.any() else 1.0
    assert_allclose(design.inverse, np.linalg.inv(m + added * np.eye(dim)), rtol=1e-7)


@each_link
def test_online_steps_stay_near_the_maximum(link):
    """Between maximisations the estimate is within 5 % of the spread of the estimate itself."""
    data = duels(link, 400, 4, 1.0, 0)
    full = learn(link, *data, refit=1.0).theta
    assert np.linalg.norm(learn(link, *data, refit=1.05).theta - full) < 0.05 * np.linalg.norm(full)
