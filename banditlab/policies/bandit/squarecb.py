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
from banditlab.registry import policy
from banditlab.types import Fraction, Matrix, NonNegative, Positive, Vector


@policy("squarecb", game="bandit", needs=("arm-features",), told=("horizon",), growth={"regret": "sqrt T"})
@dataclass(frozen=True)
class SquareCB:
    """Draws arm a with probability 1 / (K + gamma (f_b - f_a)), and the arm b of largest prediction f otherwise.

    The paper has losses. Here f_a predicts the reward of arm a, which is the same rule: only gaps count. Predictions
    are not clipped. b is the lowest index among equals.

    gamma "horizon" is the paper's sqrt(K T / (Reg + ln(2 / delta))) for outcomes in a range of length 1, where Reg
    bounds the regret of the regression in squared loss; here Reg = d ln(1 + T / d), which is what the oracle "forecast"
    has up to its constants. A number is gamma_t = gamma t^exponent after t rounds; Vowpal Wabbit has 10 t^0.5.

    The oracle is linear, x'theta. "forecast" is that of Vovk, Azoury and Warmuth, x'(V + x x')^-1 sum x r, with
    V = ridge I + sum x x'; the paper names it for linear models. "ridge" is plain ridge regression, x'V^-1 sum x r.
    """

    gamma: Positive | Literal["horizon"] = "horizon"  #: learning rate, in 1 / reward units: larger is greedier
    exponent: NonNegative = 0.0  #: of t, for gamma a number
    delta: Fraction = 0.05  #: in "horizon": the bound fails with this probability
    oracle: Literal["forecast", "ridge"] = "forecast"  #: online regression
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        inverse: Matrix  #: (d, d) V^-1
        theta: Vector  #: (d,)
        losses: Vector  #: (K,) predicted, but for a constant
        weights: Vector  #: (K,) probabilities of the round
        scratch: Vector  #: (d,)
        gamma: float
        exponent: float
        forecasts: bool

    def __post_init__(self):
        if self.gamma == "horizon" and self.exponent != 0.0:
            raise ValueError('exponent: only for gamma a number; "horizon" does not change from round to round')

    def start(self, problem, rng) -> State:
        arms, dim = problem.arms, problem.dim
        gamma = self.gamma
        if gamma == "horizon":
            horizon = problem.horizon
            gamma = math.sqrt(arms * horizon / (regression_regret(dim, horizon) + math.log(2.0 / self.delta)))
        return self.State(
            np.eye(dim) / self.ridge, np.zeros(dim), np.zeros(arms), np.zeros(arms), np.zeros(dim),
            gamma, self.exponent, self.oracle == "forecast",
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        for k in range(features.shape[0]):
            x = features[k]
            if state.forecasts:
                state.losses[k] = -forecast(state.inverse, state.theta, x)
            else:
                state.losses[k] = -dot(state.theta, x)
        inverse_gaps(state.losses, state.gamma * math.pow(t, state.exponent), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_linear(state.inverse, state.theta, state.scratch, features[arm], reward)
