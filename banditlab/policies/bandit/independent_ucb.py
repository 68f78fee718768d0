"""Independent UCB: a bound for each arm alone, whatever its features (a baseline of Pasztor et al. 2024).

B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective. NeurIPS 2024
(arXiv 2406.16745).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.kernel_duels import TIE
from banditlab.numerics.ties import draw_best
from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Counts, Fraction, Vector


@policy("independent-ucb", game="bandit", cite=("pasztor2024bandits",))
@dataclass(frozen=True)
class IndependentUCB:
    """Each arm once in a random order, then the largest mean + sqrt(2 ln(1/delta) / n), n being the plays of the arm.

    For rewards in [0, 1]. Indices within 1e-4 of the largest tie, and one is drawn, as for duels; the published code
    takes the lowest index of the largest. It gives an arm without plays the mean 1/2 and n = 1e-4: there too each arm
    comes once at first, in their order.

    Unlike that of `ucb1` the width has no ln t: an arm that was unlucky may never be tried again. The regret is
    linear with positive probability, and no order is stated. This is from the paper's published code; its text could
    not be read.
    """

    delta: Fraction = 0.1  #: error probability of a bound

    class State(NamedTuple):
        plays: Counts  #: (K,) n
        sums: Vector  #: (K,) of rewards
        indices: Vector  #: (K,), infinite without plays
        scale: float  #: 2 ln(1/delta)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        scale = -2.0 * math.log(self.delta)
        return self.State(np.zeros(arms, int), np.zeros(arms), np.full(arms, np.inf), scale)

    def sketch(self, state, t) -> Intervals:
        means = state.sums / np.maximum(state.plays, 1)
        return around(means, state.indices - means, "mean +- sqrt(2 ln(1/delta) / n)", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_best(state.indices, TIE, rng)

    @staticmethod
    def learn(state, t, features, arm, reward):
        count = state.plays[arm] + 1
        state.plays[arm] = count
        state.sums[arm] += reward
        state.indices[arm] = state.sums[arm] / count + math.sqrt(state.scale / count)
