"""CombLinUCB: the best set for upper confidence bounds of values that are linear in features of the items.

Z. Wen, B. Kveton, A. Ashkan. Efficient learning in large-scale combinatorial semi-bandits. ICML 2015, arXiv 1406.7443,
Algorithms 1 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.games.combinatorial import maximise
from banditlab.numerics.linear import dot, norm, sherman_morrison
from banditlab.registry import policy
from banditlab.types import Matrix, Positive, Vector


@policy(
    "comb-linucb",
    game="combinatorial",
    needs=("part-values", "oracle", "sums", "features"),
    told=("family", "domain"),
    cite=("wen2015efficient",),
)
@dataclass(frozen=True)
class CombLinUCB:
    """The best set for the weights x'theta + c sqrt(x'Sigma x), x the features of an item.

    theta and Sigma are the mean and the covariance of what the values' parameter is, given all that was seen: a
    priori it is N(0, lambda^2 I), and a value is x'theta plus noise of standard deviation sigma. They are kept by one
    step of a Kalman filter for each value. The paper's bound, O(sqrt T) up to logarithms, is for a width c that grows
    with ln T; none is proved for one that stays.
    """

    width: Positive = 1.0  #: c
    scale: Positive = 1.0  #: lambda
    sigma: Positive = 0.5  #: at least the standard deviation of any value in [0, 1]

    class State(NamedTuple):
        family: Any
        features: Matrix  #: (n, d)
        theta: Vector  #: (d,)
        covariance: Matrix  #: (d, d) Sigma
        scratch: Vector  #: (d,)
        weights: Vector  #: (n,)
        width: float
        precision: float  #: 1 / sigma^2

    def start(self, problem, rng) -> State:
        dim, features = problem.dim, problem.domain
        return self.State(
            problem.family, features, np.zeros(dim), self.scale**2 * np.eye(dim), np.zeros(dim),
            np.zeros(len(features)), self.width, self.sigma**-2,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, items, rng):
        for item in range(state.weights.shape[0]):
            x = state.features[item]
            state.weights[item] = dot(x, state.theta) + state.width * norm(state.covariance, x)
        return maximise(state.family, state.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        theta, direction = state.theta, state.scratch
        for place in range(parts.shape[0]):
            x = state.features[parts[place]]
            off = values[place] - dot(x, theta)
            gain = sherman_morrison(state.covariance, x, direction, state.precision)
            step = off * state.precision / (1.0 + gain)
            for i in range(theta.shape[0]):
                theta[i] += step * direction[i]
