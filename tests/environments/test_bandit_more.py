"""Student t and piecewise stationary arms: declared laws, regrets by hand, and which noise meets whom."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.checks import replay
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.piecewise import Piecewise
from banditlab.environments.bandit.student_t import StudentT
from banditlab.games.bandit import REALISED, REGRET, STATIC
from banditlab.policies.bandit.fixed import Fixed
from banditlab.policies.bandit.greedy import Greedy
from banditlab.policies.bandit.oracle import Oracle
from banditlab.policies.bandit.uniform import Uniform

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON = 400
ROWS = [[0.2, 0.9, 0.5], [0.7, 0.1, 0.3], [0.0, 0.4, 1.0]]
WORLDS = {
    "student-t": StudentT(means=[0.3, -0.8, 0.5], std=0.5),
    "student-t gap": StudentT(arms=4, gap=0.2, df=2.5),
    "piecewise": Piecewise(means=ROWS, changes=[130, 131]),
    "piecewise period": Piecewise(arms=3, period=37),
    "piecewise segments": Piecewise(arms=4, segments=7),
}
each_world = pytest.mark.parametrize("name", WORLDS)
each_piecewise = pytest.mark.parametrize("name", [name for name in WORLDS if name.startswith("piecewise")])


def means_of(name, done):
    """Mean reward of every arm in every round (T, K), from the state by its meaning."""
    if name.startswith("student"):
        return np.tile(done.env.means, (HORIZON, 1))
    if name == "piecewise":
        return np.repeat(ROWS, [130, 1, HORIZON - 131], axis=0)
    rounds = np.arange(HORIZON)
    stretch = rounds // 37 if name == "piecewise period" else (7 * (rounds + 1) - 1) // HORIZON
    return -done.env.table[stretch]


@each_world
def test_oracle_has_no_regret(name):
    for seed in range(3):
        done = replay.run(WORLDS[name], Oracle(), HORIZON, seed)
        assert (done.totals[:, REGRET] == 0).all()


@each_world
def test_regrets_by_hand(name):
    for seed in range(2):
        done = replay.run(WORLDS[name], Uniform(), HORIZON, seed)
        means, rounds, arms = means_of(name, done), np.arange(HORIZON), done.actions[:, 0]
        assert_array_equal(done.best[:, 0], means.argmax(1))
        assert_allclose(done.totals[:, REGRET], means.max(1) - means[rounds, arms], atol=1e-12)
        assert_allclose(done.totals[:, REALISED], means.max(1) - done.outcomes, atol=1e-12)
        assert (done.totals[:, REGRET] >= 0).all()
        if name.startswith("piecewise"):
            static = means.cumsum(0).max(1) - means[rounds, arms].cumsum()
            assert_allclose(done.totals[:, STATIC], static, atol=1e-9)


@each_world
def test_what_is_seen_does_not_depend_on_what_is_played(name):
    one, other = (replay.run(WORLDS[name], player, HORIZON, 4) for player in (Uniform(), Greedy()))
    assert_array_equal(one.best, other.best)
    assert (one.actions != other.actions).any()


def test_nth_play_of_an_arm_meets_the_same_noise():
    one, other = (replay.run(WORLDS["student-t"], player, HORIZON, 4) for player in (Uniform(), Greedy()))
    for arm in range(3):
        first, second = (done.outcomes[done.actions[:, 0] == arm] for done in (one, other))
        shared = min(len(first), len(second))
        assert shared > 0
        assert_array_equal(first[:shared], second[:shared])


@each_piecewise
def test_an_arm_meets_the_same_noise_in_a_round(name):
    one, other = (replay.run(WORLDS[name], player, HORIZON, 4) for player in (Uniform(), Greedy()))
    same = one.actions[:, 0] == other.actions[:, 0]
    assert 20 < same.sum() < HORIZON
    assert_array_equal(one.outcomes[same], other.outcomes[same])


@each_piecewise
def test_rewards_have_the_declared_means(name):
    """Mean of 3 x 400 rewards minus their means: |z| < 5, false alarm 6e-7 a case."""
    for player in (Uniform(), Fixed(1)):
        errors, variance = 0.0, 0.0
        for seed in range(3):
            done = replay.run(WORLDS[name], player, HORIZON, seed)
            p = means_of(name, done)[np.arange(HORIZON), done.actions[:, 0]]
            errors, variance = errors + (done.outcomes - p).sum(), variance + (p * (1 - p)).sum()
        assert set(np.unique(done.outcomes)) <= {0.0, 1.0}
        assert abs(errors) < 5 * math.sqrt(variance)


@pytest.mark.parametrize("df", [2.1, 3.0, 5.0, 30.0, 1e6])
def test_noise_follows_student_t(df):
    """Kolmogorov-Smirnov on 1500 rewards of each of two arms."""
    for arm, mean in enumerate((1.5, -2.0)):
        done = replay.run(StudentT(means=[1.5, -2.0], df=df, std=2.0), Fixed(arm), 1500, arm)
        law = stats.t(df, loc=mean, scale=2.0 * math.sqrt((df - 2) / df))
        assert law.std() == pytest.approx(2.0)
        assert stats.kstest(done.outcomes, law.cdf).pvalue > ALARM


def test_noise_differs_between_arms_plays_and_replications():
    done = [replay.run(WORLDS["student-t"], Fixed(arm), HORIZON, seed) for arm in (0, 1) for seed in (0, 1)]
    noises = np.array([run.outcomes - run.env.means[run.actions[:, 0]] for run in done])
    assert len(np.unique(noises)) == noises.size
    ranks = stats.rankdata(noises, axis=1)  # the noise itself has no fourth moment
    assert np.abs(np.corrcoef(ranks)[np.triu_indices(4, 1)]).max() < 5.2 / math.sqrt(HORIZON)
    assert abs(np.corrcoef(ranks[0, 1:], ranks[0, :-1])[0, 1]) < 5 / math.sqrt(HORIZON)


def test_student_t_makes_the_arms_of_gaussian():
    for settings in ({"means": [0.1, 0.4]}, {"arms": 5, "gap": 0.3, "best": 2.0}, {"arms": 3, "prior": "normal(0, 1)"}):
        one, other = (replay.start_env(world(**settings), 10, 3) for world in (StudentT, Gaussian))
        assert_array_equal(one.means, other.means)
        assert one.best[0] == other.best[0]
    assert StudentT(means=[0.0, 1.0], std=0.7).facts(one)["noise"] == 0.7


def test_stretches_are_drawn_apart_and_do_not_depend_on_the_horizon():
    short, long = (replay.start_env(Piecewise(arms=5, period=50), horizon, 1) for horizon in (120, 1000))
    assert short.table.shape == (3, 5) and long.table.shape == (20, 5)
    assert_array_equal(short.table, long.table[:3])
    means = -np.concatenate([replay.start_env(Piecewise(arms=5, period=1), 100, seed).table for seed in range(8)])
    assert len(np.unique(means)) == 4000
    assert stats.kstest(means.ravel(), "uniform").pvalue > ALARM
    counts = np.bincount(means.argmax(1), minlength=5)
    assert stats.chisquare(counts).pvalue > ALARM


def test_changes_after_the_last_round_are_not_met():
    done = replay.run(Piecewise(means=ROWS[:2], changes=[1000]), Uniform(), HORIZON)
    assert (done.best == 1).all()


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: StudentT(arms=3, df=2.0), "df: above 2"),
        (lambda: StudentT(arms=3, means=[0.1, 0.2]), "give either means"),
        (lambda: StudentT(means=[0.1, 0.2], gap=0.1), "means leaves nothing to gap"),
        (lambda: Piecewise(), r"give either means = \[\[...\], ...\] with changes, or arms"),
        (lambda: Piecewise(means=ROWS, changes=[5]), "changes: one fewer than the 3 rows of means, got 1"),
        (lambda: Piecewise(means=ROWS, changes=[5, 5]), "changes: increasing rounds"),
        (lambda: Piecewise(means=[[0.1, 0.2], [0.3]], changes=[5]), "means: rows of one length, at least 2 arms"),
        (lambda: Piecewise(means=ROWS, changes=[5, 6], period=3), "means leaves nothing to period"),
        (lambda: Piecewise(arms=3, changes=[5]), "arms leaves nothing to changes"),
        (lambda: Piecewise(arms=3, period=5, segments=2), "segments leaves nothing to period"),
    ],
)
def test_what_cannot_be_is_refused(make, line):
    with pytest.raises(ValueError, match=line):
        make()
