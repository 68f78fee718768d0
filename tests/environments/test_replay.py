"""Environment `replay`: estimates by hand, without bias over many logs, and what a log must be."""

import numpy as np
import pandas as pd
import pytest

import banditlab
from banditlab import fuse, registry
from banditlab.checks import replay
from banditlab.checks.contracts import check_environment
from banditlab.checks.pairs import cell_of, play
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.replay import Replay
from banditlab.environments.logged import read_log
from banditlab.errors import UserError
from banditlab.games.bandit import DOUBLY_ROBUST, IPS, IPS_SE, REPLAY, REPLAY_SE, REPLAYED, SNIPS
from banditlab.policies.bandit.epsilon_greedy import EpsilonGreedy
from banditlab.policies.bandit.fixed import Fixed
from banditlab.policies.bandit.linucb import LinUCB
from banditlab.policies.bandit.ucb1 import UCB1
from banditlab.policies.bandit.uniform import Uniform
from banditlab.runs import reading

TABLE = pd.DataFrame(
    {
        "action": [0, 1, 0, 0, 1, 0],
        "reward": [1.0, 5.0, 3.0, 2.0, 0.0, 4.0],
        "probability": [0.5, 0.5, 0.25, 0.8, 0.2, 0.5],
    }
)


@pytest.fixture
def table(tmp_path):
    TABLE.to_csv(tmp_path / "log.csv", index=False)
    return str(tmp_path / "log.csv")


def estimates(environment, policy, horizon, env=None):
    """The metrics of the game after that many rounds, and the pair."""
    pair = replay.start(environment, policy, horizon, env=env)
    totals = np.zeros(len(pair.game.metrics))
    loop, _ = fuse.prepare(pair.game.rounds, pair.verbs, pair.arguments(0, 0, totals))
    loop(*pair.arguments(0, horizon, totals))
    return totals, pair


# --- by hand ------------------------------------------------------------------------------------------------------


def test_estimates_of_a_fixed_arm_by_hand(table):
    totals, _ = estimates(Replay(log=table), Fixed(0), 6)
    rewards, weights = np.array([1.0, 3.0, 2.0, 4.0]), 1 / np.array([0.5, 0.25, 0.8, 0.5])
    scores = np.array([2.0, 0.0, 12.0, 2.5, 0.0, 8.0])
    assert totals[REPLAYED] == 4
    np.testing.assert_allclose(totals[REPLAY], 2.5)
    np.testing.assert_allclose(totals[REPLAY_SE], rewards.std(ddof=1) / 2)
    np.testing.assert_allclose(totals[IPS], 24.5 / 6)
    np.testing.assert_allclose(totals[IPS_SE], scores.std(ddof=1) / np.sqrt(6))
    mean = 24.5 / 9.25
    np.testing.assert_allclose(totals[SNIPS], mean)
    np.testing.assert_allclose(totals[SNIPS + 4], np.sqrt((weights**2 * (rewards - mean) ** 2).sum()) / weights.sum())


def test_doubly_robust_by_hand(table):
    """Without features the model of an arm, with lambda, is the sum of its rewards over lambda + their number."""
    totals, _ = estimates(Replay(log=table, ridge=0.5), Fixed(0), 6)
    model = [0.0, 1 / 1.5, 1 / 1.5, 4 / 2.5, 6 / 3.5, 6 / 3.5]  # of arm 0, before each row
    weights = [2.0, 0.0, 4.0, 1.25, 0.0, 2.0]
    scores = [q + w * (r - q) for q, w, r in zip(model, weights, TABLE.reward, strict=True)]
    np.testing.assert_allclose(totals[DOUBLY_ROBUST], np.mean(scores))
    np.testing.assert_allclose(totals[DOUBLY_ROBUST + 4], np.std(scores, ddof=1) / np.sqrt(6))


