"""What must hold of contextual dueling policies whatever the data: one family of tests over all of them."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab import fuse
from banditlab.checks import replay
from banditlab.environments.dueling.linear import ARRAY, Linear
from banditlab.games import bandit
from banditlab.numerics import links, pairs, preference, sampling
from banditlab.policies.dueling import ginop
from banditlab.policies.dueling.colstim import CoLSTIM
from banditlab.policies.dueling.fgts_cdb import FGTSCDB
from banditlab.policies.dueling.ginop import GINOP
from banditlab.policies.dueling.greedy_ucb import GreedyUCB
from banditlab.policies.dueling.lin_double_thompson import LinDoubleThompson
from banditlab.policies.dueling.max_pair_ucb import MaxPairUCB
from banditlab.policies.dueling.maxinp import MaxInP
from banditlab.policies.dueling.rcdb import RCDB
from banditlab.policies.dueling.stad import StaD
from banditlab.policies.dueling.uniform import Uniform
from banditlab.policies.dueling.vacdb import VACDB
from banditlab.problem import Problem

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON, ARMS, DIM = 150, 5, 3
few = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)

PLAYERS = {
    "colstim": CoLSTIM(ridge=0.1),
    "colstim, other links": CoLSTIM(ridge=0.1, link="probit", coupling="always"),
    "colstim, practical": CoLSTIM(preset="practical"),
    "greedy-ucb": GreedyUCB(ridge=0.1),
    "maxinp": MaxInP(ridge=0.1, eta=1.0),
    "max-pair-ucb": MaxPairUCB(beta=1.0),
    "ginop": GINOP(beta=1.0),
    "rcdb": RCDB(beta=1.0, alpha=0.2),
    "vacdb": VACDB(layers=2, kappa=0.1),
    "stad": StaD(ridge=0.1, eta=0.2),
    "lin-double-thompson": LinDoubleThompson(),
    "fgts-cdb": FGTSCDB(),
}
SHIFTED = [name for name in PLAYERS if name not in ("colstim", "colstim, other links")]
ROTATED = [name for name in PLAYERS if name not in ("lin-double-thompson", "fgts-cdb")]  # they draw along the axes
UNORDERED = ("maxinp", "max-pair-ucb", "ginop", "rcdb", "vacdb", "stad")  # pairs without order but that of the labels
#: Each as a function of its ridge and of the ridge of its design.
RIDGED = {
    "colstim": lambda ridge, design: CoLSTIM(ridge=ridge, design=design),
    "greedy-ucb": lambda ridge, design: GreedyUCB(ridge=ridge, design=design),
    "maxinp": lambda ridge, design: MaxInP(ridge=ridge, design=design),
    "max-pair-ucb": lambda ridge, design: MaxPairUCB(ridge=ridge, design=design, exploration=None),
    "ginop": lambda ridge, design: GINOP(ridge=ridge),
    "rcdb": lambda ridge, design: RCDB(ridge=ridge, design=design + ridge),
    "lin-double-thompson": lambda ridge, design: LinDoubleThompson(ridge=ridge),
    "fgts-cdb": lambda ridge, design: FGTSCDB(ridge=ridge),
}


def problem(arms, dim, horizon=HORIZON):
    facts = {"horizon": horizon, "rounds": horizon, "link": "logistic"}
    return Problem("test", {"arms": arms, "dim": dim}, facts, facts)


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


def estimators(state):
    """All estimators of a state, and the designs that some have."""
    if hasattr(state, "estimator"):
        return [(state.estimator, None)]
    models = [state.model] if hasattr(state, "model") else getattr(state, "layers", None) or state.stages
    return [(model.estimator, model.design) for model in models]


# --- invariances --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROTATED)
@few
@given(seed=seeds)
def test_rotation_changes_no_decision(name, seed):
    contexts, theta = instance(seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((DIM, DIM)))[0]
    one = duel(PLAYERS[name], contexts, theta)
    other = duel(PLAYERS[name], contexts @ rotation.T, rotation @ theta)
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.outcomes, other.outcomes)


@pytest.mark.parametrize("name", RIDGED)
@few
@given(seed=seeds, factor=st.sampled_from([0.25, 0.7, 3.0]), design=st.sampled_from([0.0, 1.0]))
def test_scale_changes_no_decision(name, seed, factor, design):
    """x -> c x, theta -> theta / c, ridges -> c^2 ridges."""
    contexts, theta = instance(seed)
    one = duel(RIDGED[name](0.1, design), contexts, theta)
    scaled = RIDGED[name](0.1 * factor**2, design * factor**2)
    assert_array_equal(one.actions, duel(scaled, factor * contexts, theta / factor).actions)


@pytest.mark.parametrize("name", SHIFTED)
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
        self.order, self.rank = order, np.argsort(order)  # the first label of an arm, and its new one
        self.pairs = [rng.permutation(ARMS)[:2] for _ in range(HORIZON)]
        self.coin, self.own = rng.random(HORIZON), rng.gumbel(size=(HORIZON, ARMS))[:, order]
        self.shared, self.noise = rng.gumbel(size=HORIZON), rng.gumbel(size=(HORIZON, ARMS))[:, order]
        self.normals = np.random.default_rng(seed)

    def draw_pair(self, rng, size):
        return tuple(self.rank[self.pairs[self.t]])

    def draw_wide_pair(self, view, square, rng):
        wide = np.argwhere(np.triu(np.outer(view.active, view.active) * view.squares > square, 1))
        first_labels = sorted(tuple(sorted(self.order[pair])) for pair in wide)
        return tuple(self.rank[list(first_labels[int(self.coin[self.t] * len(first_labels))])])

    def draw_winners(self, estimator, draw, features, spread, rng):
        return pairs.draw_winners(estimator, draw, features, spread, self.normals)

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
        pairs.draw_wide_pair: coins.draw_wide_pair,
        pairs.draw_winners: coins.draw_winners,
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


@pytest.mark.parametrize("name", PLAYERS)
def test_relabelling_the_arms_relabels_the_decisions(name):
    """Coins and noises move with their arms."""
    for seed in range(4):
        contexts, theta = instance(seed)
        order = np.random.default_rng(seed).permutation(ARMS)
        one = decide_by(PLAYERS[name], contexts, theta, Coins(np.arange(ARMS), seed))
        other = order[decide_by(PLAYERS[name], contexts[:, order], theta, Coins(order, seed))]
        if name in UNORDERED:
            one[:, :2], other[:, :2] = np.sort(one[:, :2]), np.sort(other[:, :2])
        assert_array_equal(one, other)


# --- what is learned ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAYERS)
def test_self_duel_teaches_nothing(name):
    """Estimates and designs stay bit for bit."""
    contexts, theta = instance(5)
    policy = PLAYERS[name]
    state = duel(policy, contexts, theta).state
    kept = [
        array
        for estimator, design in estimators(state)
        for array in (estimator.theta, estimator.inverse, estimator.clock, *([design.inverse] if design else []))
    ]
    before = [array.copy() for array in kept]
    for won in (True, False):
        type(policy).learn(state, HORIZON - 1, contexts[0], 2, 2, won)
    for array, old in zip(kept, before, strict=True):
        assert_array_equal(array, old)


@pytest.mark.parametrize("name", PLAYERS)
def test_designs_are_those_of_the_duels(name):
    """M^-1 and H^-1 against fresh inverses; the estimator has all the duels that it was to learn from."""
    contexts, theta = instance(6)
    policy = PLAYERS[name]
    done = duel(policy, contexts, theta)
    for level, (estimator, design) in enumerate(estimators(done.state), 1):
        count = estimator.clock[0]
        z, w = estimator.contrasts[:count], estimator.weights[:count]
        fresh = first_design(name, level) * np.eye(DIM) + (z.T * w) @ z
        if design is None:  # H at a theta that the schedule moves: between the bounds of the curvature
            assert np.linalg.eigvalsh(estimator.inverse - np.linalg.inv(fresh)).min() > 0
        else:
            assert_allclose(design.inverse @ fresh, np.eye(DIM), atol=1e-8)
    played = contexts[np.arange(HORIZON), done.actions[:, 0]] - contexts[np.arange(HORIZON), done.actions[:, 1]]
    if name not in ("vacdb", "stad"):
        assert count == played.any(1).sum()


def first_design(name, level):
    """M_0 of a player; for those that use H, the ridge."""
    if name == "vacdb":
        return 0.25**level
    return 0.0 if name in ("colstim", "colstim, other links", "greedy-ucb", "maxinp", "stad") else 1.0


@pytest.mark.parametrize("make", [GINOP, LinDoubleThompson, FGTSCDB])
def test_curvature_is_that_at_the_estimate(make):
    """But for the last step of Newton's method, which is of order 1e-7 at most."""
    contexts, theta = instance(7)
    estimator = duel(make(refit=1.0), contexts, theta).state.estimator
    z = estimator.contrasts[: estimator.clock[0]]
    p = 1 / (1 + np.exp(-z @ estimator.theta))
    assert_allclose(estimator.inverse @ (np.eye(DIM) + (z.T * (p * (1 - p))) @ z), np.eye(DIM), atol=1e-6)


