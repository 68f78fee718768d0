"""What must hold of a policy whatever the data: invariances, reductions to simpler rules, laws of its coins."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab import fuse
from banditlab.environments.bandit.adversarial import Adversarial
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.linear import Linear as LinearArms
from banditlab.environments.dueling.linear import ARRAY, Linear
from banditlab.environments.dueling.matrix import Matrix
from banditlab.games import bandit
from banditlab.numerics import links, sampling
from banditlab.policies.bandit.exp3 import EXP3
from banditlab.policies.bandit.linucb import LinUCB
from banditlab.policies.bandit.linucb_disjoint import LinUCBDisjoint
from banditlab.policies.bandit.thompson_beta import ThompsonBeta
from banditlab.policies.bandit.ucb1 import UCB1
from banditlab.policies.dueling import double_thompson
from banditlab.policies.dueling.colstim import CoLSTIM
from banditlab.policies.dueling.double_thompson import DoubleThompson
from banditlab.policies.dueling.maxinp import MaxInP
from banditlab.policies.dueling.uniform import Uniform
from banditlab.problem import Problem
from tests.reference import replay
from tests.reference.dueling.greedy_ucb import GreedyUCB

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON, ARMS, DIM = 150, 5, 3
few = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)

PLAYERS = {
    "colstim": CoLSTIM(ridge=0.1),
    "colstim, other links": CoLSTIM(ridge=0.1, link="probit", coupling="always"),
    "colstim, practical": CoLSTIM(preset="practical"),
    "greedy-ucb": CoLSTIM(ridge=0.1, threshold=0.0),
    "maxinp": MaxInP(ridge=0.1, eta=1.0),
}
each_player = pytest.mark.parametrize("name", PLAYERS)


def problem(arms, dim, horizon=HORIZON, **facts):
    facts = {"horizon": horizon, "rounds": horizon, "link": "logistic", **facts}
    return Problem("test", arms, dim, facts, facts)


def instance(seed, signal=2.0):
    """Normal contexts (T, K, d), without ties, and theta."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(DIM)
    return rng.standard_normal((HORIZON, ARMS, DIM)) / math.sqrt(DIM), signal * theta / np.linalg.norm(theta)


def duel(policy, contexts, theta, seed=0):
    """A run on given contexts (T, K, d)."""
    horizon, arms, dim = contexts.shape
    world = Linear(arms=arms, dim=dim)
    env = replay.start_env(world, horizon, seed)._replace(given=contexts, theta=theta, contexts=ARRAY)
    return replay.run(world, policy, horizon, seed, env=env)


# --- contextual dueling: invariances ------------------------------------------------------------------------------


@each_player
@few
@given(seed=seeds)
def test_rotation_changes_no_decision(name, seed):
    contexts, theta = instance(seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((DIM, DIM)))[0]
    one = duel(PLAYERS[name], contexts, theta)
    other = duel(PLAYERS[name], contexts @ rotation.T, rotation @ theta)
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.outcomes, other.outcomes)


@pytest.mark.parametrize("make", [CoLSTIM, MaxInP])
@few
@given(seed=seeds, factor=st.sampled_from([0.25, 0.7, 3.0]), design=st.sampled_from([0.0, 1.0]))
def test_scale_changes_no_decision(make, seed, factor, design):
    """x -> c x, theta -> theta / c, ridges -> c^2 ridges."""
    contexts, theta = instance(seed)
    one = duel(make(ridge=0.1, design=design), contexts, theta)
    scaled = make(ridge=0.1 * factor**2, design=design * factor**2)
    assert_array_equal(one.actions, duel(scaled, factor * contexts, theta / factor).actions)


@pytest.mark.parametrize("name", ["colstim, practical", "greedy-ucb", "maxinp"])
@few
@given(seed=seeds)
def test_shift_changes_no_decision(name, seed):
    contexts, theta = instance(seed)
    shift = np.random.default_rng(seed).standard_normal((HORIZON, 1, DIM))
    one, other = (duel(PLAYERS[name], x, theta) for x in (contexts, contexts + shift))
    assert_array_equal(one.actions, other.actions)


