"""Relative confidence sampling: RCS (Zoghi et al. 2014, Algorithm 1).

M. Zoghi, S. Whiteson, M. de Rijke, R. Munos. Relative confidence sampling for efficient on-line ranker evaluation.
WSDM 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.duels import Duels, bound_scale, count_duel, start_duels, toughest
from banditlab.numerics.sampling import beta
from banditlab.registry import policy
from banditlab.types import Counts, Positive


@policy("rcs", game="dueling", cite=("zoghi2014sampling",))
@dataclass(frozen=True)
class RCS:
    """The winner of a sampled tournament, against the arm that most plausibly beats it.

    For each pair, theta_ij is drawn from Beta(w_ij + 1, w_ji + 1). The champion c has theta_cj >= 1/2 for every other
    j; where no arm has, it is the arm that was champion least often, the lowest index among equals. The challenger is
    that of RUCB: argmax_j u_jc with u_jc = w_jc / n_jc + sqrt(alpha ln t / n_jc), x / 0 := 1, u_cc = 1/2, ties at
    random. Features are ignored. The paper proves no bound.

    Not verified in the paper, whose text was not at hand: championships won in a sampled tournament count too, as in
    the simulations of the authors of D-TS; ties are broken as in RUCB.
    """

    alpha: Positive = 0.501  #: of the confidence bounds; the paper's experiments have 0.501

    class State(NamedTuple):
        duels: Duels
        sampled: Counts  #: (K,) sampled duels won
        championships: Counts  #: (K,) how often an arm was champion
        alpha: float

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(start_duels(arms), np.zeros(arms, int), np.zeros(arms, int), self.alpha)

    @staticmethod
    def choose(state, t, features, rng):
        _sample(state, rng)
        first = _champion(state)
        state.championships[first] += 1
        return first, toughest(state.duels, bound_scale(state.alpha, t + 1), first, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        count_duel(state.duels, first, second, won)


def _sample(state, rng):
    """Draw a tournament from the posteriors, and count each arm's wins."""
    wins, sampled = state.duels.wins, state.sampled
    arms = sampled.shape[0]
    for i in range(arms):
        sampled[i] = 0
    for i in range(arms):
        for j in range(i + 1, arms):
            draw = beta(rng, wins[i, j] + 1.0, wins[j, i] + 1.0)
            sampled[i] += draw >= 0.5
            sampled[j] += draw <= 0.5


def _champion(state):
    arms = state.sampled.shape[0]
    least = 0
    for k in range(arms):
        if state.sampled[k] == arms - 1:
            return k
        if state.championships[k] < state.championships[least]:
            least = k
    return least