@pytest.mark.parametrize("own", [True, False], ids=["a model of all arms", "a model for each"])
def test_the_model_is_ridge_regression_on_the_rows_before(tmp_path, own):
    rng = np.random.default_rng(0)
    n, arms, dim = 40, 3, 2
    features = rng.standard_normal((n, arms, dim) if own else (n, dim))
    actions, rewards, chances = rng.integers(arms, size=n), rng.standard_normal(n), rng.uniform(0.2, 1.0, n)
    np.savez(tmp_path / "log.npz", features=features, action=actions, reward=rewards, probability=chances)
    totals, _ = estimates(Replay(log=str(tmp_path / "log.npz"), ridge=2.0), Fixed(1), n)
    scores = []
    for t in range(n):
        before = [s for s in range(t) if own or actions[s] == 1]
        x = np.array([np.append(features[s, actions[s]] if own else features[s], 1) for s in before]).reshape(-1, 3)
        theta = np.linalg.solve(x.T @ x + 2.0 * np.eye(3), x.T @ rewards[before])
        predicted = np.append(features[t, 1] if own else features[t], 1) @ theta
        scores.append(predicted + (actions[t] == 1) * (rewards[t] - predicted) / chances[t])
    np.testing.assert_allclose(totals[DOUBLY_ROBUST], np.mean(scores), rtol=1e-10)


def test_a_policy_hears_of_replayed_rounds_alone_and_counts_no_others(table):
    _, pair = estimates(Replay(log=table), UCB1(), 6)
    # rows 0 and 1: arms 0 and 1, heard; 2 and 3: arm 1 leads, and is not what was logged; 4: it is; 5: it is not
    assert pair.state.plays.tolist() == [1, 2]
    done = replay.run(Replay(log=table), UCB1(), 6)
    assert done.actions[:, 0].tolist() == [0, 1, 1, 1, 1, 1]
    np.testing.assert_array_equal(done.outcomes, [1.0, 5.0, np.nan, np.nan, 0.0, np.nan])
    first, _ = estimates(Replay(log=table), UCB1(), 1)
    assert first[[REPLAY, IPS, SNIPS, REPLAYED]].tolist() == [1, 2, 1, 1]


def test_the_rows_are_shuffled_in_each_replication(table):
    stays, moves = Replay(log=table), Replay(log=table, shuffle=True)
    cells = [cell_of(environment, Fixed(0), 6) for environment in (stays, moves)]
    names = cells[0].metrics
    one, other = (np.array([curve.values for curve in play(cell, 20)]) for cell in cells)
    assert (one == one[0]).all()
    assert len(np.unique(other[:, 0, names.index("ips")])) > 2
    np.testing.assert_allclose(other[:, -1, names.index("ips")], 24.5 / 6)


# --- without bias, over many logs ---------------------------------------------------------------------------------

LOGS, ROWS, MEANS = 300, 300, np.array([0.2, 0.5, 0.8])


def logs_of(environment, chances_of):
    """States of a replay of many drawn logs: rewards (1 + arm) x^2 + noise for x ~ N(0, 1), arms by chances of x."""
    rng = np.random.default_rng(5)
    for _ in range(LOGS):
        x = rng.standard_normal(ROWS)
        law = chances_of(x)
        actions = (rng.random(ROWS)[:, None] > law.cumsum(1)[:, :-1]).sum(1)
        rewards = (1 + actions) * x**2 + rng.normal(0, 0.5, ROWS)
        yield fuse.settle(
            environment.start(rng, rng.integers(2**64, dtype=np.uint64), ROWS)._replace(
                contexts=np.stack([x, x**2], axis=1)[:, None, :], actions=actions, rewards=rewards,
                chances=law[np.arange(ROWS), actions],
            )
        )  # fmt: skip


def by_sign(x):
    """Arm 0 mostly where x > 0, arm 2 mostly elsewhere."""
    return np.where(x[:, None] > 0, [0.6, 0.2, 0.2], [0.2, 0.2, 0.6])


def by_size(x):
    """Arm 2 mostly where |x| is large, and much is paid."""
    return np.where(abs(x[:, None]) > 1, [0.2, 0.2, 0.6], [0.6, 0.2, 0.2])


@pytest.fixture
def any_log(tmp_path):
    features = np.zeros((ROWS, 2))
    np.savez(
        tmp_path / "log.npz", features=features, action=np.arange(ROWS) % 3, reward=np.ones(ROWS),
        probability=np.full(ROWS, 0.2),
    )  # fmt: skip
    return str(tmp_path / "log.npz")


def final(environment, policy, states):
    """The metrics of a policy after all rows of each log, (LOGS, M); the loop is compiled once."""
    found, loop = [], None
    for env in states:
        pair = replay.start(environment, policy, ROWS, env=env)
        totals = np.zeros(len(pair.game.metrics))
        if loop is None:
            loop, _ = fuse.prepare(pair.game.rounds, pair.verbs, pair.arguments(0, 0, totals))
        loop(*pair.arguments(0, ROWS, totals))
        found.append(totals)
    return np.array(found)


