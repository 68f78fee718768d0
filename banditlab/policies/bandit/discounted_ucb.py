"""Discounted UCB: upper confidence bounds that forget geometrically (Garivier and Moulines 2011, Algorithm 1).

A. Garivier, E. Moulines. On upper-confidence bound policies for switching bandit problems. ALT 2011 (arXiv 0805.3415).
L. Kocsis, C. Szepesvari. Discounted UCB. 2nd PASCAL Challenges Workshop, 2006.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Count, Fraction, Positive, Vector


@policy(
    "discounted-ucb",
    game="bandit",
    told=("horizon",),
    growth={"regret": "sqrt T"},
    cite=("kocsis2006discounted", "garivier2011upper"),
)
@dataclass(frozen=True)
class DiscountedUCB:
    """Each arm once, then the largest discounted mean + 2 B sqrt(xi ln n / N); a play weighs gamma less each round.

    N is the sum of the weights of the arm's plays, n that of all plays; the last play has weight 1. An arm whose N is
    zero has an infinite bound. For rewards in [0, B]. The lowest index among equals.

    "horizon" stands for the paper's gamma = 1 - sqrt(changes / T) / (4 B), where `changes` is how often the means
    change in T rounds; then the regret is of order sqrt(changes T) ln T. With a fixed gamma it is linear. The bound is
    for xi > 1/2. The paper's sums run to round t, in which the arm is yet to be chosen: here to the round before.

    Not checked in the paper: that its experiments have xi = 0.6, the default here.
    """

    gamma: Fraction | Literal["horizon"] = "horizon"  #: discount factor
    changes: Count | None = None  #: how often the means change in T rounds, for "horizon"; 1 where it is left out
    xi: Positive = 0.6  #: factor of the logarithm
    b: Positive = 1.0  #: B, the range of the rewards

    class State(NamedTuple):
        weights: Vector  #: (K,) N
        sums: Vector  #: (K,) of discounted rewards
        means: Vector  #: (K,)
        total: Vector  #: (1,) n
        gamma: float
        scale: float  #: 4 B^2 xi

    def __post_init__(self):
        if self.changes is not None and self.gamma != "horizon":
            raise ValueError('changes belongs to gamma = "horizon"')

    def start(self, problem, rng) -> State:
        arms, gamma = problem.arms, self.gamma
        if gamma == "horizon":
            gamma = 1.0 - math.sqrt((self.changes or 1) / problem.horizon) / (4.0 * self.b)
            if gamma <= 0.0:
                raise ValueError(f"gamma: {gamma:g} for b = {self.b:g}, not above 0; write a number in (0, 1)")
        scale = 4.0 * self.b * self.b * self.xi
        return self.State(np.zeros(arms), np.zeros(arms), np.zeros(arms), np.zeros(1), gamma, scale)

    def sketch(self, state, t) -> Intervals:
        level = state.scale * math.log(max(state.total[0], 1.0))
        heard = state.weights > 0.0
        widths = np.sqrt(level / np.where(heard, state.weights, 1.0))
        return around(state.means, np.where(heard, widths, math.inf), "mean +- width, discounted", state.weights)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        level = state.scale * math.log(max(state.total[0], 1.0))
        best, arm = -math.inf, 0
        for k in range(arms):
            if state.weights[k] <= 0.0:
                return k
            bound = state.means[k] + math.sqrt(level / state.weights[k])
            if bound > best:
                best, arm = bound, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        for k in range(state.weights.shape[0]):
            state.weights[k] *= state.gamma
            state.sums[k] *= state.gamma
        state.total[0] = state.gamma * state.total[0] + 1.0
        state.weights[arm] += 1.0
        state.sums[arm] += reward
        state.means[arm] = state.sums[arm] / state.weights[arm]
