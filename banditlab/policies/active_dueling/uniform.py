"""Uniform play: a reference player that learns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.sampling import draw_index, draw_pair
from banditlab.registry import policy
from banditlab.types import Counts


@policy("uniform", game="active-dueling")
@dataclass(frozen=True)
class Uniform:
    """Each context, and each pair of two different arms, with the same probability in every round.

    The arms that it recommends are drawn uniformly before the first round, and stay.
    """

    class State(NamedTuple):
        arms: int  #: K
        recommended: Counts  #: (C,)

    def start(self, problem, rng) -> State:
        return self.State(problem.arms, np.array([draw_index(rng, problem.arms) for _ in range(problem.contexts)]))

    @staticmethod
    def choose(state, t, features, rng):
        context = draw_index(rng, state.recommended.shape[0])
        first, second = draw_pair(rng, state.arms)
        return context, first, second

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        pass

    @staticmethod
    def recommend(state, t):
        return state.recommended