def away(values, truth):
    """By how many of its standard errors a mean is away from the truth."""
    return abs(values.mean() - truth) / (values.std(ddof=1) / np.sqrt(len(values)))


@pytest.mark.compiled
@pytest.mark.parametrize(("policy", "truth"), [(Fixed(1), 2.0), (Uniform(), 2.0), (Fixed(0), 1.0)], ids=repr)
def test_ips_and_doubly_robust_have_no_bias(any_log, policy, truth):
    """|z| < 4.5 over 300 logs, false alarm 7e-6 each; variances of normal estimates are known to 8 %, 5 of which count.

    SNIPS has a bias of order 1 / n, far below its spread over 300 logs.
    """
    environment = Replay(log=any_log)
    found = final(environment, policy, logs_of(environment, by_sign))
    for metric in (IPS, DOUBLY_ROBUST, SNIPS):
        values, errors = found[:, metric], found[:, metric + 4]
        assert away(values, truth) < 4.5
        assert 0.6 < (errors**2).mean() / values.var(ddof=1) < 1.4
    assert found[:, DOUBLY_ROBUST].var() < 0.5 * found[:, IPS].var()  # the model is right


@pytest.mark.compiled
def test_probabilities_of_a_learning_policy_serve_too(tmp_path):
    """A log of epsilon-greedy on Bernoulli arms: |z| < 4.5 over 60 logs of 300 rounds, false alarm 7e-6 each."""
    found = []
    for replication in range(60):
        world = Bernoulli(means=MEANS.tolist())
        path = banditlab.log(
            world,
            EpsilonGreedy(epsilon=0.3),
            tmp_path / f"{replication}.parquet",
            horizon=ROWS,
            replication=replication,
        )
        found.append([estimates(Replay(log=path), Fixed(arm), ROWS)[0] for arm in range(3)])
    for arm, truth in enumerate(MEANS):
        for metric in (IPS, DOUBLY_ROBUST):
            assert away(np.array(found)[:, arm, metric], truth) < 4.5


def value_of_a_learner(environment, states, policy, replayed):
    """Mean rewards of the first so many replayed rounds of each log; those of too short logs are left out."""
    found, loop = [], None
    for seed, env in enumerate(states):
        pair = replay.start(environment, policy, ROWS, seed, env=env)
        totals = np.zeros(len(pair.game.metrics))
        if loop is None:
            loop, _ = fuse.prepare(pair.game.rounds, pair.verbs, pair.arguments(0, 0, totals))
        for t in range(ROWS):
            loop(*pair.arguments(t, t + 1, totals))
            if totals[REPLAYED] == replayed:
                found.append(totals[REPLAY])
                break
    return np.array(found)


def played_for_real(policy, rounds):
    """Mean rewards of a policy in so many rounds of the same world, where it is heard."""
    rng, found = np.random.default_rng(6), []
    for _ in range(4 * LOGS):
        state = policy.start(replay.Problem("", {"arms": 3, "dim": 2}, {}, ()), rng)
        rewards = []
        for t in range(rounds):
            x = rng.standard_normal()
            arm = policy.choose(state, t, np.zeros((3, 2)), rng)
            rewards.append((1 + arm) * x**2 + rng.normal(0, 0.5))
            policy.learn(state, t, np.zeros((3, 2)), arm, rewards[-1])
        found.append(np.mean(rewards))
    return np.array(found)


@pytest.mark.compiled
@pytest.mark.parametrize("thin", [True, False], ids=["thinned", "uniform"])
def test_replay_is_a_learner_s_own_life(any_log, thin):
    """Theorem 1 of Li et al.: the first 20 rounds of UCB1, by replay and for real; |z| < 4.5, false alarm 7e-6 each."""
    environment, policy = Replay(log=any_log, thin=thin), UCB1()
    law = by_size if thin else lambda x: np.full((len(x), 3), 1 / 3)
    replayed = value_of_a_learner(environment, logs_of(environment, law), policy, 20)
    assert len(replayed) == LOGS
    real = played_for_real(policy, 20)
    spread = np.sqrt(replayed.var() / len(replayed) + real.var() / len(real))
    assert abs(replayed.mean() - real.mean()) / spread < 4.5


@pytest.mark.compiled
def test_replay_of_an_uneven_log_is_biased_unless_thinned(any_log):
    """|z| < 4.5 where there is no bias, false alarm 7e-6 each."""
    for thin in (False, True):
        environment = Replay(log=any_log, thin=thin)
        found = final(environment, Fixed(2), logs_of(environment, by_size))
        assert (away(found[:, REPLAY], 3.0) < 4.5) == thin
        assert away(found[:, IPS], 3.0) < 4.5


