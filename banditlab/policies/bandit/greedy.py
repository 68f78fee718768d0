"""Follow the leader: the largest mean so far, each arm once first. A reference player with linear regret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.types import Counts, Vector


@policy("greedy", game="bandit")
@dataclass(frozen=True)
class Greedy:
    """Each arm once, then the arm with the largest mean reward; the lowest index among equals."""

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,)

    def start(self, problem, rng) -> State:
        return self.State(np.zeros(problem.arms, int), np.zeros(problem.arms), np.zeros(problem.arms))

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        leader = 0
        for k in range(1, arms):
            if state.means[k] > state.means[leader]:
                leader = k
        return leader

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.plays[arm] += 1
        state.sums[arm] += reward
        state.means[arm] = state.sums[arm] / state.plays[arm]
