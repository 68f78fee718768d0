"""The best set: a reference player whose regret is exactly 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Counts


@policy("oracle", game="combinatorial", needs=("best-set",), told=("best_set",))
@dataclass(frozen=True)
class Oracle:
    """Plays the best set in every round; it is told which."""

    class State(NamedTuple):
        best_set: Counts  #: (k,)

    def start(self, problem, rng) -> State:
        return self.State(problem.best_set)

    @staticmethod
    def choose(state, t, items, rng):
        items[: state.best_set.shape[0]] = state.best_set
        return state.best_set.shape[0]

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        pass
