"""The best arm of each round against itself: a reference player whose regret is exactly 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Counts


@policy("oracle", game="dueling", told=("best",))
@dataclass(frozen=True)
class Oracle:
    """Plays the best arm of each round, which it is told, against itself."""

    class State(NamedTuple):
        best: Counts  #: (1,) the environment's own array

    def start(self, problem, rng) -> State:
        return self.State(problem.best)

    @staticmethod
    def choose(state, t, features, rng):
        return state.best[0], state.best[0]

    @staticmethod
    def learn(state, t, features, first, second, won):
        pass
