"""Hedge: weights that fall exponentially with the cumulated losses of the corners of a simplex.

Y. Freund, R. E. Schapire. A decision-theoretic generalization of on-line learning and an application to boosting.
JCSS 55, 1997. Rates as in N. Cesa-Bianchi, G. Lugosi. Prediction, learning, and games. 2006, Theorems 2.2 and 2.3, from
memory: for losses in [0, 1], the rate sqrt(8 ln d / T) has a regret of at most sqrt(T ln d / 2), and the rate sqrt(8 ln
d / t) in round t one of at most sqrt(2 T ln d) + sqrt(ln d / 8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.exponential import exponential_shares
from banditlab.policies.domain_facts import positive, simplex_of
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy(
    "hedge",
    game="convex",
    needs=("simplex",),
    told=("form", "radius", "gradient_bound", "horizon"),
    growth={"static-regret": "sqrt T"},
    cite=("freund1997decision", "cesabianchi2006prediction"),
)
@dataclass(frozen=True)
class Hedge:
    """Plays weights in proportion to exp(-eta_t L), for the sum L of all gradients so far.

    The rate of round t = 1, 2, ... is sqrt(8 ln d / t) / B with "anytime", sqrt(8 ln d / T) / B with "horizon", or as
    given. B = sqrt(2) G bounds the difference of two coordinates of a gradient. On a simplex of another sum the
    gradients count as many times.
    """

    rate: Literal["anytime", "horizon"] | Positive = "anytime"  #: eta

    class State(NamedTuple):
        point: Vector  #: (d,)
        losses: Vector  #: (d,) L
        radius: float
        rate: float  #: of the first round
        power: float  #: of 1 / t

    def start(self, problem, rng) -> State:
        rate, power = self.rate, 0.0
        if isinstance(rate, str):
            rate, power = math.sqrt(8.0 * math.log(problem.dim)) / spread(problem), 0.5
            if self.rate == "horizon":
                rate, power = rate / math.sqrt(problem.horizon), 0.0
        return self.State(np.zeros(problem.dim), np.zeros(problem.dim), simplex_of(problem), rate, power)

    @staticmethod
    def choose(state, t, rng):
        exponential_shares(state.losses, state.rate * (t + 1.0) ** -state.power, state.radius, state.point)
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        for i in range(gradient.shape[0]):
            state.losses[i] += state.radius * gradient[i]


def spread(problem) -> float:
    """Return a bound on the difference of the losses of two corners."""
    return simplex_of(problem) * math.sqrt(2.0) * positive(problem, "gradient_bound")