# --- as an environment of grids -----------------------------------------------------------------------------------


def test_contracts(table, tmp_path):
    check_environment(
        Replay(log=banditlab.log(Bernoulli(means=[0.3, 0.6]), Uniform(), tmp_path / "a.csv", horizon=200))
    )
    check_environment(
        Replay(log=banditlab.log({"kind": "linear", "arms": 3, "dim": 2}, Uniform(), tmp_path / "b.csv", horizon=200))
    )


def test_what_a_log_gives(table, tmp_path):
    assert Replay(log=table).gives() == frozenset()
    for environment, words in [
        ({"kind": "linear", "arms": 3, "dim": 2}, {"features", "arm-features"}),
        ({"kind": "classification", "data": "digits"}, {"features", "bounded-rewards"}),
    ]:
        path = banditlab.log(environment, "uniform", tmp_path / "log.parquet", horizon=30)
        assert Replay(log=path).gives() == words


def test_only_a_replay_has_estimates(table):
    names = cell_of(Replay(log=table), Uniform(), 6).metrics
    assert names[:4] == ("replay-value", "ips", "snips", "doubly-robust")
    assert not set(names) & set(cell_of(Bernoulli(arms=2), Uniform(), 6).metrics)
    with pytest.raises(UserError, match="must be told the best, which this environment does not know"):
        banditlab.run({"kind": "replay", "log": table}, "oracle", horizon=6, replications=1)


def test_a_replay_takes_no_turns(table):
    for world in (
        {"kind": "replay", "log": table, "switch": {"every": 2, "then": [{}]}},
        {"kind": "bernoulli", "arms": 2, "switch": {"every": 2, "then": [{"kind": "replay", "log": table}]}},
    ):
        with pytest.raises(UserError, match="bandit/replay cannot take turns"):
            banditlab.run(world, "uniform", horizon=6)


def test_a_log_and_its_replay_from_end_to_end(tmp_path):
    """A learner on the log of another; LinUCB is better than uniform play by far more than the standard errors."""
    world = {"kind": "linear", "arms": 4, "dim": 3}
    path = banditlab.log(world, {"kind": "epsilon-greedy", "epsilon": 0.5}, tmp_path / "log.parquet", horizon=2_000)
    result = banditlab.run({"kind": "replay", "log": path}, ["linucb", "uniform"], horizon=2_000, replications=2)
    last = result.summary("all").pivot_table(index="policy", columns="metric", values="mean")
    assert last.loc["linucb", "doubly-robust"] > last.loc["uniform", "doubly-robust"] + 5 * 2 * last["ips-se"].max()


def test_notes(table):
    even = TABLE.assign(probability=0.5)
    even.to_csv(table.replace("log", "even"), index=False)
    assert len(Replay(log=table.replace("log", "even")).notes(6)) == 1
    assert Replay(log=table).notes(6)[1].startswith("probabilities 0.2 .. 0.8: replay-value is biased")
    assert len(Replay(log=table, thin=True).notes(6)) == 1


def test_arms_that_are_in_no_row_are_noted(table):
    assert Replay(log=table, arms=4, thin=True).notes(6)[1].startswith("arms in no row, of which nothing can be said: ")
    TABLE.assign(action=TABLE["action"] + 1).to_csv(table, index=False)
    assert Replay(log=table, thin=True).notes(6)[1].endswith(": 0; are actions counted from 1?")


# --- what a log must be -------------------------------------------------------------------------------------------


def test_the_same_log_from_every_kind_of_file(tmp_path):
    path = banditlab.log({"kind": "linear", "arms": 3, "dim": 2}, "uniform", tmp_path / "log.parquet", horizon=30)
    rows = pd.read_parquet(path)
    rows.to_csv(tmp_path / "log.csv", index=False)
    features = rows[[f"x_{k}_{i}" for k in range(3) for i in range(2)]].to_numpy().reshape(30, 3, 2)
    np.savez(
        tmp_path / "log.npz", features=features, **{name: rows[name] for name in ("action", "reward", "probability")}
    )
    expected = estimates(Replay(log=path), LinUCB(), 30)[0]
    for name in ("log.csv", "log.npz"):
        np.testing.assert_array_equal(estimates(Replay(log=str(tmp_path / name)), LinUCB(), 30)[0], expected)


