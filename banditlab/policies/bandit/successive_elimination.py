"""Successive elimination: play all arms in turn, drop those surely worse (Even-Dar et al. 2006, Algorithm 3).

E. Even-Dar, S. Mannor, Y. Mansour. Action elimination and stopping conditions for the multi-armed bandit and
reinforcement learning problems. JMLR 7, 2006.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward
from banditlab.registry import policy
from banditlab.types import Counts, Fraction, Positive, Vector


@policy(
    "successive-elimination", game="bandit", needs=("prompt-feedback",), told=("noise",), cite=("evendar2006action",)
)
@dataclass(frozen=True)
class SuccessiveElimination:
    """Each arm that is left once; then those are dropped whose mean is 2 alpha_t or more below the largest.

    alpha_t = sqrt(ln(c K t^2 / delta) / t) after the t-th turn, for rewards in [0, 1]; it is scaled by noise / 0.5,
    which is 1 there, so that it is as valid for other sub-Gaussian rewards. It stops when one arm is left, which is the
    best with probability 1 - delta at least. Before that it recommends the arm of the largest mean among those that are
    left, the lowest index among equals.

    The paper has a constant c without a value, to be above 4; the default is 4, since its union bound,
    2 delta / c times the sum of 1 / t^2, is below delta for all c > pi^2 / 3.
    """

    delta: Fraction = 0.1  #: allowed probability of error
    c: Positive = 4.0  #: constant in the width

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,) -inf without plays
        left: Counts  #: (K,) the arms that are left, first
        clock: Counts  #: (3,) number of arms left, place of the arm to play, finished turns t
        scale: float  #: noise / 0.5
        level: float  #: ln(c K / delta)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(
            np.zeros(arms, int), np.zeros(arms), np.full(arms, -math.inf), np.arange(arms), np.array([arms, 0, 0]),
            2.0 * problem.noise, math.log(self.c * arms / self.delta),
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        return state.left[state.clock[1]]

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_reward(state.plays, state.sums, state.means, arm, reward)
        state.clock[1] += 1
        if state.clock[1] == state.clock[0]:
            state.clock[1] = 0
            state.clock[2] += 1
            _eliminate(state, state.clock[2])

    @staticmethod
    def recommend(state, t):
        return _best(state)

    @staticmethod
    def stop(state, t):
        return state.clock[0] == 1


def _best(state):
    """Return the arm of the largest mean among those that are left."""
    best = state.left[0]
    for i in range(1, state.clock[0]):
        if state.means[state.left[i]] > state.means[best]:
            best = state.left[i]
    return best


def _eliminate(state, turns):
    """Keep the arms whose mean is less than 2 alpha_t below the largest, in their order."""
    alpha = state.scale * math.sqrt(max(state.level + 2.0 * math.log(turns), 0.0) / turns)
    top, kept = state.means[_best(state)], 0
    for i in range(state.clock[0]):
        arm = state.left[i]
        if top == state.means[arm] or top - state.means[arm] < 2.0 * alpha:
            state.left[kept] = arm
            kept += 1
    state.clock[0] = kept
