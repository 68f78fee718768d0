"""UCB-BwK: the linear program of optimistic rewards and costs, in each round.

S. Agrawal, N. R. Devanur. Bandits with concave rewards and convex knapsacks. EC 2014 (arXiv 1402.5758), its algorithm
for bandits with knapsacks. K. A. Sankararaman, A. Slivkins. Bandits with knapsacks beyond the worst case. NeurIPS 2021,
which names it UcbBwK.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.sampling import draw_weighted
from banditlab.numerics.simplex_method import Program, solve_mixture, start_program
from banditlab.policies.shrinking import radius, refuse_negative
from banditlab.registry import policy
from banditlab.types import Counts, Matrix, NonNegative, Positive, Vector


@policy(
    "ucb-bwk",
    game="knapsack",
    needs=("monotone-costs",),
    told=("horizon", "budget"),
    cite=("agrawal2014bandits", "sankararaman2021bandits"),
)
@dataclass(frozen=True)
class UCBBwK:
    """Draws from the best mixture for upper bounds of the rewards and lower bounds of the costs.

    In each round it solves max UCB'x with LCB'x <= (1 - epsilon) B / T for each resource. The bounds of a mean over n
    rounds are mu + 2 rad and mu - 2 rad, cut to [0, 1], with rad = sqrt(crad mu / (n + 1)) + crad / (n + 1) and mu the
    sum over n + 1; they are 1 and 0 before the first play. crad "theory" is ln(m T A).

    The paper's epsilon, sqrt(crad A / B) + ln(T) crad A / B, makes the budget last with high probability; it is above 1
    unless B is large, and 0 here. The constants are from memory of the paper, whose text could not be read.
    """

    crad: Positive | Literal["theory"] = "theory"  #: of the bounds
    epsilon: NonNegative = 0.0  #: share of the budget that is kept back, below 1

    class State(NamedTuple):
        plays: Counts  #: (A,)
        rewards: Vector  #: (A,) sums
        costs: Matrix  #: (A, m) sums
        upper: Vector  #: (A,) bounds of the rewards
        lower: Matrix  #: (A, m) bounds of the costs
        program: Program
        weights: Vector  #: (A,) x
        crad: float
        rho: float  #: (1 - epsilon) B / T

    def __post_init__(self):
        if self.epsilon >= 1:
            raise ValueError(f"epsilon: in [0, 1), got {self.epsilon:g}")

    def start(self, problem, rng) -> State:
        arms, resources, horizon = problem.arms, problem.resources, problem.horizon
        crad = math.log(resources * horizon * arms) if self.crad == "theory" else self.crad
        return self.State(
            np.zeros(arms, np.int64), np.zeros(arms), np.zeros((arms, resources)), np.ones(arms),
            np.zeros((arms, resources)), start_program(resources + 1, arms - 1), np.zeros(arms), crad,
            (1.0 - self.epsilon) * problem.budget / horizon,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        solve_mixture(state.program, state.upper, state.lower, state.rho, state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def learn(state, t, arm, reward, costs):
        refuse_negative(costs)
        state.plays[arm] += 1
        size = state.plays[arm] + 1.0
        state.rewards[arm] += reward
        mean = state.rewards[arm] / size
        state.upper[arm] = min(1.0, mean + 2.0 * radius(mean, size, state.crad))
        for i in range(costs.shape[0]):
            state.costs[arm, i] += costs[i]
            mean = state.costs[arm, i] / size
            state.lower[arm, i] = max(0.0, mean - 2.0 * radius(mean, size, state.crad))
