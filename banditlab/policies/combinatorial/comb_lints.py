"""CombLinTS: the best set for one draw of the parameter of values that are linear in features of the items.

Z. Wen, B. Kveton, A. Ashkan. Efficient learning in large-scale combinatorial semi-bandits. ICML 2015, arXiv 1406.7443,
Algorithms 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.games.combinatorial import maximise
from banditlab.numerics.linear import multiply
from banditlab.numerics.roots import absorb, back_substitute
from banditlab.registry import policy
from banditlab.types import Matrix, Positive, Vector


@policy(
    "comb-lints",
    game="combinatorial",
    needs=("part-values", "oracle", "sums", "features"),
    told=("family", "domain"),
    cite=("wen2015efficient",),
)
@dataclass(frozen=True)
class CombLinTS:
    """The best set for the weights x'theta, x the features of an item, for one theta drawn from N(mean, Sigma).

    mean and Sigma are those of the values' parameter, given all that was seen: a priori it is N(0, lambda^2 I), and a
    value is x'theta plus noise of standard deviation sigma. The paper bounds the regret where this prior is true, by
    O(sqrt T) up to logarithms, on average over it; not that on one instance.

    In place of the paper's Kalman filter, the upper triangular R with R'R = Sigma^-1 is rotated to take in a value,
    which takes O(d^2) as well. theta is R^-1 (R mean + z) with z standard normal, drawn from the first coordinate to
    the last.
    """

    scale: Positive = 1.0  #: lambda
    sigma: Positive = 0.5  #: at least the standard deviation of any value in [0, 1]

    class State(NamedTuple):
        family: Any
        features: Matrix  #: (n, d)
        root: Matrix  #: (d, d) R
        image: Vector  #: (d,) R mean
        theta: Vector  #: (d,) the draw
        row: Vector  #: (d,) scratch
        weights: Vector  #: (n,)
        sigma: float

    def start(self, problem, rng) -> State:
        dim, features = problem.dim, problem.domain
        return self.State(
            problem.family, features, np.eye(dim) / self.scale, np.zeros(dim), np.zeros(dim), np.zeros(dim),
            np.zeros(len(features)), self.sigma,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, items, rng):
        for i in range(state.theta.shape[0]):
            state.theta[i] = state.image[i] + rng.standard_normal()
        back_substitute(state.root, state.theta)
        multiply(state.features, state.theta, state.weights)
        return maximise(state.family, state.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        for place in range(parts.shape[0]):
            for i in range(state.row.shape[0]):
                state.row[i] = state.features[parts[place], i] / state.sigma
            absorb(state.root, state.image, state.row, values[place] / state.sigma)
