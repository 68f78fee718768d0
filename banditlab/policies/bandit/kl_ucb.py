"""KL-UCB: upper confidence bounds from the Bernoulli divergence (Garivier and Cappe 2011, Algorithm 1).

A. Garivier, O. Cappe. The KL-UCB algorithm for bounded stochastic bandits and beyond. COLT 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.divergence import bernoulli_kl, bernoulli_upper
from banditlab.numerics.indices import add_reward
from banditlab.registry import policy
from banditlab.sketches import Intervals
from banditlab.types import Counts, NonNegative, Vector


@policy("kl-ucb", game="bandit", needs=("bounded-rewards",), growth={"regret": "log T"}, cite=("garivier2011klucb",))
@dataclass(frozen=True)
class KLUCB:
    """Each arm once, then the largest q in [0, 1] with N d(mean, q) <= ln t + c ln ln t, in the rounds t = 1, 2, ...

    N are the plays of the arm so far, and d is the Kullback-Leibler divergence of Bernoulli laws, which is valid for
    any rewards in [0, 1]. The lowest index among equals.

    The theorem is for c = 3; the paper recommends c = 0 in practice, which is the default here. For c > 0 and two arms
    or more ln ln t is positive in every round in which a bound is computed; where ln t + c ln ln t were negative, the
    bound would be the mean.

    A bound is computed only where it can be the largest: an arm's is at least q where N d(mean, q) <= ln t + c ln ln t.
    And this divergence is computed only where a tangent to it in q, which stays below it, does not tell already. The
    decisions are those of computing all bounds.
    """

    c: NonNegative = 0.0  #: factor of ln ln t; 3 in the paper's theorem, 0 in its experiments

    class State(NamedTuple):
        plays: Counts  #: (K,) N
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,)
        last: Counts  #: (1,) the arm of the last round: mostly its bound is the largest again
        places: Vector  #: (K,) the q of each arm's tangent
        heights: Vector  #: (K,) N d(mean, q) there, or 0 where the arm was played since
        slopes: Vector  #: (K,) its derivative there, or 0
        c: float

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(
            np.zeros(arms, int),
            np.zeros(arms),
            np.zeros(arms),
            np.zeros(1, int),
            *(np.zeros(arms) for _ in range(3)),
            self.c,
        )

    def sketch(self, state, t) -> Intervals:
        level = math.log(t + 1)
        if self.c > 0.0:
            level = max(level + self.c * math.log(max(level, 1e-300)), 0.0)
        heard = state.plays > 0
        highs, lows = np.ones(len(heard)), np.zeros(len(heard))
        for k in np.flatnonzero(heard):
            highs[k] = bernoulli_upper(state.means[k], level / state.plays[k])
            lows[k] = 1.0 - bernoulli_upper(1.0 - state.means[k], level / state.plays[k])
        return Intervals(
            np.where(heard, state.means, np.nan), lows, highs, "q with n kl(mean, q) <= level", plays=state.plays
        )

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        level = math.log(t + 1)
        if state.c > 0.0:
            level = max(level + state.c * math.log(level), 0.0)
        slack = level * (1.0 + 1e-9)  # bounds that are equal are left to their own comparison
        arm = state.last[0]
        best = bernoulli_upper(state.means[arm], level / state.plays[arm])
        for k in range(arms):
            if k == arm or state.heights[k] + state.slopes[k] * (best - state.places[k]) > slack:
                continue
            mean, plays = state.means[k], state.plays[k]
            if mean < best:
                height = plays * bernoulli_kl(mean, best)
                if best < 1.0:
                    state.places[k], state.heights[k] = best, height
                    state.slopes[k] = plays * (best - mean) / (best * (1.0 - best))
                if height > slack:
                    continue
            bound = bernoulli_upper(mean, level / plays)
            if bound > best or (bound == best and k < arm):
                best, arm = bound, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_reward(state.plays, state.sums, state.means, arm, reward)
        state.heights[arm], state.slopes[arm] = 0.0, 0.0
        state.last[0] = arm
