"""OG^o: an expert learner for each place of the set, which learns in rounds of exploration alone.

M. Streeter, D. Golovin. An online algorithm for maximizing submodular functions. NIPS 2008, with opaque feedback; a
tech report of 2007 has actions of different costs. Their text could not be read.

Settled here: the rate of exploration and the learning rate, which were derived from the bound of Hedge and give the
published order of the regret. And how an item counts for its cost: whoever chose it, an expert or the exploration, it
is put into the set with the probability c_min / c alone. So the gain of an item is in expectation c_min / c times what
it adds, and a constant. Multiplying the reward itself by c_min / c instead would favour cheap items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.exponential import exponential_weights
from banditlab.numerics.families import ROUNDING, as_budgeted
from banditlab.numerics.sampling import draw_index, draw_weighted
from banditlab.registry import policy
from banditlab.types import Counts, Flags, Matrix, Vector

NOBODY = -1


@policy(
    "og-o",
    game="combinatorial",
    needs=("budgeted", "monotone", "prompt-feedback"),
    told=("family", "horizon"),
    cite=("streeter2008online",),
)
@dataclass(frozen=True)
class OGo:
    """K experts choose an item each, expert i to be added to those of the experts before it; K = floor(B / c_min).

    An item is added with the probability c_min / c of its cost: the budget B holds only in expectation. With the
    probability gamma = min(1, K (n ln n / T)^(1/3)) an item at random stands for that of an expert at random, the
    experts after it are left out, and this expert is told the reward; its weight for the item is multiplied by
    exp(eta reward), eta = sqrt(2 K n ln n / (gamma T)). Of sets of at most k items B = k, and costs are 1. Rewards are
    taken to be in [0, 1]: where they are larger, eta is too large by as much for the bound. Regret to 1 - 1/e of the
    optimum O(k (n ln n)^(1/3) T^(2/3)).
    """

    class State(NamedTuple):
        losses: Matrix  #: (K, n) of the experts' items, minus the rewards told
        weights: Matrix  #: (K, n) exp(-eta losses), 1 for the best item
        totals: Vector  #: (K,) their sums
        chances: Vector  #: (n,) of being put into the set, c_min / c
        chosen: Flags  #: (n,) whether an item is in the set
        tried: Counts  #: (2,) expert for which the round explores, or -1, and item
        gamma: float
        eta: float

    def start(self, problem, rng) -> State:
        costs, budget = as_budgeted(problem.family)
        n, horizon = problem.items, problem.horizon
        experts = int(budget / costs.min() * (1.0 + ROUNDING))
        gamma = min(1.0, experts * (n * math.log(n) / horizon) ** (1 / 3))
        eta = math.sqrt(2.0 * experts * n * math.log(n) / (gamma * horizon))
        chances, chosen, tried = costs.min() / costs, np.zeros(n, bool), np.zeros(2, int)
        losses, weights, totals = np.zeros((experts, n)), np.ones((experts, n)), np.full(experts, float(n))
        return self.State(losses, weights, totals, chances, chosen, tried, gamma, eta)

    @staticmethod
    def choose(state, t, items, rng):
        experts, n = state.weights.shape
        explores, expert, tried = rng.random() < state.gamma, draw_index(rng, experts), draw_index(rng, n)
        state.tried[0] = expert if explores else NOBODY
        state.tried[1] = tried
        for i in range(n):
            state.chosen[i] = False
        size = 0
        for i in range(expert + 1 if explores else experts):
            item = tried if i == state.tried[0] else draw_weighted(rng, state.weights[i], state.totals[i])
            if rng.random() < state.chances[item] and not state.chosen[item]:
                state.chosen[item] = True
                items[size] = item
                size += 1
        return size

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        expert, item = state.tried[0], state.tried[1]
        if expert != NOBODY:
            state.losses[expert, item] -= reward
            state.totals[expert] = exponential_weights(state.losses[expert], state.eta, state.weights[expert])
