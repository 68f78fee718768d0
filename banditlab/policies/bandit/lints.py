"""LinTS: Thompson sampling for linear bandits with one shared parameter (Agrawal and Goyal 2013, Algorithm 1).

S. Agrawal, N. Goyal. Thompson sampling for contextual bandits with linear payoffs. ICML 2013 (arXiv 1209.3352).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.linear import dot
from banditlab.numerics.roots import absorb, back_substitute
from banditlab.registry import policy
from banditlab.types import Fraction, Matrix, Positive, Vector


@policy("lints", game="bandit", needs=("arm-features",), told=("noise",), growth={"regret": "sqrt T"})
@dataclass(frozen=True)
class LinTS:
    """The largest x'theta for one theta drawn from N(V^-1 sum x r, v^2 V^-1), with V = ridge I + sum x x'.

    v "theory" is the paper's R sqrt(9 d ln(t / delta)) in round t = 1, 2, ..., with R the standard deviation of the
    noise, for features of norm at most 1. The paper has ridge 1. The lowest index among equals.

    A round takes O(d^2): the transposed Cholesky factor R of V is rotated to take in an observation, and theta is
    R^-1 (R V^-1 sum x r + v z) with z standard normal, drawn from the first coordinate to the last.
    """

    v: Positive | Literal["theory"] = "theory"  #: factor of the posterior's standard deviation, in reward units
    delta: Fraction = 0.05  #: in "theory": the bound fails with this probability
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        root: Matrix  #: (d, d) upper triangular R, R'R = V
        image: Vector  #: (d,) R V^-1 sum x r
        theta: Vector  #: (d,) the draw
        row: Vector  #: (d,) scratch
        v: float  #: v, or v_t / sqrt(ln(t / delta))
        delta: float
        decided: bool  #: whether v stays as it is

    def start(self, problem, rng) -> State:
        dim, decided = problem.dim, self.v != "theory"
        v = self.v if decided else problem.noise * math.sqrt(9.0 * dim)
        root = math.sqrt(self.ridge) * np.eye(dim)
        return self.State(root, np.zeros(dim), np.zeros(dim), np.zeros(dim), v, self.delta, decided)

    @staticmethod
    def choose(state, t, features, rng):
        v = state.v
        if not state.decided:
            v *= math.sqrt(math.log((t + 1) / state.delta))
        theta = state.theta
        for i in range(theta.shape[0]):
            theta[i] = state.image[i] + v * rng.standard_normal()
        back_substitute(state.root, theta)
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            value = dot(theta, features[k])
            if value > best:
                best, arm = value, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        for i in range(state.row.shape[0]):
            state.row[i] = features[arm, i]
        absorb(state.root, state.image, state.row, reward)
