"""LinUCB: optimism for linear bandits with one shared parameter (Li et al. 2010; Abbasi-Yadkori et al. 2011).

L. Li, W. Chu, J. Langford, R. Schapire. A contextual-bandit approach to personalized news article recommendation. WWW
2010 (Algorithm 1, with one model for all arms, as in the next one).
W. Chu, L. Li, L. Reyzin, R. Schapire. Contextual bandits with linear payoff functions. AISTATS 2011 (Algorithm 1).
Y. Abbasi-Yadkori, D. Pal, C. Szepesvari. Improved algorithms for linear stochastic bandits. NeurIPS 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.linear import dot, norm
from banditlab.numerics.regression import learn_linear
from banditlab.registry import policy
from banditlab.sketches import Ellipsoids, ellipsoids
from banditlab.types import Matrix, Positive, Vector


@policy(
    "linucb",
    game="bandit",
    needs=("arm-features",),
    cite=("li2010contextual", "chu2011contextual", "abbasiyadkori2011improved"),
)
@dataclass(frozen=True)
class LinUCB:
    """The largest x'theta + width * sqrt(x' V^-1 x), with V = ridge I + sum x x' and theta = V^-1 sum x r.

    The lowest index among equals. The papers' bounds are for a width that grows like sqrt(d ln t), or for a variant in
    stages; none is proved for a width that stays. Li et al. have width 1 + sqrt(ln(2 / delta) / 2).
    """

    width: Positive = 1.0  #: alpha, in reward units
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        inverse: Matrix  #: (d, d) V^-1
        theta: Vector  #: (d,)
        scratch: Vector  #: (d,)
        width: float

    def start(self, problem, rng) -> State:
        dim = problem.dim
        return self.State(np.eye(dim) / self.ridge, np.zeros(dim), np.zeros(dim), self.width)

    def sketch(self, state, t) -> Ellipsoids:
        return ellipsoids(state.theta, state.inverse, self.width, "confidence ellipsoid")

    @staticmethod
    def choose(state, t, features, rng):
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            index = dot(state.theta, features[k]) + state.width * norm(state.inverse, features[k])
            if index > best:
                best, arm = index, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_linear(state.inverse, state.theta, state.scratch, features[arm], reward)
