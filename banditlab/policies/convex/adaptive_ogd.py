"""Online gradient descent whose steps adapt to the gradients seen.

M. Streeter, H. B. McMahan. Less regret via online conditioning. 2010, arXiv 1002.4862 (there for each coordinate), with
the constant sqrt(2) from memory: the regret is at most sqrt(2) D sqrt(sum ||g_t||^2), whatever the gradients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, diameter, step
from banditlab.numerics.linear import dot
from banditlab.policies.domain_facts import domain_of
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy(
    "adaptive-ogd",
    game="convex",
    told=("form", "radius"),
    growth={"static-regret": "sqrt T"},
    cite=("streeter2010less",),
)
@dataclass(frozen=True)
class AdaptiveOGD:
    """The step in round t is D / sqrt(2 sum_{s<=t} ||g_s||^2), for the diameter D, times `scale`.

    It needs no bound on the gradients; begins in the middle of the domain.
    """

    scale: Positive = 1.0  #: of all steps

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        squares: Vector  #: (1,) sum of ||g_s||^2
        step: float  #: scale D / sqrt 2

    def start(self, problem, rng) -> State:
        domain = domain_of(problem)
        return self.State(domain, centre(domain), np.zeros(1), self.scale * diameter(domain) / math.sqrt(2.0))

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        state.squares[0] += dot(gradient, gradient)
        size = state.step / math.sqrt(state.squares[0]) if state.squares[0] > 0.0 else 0.0
        step(state.domain, state.point, size, gradient)
