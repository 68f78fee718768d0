"""PrimalDualBwK: most reward for its cost, at prices by multiplicative weights.

A. Badanidiyuru, R. Kleinberg, A. Slivkins. Bandits with knapsacks. FOCS 2013; Journal of the ACM 65(3), 2018 (arXiv
1305.2545).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.indices import first_largest
from banditlab.policies.shrinking import radius, refuse_negative
from banditlab.registry import policy
from banditlab.types import Counts, Matrix, Positive, Vector


@policy(
    "primal-dual-bwk",
    game="knapsack",
    needs=("monotone-costs",),
    told=("horizon", "budget"),
    cite=("badanidiyuru2018bandits",),
)
@dataclass(frozen=True)
class PrimalDualBwK:
    """Plays each action once, then that of the largest UCB of its reward over the priced LCBs of its costs.

    Time is a resource beside the m others, of which a round costs B / T for certain; d = m + 1. The bounds of a mean mu
    over n rounds are mu + rad and mu - rad, cut to [0, 1], with rad = sqrt(crad mu / n) + crad / n; crad "theory" is
    ln(d T A). The price of a resource starts at 1, and is multiplied by (1 + epsilon)^LCB of the action that is played,
    epsilon "theory" being sqrt(ln(d) / B); only their shares count.

    The rule is that of the journal's Algorithm 3, where crad is of the order of ln(d T A); the constant in it is that
    of public implementations.
    """

    crad: Positive | Literal["theory"] = "theory"  #: of the bounds
    epsilon: Positive | Literal["theory"] = "theory"  #: step of the prices

    class State(NamedTuple):
        plays: Counts  #: (A,)
        rewards: Vector  #: (A,) sums
        costs: Matrix  #: (A, m) sums
        upper: Vector  #: (A,) bounds of the rewards; infinite before the first play
        lower: Matrix  #: (A, m + 1) bounds of the costs, of time the last
        ratios: Vector  #: (A,)
        logs: Vector  #: (m + 1,) logarithms of the prices
        prices: Vector  #: (m + 1,) the largest is 1
        crad: float
        step: float  #: ln(1 + epsilon)

    def start(self, problem, rng) -> State:
        arms, resources, horizon, budget = problem.arms, problem.resources, problem.horizon, problem.budget
        size = resources + 1
        crad = math.log(size * horizon * arms) if self.crad == "theory" else self.crad
        epsilon = math.sqrt(math.log(size) / budget) if self.epsilon == "theory" else self.epsilon
        lower = np.zeros((arms, size))
        lower[:, resources] = budget / horizon
        return self.State(
            np.zeros(arms, np.int64), np.zeros(arms), np.zeros((arms, resources)), np.full(arms, np.inf), lower,
            np.zeros(arms), np.zeros(size), np.ones(size), crad, math.log1p(epsilon),
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        for k in range(state.ratios.shape[0]):
            cost = 0.0
            for i in range(state.prices.shape[0]):
                cost += state.prices[i] * state.lower[k, i]
            state.ratios[k] = state.upper[k] / cost
        return first_largest(state.ratios)

    @staticmethod
    def learn(state, t, arm, reward, costs):
        refuse_negative(costs)
        if state.plays[arm] > 0:
            _raise_prices(state, state.lower[arm])
        state.plays[arm] += 1
        size = float(state.plays[arm])
        state.rewards[arm] += reward
        mean = state.rewards[arm] / size
        state.upper[arm] = min(1.0, mean + radius(mean, size, state.crad))
        for i in range(costs.shape[0]):
            state.costs[arm, i] += costs[i]
            mean = state.costs[arm, i] / size
            state.lower[arm, i] = max(0.0, mean - radius(mean, size, state.crad))


@kernel
def _raise_prices(state, costs):
    logs = state.logs
    for i in range(logs.shape[0]):
        logs[i] += state.step * costs[i]
    largest = logs[first_largest(logs)]
    for i in range(logs.shape[0]):
        state.prices[i] = math.exp(logs[i] - largest)
