"""The best arm of each context: a reference player whose sub-optimality is exactly 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Counts


@policy("oracle", game="active-dueling", told=("best",))
@dataclass(frozen=True)
class Oracle:
    """Recommends the best arms, which it is told, and asks nothing: the first context's best arm against itself."""

    class State(NamedTuple):
        best: Counts  #: (C,) the environment's own array

    def start(self, problem, rng) -> State:
        return self.State(problem.best)

    @staticmethod
    def choose(state, t, features, rng):
        return 0, state.best[0], state.best[0]

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        pass

    @staticmethod
    def recommend(state, t):
        return state.best
