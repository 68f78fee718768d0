"""Environments of the bandit game: what they declare, their regrets by hand, and which noise meets whom."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import seeding
from banditlab.checks import replay
from banditlab.environments.bandit.adversarial import Adversarial
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.classification import Classification, load
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.linear import Linear
from banditlab.environments.bandit.table import Table
from banditlab.games.bandit import REALISED, REGRET, STATIC
from banditlab.policies.bandit.fixed import Fixed
from banditlab.policies.bandit.greedy import Greedy
from banditlab.policies.bandit.oracle import Oracle
from banditlab.policies.bandit.uniform import Uniform

HORIZON = 400
ROWS = np.random.default_rng(8).standard_normal((30, 3))
CLASSES = np.arange(30) % 3
LOSSES = np.random.default_rng(9).random((HORIZON, 4))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    np.save(folder / "losses.npy", LOSSES)
    np.savez(folder / "classes.npz", features=ROWS, label=CLASSES)
    return {
        "bernoulli": Bernoulli(means=[0.3, 0.8, 0.5]),
        "bernoulli gap": Bernoulli(arms=4, gap=0.2),
        "gaussian": Gaussian(means=[0.3, -0.8, 0.5], std=0.5),
        "adversarial": Adversarial(arms=3, period=37, gap=0.3),
        "table": Table(means=str(folder / "losses.npy"), entries="losses"),
        "linear": Linear(arms=4, dim=3),
        "linear static": Linear(arms=4, dim=3, fresh=False),
        "classes": Classification(data=str(folder / "classes.npz")),
    }


NAMES = ["bernoulli", "bernoulli gap", "gaussian", "adversarial", "table", "linear", "linear static", "classes"]
PLAYERS = [Oracle(), Uniform(), Greedy()]
each_world = pytest.mark.parametrize("name", NAMES)


def means_of(name, done):
    """Mean reward of every arm in every round (T, K), from the state by its meaning."""
    env, rounds = done.env, len(done.outcomes)
    if name.startswith("linear"):
        return done.features @ env.theta
    if name in ("adversarial", "table"):
        return 1 - np.repeat(env.table, 37 if name == "adversarial" else 1, axis=0)[:rounds]
    if name == "classes":
        rows = done.features[:, 0]
        match = np.argmin(((rows[:, None] - env.rows[None]) ** 2).sum(2), axis=1)
        return (env.classes[match][:, None] == np.arange(3)).astype(float)
    return np.tile(env.means, (rounds, 1))


@each_world
def test_oracle_has_no_regret(name, worlds):
    for seed in range(3):
        done = replay.run(worlds[name], Oracle(), HORIZON, seed)
        assert (done.totals[:, REGRET] == 0).all()


@each_world
def test_regrets_by_hand(name, worlds):
    for seed in range(2):
        done = replay.run(worlds[name], Uniform(), HORIZON, seed)
        means, rounds, arms = means_of(name, done), np.arange(HORIZON), done.actions[:, 0]
        assert_array_equal(done.best[:, 0], means.argmax(1))
        assert_allclose(done.totals[:, REGRET], means.max(1) - means[rounds, arms], atol=1e-12)
        assert_allclose(done.totals[:, REALISED], means.max(1) - done.outcomes, atol=1e-12)
        assert (done.totals[:, REGRET] >= 0).all()
        static = means.cumsum(0).max(1) - means[rounds, arms].cumsum()
        if name in ("adversarial", "table"):
            assert_allclose(done.totals[:, STATIC], static, atol=1e-9)


@each_world
def test_what_is_seen_does_not_depend_on_what_is_played(name, worlds):
    runs = [replay.run(worlds[name], player, HORIZON, 4) for player in PLAYERS]
    for done in runs[1:]:
        assert_array_equal(done.features, runs[0].features)
        assert_array_equal(done.best, runs[0].best)
    assert (runs[0].actions != runs[1].actions).any()


@pytest.mark.parametrize("name", ["bernoulli", "gaussian", "linear static"])
def test_nth_play_of_an_arm_meets_the_same_noise(name, worlds):
    one, other = (replay.run(worlds[name], player, HORIZON, 4) for player in (Uniform(), Greedy()))
    for arm in range(3):
        first, second = (done.outcomes[done.actions[:, 0] == arm] for done in (one, other))
        shared = min(len(first), len(second))
        assert shared > 0
        assert_array_equal(first[:shared], second[:shared])


@pytest.mark.parametrize("name", ["adversarial", "table", "linear", "classes"])
def test_an_arm_meets_the_same_noise_in_a_round(name, worlds):
    one, other = (replay.run(worlds[name], player, HORIZON, 4) for player in (Uniform(), Greedy()))
    same = one.actions[:, 0] == other.actions[:, 0]
    assert 20 < same.sum() < HORIZON
    assert_array_equal(one.outcomes[same], other.outcomes[same])


@each_world
def test_rewards_have_the_declared_means(name, worlds):
    """Mean of 3 x 400 rewards minus their means: |z| < 5, false alarm 6e-7 a case."""
    if name == "classes":
        pytest.skip("rewards are not random")
    for player in (Uniform(), Fixed(1)):
        errors = []
        for seed in range(3):
            done = replay.run(worlds[name], player, HORIZON, seed)
            errors.append(done.outcomes - means_of(name, done)[np.arange(HORIZON), done.actions[:, 0]])
        errors = np.concatenate(errors)
        deviation = {"gaussian": 0.5, "linear": 0.1, "linear static": 0.1}.get(name, 0.5)
        assert abs(errors.mean()) < 5 * deviation / np.sqrt(len(errors))
        if name == "gaussian" or name.startswith("linear"):
            # a sum of n squared normals deviates by sqrt(2 n)
            assert abs(np.mean(errors**2) / deviation**2 - 1) < 5 * np.sqrt(2 / len(errors))


def test_noise_differs_between_arms_rounds_and_replications(worlds):
    done = [replay.run(worlds["gaussian"], Fixed(arm), HORIZON, seed) for arm in (0, 1) for seed in (0, 1)]
    noises = np.array([run.outcomes - run.env.means[run.actions[:, 0]] for run in done])
    assert len(np.unique(noises)) == noises.size
    correlations = np.corrcoef(noises)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 5.2 / np.sqrt(HORIZON)  # 6 of them: false alarm 1.2e-6


def test_generated_arms_are_as_declared():
    for seed in range(5):
        means = replay.start_env(Bernoulli(arms=5, gap=0.2, best=0.7), 10, seed).means
        assert sorted(means) == pytest.approx([0.5] * 4 + [0.7])
        means = replay.start_env(Bernoulli(arms=5, prior="beta(2, 3)"), 10, seed).means
        assert ((means > 0) & (means < 1)).all() and len(set(means)) == 5
        means = replay.start_env(Gaussian(arms=5, prior="uniform(-2, -1)"), 10, seed).means
        assert ((means >= -2) & (means <= -1)).all()
    places = {int(replay.start_env(Bernoulli(arms=3), 10, seed).best[0]) for seed in range(30)}
    assert places == {0, 1, 2}  # each missed with probability (2/3)^30 = 5e-6


@pytest.mark.parametrize("prior", ["normal(1, 2)", "uniform(0, 3)"])
def test_priors(prior):
    """Mean of 4000 drawn means: |z| < 5."""
    means = np.concatenate([replay.start_env(Gaussian(arms=40, prior=prior), 1, seed).means for seed in range(100)])
    mean, deviation = {"normal(1, 2)": (1, 2), "uniform(0, 3)": (1.5, 3 / np.sqrt(12))}[prior]
    assert abs(means.mean() - mean) < 5 * deviation / np.sqrt(4000)


def test_linear_features_are_on_the_sphere(worlds):
    done = replay.run(worlds["linear"], Uniform(), HORIZON)
    assert_allclose(np.linalg.norm(done.features, axis=2), 1)
    assert_allclose(np.linalg.norm(done.env.theta), 1)
    assert len(np.unique(done.features[:, 0, 0])) == HORIZON
    assert len(np.unique(replay.run(worlds["linear static"], Uniform(), HORIZON).features[:, 0, 0])) == 1
    # each coordinate has mean 0 and variance 1/d: 4800 numbers, 5 deviations
    assert abs(done.features.mean()) < 5 / np.sqrt(3 * done.features.size)


def test_adversarial_best_arm_switches_every_period():
    world = Adversarial(arms=5, period=30, gap=0.2, level=0.6)
    done = replay.run(world, Uniform(), HORIZON, 1)
    stretches = [done.best[a : a + 30, 0] for a in range(0, HORIZON, 30)]
    assert all(len(np.unique(stretch)) == 1 for stretch in stretches)
    assert len({int(stretch[0]) for stretch in stretches}) > 1
    assert sorted(done.env.table[0]) == pytest.approx([0.4, 0.6, 0.6, 0.6, 0.6])
    assert set(np.unique(done.outcomes)) == {0.0, 1.0}


def test_adversarial_losses_are_drawn_where_the_best_arm_switches_every_round():
    done = replay.run(Adversarial(arms=3, period=1), Uniform(), HORIZON)
    assert set(np.unique(done.outcomes)) == {0.0, 1.0}
    assert len(np.unique(done.best)) == 3


def test_a_table_gives_its_losses(worlds):
    done = replay.run(worlds["table"], Uniform(), HORIZON)
    assert_allclose(done.outcomes, 1 - LOSSES[np.arange(HORIZON), done.actions[:, 0]], atol=1e-15)


def test_a_table_of_one_stretch_gives_its_losses(tmp_path):
    """A table's losses are the losses themselves, whatever its length."""
    np.save(tmp_path / "one.npy", [[0.25, 0.5]])
    done = replay.run(Table(means=str(tmp_path / "one.npy"), entries="losses"), Fixed(0), 1)
    assert done.outcomes.tolist() == [0.75]


