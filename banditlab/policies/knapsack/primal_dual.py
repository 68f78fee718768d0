"""Primal-dual play with replenishable budgets: a regret minimiser on Lagrangian utilities, prices by gradient descent.

M. Bernasconi, M. Castiglioni, A. Celli, F. Fusco. Bandits with replenishable knapsacks: the best of both worlds. ICLR
2024 (arXiv 2306.08470).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.exponential import (
    Exponential,
    add_estimate,
    draw_action,
    exponential_weights,
    share,
    start_exponential,
)
from banditlab.numerics.projections import project_to_capped
from banditlab.numerics.sampling import draw_weighted
from banditlab.registry import policy
from banditlab.types import Positive, Vector

PRIMALS = ("exp3-ix", "exp3-six", "exp3-p", "hedge")
IX, SIX, P, HEDGE = range(len(PRIMALS))


@policy(
    "primal-dual",
    game="knapsack",
    needs=("prompt-feedback",),
    told=("horizon", "budget", "void"),
    cite=("bernasconi2024bandits",),
)
@dataclass(frozen=True)
class PrimalDual:
    """The primal learner sees the utility u = f + sum_i lambda_i (rho - c_i) of its action, of all actions for hedge.

    rho = B / T, and nu = rho + beta for a void action that adds at least beta to each budget; both are told. Prices
    lambda start at 0, and follow lambda + dual_rate (c - rho), projected onto {lambda >= 0, sum lambda <= 1 / nu}. In
    rounds in which the void action is forced nothing is learned.

    Primal learners, on losses (high - u) / (high - low): "exp3-ix" has eta = 2 gamma = sqrt(2 ln A / (A T)), "exp3-six"
    a fixed share 1 / T beside, "exp3-p" the constants of Bubeck and Cesa-Bianchi (2012, Theorem 3.3) for error 0.05,
    and "hedge", which needs full feedback, eta = sqrt(8 ln A / T). utility_scale "theory" maps all utilities that can
    occur into [0, 1], with low = (rho - 1) / nu and high = 1 + (1 + rho) / nu; "unit" takes low = 0 and high = 1, which
    no theorem covers.

    The paper proves a share alpha = nu / (1 + beta) of the best mixture's reward against an adversary, and regret of
    the order of sqrt T where rounds are drawn alike, for any primal learner of low regret and a dual one of low regret
    on every interval. The template is the paper's; its text could not be read, and the constants here are ours.
    """

    primal: Literal["exp3-ix", "exp3-six", "exp3-p", "hedge"] = "exp3-ix"  #: learner of the actions
    utility_scale: Literal["theory", "unit"] = "theory"  #: of the losses that it sees
    dual_rate: Positive | Literal["theory"] = "theory"  #: step of the prices; "theory": 1 / (nu sqrt(m T))
    nu: Positive | None = None  #: in place of B / T + beta

    class State(NamedTuple):
        learner: Exponential
        prices: Vector  #: (m,) lambda
        scratch: Vector  #: (m,)
        primal: int
        eta: float
        gamma: float  #: bias of the estimates; of "exp3-p", the share of uniform play
        bonus: float  #: of "exp3-p"
        fraction: float  #: of "exp3-six"
        low: float
        width: float  #: high - low
        rho: float
        cap: float  #: 1 / nu
        rate: float  #: of the prices

    def needs(self) -> dict[str, str]:
        return {"full-feedback": 'an environment gives it with feedback = "full"'} if self.primal == "hedge" else {}

    def start(self, problem, rng) -> State:
        arms, resources, horizon = problem.arms, problem.resources, problem.horizon
        rho = problem.budget / horizon
        nu = rho + problem.void if self.nu is None else self.nu
        primal, log = PRIMALS.index(self.primal), math.log(arms)
        eta = {IX: math.sqrt(2.0 * log / (arms * horizon)), P: 0.95 * math.sqrt(log / (arms * horizon))}
        eta[SIX], eta[HEDGE] = eta[IX], math.sqrt(8.0 * log / horizon)
        mixed = min(1.0, 1.05 * math.sqrt(arms * log / horizon))
        low, high = (0.0, 1.0) if self.utility_scale == "unit" else ((rho - 1.0) / nu, 1.0 + (1.0 + rho) / nu)
        rate = 1.0 / (nu * math.sqrt(resources * horizon)) if self.dual_rate == "theory" else self.dual_rate
        return self.State(
            start_exponential(arms), np.zeros(resources), np.zeros(resources), primal, eta[primal],
            mixed if primal == P else 0.5 * eta[primal], math.sqrt(math.log(arms / 0.05) / (arms * horizon)),
            1.0 / horizon, low, high - low, rho, 1.0 / nu, rate,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        if state.primal != P:
            return draw_action(state.learner, state.eta, rng)
        weights = state.learner.weights
        total = exponential_weights(state.learner.losses, state.eta, weights)
        for k in range(weights.shape[0]):
            weights[k] = (1.0 - state.gamma) * weights[k] / total + state.gamma / weights.shape[0]
        return draw_weighted(rng, weights, 1.0)

    @staticmethod
    def learn(state, t, arm, reward, costs):
        learner, loss = state.learner, _loss(state, reward, costs)
        if state.primal == P:
            for k in range(learner.losses.shape[0]):
                gain = 1.0 - loss if k == arm else 0.0
                learner.losses[k] -= (gain + state.bonus) / learner.weights[k]
        else:
            add_estimate(learner, arm, loss, state.gamma)
            if state.primal == SIX:
                share(learner, state.eta, state.fraction)
        _move_prices(state, costs)

    @staticmethod
    def sees_all(state):
        return state.primal == HEDGE

    @staticmethod
    def learn_all(state, t, arm, rewards, costs):
        for k in range(rewards.shape[0]):
            state.learner.losses[k] += _loss(state, rewards[k], costs[k])
        _move_prices(state, costs[arm])


@kernel
def _loss(state, reward, costs):
    utility = reward
    for i in range(costs.shape[0]):
        utility += state.prices[i] * (state.rho - costs[i])
    return (state.low + state.width - utility) / state.width


@kernel
def _move_prices(state, costs):
    for i in range(costs.shape[0]):
        state.prices[i] += state.rate * (costs[i] - state.rho)
    project_to_capped(state.prices, state.cap, state.scratch)
