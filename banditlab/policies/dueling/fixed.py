"""One pair for ever: a reference player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Index


@policy("fixed", game="dueling")
@dataclass(frozen=True)
class Fixed:
    """The same pair in every round."""

    first: Index = 0  #: in 0 .. K-1
    second: Index = 0  #: in 0 .. K-1

    class State(NamedTuple):
        first: int
        second: int

    def start(self, problem, rng) -> State:
        for name in ("first", "second"):
            if getattr(self, name) >= problem.arms:
                raise ValueError(f"{name}: in 0 .. {problem.arms - 1}, got {getattr(self, name)}")
        return self.State(self.first, self.second)

    @staticmethod
    def choose(state, t, features, rng):
        return state.first, state.second

    @staticmethod
    def learn(state, t, features, first, second, won):
        pass
