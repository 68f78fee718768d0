"""Environments of the dueling game: regrets by hand, outcomes by their probabilities, symmetries, shared noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.checks import replay
from banditlab.environments.dueling.linear import Linear
from banditlab.environments.dueling.matrix import Matrix
from banditlab.games.dueling import AVERAGE, AVERAGE_PREFERENCE, STRONG, STRONG_PREFERENCE, WEAK, WEAK_PREFERENCE
from banditlab.policies.dueling.fixed import Fixed
from banditlab.policies.dueling.oracle import Oracle
from banditlab.policies.dueling.uniform import Uniform
from tests.reference import likelihood

HORIZON = 300
UTILITY = [AVERAGE, STRONG, WEAK]
PREFERENCE = [AVERAGE_PREFERENCE, STRONG_PREFERENCE, WEAK_PREFERENCE]
P = np.array([[0.5, 0.3, 0.9, 0.4], [0.7, 0.5, 0.6, 0.8], [0.1, 0.4, 0.5, 0.2], [0.6, 0.2, 0.8, 0.5]])
WORLDS = {
    "sphere": Linear(arms=4, dim=3, signal=2.0),
    "ball": Linear(arms=4, dim=3, contexts="ball", link="probit"),
    "gauss": Linear(arms=4, dim=3, contexts="gauss", link="exponential"),
    "hypercube": Linear(arms=4, dim=3, contexts="hypercube"),
    "static": Linear(arms=4, dim=3, contexts="static"),
    "one-hot": Linear(arms=4, dim=4, contexts="one-hot"),
    "theta": Linear(arms=4, dim=3, theta=[1.0, -2.0, 0.5]),
    "matrix": Matrix(P.tolist()),
}
each_world = pytest.mark.parametrize("name", WORLDS)
each_context = pytest.mark.parametrize("name", [name for name in WORLDS if name != "matrix"])


def run(name, player, seed=0):
    return replay.run(WORLDS[name], player, HORIZON, seed)


def probabilities(name, done):
    """Of the first arm to win, in each round; 1/2 in a self-duel."""
    i, j = done.actions.T
    if name == "matrix":
        return P[i, j]
    utilities, rounds = done.features @ done.env.theta, np.arange(HORIZON)
    return likelihood.cdf(WORLDS[name].link, utilities[rounds, i] - utilities[rounds, j])


@each_world
def test_oracle_has_no_regret(name):
    for seed in range(3):
        assert (run(name, Oracle(), seed).totals == 0).all()


@each_world
def test_regrets_by_hand(name):
    for seed in range(2):
        done = run(name, Uniform(), seed)
        rounds, pairs = np.arange(HORIZON)[:, None], done.actions
        if name == "matrix":
            gaps = P[1][pairs] - 0.5
            assert (done.totals[:, UTILITY] == 0).all()  # there are no utilities
        else:
            utilities = done.features @ done.env.theta
            assert_array_equal(done.best[:, 0], utilities.argmax(1))
            distance = utilities.max(1)[:, None] - utilities[rounds, pairs]
            check(done.totals[:, UTILITY], distance)
            gaps = likelihood.cdf(WORLDS[name].link, distance) - 0.5
            steepest = {"logistic": 1 / 4, "probit": 1 / np.sqrt(2 * np.pi), "exponential": 1 / 2}
            slope = steepest[WORLDS[name].link]
            assert (done.totals[:, PREFERENCE] <= slope * done.totals[:, UTILITY] + 1e-15).all()
        check(done.totals[:, PREFERENCE], gaps)
        # no weak regret if and only if the best arm is in the pair, or one with its features
        best = done.features[np.arange(HORIZON), done.best[:, 0]]
        twins = (done.features[rounds, pairs] == best[:, None]).all(2) if name != "matrix" else False
        assert_array_equal(done.totals[:, WEAK_PREFERENCE] == 0, ((pairs == done.best) | twins).any(1))


def check(totals, gaps):
    average, strong, weak = totals.T
    assert_allclose(average, gaps.mean(1), atol=1e-14)
    assert_allclose(strong, gaps.max(1), atol=1e-14)
    assert_allclose(weak, gaps.min(1), atol=1e-14)
    assert (weak >= 0).all() and (weak <= average).all() and (average <= strong).all()
    assert_allclose(average, (weak + strong) / 2, rtol=3e-16)


@each_world
def test_exchanging_the_arms_exchanges_the_outcome(name):
    for i, j in [(0, 1), (2, 1), (0, 3), (3, 2)]:
        one, other = run(name, Fixed(i, j)), run(name, Fixed(j, i))
        assert_array_equal(one.outcomes, 1 - other.outcomes)
        assert_array_equal(one.totals, other.totals)


@each_world
def test_duels_are_won_as_often_as_declared(name):
    """3 x 300 outcomes minus their probabilities: |z| < 5, false alarm 6e-7 a case."""
    for player in (Uniform(), Fixed(0, 2), Fixed(3, 1), Fixed(2, 2)):
        errors, variance = 0.0, 0.0
        for seed in range(3):
            done = run(name, player, seed)
            p = probabilities(name, done)
            errors, variance = errors + (done.outcomes - p).sum(), variance + (p * (1 - p)).sum()
        assert abs(errors) < 5 * np.sqrt(variance)


@each_world
def test_a_self_duel_is_a_coin_of_its_own(name):
    """Independent of the duels of other pairs in the same rounds: |correlation| < 5 / sqrt(T)."""
    coin = run(name, Fixed(1, 1)).outcomes
    for pair in ((0, 1), (1, 2), (3, 1)):
        assert abs(np.corrcoef(coin, run(name, Fixed(*pair)).outcomes)[0, 1]) < 5 / np.sqrt(HORIZON)


@each_context
def test_contexts_do_not_depend_on_what_is_played(name):
    one, other = run(name, Uniform()), run(name, Fixed(0, 1))
    assert_array_equal(one.features, other.features)


@pytest.mark.parametrize("name", ["sphere", "ball", "gauss", "hypercube"])
def test_a_pair_meets_the_same_noise_in_a_round(name):
    one, other = run(name, Uniform()), run(name, Fixed(0, 1))
    same, swapped = (one.actions == [0, 1]).all(1), (one.actions == [1, 0]).all(1)
    assert same.sum() > 5 and swapped.sum() > 5
    assert_array_equal(one.outcomes[same], other.outcomes[same])
    assert_array_equal(one.outcomes[swapped], 1 - other.outcomes[swapped])


@pytest.mark.parametrize("name", ["matrix", "static", "one-hot"])
def test_nth_duel_of_a_pair_meets_the_same_noise(name):
    one, other = run(name, Uniform()), run(name, Fixed(2, 1))
    low = np.sort(one.actions, axis=1)
    met = (low == [1, 2]).all(1)
    outcome = np.where(one.actions[met, 0] == 2, one.outcomes[met], 1 - one.outcomes[met])
    assert len(outcome) > 20
    assert_array_equal(outcome, other.outcomes[: len(outcome)])


@pytest.mark.parametrize("name", ["sphere", "ball", "gauss", "hypercube"])
def test_contexts_follow_their_laws(name):
    """Norms exactly; means 0 and radii of the ball by 5 deviations over 300 x 4 x 3 numbers."""
    x = run(name, Uniform()).features
    norms = np.linalg.norm(x, axis=2)
    assert len(np.unique(x[:, 0], axis=0)) > (1 if name != "hypercube" else 7)
    assert abs(x.mean()) < 5 * x.std() / np.sqrt(x.size)
    if name == "ball":
        assert norms.max() <= 1 and abs(np.mean(norms**3) - 0.5) < 5 / np.sqrt(12 * norms.size)
    elif name == "gauss":
        assert abs(np.mean(x**2) - 1) < 5 * np.sqrt(2 / x.size)
    else:
        assert_allclose(norms, 1)


def test_contexts_that_stay():
    static = run("static", Uniform()).features
    assert (static == static[0]).all()
    assert (run("one-hot", Uniform()).features == np.eye(4)).all()


@pytest.mark.parametrize("fixed", [True, False], ids=["one table", "a table a round"])
def test_contexts_from_a_file(fixed, tmp_path):
    table = np.random.default_rng(0).standard_normal((5, 2) if fixed else (HORIZON, 5, 2))
    np.save(tmp_path / "x.npy", table)
    world = Linear(contexts="array", features=str(tmp_path / "x.npy"), theta=[1.0, 2.0])
    done = replay.run(world, Uniform(), HORIZON)
    assert_array_equal(done.features, np.broadcast_to(table, done.features.shape))
    assert_array_equal(done.best[:, 0], (done.features @ [1.0, 2.0]).argmax(1))


def test_theta_has_the_declared_norm():
    for seed in range(3):
        assert_allclose(np.linalg.norm(replay.start_env(WORLDS["sphere"], 10, seed).theta), 2.0)
    assert replay.start_env(WORLDS["theta"], 10, 0).theta.tolist() == [1.0, -2.0, 0.5]
