"""Uniform play: a reference player that learns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy


@policy("uniform", game="bandit")
@dataclass(frozen=True)
class Uniform:
    """Each arm with the same probability, in every round."""

    class State(NamedTuple):
        arms: int  #: K

    def start(self, problem, rng) -> State:
        return self.State(problem.arms)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_index(rng, state.arms)

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
