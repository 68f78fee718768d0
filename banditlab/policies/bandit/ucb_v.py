"""UCB-V: upper confidence bounds from empirical variances (Audibert, Munos, Szepesvari 2009).

J.-Y. Audibert, R. Munos, C. Szepesvari. Exploration-exploitation tradeoff using variance estimates in multi-armed
bandits. Theoretical Computer Science 410, 2009.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward
from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Counts, Positive, Vector


@policy("ucb-v", game="bandit", growth={"regret": "log T"}, cite=("audibert2009exploration",))
@dataclass(frozen=True)
class UCBV:
    """The largest mean + sqrt(2 V E / s) + 3 c b E / s, with E = zeta ln t, in the rounds t = 1, 2, ...

    s are the plays of the arm so far and V its empirical variance with the divisor s. An arm without plays has an
    infinite bound, so that each is played once first. The lowest index among equals.

    For rewards in [0, b]. The paper's logarithmic bound is for c = 1 and zeta > 1 (it states the constant for
    zeta = 1.2, which is the default here); with zeta < 1, or c zeta too small, regret can be polynomial.
    """

    zeta: Positive = 1.2  #: factor of the exploration function E = zeta ln t
    c: Positive = 1.0  #: factor of the bound's last term
    b: Positive = 1.0  #: range of the rewards

    class State(NamedTuple):
        plays: Counts  #: (K,) s
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,)
        squares: Vector  #: (K,) sums of squared rewards
        spreads: Vector  #: (K,) sqrt(2 V / s)
        shares: Vector  #: (K,) 3 c b / s
        zeta: float
        range: float  #: 3 c b

    def start(self, problem, rng) -> State:
        arms = problem.arms
        unheard = np.full(arms, math.inf)  # where its first outcome is late, an arm is played again
        return self.State(
            np.zeros(arms, int), *(np.zeros(arms) for _ in range(3)), unheard, unheard.copy(), self.zeta,
            3.0 * self.c * self.b,
        )  # fmt: skip

    def sketch(self, state, t) -> Intervals:
        level = state.zeta * math.log(max(t, 1) + 1)
        widths = math.sqrt(level) * state.spreads + level * state.shares
        return around(state.means, widths, "mean +- Bernstein's width", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        level = state.zeta * math.log(t + 1)
        root = math.sqrt(level)
        best, arm = -math.inf, 0
        for k in range(arms):
            bound = state.means[k] + root * state.spreads[k] + level * state.shares[k]
            if bound > best:
                best, arm = bound, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        count = add_reward(state.plays, state.sums, state.means, arm, reward)
        state.squares[arm] += reward * reward
        variance = max(state.squares[arm] / count - state.means[arm] * state.means[arm], 0.0)
        state.spreads[arm] = math.sqrt(2.0 * variance / count)
        state.shares[arm] = state.range / count
