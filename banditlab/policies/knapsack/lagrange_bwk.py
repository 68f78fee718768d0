"""LagrangeBwK: a game of an actions' learner against a resources' learner, over the Lagrangian of the linear program.

N. Immorlica, K. A. Sankararaman, R. Schapire, A. Slivkins. Adversarial bandits with knapsacks. FOCS 2019; Journal of
the ACM 69(6), 2022 (arXiv 1811.11881).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.exponential import Exponential, add_estimate, draw_action, start_exponential
from banditlab.policies.shrinking import refuse_negative
from banditlab.registry import policy
from banditlab.types import Counts


@policy(
    "lagrange-bwk",
    game="knapsack",
    needs=("monotone-costs", "prompt-feedback"),
    told=("horizon", "budget"),
    cite=("immorlica2022adversarial",),
)
@dataclass(frozen=True)
class LagrangeBwK:
    """One learner draws an action a and gains L(a, i) = f(a) + 1 - (T / B) c_i(a); one draws a resource i and loses it.

    Time is a resource beside the m others, of which a round costs B / T, so that L(a, time) = f(a). The actions'
    learner sees L of its action and the resource that was drawn, and the other one L of the action and all resources.
    Both see it mapped from [1 - T / B, 2] into [0, 1].

    The actions' learner is EXP3-IX with eta = 2 gamma = sqrt(2 ln A / (A T)), in place of the paper's EXP3.P; the
    resources' is Hedge with eta = sqrt(8 ln(m + 1) / T). For an adversary the paper leaves out time and guesses the
    factor T / B, which is not done here. The game is from memory of the paper, whose text could not be read.
    """

    class State(NamedTuple):
        actions: Exponential
        resources: Exponential  #: over m + 1, time the last
        resource: Counts  #: (1,) the one drawn
        eta: float
        dual_eta: float
        scale: float  #: T / B

    def start(self, problem, rng) -> State:
        arms, size, horizon = problem.arms, problem.resources + 1, problem.horizon
        return self.State(
            start_exponential(arms), start_exponential(size), np.zeros(1, np.int64),
            math.sqrt(2.0 * math.log(arms) / (arms * horizon)), math.sqrt(8.0 * math.log(size) / horizon),
            horizon / problem.budget,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        arm = draw_action(state.actions, state.eta, rng)
        state.resource[0] = draw_action(state.resources, state.dual_eta, rng)
        return arm

    @staticmethod
    def learn(state, t, arm, reward, costs):
        refuse_negative(costs)
        width, played = 1.0 + state.scale, state.resource[0]
        for i in range(costs.shape[0] + 1):
            relative = state.scale * costs[i] if i < costs.shape[0] else 1.0
            gain = (reward + state.scale - relative) / width
            state.resources.losses[i] += gain
            if i == played:
                add_estimate(state.actions, arm, 1.0 - gain, 0.5 * state.eta)