def test_shift_changes_decisions_of_uncentred_colstim():
    """It measures |x| by a design of contrasts: that is why centring exists."""
    contexts, theta = instance(0)
    one, other = (duel(CoLSTIM(ridge=0.1), x, theta) for x in (contexts, contexts + 1.0))
    assert (one.actions != other.actions).any(1).sum() > HORIZON / 10
    one, other = (duel(CoLSTIM(ridge=0.1, center=True), x, theta) for x in (contexts, contexts + 1.0))
    assert_array_equal(one.actions, other.actions)


class Coins:
    """The coins of a run by round and arm, so that they can be relabelled with the arms."""

    def __init__(self, order, seed=0):
        rng = np.random.default_rng(seed)
        self.rank = np.argsort(order)  # new label of an arm
        self.pairs = [rng.permutation(ARMS)[:2] for _ in range(HORIZON)]
        self.coin, self.own = rng.random(HORIZON), rng.gumbel(size=(HORIZON, ARMS))[:, order]
        self.shared, self.noise = rng.gumbel(size=HORIZON), rng.gumbel(size=(HORIZON, ARMS))[:, order]

    def draw_pair(self, rng, size):
        return tuple(self.rank[self.pairs[self.t]])

    def random(self):
        self.asked = -1
        return self.coin[self.t]

    def perturbation(self, link, rng):
        self.asked += 1
        return self.own[self.t, self.asked - 1] if self.asked else self.shared[self.t]


def decide_by(policy, contexts, theta, coins):
    """Pairs and winners of a run on these coins, in plain Python."""
    state = policy.start(problem(ARMS, DIM), None)
    stand_ins = {
        bandit.choose: type(policy).choose,
        sampling.draw_pair: coins.draw_pair,
        links.perturbation: coins.perturbation,
    }
    choose = fuse.plain(bandit.ask, stand_ins)
    played = []
    for t, x in enumerate(contexts):
        coins.t = t
        i, j = choose(state, t, x, coins)
        won = (x[i] - x[j]) @ theta + coins.noise[t, i] - coins.noise[t, j] > 0
        type(policy).learn(state, t, x, i, j, won)
        played.append((i, j, i if won else j))
    return np.array(played)


@each_player
def test_relabelling_the_arms_relabels_the_decisions(name):
    """Coins and noises move with their arms. The pair of MaxInP has no order but that of the labels."""
    for seed in range(4):
        contexts, theta = instance(seed)
        order = np.random.default_rng(seed).permutation(ARMS)
        one = decide_by(PLAYERS[name], contexts, theta, Coins(np.arange(ARMS), seed))
        other = order[decide_by(PLAYERS[name], contexts[:, order], theta, Coins(order, seed))]
        if name == "maxinp":
            one[:, :2], other[:, :2] = np.sort(one[:, :2]), np.sort(other[:, :2])
        assert_array_equal(one, other)


# --- contextual dueling: reductions -------------------------------------------------------------------------------


@pytest.mark.parametrize("coupling", ["horizon", "always", "never"])
def test_colstim_without_perturbation_is_greedy_ucb(coupling):
    contexts, theta = instance(1)
    policy = CoLSTIM(ridge=0.1, threshold=0.0, coupling=coupling)
    assert replay.follow(duel(policy, contexts, theta), GreedyUCB, policy) == ([], 0)


def test_colstim_without_perturbation_and_width_is_greedy():
    contexts, theta = instance(2)
    tau = 10
    done = duel(CoLSTIM(ridge=0.1, threshold=0.0, c1=1e-12, exploration=tau), contexts, theta)
    estimate = done.state.model.estimator.theta  # it learns nothing after the exploration
    assert_array_equal(done.actions[tau:, 0], (contexts @ estimate).argmax(1)[tau:])
    assert_array_equal(done.actions[tau:, 0], done.actions[tau:, 1])


@pytest.mark.parametrize("make", [CoLSTIM, MaxInP])
def test_exploration_for_ever_is_uniform_play(make):
    contexts, theta = instance(3)
    done, uniform = (duel(policy, contexts, theta) for policy in (make(exploration=HORIZON), Uniform()))
    assert_array_equal(done.actions, uniform.actions)


