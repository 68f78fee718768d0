"""SquareCB: inverse gap weighting of the predictions of online regression (Foster and Rakhlin 2020, Algorithm 1).

D. Foster, A. Rakhlin. Beyond UCB: optimal and efficient contextual bandits with regression oracles. ICML 2020 (arXiv
2002.04926).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.inverse_gap import inverse_gaps
from banditlab.numerics.linear import dot
from banditlab.numerics.regression import forecast, learn_linear, regression_regret
from banditlab.numerics.sampling import draw_weighted
from banditlab.policies.encoding import Encoded
from banditlab.policies.inverse_gap import InverseGap, square_rate
from banditlab.registry import policy
from banditlab.types import Fraction, Matrix, Positive, Vector


@policy(
    "squarecb",
    game="bandit",
    needs=("features",),
    told=("horizon", "arm_features"),
    growth={"regret": "sqrt T"},
    cite=("foster2020beyond",),
)
@dataclass(frozen=True)
class SquareCB(Encoded, InverseGap):
    """Draws arm a with probability 1 / (K + gamma (f_b - f_a)), and the arm b of largest prediction f otherwise.

    The paper has losses. Here f_a predicts the reward of arm a, which is the same rule: only gaps count. Predictions
    are not clipped. b is the lowest index among equals.

    gamma "horizon" is the paper's sqrt(K T / (Reg + ln(2 / delta))) for outcomes in a range of length 1, where Reg
    bounds the regret of the regression in squared loss; here Reg = d ln(1 + T / d), which is what the oracle "forecast"
    has up to its constants. A number is gamma_t = gamma t^exponent after t rounds; Vowpal Wabbit has 10 t^0.5.

    The oracle is linear, x'theta. "forecast" is that of Vovk, Azoury and Warmuth, x'(V + x x')^-1 sum x r, with
    V = ridge I + sum x x'; the paper names it for linear models. "ridge" is plain ridge regression, x'V^-1 sum x r.

    With disjoint encoding x stands for x (x) e_a, and d for K d: V and theta then fall into a block for each arm.
    """

    delta: Fraction = 0.05  #: in "horizon": the bound fails with this probability
    oracle: Literal["forecast", "ridge"] = "forecast"  #: online regression
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        inverse: Matrix  #: (B, d, d) V^-1, K blocks where arms have weights of their own, else 1
        theta: Matrix  #: (B, d)
        losses: Vector  #: (K,) predicted, but for a constant
        weights: Vector  #: (K,) probabilities of the round
        scratch: Vector  #: (d,)
        gamma: float
        exponent: float
        forecasts: bool
        disjoint: bool

    def start(self, problem, rng) -> State:
        arms, dim, blocks = problem.arms, problem.dim, self.blocks(problem)
        gamma = self.gamma
        if gamma == "horizon":
            gamma = square_rate(problem, regression_regret(blocks * dim, problem.horizon), self.delta)
        return self.State(
            np.tile(np.eye(dim) / self.ridge, (blocks, 1, 1)), np.zeros((blocks, dim)), np.zeros(arms), np.zeros(arms),
            np.zeros(dim), gamma, self.exponent, self.oracle == "forecast", self.disjoint(problem),
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        for k in range(features.shape[0]):
            x, block = features[k], k if state.disjoint else 0
            if state.forecasts:
                state.losses[k] = -forecast(state.inverse[block], state.theta[block], x)
            else:
                state.losses[k] = -dot(state.theta[block], x)
        inverse_gaps(state.losses, state.gamma * math.pow(t, state.exponent), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def probability(state, t, features, arm):
        return state.weights[arm]

    @staticmethod
    def learn(state, t, features, arm, reward):
        block = arm if state.disjoint else 0
        learn_linear(state.inverse[block], state.theta[block], state.scratch, features[arm], reward)
