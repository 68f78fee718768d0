"""Doubler, kernelised: an optimist against leaders of the epoch before, in epochs that double (Ailon et al. 2014).

N. Ailon, Z. Karnin, T. Joachims. Reducing dueling bandits to cardinal bandits. ICML 2014. On a kernel as in the
comparison of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective.
NeurIPS 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.kernel_arms import draw_optimist, learn_answer
from banditlab.numerics.kernel_duels import Belief
from banditlab.numerics.sampling import draw_index, draw_weighted
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy
from banditlab.types import Counts, Vector


@policy(
    "doubler",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("ailon2014reducing", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class Doubler(Kernelised):
    """The arm that is best if optimistic, against one drawn from all the leaders of the previous epoch.

    Epochs e = 1, 2, ... have 2^e rounds. The leader is argmax_k s(f_k) + w_k, for the utility f of a logistic estimate
    from yes-or-no answers of single arms and w_k the width of f_k; indices within 1e-4 of the largest tie, and one is
    drawn. Its opponent is one of the leaders of the previous epoch, each round of that epoch with the same
    probability; in the first epoch it is one arm, drawn at the start. A duel (i, j) with outcome y is two answers: y of
    i, and 1 - y of j. One of an arm with itself teaches nothing. kappa is that of single arms, sup 1 / s'(a) over
    |a| <= B.

    The reduction works with any bandit algorithm; this one, and that it also learns from the opponent and keeps what it
    learned from epoch to epoch, is as in the comparison of Pasztor et al. In their published code the memory has room
    for T answers and later ones are lost; here all 2 T are learned. The texts of both papers could not be read.
    """

    class State(NamedTuple):
        belief: Belief  #: of the N arms, and of a last one whose utility is 0
        opponents: Vector  #: (N,) how often each arm led in the previous epoch
        leaders: Vector  #: (N,) the same of this epoch
        rounds: Counts  #: (2,) of the previous epoch, and of this one so far

    def start(self, problem, rng) -> State:
        opponents = np.zeros(problem.arms)
        opponents[draw_index(rng, problem.arms)] = 1.0
        return self.State(self.belief(problem, single=True), opponents, np.zeros(problem.arms), np.array([1, 0]))

    @staticmethod
    def choose(state, t, features, rng):
        opponent = draw_weighted(rng, state.opponents, float(state.rounds[0]))
        return draw_optimist(state.belief, rng), opponent

    @staticmethod
    def learn(state, t, features, first, second, won):
        if first != second:
            learn_answer(state.belief, first, won)
            learn_answer(state.belief, second, not won)
        state.leaders[first] += 1.0
        state.rounds[1] += 1
        if state.rounds[1] == 2 * state.rounds[0]:
            _begin_epoch(state)


def _begin_epoch(state):
    """Let the leaders of the epoch that ended be opponents."""
    for k in range(state.leaders.shape[0]):
        state.opponents[k] = state.leaders[k]
        state.leaders[k] = 0.0
    state.rounds[0], state.rounds[1] = state.rounds[1], 0
