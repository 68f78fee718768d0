"""Policies that see rewards of whole sets: how C-ETC explores and commits, what OG^o learns from, published figures."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import offline
from banditlab.checks import replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.combinatorial.coverage import Coverage
from banditlab.games.combinatorial import VIOLATIONS
from banditlab.policies.combinatorial.c_etc import CETC
from banditlab.policies.combinatorial.etcg import ETCG
from banditlab.policies.combinatorial.og_o import NOBODY, OGo
from banditlab.policies.combinatorial.rgl import RGL
from tests.reference.combinatorial_worlds import BOUGHT, COVERED, CUT

RNG = np.random.default_rng(0)
COV_12 = Coverage(sets=(RNG.random((12, 40)) < 0.15).astype(int).tolist(), weights=RNG.random(40).tolist(), k=4)
ENVIRONMENTS = {"greedy": COVERED, "threshold-greedy": COVERED, "randomized-usm": CUT}
ALGORITHMS = ("greedy", "threshold-greedy", "greedy-plus", "greedy-plus-max", "partial-enumeration", "randomized-usm")


def environment_of(name):
    return ENVIRONMENTS.get(name, BOUGHT)


def stretches(actions):
    """Sets that were played, and how long: a stretch begins where the set changes."""
    changes = np.flatnonzero((actions[1:] != actions[:-1]).any(axis=1)) + 1
    return [len(part) for part in np.split(np.arange(len(actions)), changes)]


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("m", [1, 3])
def test_exploration_takes_m_rounds_for_each_question(name, m):
    """Then the set that was found, to the end; where the horizon comes before, there is no such set."""
    environment, policy = environment_of(name), CETC(offline=name, m=m)
    whole = replay.run(environment, policy, 4000, compiled=False)
    assert whole.state.committed
    questions = asked_until(environment, policy)
    assert questions <= offline.make(name).queries(whole.env.family)
    explored = m * questions
    assert (whole.actions[explored:] == whole.actions[-1]).all()
    assert all(length % m == 0 for length in stretches(whole.actions[:explored]))
    for horizon in (explored + 1, explored, explored // 2):
        cut = replay.run(environment, policy, horizon, compiled=False)
        assert len(cut.actions) == horizon
        assert_array_equal(cut.actions, whole.actions[:horizon])
        assert cut.state.committed == (horizon > explored)


def asked_until(environment, policy):
    """How many sets a policy plays before it commits."""
    pair, asked = replay.start(environment, policy, 4000), 0
    loop, row = replay.fuse.plain(pair.game.rounds, pair.verbs), np.zeros(4)
    while not pair.state.committed:
        t = asked * policy.m
        loop(*pair.arguments(t, t + policy.m, row))
        asked += 1
    return asked


def test_plays_by_the_formula():
    """COV-12 at T = 20 000: delta = 8, N = 48 and m = 240."""
    assert replay.start(COV_12, CETC(), 20_000).state.left == 240
    assert replay.start(COV_12, CETC(m_scale=0.5), 20_000).state.left == 120
    assert replay.start(COV_12, CETC(m=9), 20_000).state.left == 9
    s = math.sqrt(2 * math.log(20_000))
    assert replay.start(COV_12, ETCG(), 20_000).state.left == math.ceil((20_000 * s / (12 + 96 * s)) ** (2 / 3))
    m = int((20_000 * math.sqrt(25 / 32 * math.log(20_000))) ** (2 / 3)) + 1
    assert replay.start(CUT, RGL(), 20_000).state.left == m


@pytest.mark.parametrize("policy", [CETC(), ETCG(), CETC(offline="threshold-greedy")], ids=repr)
def test_a_horizon_of_one_round_is_one_play(policy):
    assert len(replay.run(COVERED, policy, 1, compiled=False).actions) == 1


def test_doubling_begins_anew():
    """N = 10: searches of 10, 20, 40, ... rounds, each with the m of its own horizon, and from nothing."""
    done = replay.run(COVERED, CETC(doubling=True), 10 * 31, compiled=False)
    for begin, horizon in ((0, 10), (10, 20), (30, 40), (70, 80), (150, 160)):
        m = math.ceil((4 / 10) ** (2 / 3) * (horizon**2 * math.log(horizon)) ** (1 / 3) / 2)
        part = done.actions[begin : begin + horizon]
        assert (part[: min(m, horizon)] == part[0]).all() and part[0].tolist() == [0, -1, -1, -1, -1]
        assert part[min(m, horizon - 1), 0] == 1
    short = replay.run(COVERED, CETC(doubling=True), 200, compiled=False)
    assert_array_equal(short.actions, done.actions[:200])  # it does not know the horizon


def test_memo_plays_no_set_twice():
    policy = CETC(offline="randomized-usm", m=5, memo=True)
    done = replay.run(CUT, policy, 400, compiled=False)
    questions = asked_until(CUT, policy)
    assert questions < asked_until(CUT, CETC(offline="randomized-usm", m=5)) == 4 * 5
    explored = [frozenset(row[row >= 0].tolist()) for row in done.actions[: 5 * questions : 5]]
    assert len(set(explored)) == len(explored) == questions


@pytest.mark.compiled
def test_exact_answers_lead_to_the_offline_set():
    """With many plays of each set, C-ETC finds what greedy finds; its loss then does not grow."""
    env = replay.start_env(COV_12, 10, 0)
    assert env.best.tolist() == [2, 5, 6, 9] and env.benchmarks[0] == pytest.approx(0.620689, abs=1e-6)
    assert env.benchmarks[2] == pytest.approx(env.benchmarks[0])
    done = replay.start(COV_12, CETC(m=200_000), 10**8)
    loop, row = replay.fuse.prepare(done.game.rounds, done.verbs, done.arguments(0, 0, np.zeros(4)))[0], np.zeros(4)
    loop(*done.arguments(0, 200_000 * 42, row))
    assert done.state.committed and sorted(done.state.items) == [2, 5, 6, 9]


# --- OG^o ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", [COVERED, BOUGHT], ids=["k", "budget"])
def test_experts_learn_in_rounds_of_exploration_alone(environment):
    """The weight of the item that was tried is multiplied by exp(eta reward); nothing else changes."""
    pair = replay.start(environment, OGo(), 300)
    state, rng = pair.state, np.random.default_rng(3)
    items, explored = np.zeros(environment.count_items(), int), 0
    for t in range(300):
        before, reward = state.weights.copy(), float(t % 3)
        size = OGo.choose(state, t, items, rng)
        assert len(set(items[:size].tolist())) == size
        expert, item = state.tried
        OGo.learn(state, t, items[:size], reward, None, None)
        if expert == NOBODY:
            assert_array_equal(state.weights, before)
        else:
            explored += 1
            before[expert, item] *= math.exp(state.eta * reward)
            before[expert] /= before[expert].max()  # only their shares count
            assert_allclose(state.weights, before, rtol=1e-12)
            assert size <= expert + 1
        assert_allclose(state.totals, state.weights.sum(axis=1), rtol=1e-14)
    assert abs(explored - 300 * state.gamma) <= 4.5 * math.sqrt(300 * state.gamma * (1 - state.gamma)) + 1e-9


def test_rates_of_og_o():
    state = replay.start(COV_12, OGo(), 20_000).state
    gamma = 4 * (12 * math.log(12) / 20_000) ** (1 / 3)
    assert state.weights.shape == (4, 12)
    assert state.gamma == pytest.approx(gamma)
    assert state.eta == pytest.approx(math.sqrt(2 * math.log(12) / (gamma * 20_000 / 48)))
    state = replay.start(BOUGHT, OGo(), 100).state  # B / c_min = 1.6 / 0.4
    assert state.weights.shape == (4, 6) and state.gamma == 1.0
    assert_allclose(state.chances, [1, 0.4 / 0.9, 0.8, 0.5, 0.4 / 1.7, 0.4 / 0.6])


def test_weights_stay_finite_where_the_rate_is_large():
    state = replay.start(Coverage(items=100, universe=10, k=50), OGo(), 5).state
    state.tried[:] = 1, 2
    OGo.learn(state, 0, None, 10.0, None, None)
    assert state.eta * 10.0 > 800
    assert state.weights[1].tolist() == [0.0, 0.0, 1.0] + [0.0] * 97
    assert state.totals[1] == 1.0


def test_the_budget_holds_in_expectation():
    """i experts spend at most i c_min on average, explored or not, although single rounds are over the budget."""
    state, rng = replay.start(BOUGHT, OGo(), 3000).state, np.random.default_rng(0)
    state = state._replace(gamma=0.5)
    state.weights[:] = np.random.default_rng(1).random(state.weights.shape) ** 4
    state.totals[:] = state.weights.sum(axis=1)
    items, costs, spent = np.zeros(6, int), np.array(BOUGHT.costs), {}
    for t in range(20_000):
        size = OGo.choose(state, t, items, rng)
        explores = state.tried[0] != NOBODY
        experts = state.tried[0] + 1 if explores else 4
        spent.setdefault((explores, experts), []).append(costs[items[:size]].sum())
    assert len(spent) == 5 and max(spent[False, 4]) > 1.6
    for (_, experts), found in spent.items():
        assert np.mean(found) <= 0.4 * experts + 4.5 * np.std(found) / math.sqrt(len(found))


@pytest.mark.compiled
def test_regret_on_cov_12():
    """Of a prototype with 100 replications: C-ETC 2964 +- 30, OG^o 4583 +- 21 (standard errors)."""
    for policy, wanted, error in ((CETC(), 2964, 30), (OGo(), 4583, 21)):
        found = finals(play(cell_of(COV_12, policy, 20_000), 60))
        assert abs(found.mean() - wanted) <= 4.0 * math.hypot(error, found.std(ddof=1) / math.sqrt(60))


@pytest.mark.compiled
def test_violations_of_og_o_and_of_nobody_else():
    for policy, violates in ((OGo(), True), (CETC(offline="greedy-plus"), False)):
        [curve] = play(cell_of(BOUGHT, policy, 3000), 1)
        assert (curve.values[-1, VIOLATIONS] > 0) == violates
