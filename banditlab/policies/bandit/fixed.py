"""One arm for ever: a reference player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Index


@policy("fixed", game="bandit")
@dataclass(frozen=True)
class Fixed:
    """The same arm in every round."""

    arm: Index = 0  #: in 0 .. K-1

    class State(NamedTuple):
        arm: int

    def start(self, problem, rng) -> State:
        if self.arm >= problem.arms:
            raise ValueError(f"arm: in 0 .. {problem.arms - 1}, got {self.arm}")
        return self.State(self.arm)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