def test_classification_normalises_and_shuffles(worlds):
    rows, classes = load(worlds["classes"].data, "label")
    assert_allclose(rows, ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True))
    assert_array_equal(classes, CLASSES)
    done = replay.run(worlds["classes"], Uniform(), 90)
    assert_array_equal(done.features, done.features[:, :1] + np.zeros((1, 3, 1)))  # all arms see the row
    passes = [done.features[a : a + 30, 0] for a in (0, 30, 60)]
    for seen in passes:
        assert_allclose(np.sort(seen, axis=0), np.sort(rows, axis=0))  # each pass shows each row once
    assert (passes[0] != passes[1]).any() and (passes[1] != passes[2]).any()
    assert (passes[0] != replay.run(worlds["classes"], Uniform(), 30, seed=1).features[:, 0]).any()
    assert (passes[0] != rows).any()


def test_classification_takes_words_and_a_row_of_zeros(tmp_path):
    (tmp_path / "data.csv").write_text("x,y,label\n3,4,cat\n0,0,dog\n1,0,cat\n")
    rows, classes = load(str(tmp_path / "data.csv"), "label")
    assert_allclose(rows, [[0.6, 0.8], [0, 0], [1, 0]])
    assert classes.tolist() == [0, 1, 0]


def test_digits():
    rows, classes = load("digits", "label")
    assert rows.shape == (1797, 64) and set(classes) == set(range(10))
    assert_allclose(np.linalg.norm(rows, axis=1), 1)


def test_instance_follows_its_stream_alone():
    """The same stream makes the same instance; noise keys and horizons play no part in it."""
    for world in (Bernoulli(arms=4), Gaussian(arms=4, prior="normal(0, 1)"), Linear(arms=3, dim=2)):
        one, other = (
            world.start(seeding.stream(0, "instance"), seeding.key(0, name), horizon)
            for name, horizon in (("a", 10), ("b", 5000))
        )
        assert_array_equal(one.theta if isinstance(world, Linear) else one.means, getattr(other, "theta", other.means))
