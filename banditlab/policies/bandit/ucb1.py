"""UCB1: the arm with the largest upper confidence bound (Auer, Cesa-Bianchi, Fischer 2002, Figure 1).

P. Auer, N. Cesa-Bianchi, P. Fischer. Finite-time analysis of the multiarmed bandit problem. Machine Learning 47, 2002.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Counts, Vector


@policy("ucb1", game="bandit", growth={"regret": "log T"}, cite=("auer2002finite",))
@dataclass(frozen=True)
class UCB1:
    """Each arm once, then the largest mean + sqrt(2 ln t / n), t being the plays so far and n those of the arm.

    The paper's bound is for rewards in [0, 1]; the width does not adapt to any other scale. The lowest index among
    equals.
    """

    class State(NamedTuple):
        plays: Counts  #: (K,) n
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,)
        widths: Vector  #: (K,) sqrt(1 / n), so that a round takes one square root and not K

    def start(self, problem, rng) -> State:
        arms = problem.arms
        unheard = np.full(arms, math.inf)  # where its first outcome is late, an arm is played again
        return self.State(np.zeros(arms, int), np.zeros(arms), np.zeros(arms), unheard)

    def sketch(self, state, t) -> Intervals:
        widths = math.sqrt(2.0 * math.log(max(t, 2))) * state.widths
        return around(state.means, widths, "mean +- sqrt(2 ln t / n)", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        scale = math.sqrt(2.0 * math.log(t))
        best, arm = -math.inf, 0
        for k in range(arms):
            index = state.means[k] + scale * state.widths[k]
            if index > best:
                best, arm = index, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        count = state.plays[arm] + 1
        state.plays[arm] = count
        state.sums[arm] += reward
        state.means[arm] = state.sums[arm] / count
        state.widths[arm] = math.sqrt(1.0 / count)