def test_maxinp_of_huge_width_plays_the_pair_of_largest_variance():
    contexts, theta = instance(4)
    tau = ARMS * DIM
    done = duel(MaxInP(eta=1e6), contexts, theta)
    m = np.zeros((DIM, DIM))
    for t, (i, j) in enumerate(done.actions):
        if t >= tau:
            z = contexts[t][:, None] - contexts[t][None]
            squares = np.einsum("ijp,pq,ijq->ij", z, np.linalg.inv(m), z)
            assert (i, j) == np.unravel_index(np.triu(squares).argmax(), squares.shape)
        m += np.outer(contexts[t, i] - contexts[t, j], contexts[t, i] - contexts[t, j])


@each_player
def test_self_duel_teaches_nothing(name):
    """Estimate and design stay bit for bit."""
    contexts, theta = instance(5)
    policy = PLAYERS[name]
    done = duel(policy, contexts, theta)
    state, x = done.state, contexts[0]
    kept = [*state.model.estimator[1:4], *state.model.design[:2]]
    before = [array.copy() for array in kept]
    for won in (True, False):
        type(policy).learn(state, HORIZON - 1, x, 2, 2, won)
    for array, old in zip(kept, before, strict=True):
        assert_array_equal(array, old)


@each_player
def test_design_and_estimate_are_those_of_the_duels(name):
    """M^-1 against a fresh inverse; the estimate within the schedule's error of the maximum."""
    contexts, theta = instance(6)
    policy = PLAYERS[name]
    done = duel(policy, contexts, theta)
    z = contexts[np.arange(HORIZON), done.actions[:, 0]] - contexts[np.arange(HORIZON), done.actions[:, 1]]
    first = np.eye(DIM) if "practical" in name else 0.0
    assert_allclose(done.state.model.design.inverse @ (first + z.T @ z), np.eye(DIM), atol=1e-8)
    assert done.state.model.estimator.clock[0] == z.any(1).sum()


# --- D-TS ---------------------------------------------------------------------------------------------------------


def start_double_thompson(arms):
    return DoubleThompson().start(problem(arms, 0), None)


def test_double_thompson_breaks_ties_uniformly():
    """Chi-square on 4000 draws of 3 tied among 5."""
    state, rng = start_double_thompson(5), np.random.default_rng(0)
    state.optimistic[:] = [4, 3, 4, 4, 4]
    state.sampled[:] = [2, 4, 3, 3, 3]
    found = [double_thompson._champion(state, rng) for _ in range(4000)]
    counts = np.bincount(found, minlength=5)
    assert counts[:2].sum() == 0
    assert stats.chisquare(counts[2:]).pvalue > ALARM


def test_double_thompson_starts_without_a_preference():
    """Each arm is first as often, and second as often: chi-square on 4000 first rounds."""
    rng = np.random.default_rng(1)
    state = start_double_thompson(4)
    pairs = np.array([DoubleThompson.choose(state, 0, np.zeros((4, 0)), rng) for _ in range(4000)])
    for column in pairs.T:
        assert stats.chisquare(np.bincount(column, minlength=4)).pvalue > ALARM


def test_double_thompson_counts_wins_and_no_self_duels():
    matrix = [[0.5, 0.8, 0.7], [0.2, 0.5, 0.6], [0.3, 0.4, 0.5]]
    done = replay.run(Matrix(matrix), DoubleThompson(), 300)
    wins = np.zeros((3, 3))
    for (i, j), won in zip(done.actions, done.outcomes, strict=True):
        wins[(i, j) if won else (j, i)] += i != j
    assert_array_equal(done.state.wins, wins)
    assert (done.actions[200:] == 0).all(1).mean() > 0.5  # it finds the winner


# --- bandit policies ----------------------------------------------------------------------------------------------


@few
@given(arms=st.integers(2, 9), seed=seeds)
def test_ucb1_plays_each_arm_once_first(arms, seed):
    done = replay.run(Bernoulli(arms=arms), UCB1(), arms + 3, seed)
    assert_array_equal(done.actions[:arms, 0], np.arange(arms))