def test_a_weight_is_a_number_of_duels():
    """A duel of weight 3 is the duel three times, and one of weight 0 none."""
    rng = np.random.default_rng(0)
    x, won = rng.standard_normal((2, 30, DIM)), rng.random(30) < 0.7
    times = rng.integers(0, 4, 30)
    one, other = (preference.start_estimator(DIM, 120, "logistic", 0.1, 1.0) for _ in range(2))
    for first, second, wins, count in zip(*x, won, times, strict=True):
        preference.learn_duel(one, first, second, wins, float(count))
        for _ in range(count):
            preference.learn_duel(other, first, second, wins)
    assert_allclose(one.theta, other.theta, atol=1e-8)
    assert_allclose(one.inverse, other.inverse, atol=1e-8)


# --- reductions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coupling", ["horizon", "always", "never"])
def test_colstim_without_perturbation_is_greedy_ucb(coupling):
    contexts, theta = instance(1)
    one = duel(CoLSTIM(ridge=0.1, threshold=0.0, coupling=coupling), contexts, theta)
    tau = ARMS * DIM
    other = duel(GreedyUCB(ridge=0.1), contexts, theta)
    assert_array_equal(one.actions, other.actions)
    assert (one.actions[tau:, 0] != one.actions[tau:, 1]).any()


