"""The kernelised logistic estimate against a generic convex solver, and what must hold of it after every duel."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit

from banditlab import kernel
from banditlab.numerics.kernel_logistic import LAG, learn_duel, refresh, start_logistic, with_origin
from banditlab.numerics.kernels import gram

KERNELS = ("rbf", "matern-1/2", "matern-3/2", "matern-5/2")
PENALTIES = [{"ridge": 0.25}, {"ridge": 1e-3}, {"ridge": 1e3}, {"penalty": 1.0}, {"penalty": 1e-3}, {"penalty": 1e3}]
few = settings(max_examples=30, deadline=None, derandomize=True)
sizes, counts, seeds = st.integers(2, 6), st.integers(1, 15), st.integers(0, 10**6)
kernels, scales, penalties = st.sampled_from(KERNELS), st.floats(0.05, 20.0), st.sampled_from(PENALTIES)


def covariance(arms, kernel, length_scale, rng):
    return gram(rng.uniform(0, 3, (arms, 2)), kernel, 1.0, length_scale)


def random_duels(arms, count, rng):
    """Duels (i, j, won) of different arms; the one of the lower index tends to win."""
    first = rng.integers(arms, size=count)
    second = (first + 1 + rng.integers(arms - 1, size=count)) % arms
    return [(i, j, rng.random() < (0.8 if i < j else 0.3)) for i, j in zip(first, second, strict=True)]


def fitted(prior, duels, **penalty):
    model = start_logistic(prior, **penalty)
    for first, second, won in duels:
        learn_duel(model, first, second, won)
    return model


def by_solver(prior, duels, ridge=None, penalty=None):
    """f that minimises the log loss plus ridge / 2 |f|_k^2, or penalty |alpha|^2, in data space, by SciPy."""
    d = np.array([np.eye(len(prior))[i] - np.eye(len(prior))[j] for i, j, _ in duels])
    y = np.array([won for _, _, won in duels], float)
    if penalty is None:
        values, vectors = np.linalg.eigh(prior)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        margins, weight = d @ root, ridge / 2
    else:
        root, margins, weight = prior @ d.T, d @ prior @ d.T, penalty

    def objective(x):
        z = margins @ x
        loss = np.logaddexp(0.0, z) @ np.ones(len(z)) - y @ z + weight * x @ x
        return loss, margins.T @ (expit(z) - y) + 2 * weight * x

    def hessian(x):
        z = margins @ x
        return margins.T @ ((expit(z) * expit(-z))[:, None] * margins) + 2 * weight * np.eye(len(x))

    start = np.zeros(margins.shape[1])
    found = minimize(objective, start, jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-9})
    return root @ found.x


def gradient(model):
    """Of the log loss by f (N,), from the table of wins alone."""
    f, wins = model.utilities, model.wins
    return ((wins + wins.T) * expit(f[:, None] - f[None]) - wins).sum(1)


def hessian(model):
    """Of the log loss by f (N, N), from the table of wins alone."""
    margins = model.utilities[:, None] - model.utilities[None]
    weights = (model.wins + model.wins.T) * expit(margins) * expit(-margins)
    return np.diag(weights.sum(1)) - weights


def prior_of(prior, model, ridge=None, penalty=None):
    """K / ridge, or K G K / (2 penalty) with G the Laplacian of the numbers of duels."""
    if penalty is None:
        return prior / ridge
    duels = model.wins + model.wins.T
    return prior @ (np.diag(duels.sum(1)) - duels) @ prior / (2 * penalty)


def distance(model):
    """How far f is from the optimum, in posterior deviations of its margins: sqrt(r' Q r) for the gradient r."""
    off = model.dual + gradient(model)
    return np.sqrt(max(0.0, off @ model.posterior @ off))


def kept(model):
    return [field.copy() for field in model[:-2] if isinstance(field, np.ndarray)]


# --- what the estimate is -----------------------------------------------------------------------------------------


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, penalty=penalties)
def test_is_what_a_generic_solver_finds(arms, count, seed, kernel, length_scale, penalty):
    rng = np.random.default_rng(seed)
    prior, duels = covariance(arms, kernel, length_scale, rng), random_duels(arms, count, rng)
    direct = by_solver(prior, duels, **penalty)
    assert_allclose(fitted(prior, duels, **penalty).utilities, direct, rtol=1e-6, atol=1e-6)


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, penalty=penalties)
def test_is_optimal_after_every_duel(arms, count, seed, kernel, length_scale, penalty):
    """f = C a with a = -gradient, which sums to 0; C as the penalty has it."""
    rng = np.random.default_rng(seed)
    prior = covariance(arms, kernel, length_scale, rng)
    model = start_logistic(prior, **penalty)
    for first, second, won in random_duels(arms, count, rng):
        learn_duel(model, first, second, won)
        assert_allclose(model.dual, -gradient(model), atol=1e-7)
        assert_allclose(gradient(model).sum(), 0.0, atol=1e-12)
        assert_allclose(model.utilities, prior_of(prior, model, **penalty) @ model.dual, rtol=1e-9, atol=1e-9)
        assert distance(model) < 1e-8


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, penalty=penalties)
def test_the_refreshed_posterior_is_laplaces(arms, count, seed, kernel, length_scale, penalty):
    """(C^-1 + H)^-1, written (I + C H)^-1 C since C need not have an inverse; within a tenth before."""
    rng = np.random.default_rng(seed)
    prior = covariance(arms, kernel, length_scale, rng)
    model = fitted(prior, random_duels(arms, count, rng), **penalty)
    for first, second in itertools.combinations(range(arms), 2):
        held, weight = model.weights[first, second], -hessian(model)[first, second]
        assert abs(held - weight) <= (LAG + 1e-6) * max(held, weight)
    refresh(model)
    c = prior_of(prior, model, **penalty)
    direct = np.linalg.solve(np.eye(arms) + c @ hessian(model), c)
    assert_allclose(model.posterior, direct, rtol=1e-9, atol=1e-9 * np.abs(c).max())


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, penalty=penalties)
def test_with_origin_is_logistic_regression_on_single_arms(arms, count, seed, kernel, penalty):
    rng = np.random.default_rng(seed)
    prior = covariance(arms, kernel, 1.0, rng)
    points, answers = rng.integers(arms, size=count), rng.random(count) < 0.6
    model = fitted(with_origin(prior), [(k, arms, y) for k, y in zip(points, answers, strict=True)], **penalty)
    values, vectors = np.linalg.eigh(prior)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    rows = root[points] if "ridge" in penalty else prior[np.ix_(points, points)]
    weight = penalty["ridge"] / 2 if "ridge" in penalty else penalty["penalty"]

    def objective(x):
        z = rows @ x
        return np.logaddexp(0.0, z).sum() - answers @ z + weight * x @ x

    def slope(x):
        return rows.T @ (expit(rows @ x) - answers) + 2 * weight * x

    def bend(x):
        z = rows @ x
        return rows.T @ ((expit(z) * expit(-z))[:, None] * rows) + 2 * weight * np.eye(len(x))

    start = np.zeros(rows.shape[1])
    found = minimize(objective, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-9}).x
    direct = (root if "ridge" in penalty else prior[:, points]) @ found
    assert_allclose(model.utilities, np.append(direct, 0.0), rtol=1e-6, atol=1e-6)


