"""Thompson sampling with Gaussian posteriors (Agrawal and Goyal 2013, Algorithm 2).

S. Agrawal, N. Goyal. Further optimal regret bounds for Thompson sampling. AISTATS 2013.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Counts, Positive, Vector


@policy("thompson-gaussian", game="bandit", told=("noise",), growth={"regret": "sqrt T"}, cite=("agrawal2013further",))
@dataclass(frozen=True)
class ThompsonGaussian:
    """The arm with the largest draw from N(sum / (k + 1), std^2 / (k + 1)): k plays so far, with this sum of rewards.

    This is the posterior of the mean where the reward is N(mean, std^2), and the mean N(0, std^2) a priori; the prior
    counts as one play with reward 0. The paper's algorithm has std = 1, and its bound is for rewards in [0, 1], of any
    law: std is then wider than their noise. With another std the decisions are those of the paper's algorithm on
    reward / std. "told" stands for the standard deviation of the environment's rewards, or its bound on it.

    One normal an arm in each round, in the order of the arms.
    """

    std: Positive | Literal["told"] = 1.0  #: of the rewards and the prior, in reward units

    class State(NamedTuple):
        plays: Counts  #: (K,) k
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,) of the posteriors
        widths: Vector  #: (K,) standard deviations of the posteriors
        std: float

    def start(self, problem, rng) -> State:
        arms = problem.arms
        std = problem.noise if self.std == "told" else self.std
        return self.State(np.zeros(arms, int), np.zeros(arms), np.zeros(arms), np.full(arms, std), std)

    def sketch(self, state, t) -> Intervals:
        return around(state.means, 1.96 * state.widths, "95 % of the posterior", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        best, arm = -math.inf, 0
        for k in range(state.means.shape[0]):
            draw = state.means[k] + state.widths[k] * rng.standard_normal()
            if draw > best:
                best, arm = draw, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        count = state.plays[arm] + 1
        state.plays[arm] = count
        state.sums[arm] += reward
        state.means[arm] = state.sums[arm] / (count + 1)
        state.widths[arm] = state.std * math.sqrt(1.0 / (count + 1))