@pytest.mark.parametrize(
    "policy",
    [
        CoLSTIM(ridge=0.1, threshold=0.0, c1=1e-12, exploration=10),
        GreedyUCB(ridge=0.1, c1=1e-12, exploration=10),
        MaxPairUCB(ridge=0.1, beta=1e-12, exploration=10),
    ],
)
def test_without_width_is_greedy(policy):
    contexts, theta = instance(2)
    done = duel(policy, contexts, theta)
    estimate = done.state.model.estimator.theta  # it learns nothing after the exploration
    assert_array_equal(done.actions[10:, 0], (contexts @ estimate).argmax(1)[10:])
    assert_array_equal(done.actions[10:, 0], done.actions[10:, 1])


@pytest.mark.parametrize("make", [CoLSTIM, MaxInP, GreedyUCB, MaxPairUCB, StaD])
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


@few
@given(seed=seeds)
def test_rcdb_that_trusts_every_outcome_is_max_pair_ucb(seed):
    contexts, theta = instance(seed)
    one, other = (duel(policy, contexts, theta) for policy in (RCDB(beta=1.0, alpha=1e6), MaxPairUCB(beta=1.0)))
    assert_array_equal(one.actions, other.actions)


@few
@given(seed=seeds)
def test_rcdb_lets_no_outcome_weigh_more_than_alpha(seed):
    """w |z| <= alpha in the norm of the round."""
    contexts, theta = instance(seed)
    estimator = duel(RCDB(beta=1.0, alpha=0.2), contexts, theta).state.model.estimator
    sigma = np.eye(DIM)
    for z, w in zip(estimator.contrasts[: estimator.clock[0]], estimator.weights, strict=False):
        norm = np.sqrt(z @ np.linalg.solve(sigma, z))
        assert_allclose(w, min(1, 0.2 / norm))
        sigma += w * np.outer(z, z)