# --- what does not matter -----------------------------------------------------------------------------------------


@few
@given(arms=sizes, count=counts, seed=seeds, penalty=penalties)
def test_a_win_is_the_others_defeat(arms, count, seed, penalty):
    rng = np.random.default_rng(seed)
    prior, duels = covariance(arms, "rbf", 1.0, rng), random_duels(arms, count, rng)
    one, other = fitted(prior, duels, **penalty), fitted(prior, [(j, i, not y) for i, j, y in duels], **penalty)
    for mine, theirs in zip(kept(one), kept(other), strict=True):
        assert_array_equal(mine, theirs)


@few
@given(arms=sizes, count=counts, seed=seeds, penalty=penalties)
def test_labels_and_the_order_of_duels_do_not_matter(arms, count, seed, penalty):
    rng = np.random.default_rng(seed)
    prior, duels, names = covariance(arms, "rbf", 1.0, rng), random_duels(arms, count, rng), rng.permutation(arms)
    one = fitted(prior, duels, **penalty)
    renamed = np.zeros_like(prior)
    renamed[np.ix_(names, names)] = prior
    other = fitted(renamed, [(names[i], names[j], y) for i, j, y in duels[::-1]], **penalty)
    refresh(one)
    refresh(other)
    assert_allclose(other.utilities[names], one.utilities, atol=1e-7)
    assert_allclose(other.posterior[np.ix_(names, names)], one.posterior, atol=1e-6 * np.abs(one.prior).max())