@given(losses=st.lists(st.floats(0, 1e5), min_size=2, max_size=8), t=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_exp3_draws_from_a_distribution(losses, t):
    """Weights are never negative, sum to their total, are positive for the leader, and fall with the losses."""
    state = EXP3().start(problem(len(losses), 0), None)
    state.losses[:] = losses
    arm = EXP3.choose(state, t, np.zeros((len(losses), 0)), np.random.default_rng(t))
    p = state.weights / state.total[0]
    assert (p >= 0).all() and abs(p.sum() - 1) < 1e-12 and p[arm] > 0
    assert p[np.argmin(losses)] >= 1 / len(losses)
    assert (np.diff(p[np.argsort(losses)]) <= 0).all()
    EXP3.learn(state, t, None, arm, 0.0)
    assert np.isfinite(state.losses).all()


def test_exp3_draws_follow_the_distribution():
    """Chi-square on 5000 draws."""
    state, rng = EXP3().start(problem(4, 0), None), np.random.default_rng(0)
    state.losses[:] = [3.0, 0.0, 10.0, 1.0]
    found = [EXP3.choose(state, 9, np.zeros((4, 0)), rng) for _ in range(5000)]
    eta = math.sqrt(math.log(4) / (10 * 4))
    expected = np.exp(-eta * state.losses)
    assert stats.chisquare(np.bincount(found, minlength=4), 5000 * expected / expected.sum()).pvalue > ALARM


def test_thompson_takes_a_fraction_as_a_chance(tmp_path):
    """Wins of constant rewards 0.3 are binomial: |z| < 5."""
    np.save(tmp_path / "losses.npy", np.full((2000, 2), 0.7))
    done = replay.run(Adversarial(losses=str(tmp_path / "losses.npy")), ThompsonBeta(), 2000)
    wins, losses = done.state.wins - 1, done.state.losses - 1
    assert_array_equal(wins, np.rint(wins))
    assert (wins + losses).sum() == 2000
    assert abs(wins.sum() - 600) < 5 * math.sqrt(2000 * 0.3 * 0.7)


@few
@given(seed=seeds, ridge=st.sampled_from([0.1, 1.0, 4.0]))
def test_disjoint_linucb_is_linucb_on_block_features(seed, ridge):
    rng = np.random.default_rng(seed)
    one = LinUCBDisjoint(width=0.7, ridge=ridge).start(problem(ARMS, DIM), rng)
    other = LinUCB(width=0.7, ridge=ridge).start(problem(ARMS, ARMS * DIM), rng)
    for t in range(60):
        x, rewards = rng.standard_normal((ARMS, DIM)), rng.standard_normal(ARMS)
        blocks = np.zeros((ARMS, ARMS, DIM))
        blocks[np.arange(ARMS), np.arange(ARMS)] = x
        blocks = blocks.reshape(ARMS, ARMS * DIM)
        arm = LinUCBDisjoint.choose(one, t, x, None)
        assert LinUCB.choose(other, t, blocks, None) == arm
        LinUCBDisjoint.learn(one, t, x, arm, rewards[arm])
        LinUCB.learn(other, t, blocks, arm, rewards[arm])
    assert_allclose(one.thetas.ravel(), other.theta, atol=1e-10)


@few
@given(seed=seeds, ridge=st.sampled_from([0.01, 1.0]))
def test_linucb_estimates_by_ridge_regression(seed, ridge):
    done = replay.run(LinearArms(arms=ARMS, dim=DIM), LinUCB(ridge=ridge), 200, seed)
    x = done.features[np.arange(200), done.actions[:, 0]]
    v = ridge * np.eye(DIM) + x.T @ x
    assert_allclose(done.state.inverse, np.linalg.inv(v), atol=1e-10)
    assert_allclose(done.state.theta, np.linalg.solve(v, x.T @ done.outcomes), atol=1e-10)


@pytest.mark.parametrize("make", [LinUCB, LinUCBDisjoint])
def test_relabelling_the_arms_relabels_linucb(make):
    rng = np.random.default_rng(7)
    order = rng.permutation(ARMS)
    one, other = (make().start(problem(ARMS, DIM), rng) for _ in range(2))
    for t in range(100):
        x, rewards = rng.standard_normal((ARMS, DIM)), rng.standard_normal(ARMS)
        arm, relabelled = make.choose(one, t, x, None), make.choose(other, t, x[order], None)
        assert order[relabelled] == arm
        make.learn(one, t, x, arm, rewards[arm])
        make.learn(other, t, x[order], relabelled, rewards[arm])