@few
@given(seed=seeds)
def test_ginop_is_max_pair_ucb_where_margins_are_small(seed):
    """A huge ridge keeps them so. All curvatures are 1/4 then: H is a quarter of M, its norms are twice those of M."""
    contexts, theta = instance(seed)
    one, other = (
        duel(policy, contexts, theta)
        for policy in (GINOP(ridge=1e6, beta=0.05), MaxPairUCB(ridge=1e6, design=4e6, beta=0.1))
    )
    assert_array_equal(one.actions, other.actions)
    assert len(np.unique(one.actions, axis=0)) > 3


@pytest.mark.parametrize("link", links.LINKS)
def test_ginop_knows_the_curvature_at_zero(link):
    assert_allclose(ginop.CURVATURE[link], links.curvature(links.LINKS.index(link), 0.0))


@few
@given(seed=seeds, eta=st.sampled_from([0.25, 1.0]))
def test_fgts_cdb_is_lin_double_thompson_of_twice_the_width(seed, eta):
    contexts, theta = instance(seed)
    one = duel(FGTSCDB(eta=eta, ridge=0.5), contexts, theta)
    other = duel(LinDoubleThompson(v=1 / math.sqrt(eta), ridge=0.5), contexts, theta)
    assert_array_equal(one.actions, other.actions)


def test_thompson_without_width_duels_the_best_with_itself():
    contexts, theta = instance(8)
    done = duel(LinDoubleThompson(v=0.0), contexts, theta)
    assert (done.actions == 0).all()  # it never learns


# --- layers and stages --------------------------------------------------------------------------------------------


@few
@given(seed=seeds, layers=st.integers(1, 3))
def test_a_duel_adds_the_same_certainty_to_its_layer(seed, layers):
    """det Sigma_l = 4^(-l d) (1 + 4^-l)^n after n duels, whichever they were."""
    contexts, theta = instance(seed)
    state = duel(VACDB(layers=layers), contexts, theta).state
    for level, model in enumerate(state.layers, 1):
        expected = -level * DIM * math.log(4) + model.estimator.clock[0] * math.log1p(0.25**level)
        assert_allclose(-np.linalg.slogdet(model.design.inverse)[1], expected, atol=1e-6)


@pytest.mark.parametrize(("policy", "first"), [(VACDB(layers=2), 0), (StaD(eta=0.2, ridge=0.1), ARMS * DIM)])
def test_a_duel_goes_to_one_layer_or_none(policy, first):
    contexts, theta = instance(9)
    horizon = 2000
    contexts = np.random.default_rng(9).standard_normal((horizon, ARMS, DIM)) / math.sqrt(DIM)
    done = duel(policy, contexts, theta)
    counts = [estimator.clock[0] - first for estimator, _ in estimators(done.state)]
    assert np.count_nonzero(counts) >= 2
    assert sum(counts) < horizon - first  # some rounds play the best pair, and teach nothing
    late, early = done.totals[-200:, 0].sum(), done.totals[:200, 0].sum()
    assert late < early / 2


# --- coins --------------------------------------------------------------------------------------------------------


def test_draws_have_the_law_of_the_posterior():
    """(theta - estimate)' H (theta - estimate) / v^2 is chi-square of d; two draws of a round are independent."""
    contexts, theta = instance(10)
    state, rng = duel(LinDoubleThompson(), contexts, theta).state, np.random.default_rng(0)
    preference.factorise(state.draw, state.estimator)
    found = np.zeros((4000, DIM))
    for row in found:
        preference.draw_theta(state.draw, state.estimator, 0.7, rng)
        row[:] = state.draw.theta - state.estimator.theta
    distances = np.einsum("si,ij,sj->s", found, np.linalg.inv(state.estimator.inverse), found) / 0.7**2
    assert stats.kstest(distances, stats.chi2(DIM).cdf).pvalue > ALARM
    for i in range(DIM):
        assert stats.kstest(found[:, i], stats.norm(0, 0.7 * state.estimator.inverse[i, i] ** 0.5).cdf).pvalue > ALARM
        assert stats.pearsonr(found[::2, i], found[1::2, i]).pvalue > ALARM


