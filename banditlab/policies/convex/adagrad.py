"""AdaGrad with a diagonal matrix: a step size of its own for each coordinate.

J. Duchi, E. Hazan, Y. Singer. Adaptive subgradient methods for online learning and stochastic optimization. JMLR 12,
2011, Figure 1 in its form of mirror descent, with the step of Theorem 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, step_weighted, width
from banditlab.policies.domain_facts import domain_of
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy(
    "adagrad", game="convex", told=("form", "radius"), growth={"static-regret": "sqrt T"}, cite=("duchi2011adaptive",)
)
@dataclass(frozen=True)
class AdaGrad:
    """Coordinate i moves by rate g_i / s_i, with s_i the root of the sum of its squared gradients.

    The point goes back to the domain by the projection in the norm that is weighted by s. Begins in the middle.
    """

    rate: Positive | None = None  #: by default the largest width of the domain along a coordinate, over sqrt 2
    epsilon: Positive = 1e-10  #: that each s_i has beside

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        squares: Vector  #: (d,)
        roots: Vector  #: (d,) s
        rate: float
        epsilon: float

    def start(self, problem, rng) -> State:
        domain, dim = domain_of(problem), problem.dim
        rate = self.rate or width(domain) / math.sqrt(2.0)
        return self.State(domain, centre(domain), np.zeros(dim), np.zeros(dim), rate, self.epsilon)

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        for i in range(gradient.shape[0]):
            state.squares[i] += gradient[i] * gradient[i]
            state.roots[i] = math.sqrt(state.squares[i]) + state.epsilon
        step_weighted(state.domain, state.point, state.rate, gradient, state.roots)
