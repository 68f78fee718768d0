"""The best fixed point: a reference player whose static regret is exactly 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.registry import policy
from banditlab.types import Vector


@policy("oracle", game="convex", needs=("best-point",), told=("optimum",))
@dataclass(frozen=True)
class Oracle:
    """Plays the point of the least sum of expected losses over all rounds, which it is told."""

    class State(NamedTuple):
        optimum: Vector  #: (d,)

    def start(self, problem, rng) -> State:
        return self.State(problem.optimum)

    @staticmethod
    def choose(state, t, rng):
        return state.optimum

    @staticmethod
    def learn(state, t, point, gradient):
        pass
