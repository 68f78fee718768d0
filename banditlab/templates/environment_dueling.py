"""NAME: a line that says what the problem is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import banditlab
from banditlab.environments.outcomes import meet
from banditlab.games.dueling import UTILITY_METRICS, score_utility
from banditlab.numerics.links import probability
from banditlab.types import Arms, Counts, Matrix, Vector

LOGISTIC = 0


@banditlab.environment("NAME", game="dueling", metrics=UTILITY_METRICS)
@dataclass(frozen=True)
class CLASS:
    """Arm i beats arm j with probability 1 / (1 + exp(u_j - u_i)), for utilities u that are drawn."""

    arms: Arms = 5  #: K

    class State(NamedTuple):
        features: Matrix  #: (K, d); d = 0 where there is no context
        utilities: Vector  #: (K,)
        duels: Counts  #: (K, K) how often each pair met
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64  #: key of the outcomes' stream

    def start(self, rng, noise, horizon) -> State:
        utilities = rng.standard_normal(self.arms)  # an instance; outcomes are drawn from `noise` alone
        features, duels = np.zeros((self.arms, 0)), np.zeros((self.arms, self.arms), int)
        return self.State(features, utilities, duels, np.array([utilities.argmax()]), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "link": "logistic"}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def duel(env, t, features, first, second):
        low, high = min(first, second), max(first, second)
        chance = probability(LOGISTIC, env.utilities[low] - env.utilities[high])
        return meet(env.noise, env.duels, first, second, chance)  # the n-th duel of a pair has one outcome for all

    @staticmethod
    def regret(env, t, features, first, second, totals):
        best = env.utilities[env.best[0]]
        score_utility(totals, best - env.utilities[first], best - env.utilities[second])