@few
@given(arms=sizes, count=counts, seed=seeds, penalty=penalties, level=st.floats(0.1, 100.0))
def test_a_constant_in_the_utilities_does_not_matter(arms, count, seed, penalty, level):
    """Duels see differences alone, and so does the estimate: a constant of the kernel leaves every margin."""
    rng = np.random.default_rng(seed)
    prior, duels = covariance(arms, "rbf", 1.0, rng), random_duels(arms, count, rng)
    one, other = fitted(prior, duels, **penalty).utilities, fitted(prior + level, duels, **penalty).utilities
    assert_allclose(other - other[0], one - one[0], atol=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_an_arm_against_itself_leaves_everything(penalty):
    rng = np.random.default_rng(0)
    model = fitted(covariance(4, "rbf", 1.0, rng), random_duels(4, 10, rng), **penalty)
    before = kept(model)
    learn_duel(model, 2, 2, True)
    for mine, theirs in zip(kept(model), before, strict=True):
        assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ["ridge", "penalty"])
def test_a_large_penalty_leaves_nothing(name):
    """f is at most t max |K| / ridge, and t^2 max |K|^2 / penalty in the other case."""
    rng = np.random.default_rng(0)
    prior, duels = covariance(5, "rbf", 1.0, rng), random_duels(5, 20, rng)
    sizes = [np.abs(fitted(prior, duels, **{name: 10.0**power}).utilities).max() for power in (2, 4, 6, 8)]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 < sizes[-1] < 4e-6


def test_weights_are_equal_over_repeats_of_a_duel():
    """With |alpha|^2, duels of one pair with one result share their weight: f depends on the counts alone."""
    prior = covariance(3, "rbf", 1.0, np.random.default_rng(0))
    model = fitted(prior, [(0, 1, True), (1, 2, True), (0, 1, True), (0, 1, True)], penalty=0.5)
    d = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])

    def objective(alpha):
        z = d @ prior @ d.T @ (np.array([3.0, 1.0]) * alpha)
        return np.array([3.0, 1.0]) @ (np.logaddexp(0.0, -z) + 0.5 * alpha**2)

    alpha = minimize(objective, np.zeros(2), tol=1e-12).x
    assert_allclose(model.utilities, prior @ d.T @ (np.array([3.0, 1.0]) * alpha), atol=1e-5)


# --- long and hard runs -------------------------------------------------------------------------------------------


@kernel
def learn_all(model, first, second, won):
    for t in range(len(first)):
        learn_duel(model, first[t], second[t], won[t])


