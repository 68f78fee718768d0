"""Uniform play: a reference player that learns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.sampling import draw_pair
from banditlab.registry import policy


@policy("uniform", game="dueling")
@dataclass(frozen=True)
class Uniform:
    """Each pair of two different arms with the same probability, in every round."""

    class State(NamedTuple):
        arms: int  #: K

    def start(self, problem, rng) -> State:
        return self.State(problem.arms)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_pair(rng, state.arms)

    @staticmethod
    def learn(state, t, features, first, second, won):
        pass
