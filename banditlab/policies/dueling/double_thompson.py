"""Double Thompson sampling for dueling bandits: D-TS (Wu and Liu 2016, Algorithm 1).

H. Wu, X. Liu. Double Thompson sampling for dueling bandits. NeurIPS 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.sampling import beta
from banditlab.registry import policy
from banditlab.types import Counts, Matrix, Positive


@policy(
    "double-thompson",
    game="dueling",
    growth={"average-preference": "log T", "copeland": "log T"},
    cite=("wu2016double",),
)
@dataclass(frozen=True)
class DoubleThompson:
    """Two draws from the Beta posteriors of pairwise wins, among arms that confidence bounds leave in question.

    The first arm wins most of the sampled duels, among those of the highest optimistic Copeland score (ties at random);
    the second has the largest new draw against the first, among those not surely beaten by it. Features are ignored.
    """

    alpha: Positive = 0.51  #: of the confidence bounds; the paper's experiments have 0.51

    class State(NamedTuple):
        wins: Matrix  #: (K, K) wins[i, j] of i over j
        lower: Matrix  #: (K, K) lower confidence bounds of the round
        sampled: Counts  #: (K,) sampled duels won
        optimistic: Counts  #: (K,) opponents that an arm may beat
        alpha: float

    def start(self, problem, rng) -> State:
        arms = problem.arms
        square = np.zeros((arms, arms))
        return self.State(square, square.copy(), np.zeros(arms, int), np.zeros(arms, int), self.alpha)

    @staticmethod
    def choose(state, t, features, rng):
        wins, lower = state.wins, state.lower
        arms = wins.shape[0]
        scale = state.alpha * math.log(t + 1)
        for i in range(arms):
            state.optimistic[i] = 0
            state.sampled[i] = 0
            lower[i, i] = 0.5
        for i in range(arms):
            for j in range(i + 1, arms):
                duels = wins[i, j] + wins[j, i]
                mean, other, width = 1.0, 1.0, 1.0  # the paper's x / 0 := 1
                if duels > 0.0:
                    mean, other, width = wins[i, j] / duels, wins[j, i] / duels, math.sqrt(scale / duels)
                lower[i, j], lower[j, i] = mean - width, other - width
                state.optimistic[i] += mean + width > 0.5
                state.optimistic[j] += other + width > 0.5
        for i in range(arms):
            for j in range(i + 1, arms):
                draw = beta(rng, wins[i, j] + 1.0, wins[j, i] + 1.0)
                state.sampled[i] += draw > 0.5
                state.sampled[j] += draw < 0.5
        first = _champion(state, rng)
        best, second = -1.0, first
        for i in range(arms):
            draw = 0.5 if i == first else beta(rng, wins[i, first] + 1.0, wins[first, i] + 1.0)
            if lower[i, first] <= 0.5 and draw > best:
                best, second = draw, i
        return first, second

    @staticmethod
    def learn(state, t, features, first, second, won):
        if first != second:
            if won:
                state.wins[first, second] += 1.0
            else:
                state.wins[second, first] += 1.0


def _champion(state, rng):
    """Most sampled wins within the highest optimistic Copeland score; ties at random."""
    top = 0
    for i in range(state.optimistic.shape[0]):
        top = max(top, state.optimistic[i])
    most, ties, first = -1, 0, 0
    for i in range(state.optimistic.shape[0]):
        if state.optimistic[i] == top:
            if state.sampled[i] > most:
                most, ties, first = state.sampled[i], 1, i
            elif state.sampled[i] == most:
                ties += 1
                if rng.random() * ties < 1.0:
                    first = i
    return first