def test_wide_pairs_are_drawn_uniformly():
    """Chi-square on 4000 draws of the 3 pairs of active arms whose norm is above 1."""
    view = pairs.start_pairs(4, 1)
    view.active[3] = False
    view.squares[:] = [[0, 2, 3, 9], [2, 0, 4, 9], [3, 4, 0, 9], [9, 9, 9, 0]]
    rng = np.random.default_rng(0)
    found = [pairs.draw_wide_pair(view, 1.0, rng) for _ in range(4000)]
    counts = np.unique(found, axis=0, return_counts=True)
    assert counts[0].tolist() == [[0, 1], [0, 2], [1, 2]]
    assert stats.chisquare(counts[1]).pvalue > ALARM
    assert {pairs.draw_wide_pair(view, 3.0, rng) for _ in range(20)} == {(1, 2)}


# --- the instances of the comparisons -----------------------------------------------------------------------------


def test_corners_of_the_hypercube():
    """All different, of norm 1, and the same in every round; all signs are all of them."""
    found = replay.run(Linear(arms=30, dim=6, contexts="static-hypercube"), Uniform(), 20).features
    assert (found == found[0]).all()
    assert len(np.unique(found[0], axis=0)) == 30
    assert_allclose(np.abs(found), 6**-0.5)
    signs = replay.run(Linear(dim=4, contexts="all-signs", direction="cube", signal=3.0), Uniform(), 20)
    assert np.unique(signs.features[0], axis=0).shape == (16, 4)
    assert (np.abs(signs.features) == 1).all()
    assert (signs.env.theta > 0).all() and abs(np.linalg.norm(signs.env.theta) - 3) < 1e-12
    assert (signs.best == 15).all()  # plus everywhere


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"contexts": "all-signs", "dim": 3, "arms": 5}, "arms = 2"),
        ({"contexts": "static-hypercube", "dim": 3, "arms": 9}, "at most 2"),
        ({"contexts": "static-hypercube", "dim": 61}, "dim <= 60"),
        ({"theta": [1.0] * 10, "direction": "cube"}, "direction"),
    ],
)
def test_refuses_corners_that_are_not_there(parameters, message):
    with pytest.raises(ValueError, match=message):
        Linear(**parameters)


# --- published numbers --------------------------------------------------------------------------------------------


@functools.cache
def final_regrets(policy):
    """Average regrets of 20 runs on K = 30 fixed corners of the hypercube, d = 10, norm 2, T = 2000."""
    world = Linear(arms=30, dim=10, contexts="static-hypercube", signal=2.0)
    return np.array([replay.run(world, policy, 2000, seed).totals[:, 0].sum() for seed in range(20)])


@pytest.mark.claims
@pytest.mark.parametrize(
    ("policy", "mean", "error"),
    [(CoLSTIM(ridge=1.0), 579, 24), (FGTSCDB(), 614, 17), (MaxInP(ridge=1.0), 908, 42), (GINOP(beta=2.0), 150, 22)],
    ids=["colstim", "fgts-cdb", "maxinp", "ginop"],
)
def test_regret_on_corners_of_the_hypercube(policy, mean, error):
    """Within 4 standard errors of what an independent prototype measured: false alarm 1e-4 a number."""
    found = final_regrets(policy)
    assert abs(found.mean() - mean) < 4 * np.hypot(found.std(ddof=1) / math.sqrt(len(found)), error)


@pytest.mark.claims
def test_vacdb_at_scale_1():
    """Twice the average regret at T = 4000 was 1237 with a standard error of 165 in the prototype."""
    world = Linear(contexts="all-signs", direction="cube")
    found = 2 * np.array([replay.run(world, VACDB(), 4000, seed).totals[:, 0].sum() for seed in range(16)])
    assert abs(found.mean() - 1237) < 4 * np.hypot(found.std(ddof=1) / 4, 165)
