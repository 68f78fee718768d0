"""The environment `synthetic`: its functions against NumPy, and what is drawn with the instance, the round, the arm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.checks import check_environment, replay
from banditlab.environments.bandit.synthetic import FUNCTIONS, Synthetic
from banditlab.errors import UserError
from banditlab.games.bandit import REALISED, REGRET
from banditlab.policies.bandit.greedy import Greedy
from banditlab.policies.bandit.uniform import Uniform
from banditlab.runs import reading

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON = 150
FORMULAS = {
    "h1": lambda x, a, A: 4 * (x @ a) ** 2,
    "h2": lambda x, a, A: 4 * np.sin(x @ a) ** 2,
    "h3": lambda x, a, A: np.linalg.norm(x @ A.T, axis=-1),
    "cosine": lambda x, a, A: np.cos(3 * (x @ a)),
    "square": lambda x, a, A: 10 * (x @ a) ** 2,
    "quadratic-form": lambda x, a, A: np.einsum("...i,ji,jk,...k->...", x, A, A, x),
}
each_function = pytest.mark.parametrize("function", FUNCTIONS)


@each_function
def test_means_regrets_and_best_arms_by_hand(function):
    done = replay.run(Synthetic(function, arms=3, dim=5, noise=0.5), Uniform(), HORIZON, 1)
    env, arms, rounds = done.env, done.actions[:, 0], np.arange(HORIZON)
    means = FORMULAS[function](done.features, env.direction, env.matrix)
    assert means.shape == (HORIZON, 3)
    assert_array_equal(done.best[:, 0], means.argmax(1))
    assert_allclose(done.totals[:, REGRET], means.max(1) - means[rounds, arms], atol=1e-12)
    assert_allclose(done.totals[:, REALISED], means.max(1) - done.outcomes, atol=1e-12)
    noise = (done.outcomes - means[rounds, arms]) / 0.5
    assert stats.kstest(noise, "norm").pvalue > ALARM


@each_function
def test_without_noise_rewards_are_means(function):
    done = replay.run(Synthetic(function, noise=0.0), Uniform(), 20)
    means = FORMULAS[function](done.features, done.env.direction, done.env.matrix)
    assert_allclose(done.outcomes, means[np.arange(20), done.actions[:, 0]], atol=1e-12)
    assert done.facts["noise"] == 0.0


def test_features_are_drawn_anew_on_the_unit_sphere():
    done = replay.run(Synthetic(arms=4, dim=3), Uniform(), HORIZON)
    assert_allclose(np.linalg.norm(done.features, axis=2), 1)
    assert len(np.unique(done.features)) == done.features.size
    heights = done.features[:, :, 0].ravel()  # uniform on [-1, 1], as each coordinate is on a sphere of R^3
    assert stats.kstest(heights, stats.uniform(-1, 2).cdf).pvalue > ALARM


@pytest.mark.parametrize(("function", "std"), [("h3", 0.5), ("quadratic-form", 1.0)])
def test_direction_and_matrix_are_drawn_with_the_instance(function, std):
    instances = [replay.start_env(Synthetic(function, dim=10), 5, seed) for seed in range(20)]
    directions = np.array([env.direction for env in instances])
    assert_allclose(np.linalg.norm(directions, axis=1), 1)
    assert len(np.unique(directions)) == directions.size
    entries = np.concatenate([env.matrix.ravel() for env in instances])
    assert len(np.unique(entries)) == 2000
    assert stats.kstest(entries / std, "norm").pvalue > ALARM


def test_two_policies_meet_the_same_world():
    one, other = (replay.run(Synthetic("h2"), player, HORIZON, 4) for player in (Uniform(), Greedy()))
    assert_array_equal(one.features, other.features)
    same = one.actions[:, 0] == other.actions[:, 0]
    assert 10 < same.sum() < HORIZON
    assert_array_equal(one.outcomes[same], other.outcomes[same])


def test_the_contracts_hold_in_one_dimension_too():
    check_environment(Synthetic("h3", arms=2, dim=1, noise=1.0))


def test_another_function_is_refused():
    grid = {"environment": [{"kind": "synthetic", "function": "h4"}], "policy": [{"kind": "bandit/uniform"}]}
    with pytest.raises(UserError, match=r"function: should be 'h1', 'h2', 'h3', .* got 'h4'"):
        reading.parse(grid, "g")
