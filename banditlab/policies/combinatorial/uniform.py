"""Uniform play: a reference player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from banditlab.games.combinatorial import draw_set
from banditlab.registry import policy


@policy("uniform", game="combinatorial", told=("family",))
@dataclass(frozen=True)
class Uniform:
    """A set at random in every round, as the family draws them: of sets of k items each with the same probability."""

    class State(NamedTuple):
        family: Any

    def start(self, problem, rng) -> State:
        return self.State(problem.family)

    @staticmethod
    def choose(state, t, items, rng):
        return draw_set(state.family, rng, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        pass
