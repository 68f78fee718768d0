"""Environments `table`, `logistic`, and the constrained adversary: what they are by hand, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from banditlab.checks import replay
from banditlab.environments.bandit.adversarial import Adversarial
from banditlab.environments.bandit.logistic import Logistic
from banditlab.environments.bandit.table import Table
from banditlab.errors import UserError
from banditlab.games.bandit import REALISED, REGRET, STATIC
from banditlab.policies.bandit.fixed import Fixed
from banditlab.policies.bandit.greedy import Greedy
from banditlab.policies.bandit.oracle import Oracle
from banditlab.policies.bandit.uniform import Uniform
from banditlab.runs import reading

HORIZON, GAP = 400, 0.25
ENTRIES = np.random.default_rng(3).random((HORIZON, 4))
ROWS = [[0.1, 0.9, 0.4], [0.8, 0.2, 0.5]]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "entries.npy"
    np.save(path, ENTRIES)
    return str(path)


def worlds(file):
    return {
        "rewards": (Table(means=file), ENTRIES),
        "losses": (Table(means=file, entries="losses"), 1 - ENTRIES),
        "chances": (Table(means=file, law="bernoulli"), ENTRIES),
        "loss chances": (Table(means=file, entries="losses", law="bernoulli"), 1 - ENTRIES),
        "cycle": (Table(means=ROWS, period=7, cycle=True), np.tile(np.repeat(ROWS, 7, axis=0), (29, 1))),
        "one row": (Table(means=ROWS[0], law="bernoulli"), np.tile(ROWS[0], (HORIZON, 1))),
        "logistic": (Logistic(arms=4, dim=3), None),
        "logistic static": (Logistic(arms=4, dim=3, signal=2.0, fresh=False), None),
        "growth": (Adversarial(arms=4, gap=GAP, growth=1.6), None),
    }


NAMES = list(worlds("entries.npy"))
DRAWN = ["chances", "loss chances", "one row", "logistic", "logistic static", "growth"]
each_world = pytest.mark.parametrize("name", NAMES)


def play(name, file, policy, seed=0):
    """A run, and the mean reward of every arm in every round (T, K)."""
    world, means = worlds(file)[name]
    done = replay.run(world, policy, HORIZON, seed)
    if name.startswith("logistic"):
        means = special.expit(done.features @ done.env.theta)
    if name == "growth":
        means = 1 - constrained(done.best[0, 0], 4)
    return done, means[:HORIZON]


def constrained(best, arms):
    """Expected losses (T, K) of a level that is turned over whenever the round, from 1, passes 1.6^n."""
    low, after, losses = True, 1.0, []
    for t in range(1, HORIZON + 1):
        if t > after:
            low, after = not low, 1.6 * after
        row = np.full(arms, GAP if low else 1.0)
        row[best] -= GAP
        losses.append(row)
    return np.array(losses)


@each_world
def test_regrets_by_hand(name, file):
    for seed in range(2):
        done, means = play(name, file, Uniform(), seed)
        rounds, arms = np.arange(HORIZON), done.actions[:, 0]
        paid = means[rounds, arms]
        assert_array_equal(means[rounds, done.best[:, 0]], means.max(1))
        assert_allclose(done.totals[:, REGRET], means.max(1) - paid, atol=1e-12)
        assert_allclose(done.totals[:, REALISED], means.max(1) - done.outcomes, atol=1e-12)
        assert (done.totals[:, REGRET] >= 0).all()
        if not name.startswith("logistic"):
            assert_allclose(done.totals[:, STATIC], means.cumsum(0).max(1) - paid.cumsum(), atol=1e-9)


@each_world
def test_oracle_has_no_regret(name, file):
    for seed in range(3):
        assert (play(name, file, Oracle(), seed)[0].totals[:, REGRET] == 0).all()


@each_world
def test_rewards_are_the_entries_or_have_them_as_means(name, file):
    """Exactly; or sums of 3 x 400 rewards 0 or 1 with |z| < 5, false alarm 6e-7 a case."""
    for player in (Uniform(), Fixed(1)):
        error, variance = 0.0, 0.0
        for seed in range(3):
            done, means = play(name, file, player, seed)
            expected = means[np.arange(HORIZON), done.actions[:, 0]]
            if name not in DRAWN:
                assert_allclose(done.outcomes, expected, rtol=0, atol=1e-15)
                continue
            assert set(np.unique(done.outcomes)) == {0.0, 1.0}
            error += (done.outcomes - expected).sum()
            variance += (expected * (1 - expected)).sum()
        assert abs(error) <= 5 * np.sqrt(variance)


@each_world
def test_two_policies_meet_the_same_world(name, file):
    """The same contexts and best arms, and the same noise: in a round, or at the n-th play of an arm that stays."""
    one, other = (play(name, file, player, 4)[0] for player in (Uniform(), Greedy()))
    assert_array_equal(one.features, other.features)
    assert_array_equal(one.best, other.best)
    if name == "logistic static":
        for arm in range(4):
            first, second = (done.outcomes[done.actions[:, 0] == arm] for done in (one, other))
            shared = min(len(first), len(second))
            assert shared > 0
            assert_array_equal(first[:shared], second[:shared])
    else:
        same = one.actions[:, 0] == other.actions[:, 0]
        assert 20 < same.sum() < HORIZON
        assert_array_equal(one.outcomes[same], other.outcomes[same])


# --- the constrained adversary ------------------------------------------------------------------------------------


def test_the_constrained_adversary_keeps_its_best_arm_and_turns_its_level():
    done = replay.run(Adversarial(arms=4, gap=GAP, growth=1.6), Uniform(), HORIZON)
    assert len(np.unique(done.best)) == 1
    assert done.env.starts.tolist() == [0, 1, 2, 3, 4, 6, 10, 16, 26, 42, 68, 109, 175, 281]
    assert done.env.table.min() == 0
    assert done.env.table.max() == 1
    places = {int(replay.run(Adversarial(arms=3, growth=2.0), Uniform(), 2, seed).best[0, 0]) for seed in range(30)}
    assert places == {0, 1, 2}  # each missed with probability (2/3)^30 = 5e-6


def test_static_and_plain_regret_are_one_where_one_arm_is_best_throughout():
    done = replay.run(Adversarial(arms=4, gap=GAP, growth=1.3), Uniform(), HORIZON, 2)
    assert_allclose(done.totals[:, STATIC], done.totals[:, REGRET].cumsum(), atol=1e-9)


# --- the logistic model -------------------------------------------------------------------------------------------


def test_logistic_instances_are_as_declared():
    done = replay.run(Logistic(arms=4, dim=3, signal=2.0), Uniform(), HORIZON)
    assert_allclose(np.linalg.norm(done.features, axis=2), 1)
    assert_allclose(np.linalg.norm(done.env.theta), 2)
    assert len(np.unique(done.features[:, 0, 0])) == HORIZON
    assert done.facts["signal"] == 2
    still = replay.run(Logistic(arms=4, dim=3, fresh=False), Uniform(), HORIZON)
    assert len(np.unique(still.features[:, 0, 0])) == 1


# --- tables: how they are given, and what is refused --------------------------------------------------------------


def test_the_same_table_from_every_kind_of_file(tmp_path):
    rows = np.array(ROWS)
    np.save(tmp_path / "t.npy", rows)
    np.savez(tmp_path / "t.npz", rows)
    np.savez(tmp_path / "named.npz", other=np.zeros(3), losses=rows)
    (tmp_path / "t.csv").write_text("a,b,c\n" + "\n".join(",".join(map(str, row)) for row in ROWS) + "\n")
    pd.read_csv(tmp_path / "t.csv").to_parquet(tmp_path / "t.parquet")
    given = Table(means=ROWS, entries="losses", cycle=True)
    expected = replay.run(given, Uniform(), 20)
    for name in ("t.npy", "t.npz", "named.npz", "t.csv", "t.parquet"):
        table = Table(means=str(tmp_path / name), entries="losses", cycle=True)
        assert_array_equal(replay.run(table, Uniform(), 20).outcomes, expected.outcomes)


def test_a_vector_in_a_file_is_one_row(tmp_path):
    np.save(tmp_path / "t.npy", np.array(ROWS[0]))
    done = replay.run(Table(means=str(tmp_path / "t.npy")), Fixed(1), 20)
    assert set(done.outcomes) == {0.9}


def grid(**settings):
    return {"environment": [{"kind": "bandit/table", **settings}], "policy": [{"kind": "bandit/uniform"}]}


REFUSED = [
    ({"means": [[0.1, 0.2], [0.3]]}, "rows of one length"),
    ({"means": [0.5]}, "at least 2 arms"),
    ({"means": []}, "at least 2 arms"),
    ({"means": [0.5, 1.5]}, "less than or equal to 1"),
    ({"means": [[0.5, -0.5]]}, "greater than or equal to 0"),
    ({}, "missing"),
]


@pytest.mark.parametrize(("settings", "line"), REFUSED, ids=lambda value: str(value)[:30])
def test_a_table_that_is_none_is_refused_before_anything_runs(settings, line):
    with pytest.raises(UserError, match=line):
        reading.parse(grid(**settings), "g")


def test_tables_in_a_grid():
    for means in (ROWS, ROWS[0]):
        [cell] = reading.parse(grid(means=means, cycle=True), "g").cells
        assert cell.world.instance.means == means


BROKEN = [
    (np.full((3, 2), 1.5), "rewards lie in \\[0, 1\\], got 1.5"),
    (np.full((3, 1), 0.5), "at least 2 arms"),
    (np.full((3, 2, 2), 0.5), "rounds as rows"),
    (np.zeros((0, 2)), "no rows"),
    (np.full((3, 2), np.nan), "finite numbers only"),
    (np.full((3, 2), 0.5), "3 rows of 2 rounds each are fewer than the horizon 7"),
]


@pytest.mark.parametrize(("array", "line"), BROKEN, ids=lambda value: str(value)[:20] if isinstance(value, str) else "")
def test_a_file_that_is_no_table_is_refused(array, line, tmp_path):
    np.save(tmp_path / "t.npy", array)
    with pytest.raises(UserError, match=line):
        replay.start_env(Table(means=str(tmp_path / "t.npy"), period=2), 7, 0)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"growth": 1.0}, "growth: above 1"),
        ({"growth": 1.6, "level": 0.5}, "growth leaves nothing to level"),
        ({"gap": 0.6}, "gap: at most level"),
    ],
)
def test_adversarial_refuses(settings, line):
    with pytest.raises(ValueError, match=line):
        Adversarial(**settings)
