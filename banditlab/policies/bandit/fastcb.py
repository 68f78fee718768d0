"""FastCB: inverse gap weighting that is sensitive to small losses (Foster and Krishnamurthy 2021, Algorithm 1).

D. Foster, A. Krishnamurthy. Efficient first-order contextual bandits: prediction, allocation, and triangular
discrimination. NeurIPS 2021 (arXiv 2107.02237).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.inverse_gap import reweighted_inverse_gaps
from banditlab.numerics.linear import dot
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.regression import learn_logistic, regression_regret
from banditlab.numerics.sampling import draw_weighted
from banditlab.policies.encoding import Encoded
from banditlab.policies.inverse_gap import InverseGap, fast_rate
from banditlab.registry import policy
from banditlab.types import Matrix, Positive, Probability, Vector


@policy(
    "fastcb",
    game="bandit",
    needs=("features", "bounded-rewards"),
    told=("horizon", "arm_features"),
    cite=("foster2021efficient",),
)
@dataclass(frozen=True)
class FastCB(Encoded, InverseGap):
    """Draws arm a with probability y_b / (K y_b + gamma (y_a - y_b)), else the arm b of least predicted loss y.

    The loss is 1 - reward, for rewards in [0, 1]. b is the lowest index among equals.

    gamma "horizon" is the paper's max(sqrt(K L / (3 Reg)), 10 K), where L bounds the loss of the best policy over all
    rounds, here level T, and Reg the regret of the regression in logarithmic loss, here d ln(1 + T / d). A number is
    gamma_t = gamma t^exponent after t rounds.

    The paper takes any oracle for logarithmic loss. Here it is a logistic model of the reward,
    y = 1 - sigmoid(x'theta), with a step of online Newton for each reward on the curvature
    V = ridge I + sum p (1 - p) x x'. The paper's bound is in terms of an oracle's regret; none is proven for this one
    in the worst case, so that no growth is stated.

    With disjoint encoding x stands for x (x) e_a, and d for K d: V and theta then fall into a block for each arm.
    """

    level: Probability = 1.0  #: in "horizon": bound on the mean loss of the best policy, L / T
    ridge: Positive = 1.0  #: lambda of the logistic model

    class State(NamedTuple):
        inverse: Matrix  #: (B, d, d) V^-1, K blocks where arms have weights of their own, else 1
        theta: Matrix  #: (B, d)
        losses: Vector  #: (K,) predicted
        weights: Vector  #: (K,) probabilities of the round
        scratch: Vector  #: (d,)
        gamma: float
        exponent: float
        disjoint: bool

    def start(self, problem, rng) -> State:
        arms, dim, blocks = problem.arms, problem.dim, self.blocks(problem)
        gamma = self.gamma
        if gamma == "horizon":
            gamma = fast_rate(problem, regression_regret(blocks * dim, problem.horizon), self.level)
        return self.State(
            np.tile(np.eye(dim) / self.ridge, (blocks, 1, 1)), np.zeros((blocks, dim)), np.zeros(arms), np.zeros(arms),
            np.zeros(dim), gamma, self.exponent, self.disjoint(problem),
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        for k in range(features.shape[0]):
            theta = state.theta[k if state.disjoint else 0]
            state.losses[k] = probability(LOGISTIC, -dot(theta, features[k]))
        reweighted_inverse_gaps(state.losses, state.gamma * math.pow(t, state.exponent), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def probability(state, t, features, arm):
        return state.weights[arm]

    @staticmethod
    def learn(state, t, features, arm, reward):
        block = arm if state.disjoint else 0
        learn_logistic(state.inverse[block], state.theta[block], state.scratch, features[arm], reward)
