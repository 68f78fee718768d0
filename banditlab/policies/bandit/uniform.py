"""Uniform play: a reference player, whose choices learn nothing; it recommends the arm of the largest mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward, first_largest
from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import Counts, Vector


@policy("uniform", game="bandit")
@dataclass(frozen=True)
class Uniform:
    """Each arm with the same probability, in every round.

    It recommends the arm of the largest mean so far, the lowest index among equals: the baseline of a fixed budget.
    """

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,) -inf without plays

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(np.zeros(arms, int), np.zeros(arms), np.full(arms, -math.inf))

    @staticmethod
    def choose(state, t, features, rng):
        return draw_index(rng, state.means.shape[0])

    @staticmethod
    def probability(state, t, features, arm):
        return 1.0 / state.means.shape[0]

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_reward(state.plays, state.sums, state.means, arm, reward)

    @staticmethod
    def recommend(state, t):
        return first_largest(state.means)
