"""ExploreThenControlBudget: finds the best mixture's actions and binding resources, then steers budgets by estimates.

R. Kumar, R. Kleinberg. Non-monotonic resource utilization in the bandits with knapsacks problem. NeurIPS 2022
(arXiv 2209.12013), Algorithm 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_weighted
from banditlab.numerics.simplex_method import Program, solve_matrix_game, solve_mixture, start_program
from banditlab.policies.knapsack.control_budget import steering
from banditlab.registry import policy
from banditlab.types import Counts, Flags, Matrix, NonNegative, Positive, Vector

LOWER = 1e-8  #: by how much a value must be lower than another, as in the published code
NEVER = 1e3  #: what a reward is lowered by, to keep an action out of the best mixture


@policy(
    "explore-then-control-budget", game="knapsack", told=("horizon", "budget", "means"), cite=("kumar2022nonmonotonic",)
)
@dataclass(frozen=True)
class ExploreThenControlBudget:
    """Plays all actions in turn until the support S and the binding resources J are known, then mixes the actions of S.

    (a) Each action is played `plays` ln T times. (b) In turn they are played on, and after each time around an
    action is known to be in S if the linear program without it has less value, and a resource to be outside J if
    the program has less that is charged for what is left of it; upper bounds of the one are compared with lower
    bounds of the other, which are mean +- rad, rad = width sqrt(8 ln T / n). It ends when |S| + the number of
    resources outside J is m + 1, as it is at a unique vertex; where there is none it never does. (c) Then the
    probabilities over S are those of the largest least drift in the right direction, over the resources below their
    thresholds c ln(T - t), which should rise, and those of J above, which should fall; rad is taken off each.
    Without any, S is played evenly.

    With "theory", `plays` is 32 / gamma*^2 and c is 6 / gamma*^2, for gamma* of `control-budget`: the policy is
    then told the means, as the published code is. These are so large that mostly no round is left for (c).

    Its second phase, in which the paper plays S until each has 32 ln T / gamma*^2 plays, is (a) here, as in the
    published code. That code takes rad = 0 in (b), for which `width` is 0 by default, and rad itself in (c). Where
    it departs from the paper we follow the paper: in (c) it looks for any probabilities with drifts of gamma* / 8, for
    all resources outside J at any budget, and draws from whatever its solver returns where there are none. In both the
    charge in (b) is drift - B / T; it is drift + B / T here, what is left. The paper's null action stands outside its m
    in (b) and (c); here the void action is one of the actions, and |S| + the resources outside J is m + 1. Forced
    rounds are not learned from.
    """

    plays: Positive | Literal["theory"] = 8.0  #: of each action before (b), over ln T
    width: NonNegative = 0.0  #: of the bounds; 1 in the paper
    c: NonNegative | Literal["theory"] = 2.0  #: of the thresholds c ln(T - t)

    class State(NamedTuple):
        plays: Counts  #: (A,)
        rewards: Vector  #: (A,) sums
        costs: Matrix  #: (A, m) sums
        order: Counts  #: (2,) the action to play next in turn, and whether (c) has begun
        support: Flags  #: (A,) S
        slack: Flags  #: (m,) resources outside J
        program: Program  #: of mixtures
        gains: Vector  #: (A,) its rewards
        prices: Matrix  #: (A, m) its costs
        game: Program  #: of (c)
        payoffs: Matrix  #: (m, A)
        weights: Vector  #: (A,)
        first: float  #: plays of each action before (b)
        radius: float  #: width sqrt(8 ln T)
        c: float
        rho: float
        horizon: int

    def start(self, problem, rng) -> State:
        arms, resources, horizon = problem.arms, problem.resources, problem.horizon
        rho = problem.budget / horizon
        plays, c = self.plays, self.c
        if "theory" in (plays, c):
            gamma = steering(problem.means, rho).gamma
            plays = 32.0 / gamma**2 if plays == "theory" else plays
            c = 6.0 / gamma**2 if c == "theory" else c
        return self.State(
            np.zeros(arms, np.int64), np.zeros(arms), np.zeros((arms, resources)), np.zeros(2, np.int64),
            np.zeros(arms, bool), np.zeros(resources, bool), start_program(resources + 1, arms - 1), np.zeros(arms),
            np.zeros((arms, resources)), start_program(arms, resources), np.zeros((resources, arms)), np.zeros(arms),
            plays * math.log(horizon), self.width * math.sqrt(8.0 * math.log(horizon)), c, rho, horizon,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        if state.order[1] == 0:
            return state.order[0]
        rows = _directions(state, budgets, state.c * math.log(max(1, state.horizon - t)))
        if rows > 0:
            solve_matrix_game(state.game, state.payoffs, rows, state.weights)
        else:
            for k in range(state.weights.shape[0]):
                state.weights[k] = 1.0 / state.support.sum() if state.support[k] else 0.0
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def learn(state, t, arm, reward, costs):
        state.plays[arm] += 1
        state.rewards[arm] += reward
        for i in range(costs.shape[0]):
            state.costs[arm, i] += costs[i]
        if state.order[1] == 0:
            arms = state.plays.shape[0]
            state.order[0] = (arm + 1) % arms
            if arm == arms - 1 and state.plays[arm] >= state.first:
                _identify(state)
                state.order[1] = int(state.support.sum() + state.slack.sum() > costs.shape[0])


@kernel(inline=False)
def _identify(state):
    """Add actions to S, and resources to those outside J."""
    if not _estimate(state, -1.0):
        return
    value = _value(state) - LOWER
    _estimate(state, 1.0)
    for k in range(state.gains.shape[0]):
        state.gains[k] -= NEVER
        if _value(state) < value:
            state.support[k] = True
        state.gains[k] += NEVER
    for i in range(state.slack.shape[0]):
        for k in range(state.gains.shape[0]):
            state.gains[k] += state.prices[k, i]
        if _value(state) - state.rho < value:
            state.slack[i] = True
        for k in range(state.gains.shape[0]):
            state.gains[k] -= state.prices[k, i]


@kernel
def _value(state):
    return solve_mixture(state.program, state.gains, state.prices, state.rho, state.weights)


@kernel
def _estimate(state, sign):
    """Write the bounds of rewards and costs, optimistic for sign 1; return whether the void action keeps to rho."""
    kept = True
    for k in range(state.gains.shape[0]):
        radius = sign * state.radius / math.sqrt(state.plays[k])
        state.gains[k] = state.rewards[k] / state.plays[k] + radius
        for i in range(state.prices.shape[1]):
            state.prices[k, i] = state.costs[k, i] / state.plays[k] - radius
            kept = kept and (k > 0 or state.prices[k, i] <= state.rho)
    return kept


@kernel
def _directions(state, budgets, threshold):
    """Write the drifts that should be large, less their rad, of each resource that is to be steered; return how many.

    Actions outside S have the least payoff that can occur, and one below it, so that they are not played.
    """
    rows = 0
    for i in range(budgets.shape[0]):
        low = budgets[i] < threshold
        if low or not state.slack[i]:
            for k in range(state.plays.shape[0]):
                drift = -state.costs[k, i] / state.plays[k]
                drift = drift if low else -drift
                radius = state.radius / math.sqrt(state.plays[k])
                state.payoffs[rows, k] = drift - radius if state.support[k] else -2.0 - state.radius
            rows += 1
    return rows
