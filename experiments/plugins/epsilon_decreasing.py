"""Epsilon-greedy with a decreasing epsilon (Auer, Cesa-Bianchi, Fischer 2002, Figure 3: epsilon_n-GREEDY).

P. Auer, N. Cesa-Bianchi, P. Fischer. Finite-time analysis of the multiarmed bandit problem. Machine Learning 47, 2002.

Deviation: the paper does not say what the mean of an arm without plays is. Here it is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import banditlab
from banditlab.numerics.sampling import draw_index
from banditlab.types import Counts, Fraction, Positive, Vector


@banditlab.policy("epsilon-decreasing", game="bandit", needs=("bounded-rewards",), cite="auer2002finite")
@dataclass(frozen=True)
class EpsilonDecreasing:
    """With probability min(1, c K / (d^2 n)) any arm, else the largest mean; n = 1, 2, ... is the round.

    For rewards in [0, 1]. The lowest index among equals.
    """

    c: Positive = 5.0  #: amount of exploration; the paper's bound is logarithmic for c > 5
    d: Fraction = 0.1  #: lower bound on the gap between the best mean and the second best

    class State(NamedTuple):
        plays: Counts  #: (K,)
        means: Vector  #: (K,)
        scale: float  #: c K / d^2

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(np.zeros(arms, int), np.zeros(arms), self.c * arms / self.d**2)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if rng.random() < state.scale / (t + 1):
            return draw_index(rng, arms)
        leader = 0
        for k in range(1, arms):
            if state.means[k] > state.means[leader]:
                leader = k
        return leader

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.plays[arm] += 1
        state.means[arm] += (reward - state.means[arm]) / state.plays[arm]