def sequences(arms, count):
    """Results by their names: separable, conflicting, and reversed ones."""
    rng = np.random.default_rng(arms)
    zero, one, rounds = np.zeros(count, int), np.ones(count, int), np.arange(count)
    first = rng.integers(arms, size=count)
    second = (first + 1 + rng.integers(arms - 1, size=count)) % arms
    return {
        "one always wins": (zero, one, rounds >= 0),
        "in turns": (zero, one, rounds % 2 == 0),
        "one wins, then the other": (zero, one, rounds < count // 2),
        "one wins all but the last": (zero, one, rounds < count - 1),
        "one beats all": (zero, 1 + second % (arms - 1), rounds >= 0),
        "the order of the arms": (first, second, first < second),
        "the order, then its reverse": (first, second, (first < second) ^ (rounds >= count // 2)),
        "coins": (first, second, rng.random(count) < 0.5),
        "a cycle": (rounds % arms, (rounds + 1) % arms, rounds >= 0),
    }


def check_run(prior, sequence, **penalty):
    model = start_logistic(prior, **penalty)
    learn_all(model, *sequence)
    assert np.isfinite(model.utilities).all()
    assert_allclose(model.utilities, prior_of(prior, model, **penalty) @ model.dual, rtol=1e-7, atol=1e-7)
    assert distance(model) < 1e-6
    assert_allclose(model.dual, -gradient(model), atol=2e-5)
    return model


@pytest.mark.compiled
@pytest.mark.parametrize("length_scale", [0.05, 0.5, 100.0])  # 100: the covariance has the numerical rank 4
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("arms", [2, 5, 30])
def test_long_runs_end_at_the_optimum(arms, penalty, length_scale):
    prior = gram(np.linspace(0, 1, arms)[:, None], "rbf", 1.0, length_scale)
    for sequence in sequences(arms, 2000).values():
        check_run(prior, sequence, **penalty)


@pytest.mark.compiled
@pytest.mark.parametrize("penalty", [{"ridge": 0.25}, {"penalty": 0.1}], ids=str)
def test_twenty_thousand_duels_end_at_the_optimum(penalty):
    prior = gram(np.linspace(0, 1, 10)[:, None], "rbf", 1.0, 0.3)
    for sequence in sequences(10, 20_000).values():
        check_run(prior, sequence, **penalty)


@pytest.mark.compiled
@pytest.mark.parametrize("penalty", [{"ridge": 0.25}, {"ridge": 0.01}, {"penalty": 1.0}, {"penalty": 0.25}], ids=str)
def test_large_utilities_are_reached_and_left_again(penalty):
    """With a prior deviation of 10 and more, a cycle is separable up to its last duel, and then conflicts."""
    prior = gram(np.linspace(0, 1, 30)[:, None], "rbf", 100.0, 0.5)
    for sequence in sequences(30, 400).values():
        check_run(prior, sequence, **penalty)


@few
@given(count=counts, seed=seeds, penalty=penalties)
def test_a_covariance_may_be_singular(count, seed, penalty):
    """Rank two, on six arms: the estimate stays in its range."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((6, 2))
    model = fitted(root @ root.T, random_duels(6, count, rng), **penalty)
    assert distance(model) < 1e-8
    inside = root @ np.linalg.lstsq(root, model.utilities)[0]
    assert_allclose(model.utilities, inside, atol=1e-9 * max(1.0, np.abs(model.utilities).max()))


@pytest.mark.parametrize("spoil", [lambda q: -q, lambda q: q - np.eye(len(q)), lambda q: 0.0 * q, lambda q: q[::-1]])
def test_an_estimate_that_is_not_the_optimum_is_never_returned(spoil):
    """Where the posterior that Newton's method steps by is spoiled, it recovers or says that it did not converge."""
    rng = np.random.default_rng(5)
    prior = covariance(5, "rbf", 1.0, rng)
    model = fitted(prior, random_duels(5, 20, rng), ridge=0.25)
    model.posterior[:] = spoil(model.posterior.copy())
    try:
        learn_duel(model, 0, 3, True)
    except ArithmeticError:
        return
    assert_allclose(model.dual, -gradient(model), atol=1e-5)
