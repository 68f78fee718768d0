"""Golden traces, derived independently in pure NumPy and SciPy: every pair and outcome, and the final numbers to 1e-8.

The policies run in plain Python, and take their random numbers from the generator of section 8.1.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from banditlab import fuse
from banditlab.games import dueling
from banditlab.numerics import links, sampling
from banditlab.policies.dueling.colstim import CoLSTIM
from banditlab.policies.dueling.greedy_ucb import GreedyUCB
from banditlab.policies.dueling.max_pair_ucb import MaxPairUCB
from banditlab.policies.dueling.maxinp import MaxInP
from banditlab.problem import Problem

D, K, T, S, TAU, SEED = 3, 4, 200, 2.0, 12, 0

TRACE_OF_GREEDY_UCB = (
    "2332130330000330320330022321001202311122",
    "3110213123333123233222103133120033030210",
    (319, 312, 114),
    (63.713160571, 11.077675037, 116.348646105),
    (0.346723163, -0.3012912401, 1.307868521),
)
TRACES = {
    "colstim": (
        CoLSTIM(refit=1.0, ridge=1.0),
        "2332130330000320222330222123221202311122",
        "3110213123333133303022100331002033010210",
        (321, 287, 110),
        (62.8964814042, 9.7735587944, 116.019404014),
        (0.3683784982, -0.3503935093, 1.115981501),
    ),
    "greedy-ucb": (GreedyUCB(refit=1.0, ridge=1.0), *TRACE_OF_GREEDY_UCB),
    "greedy-ucb, by colstim": (CoLSTIM(refit=1.0, ridge=1.0, threshold=0.0), *TRACE_OF_GREEDY_UCB),
    "maxinp": (
        MaxInP(refit=1.0, ridge=1.0),
        "2332130330000010222030100101100100010112",
        "3110213123331333333332222313222232332123",
        (186, 423, 100),
        (93.4071438601, 19.2698831453, 167.544404575),
        (0.4795754225, -0.1930214822, 1.0695425203),
    ),
    "max-pair-ucb": (
        MaxPairUCB(refit=1.0, ridge=1.0, exploration=None, design=0.0),
        "2332130330003333333332223333122232332222",
        "3110213123330120222000102121001000010110",
        (403, 220, 102),
        (54.3857891807, 9.2608267497, 99.5107516117),
        (0.3667652119, -0.4044763074, 1.4660204983),
    ),
}


class World:
    """The environment's draws, in the order of section 8.1."""

    def __init__(self):
        rng = np.random.default_rng(SEED)
        theta = rng.standard_normal(D)
        self.theta = S * theta / np.linalg.norm(theta)
        x = rng.standard_normal((T, K, D))
        self.x = x / np.linalg.norm(x, axis=2, keepdims=True)
        self.u = rng.random(T)


class Draws:
    """The policy's draws, in the order of section 8.1, handed out as CoLSTIM and MaxInP ask for them."""

    def __init__(self):
        rng = np.random.default_rng([SEED, 1])
        first, second = rng.integers(0, K, T), rng.integers(0, K - 1, T)
        self.pairs = np.stack([first, second + (second >= first)], 1)
        self.coupling, self.gumbel = rng.random(T), rng.gumbel(size=(T, K))

    def draw_pair(self, rng, size):
        return self.pairs[self.t]

    def random(self):
        self.asked = 0
        return self.coupling[self.t]

    def perturbation(self, link, rng):
        """First the shared one, which is that of arm 0; then one for each arm."""
        self.asked += 1
        return self.gumbel[self.t, max(0, self.asked - 2)]


def play(policy):
    """Return pairs (T, 2), outcomes (T,), average, weak and strong regret, and the estimate that chose the last pair:
    the published one is of rounds < T."""
    world, draws = World(), Draws()
    told = ("horizon", "link", "rounds")
    state = policy.start(
        Problem("golden", {"arms": K, "dim": D}, {"horizon": T, "link": "logistic", "rounds": T}, told), None
    )
    stand_ins = {
        dueling.choose: type(policy).choose,
        sampling.draw_pair: draws.draw_pair,
        links.perturbation: draws.perturbation,
    }
    decide = fuse.plain(dueling.ask, stand_ins)
    pairs, wins, regrets = np.zeros((T, 2), int), np.zeros(T, bool), np.zeros(3)
    for t in range(T):
        draws.t = t
        i, j = decide(state, t, world.x[t], draws)
        estimate = state.model.estimator.theta.copy()
        wins[t] = world.u[t] < expit((world.x[t, i] - world.x[t, j]) @ world.theta)
        type(policy).learn(state, t, world.x[t], i, j, wins[t])
        pairs[t] = i, j
        utilities = world.x[t] @ world.theta
        one, other = utilities.max() - utilities[i], utilities.max() - utilities[j]
        regrets += (one + other) / 2, min(one, other), max(one, other)
    return pairs, wins, regrets, estimate


def test_generator():
    world, draws = World(), Draws()
    assert_allclose(world.theta, [0.3776342385, -0.3967806548, 1.9235273572], rtol=0, atol=1e-10)
    assert_allclose(world.u[:3], [0.828542906, 0.2459674534, 0.6741593224], rtol=0, atol=1e-10)
    assert draws.pairs[:3].tolist() == [[2, 3], [3, 1], [3, 1]]


@pytest.mark.parametrize("name", TRACES)
def test_golden_trace(name):
    policy, firsts, seconds, sums, regrets, theta = TRACES[name]
    pairs, wins, found, estimate = play(policy)
    assert "".join(map(str, pairs[:40, 0])) == firsts
    assert "".join(map(str, pairs[:40, 1])) == seconds
    assert (*pairs.sum(0), wins.sum()) == sums
    assert_allclose(found, regrets, rtol=0, atol=1e-8)
    assert_allclose(estimate, theta, rtol=0, atol=1e-8)
