"""LinTS: Thompson sampling for linear bandits (Agrawal and Goyal 2013, Algorithm 1).

S. Agrawal, N. Goyal. Thompson sampling for contextual bandits with linear payoffs. ICML 2013 (arXiv 1209.3352).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.linear import dot
from banditlab.numerics.roots import absorb, back_substitute
from banditlab.policies.encoding import Encoded
from banditlab.registry import policy
from banditlab.sketches import Ellipsoids, ellipsoids
from banditlab.types import Fraction, Matrix, Positive, Vector


@policy(
    "lints",
    game="bandit",
    needs=("features",),
    told=("noise", "arm_features"),
    growth={"regret": "sqrt T"},
    cite=("agrawal2013thompson",),
)
@dataclass(frozen=True)
class LinTS(Encoded):
    """The largest x'theta for one theta drawn from N(V^-1 sum x r, v^2 V^-1), with V = ridge I + sum x x'.

    v "theory" is the paper's R sqrt(9 d ln(t / delta)) in round t = 1, 2, ..., with R the standard deviation of the
    noise, for features of norm at most 1. The paper has ridge 1. The lowest index among equals.

    A round takes O(d^2): the transposed Cholesky factor R of V is rotated to take in an observation, and theta is
    R^-1 (R V^-1 sum x r + v z) with z standard normal, drawn from the first coordinate to the last.

    With disjoint encoding x stands for x (x) e_a, and d for K d: V falls into a block for each arm, so that the draw of
    theta is one of each arm's parameter, O(K d^2).
    """

    v: Positive | Literal["theory"] = "theory"  #: factor of the posterior's standard deviation, in reward units
    delta: Fraction = 0.05  #: in "theory": the bound fails with this probability
    ridge: Positive = 1.0  #: lambda

    class State(NamedTuple):
        root: Matrix  #: (B, d, d) upper triangular R, R'R = V; K blocks where arms have weights of their own, else 1
        image: Matrix  #: (B, d) R V^-1 sum x r
        theta: Matrix  #: (B, d) the draw
        row: Vector  #: (d,) scratch
        v: float  #: v, or v_t / sqrt(ln(t / delta))
        delta: float
        decided: bool  #: whether v stays as it is
        disjoint: bool

    def start(self, problem, rng) -> State:
        dim, blocks, decided = problem.dim, self.blocks(problem), self.v != "theory"
        v = self.v if decided else problem.noise * math.sqrt(9.0 * (blocks * dim))
        root = np.tile(math.sqrt(self.ridge) * np.eye(dim), (blocks, 1, 1))
        return self.State(
            root, np.zeros((blocks, dim)), np.zeros((blocks, dim)), np.zeros(dim), v, self.delta, decided,
            self.disjoint(problem),
        )  # fmt: skip

    def sketch(self, state, t) -> Ellipsoids:
        if not state.decided and t is None:
            raise ValueError('v = "theory" depends on the rounds: plot(state, t)')
        v = state.v if state.decided else state.v * math.sqrt(math.log((t + 1) / state.delta))
        inverses = np.linalg.inv(np.swapaxes(state.root, 1, 2) @ state.root)
        centres = np.linalg.solve(state.root, state.image[:, :, None])[:, :, 0]
        return ellipsoids(centres, inverses, 2.0 * v, "two deviations of the draws")

    @staticmethod
    def choose(state, t, features, rng):
        v = state.v
        if not state.decided:
            v *= math.sqrt(math.log((t + 1) / state.delta))
        for block in range(state.theta.shape[0]):
            theta, image = state.theta[block], state.image[block]
            for i in range(theta.shape[0]):
                theta[i] = image[i] + v * rng.standard_normal()
            back_substitute(state.root[block], theta)
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            value = dot(state.theta[k if state.disjoint else 0], features[k])
            if value > best:
                best, arm = value, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        block = arm if state.disjoint else 0
        for i in range(state.row.shape[0]):
            state.row[i] = features[arm, i]
        absorb(state.root[block], state.image[block], state.row, reward)
