"""One context and one pair for ever: a reference player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.types import Counts, Index


@policy("fixed", game="active-dueling")
@dataclass(frozen=True)
class Fixed:
    """The same context and pair in every round; the first arm is recommended everywhere."""

    context: Index = 0  #: in 0 .. C-1
    first: Index = 0  #: in 0 .. K-1
    second: Index = 0  #: in 0 .. K-1

    class State(NamedTuple):
        context: int
        first: int
        second: int
        recommended: Counts  #: (C,)

    def start(self, problem, rng) -> State:
        for name, size in (("context", problem.contexts), ("first", problem.arms), ("second", problem.arms)):
            if getattr(self, name) >= size:
                raise ValueError(f"{name}: in 0 .. {size - 1}, got {getattr(self, name)}")
        return self.State(self.context, self.first, self.second, np.full(problem.contexts, self.first))

    @staticmethod
    def choose(state, t, features, rng):
        return state.context, state.first, state.second

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        pass

    @staticmethod
    def recommend(state, t):
        return state.recommended
