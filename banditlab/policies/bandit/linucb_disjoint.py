"""Disjoint LinUCB: one linear model an arm (Li, Chu, Langford, Schapire 2010, Algorithm 1).

L. Li, W. Chu, J. Langford, R. Schapire. A contextual-bandit approach to personalized news article recommendation. WWW
2010.
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


@policy("linucb-disjoint", game="bandit", needs=("features",), cite=("li2010contextual",))
@dataclass(frozen=True)
class LinUCBDisjoint:
    """The largest x_k'theta_k + width * sqrt(x_k' A_k^-1 x_k), with A_k = ridge I + sum x x' over the plays of arm k.

    The paper has ridge 1. The lowest index among equals. No bound is proved for a width that stays; the paper's is
    1 + sqrt(ln(2 / delta) / 2).
    """

    width: Positive = 1.0  #: alpha, in reward units
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        inverses: Matrix  #: (K, d, d) A_k^-1
        thetas: Matrix  #: (K, d)
        scratch: Vector  #: (d,)
        width: float

    def start(self, problem, rng) -> State:
        arms, dim = problem.arms, problem.dim
        inverses = np.tile(np.eye(dim) / self.ridge, (arms, 1, 1))
        return self.State(inverses, np.zeros((arms, dim)), np.zeros(dim), self.width)

    def sketch(self, state, t) -> Ellipsoids:
        return ellipsoids(state.thetas, state.inverses, self.width, "confidence ellipsoid")

    @staticmethod
    def choose(state, t, features, rng):
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            index = dot(state.thetas[k], features[k]) + state.width * norm(state.inverses[k], features[k])
            if index > best:
                best, arm = index, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_linear(state.inverses[arm], state.thetas[arm], state.scratch, features[arm], reward)
