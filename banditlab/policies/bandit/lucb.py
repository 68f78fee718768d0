"""LUCB1: play the best arm and its strongest rival until their bounds part (Kalyanakrishnan et al. 2012, for m = 1).

S. Kalyanakrishnan, A. Tewari, P. Auer, P. Stone. PAC subset selection in stochastic multi-armed bandits. ICML 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward, first_largest
from banditlab.registry import policy
from banditlab.types import Counts, Fraction, NonNegative, Positive, Vector


@policy("lucb", game="bandit", needs=("prompt-feedback",), told=("noise",), cite=("kalyanakrishnan2012pac",))
@dataclass(frozen=True)
class LUCB:
    """Each arm once, then the arm h of the largest mean and its rival l, in turns t = 1, 2, ... of two plays.

        l = argmax_{a != h} mean_a + beta(N_a, t),    beta(u, t) = sqrt(ln(k1 K t^4 / delta) / (2 u)),

    for rewards in [0, 1]; beta is scaled by noise / 0.5, which is 1 there. It stops before a turn in which the upper
    bound of l exceeds the lower bound of h by less than epsilon; h is then within epsilon of the best arm with
    probability 1 - delta at least. It recommends h of the turn. The lowest index among equals.

    A turn is a round of the paper; h is played first. Turns are counted from 1 after the first K plays, so that no arm
    has more than t plays in turn t, as the paper's union bound supposes (it needs k1 > zeta(3) = 1.202).
    """

    delta: Fraction = 0.1  #: allowed probability of error
    epsilon: NonNegative = 0.0  #: how far below the best mean an arm may be, in reward units
    k1: Positive = 1.25  #: constant in the exploration rate

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,) -inf without plays
        pair: Counts  #: (2,) h, l
        stopped: Counts  #: (1,) 1 once it has stopped
        scale: float  #: noise / 0.5
        level: float  #: ln(k1 K / delta)
        epsilon: float

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(
            np.zeros(arms, int), np.zeros(arms), np.full(arms, -math.inf), np.zeros(2, int), np.array([int(arms == 1)]),
            2.0 * problem.noise, math.log(self.k1 * arms / self.delta), self.epsilon,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        return t if t < arms else state.pair[(t - arms) % 2]

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_reward(state.plays, state.sums, state.means, arm, reward)
        played = t + 1 - state.means.shape[0]
        if played < 0:
            state.pair[0] = first_largest(state.means)
        elif played % 2 == 0:
            _pair(state, played // 2 + 1)

    @staticmethod
    def recommend(state, t):
        return state.pair[0]

    @staticmethod
    def stop(state, t):
        return state.stopped[0] == 1


def _pair(state, turn):
    """Find the arms of a turn, and whether their bounds have parted."""
    level = max(state.level + 4.0 * math.log(turn), 0.0)
    first, second, most = first_largest(state.means), 0, -math.inf
    for k in range(state.means.shape[0]):
        if k == first:
            continue
        bound = state.means[k] + _width(state, k, level)
        if bound > most:
            second, most = k, bound
    state.pair[0] = first
    state.pair[1] = second
    if most - (state.means[first] - _width(state, first, level)) < state.epsilon:
        state.stopped[0] = 1


def _width(state, arm, level):
    return state.scale * math.sqrt(level / (2.0 * state.plays[arm]))