def test_the_number_of_arms(table):
    assert read_log(table).arms == 2
    assert read_log(table, 5).arms == 5
    TABLE.assign(arms=4).to_csv(table, index=False)
    assert read_log(table).arms == 4
    TABLE.assign(x_0_0=1.0, x_1_0=2.0, x_2_0=3.0).to_csv(table, index=False)
    assert read_log(table).arms == 3


BROKEN = [
    ({"probability": [0.5, 0.5, 0.0, 1, 1, 1]}, {}, r"column 'probability': should lie in \(0, 1\], got 0 at row 2$"),
    ({"probability": 1.5}, {}, r"column 'probability': should lie in \(0, 1\], got 1.5 at row 0$"),
    ({"reward": [1, 2, np.nan, 1, 1, 1]}, {}, r"column 'reward': should hold finite numbers only, got nan at row 2$"),
    ({"action": [0, 1, 0, 1, 0, -1]}, {}, r"column 'action': should be a whole number in 0 .. 1, got -1 at row 5$"),
    ({"action": [0, 1, 0, 0.5, 0, 1]}, {}, r"column 'action': should be a whole number in 0 .. 1, got 0.5 at row 3$"),
    ({"action": [0, 1, 0, 2, 0, 1]}, {"arms": 2}, r"should be a whole number in 0 .. 1, got 2 at row 3$"),
    ({"action": [0, 1, 0, 3, 0, 1], "arms": 2}, {}, r"should be a whole number in 0 .. 1, got 3 at row 3$"),
    ({"action": list("ababab")}, {}, r"column 'action': should hold numbers only"),
    ({"arms": [2, 2, 2, 3, 2, 2]}, {}, r"column 'arms': should be one number of arms, got 3 at row 3$"),
    ({"x_0": 1.0, "x_2": 1.0}, {}, r"no column 'x_1' among those of the features$"),
    ({"x_0_0": 1.0, "x_0_1": 1.0, "x_1_1": 1.0}, {}, r"no column 'x_1_0' among those of the features$"),
    ({"x_0": 1.0, "x_0_1": 1.0}, {}, r"columns 'x_0' and 'x_0_1': features are either of all arms, x_I, or of each"),
    ({"x_0_0": 1.0, "x_1_0": 1.0}, {"arms": 3}, r"features of 2 arms, and there are 3$"),
    ({"x_0": [1, 2, 3, np.inf, 1, 1]}, {}, r"column 'x_0': should hold finite numbers only, got inf at row 3$"),
    ({"reward": None}, {}, r"no column 'reward'; there are 'action', 'probability'$"),
    ({}, {"horizon": 7}, r"environment 'replay': .*log.csv: 6 rows are fewer than the horizon 7$"),
]


@pytest.mark.parametrize(("changes", "settings", "line"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_table_that_is_no_log_is_refused_before_anything_runs(changes, settings, line, table):
    frame = TABLE.assign(**{name: value for name, value in changes.items() if value is not None})
    frame.drop(columns=[name for name, value in changes.items() if value is None]).to_csv(table, index=False)
    settings = {"horizon": 6} | settings
    horizon = settings.pop("horizon")
    with pytest.raises(UserError, match=line) as error:
        banditlab.run({"kind": "replay", "log": table, **settings}, ["uniform", "ucb1"], horizon=horizon)
    assert len(error.value.lines) == 1


def test_arrays_that_are_no_log_are_refused(tmp_path):
    good = {name: TABLE[name].to_numpy() for name in TABLE}
    for changes, line in [
        ({"features": np.zeros((5, 2))}, "5 rows of features and 6 of actions"),
        ({"features": np.zeros(6)}, r"array 'features': should have the shape \(n, d\) or \(n, K, d\), got \(6,\)"),
        ({"reward": np.zeros((6, 1))}, r"array 'reward': should have the shape \(n,\), got \(6, 1\)"),
    ]:
        np.savez(tmp_path / "log.npz", **good | changes)
        with pytest.raises(UserError, match=line):
            read_log(str(tmp_path / "log.npz"))


def test_a_file_that_changed_is_read_again_and_is_another_cell(table):
    [cell] = reading.from_python({"kind": "replay", "log": table}, "uniform", horizon=6).cells
    assert read_log(table).rewards[0] == 1
    TABLE.assign(reward=7.0).to_csv(table, index=False)
    assert read_log(table).rewards[0] == 7
    assert registry.find("environment", "replay").cls is type(cell.world.instance)
