"""One set for ever: a reference player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.types import Counts, Index


@policy("fixed", game="combinatorial")
@dataclass(frozen=True)
class Fixed:
    """The same set in every round, which must be one of the family."""

    chosen: tuple[Index, ...] = (0,)  #: items in 0 .. n-1, all different

    def __post_init__(self):
        if len(set(self.chosen)) != len(self.chosen):
            raise ValueError(f"chosen: all different, got {list(self.chosen)}")

    class State(NamedTuple):
        items: Counts  #: (k,)

    def start(self, problem, rng) -> State:
        if self.chosen and max(self.chosen) >= problem.items:
            raise ValueError(f"chosen: in 0 .. {problem.items - 1}, got {max(self.chosen)}")
        return self.State(np.array(self.chosen, int))

    @staticmethod
    def choose(state, t, items, rng):
        items[: state.items.shape[0]] = state.items
        return state.items.shape[0]

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        pass
