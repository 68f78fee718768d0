"""Uniform pairs with the logistic estimate: what any choice of pairs has to beat.

The estimate is that of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game
perspective. NeurIPS 2024 (arXiv 2406.16745), on contexts and arms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.kernel_logistic import Logistic, learn_duel
from banditlab.numerics.pair_selection import find_best_arms
from banditlab.numerics.sampling import draw_index, draw_pair
from banditlab.policies.pair_selection import Estimate
from banditlab.registry import policy
from banditlab.types import Counts


@policy(
    "uniform-pairs",
    game="active-dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("pasztor2024bandits",),
)
@dataclass(frozen=True)
class UniformPairs(Estimate):
    """Each context, and each pair of two different arms, with the same probability in every round.

    With f the kernelised logistic estimate from all duels so far, it recommends argmax_a f(x, a) in context x; the
    lowest index among those within 1e-8 of it.
    """

    class State(NamedTuple):
        model: Logistic
        arms: int  #: K
        recommended: Counts  #: (C,)

    def start(self, problem, rng) -> State:
        return self.State(self.model(problem), problem.arms, np.zeros(problem.contexts, int))

    @staticmethod
    def choose(state, t, features, rng):
        context = draw_index(rng, state.recommended.shape[0])
        first, second = draw_pair(rng, state.arms)
        return context, first, second

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        learn_duel(state.model, context * state.arms + first, context * state.arms + second, won)

    @staticmethod
    def recommend(state, t):
        find_best_arms(state.model.utilities, state.recommended)
        return state.recommended
