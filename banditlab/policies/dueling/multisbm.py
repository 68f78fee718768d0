"""MultiSBM, kernelised: the last challenger meets the arm that most plausibly beats it (Ailon et al. 2014).

N. Ailon, Z. Karnin, T. Joachims. Reducing dueling bandits to cardinal bandits. ICML 2014. On a kernel as in the
comparison of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective.
NeurIPS 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics import kernel_duels
from banditlab.numerics.kernel_duels import TIE, Belief, beta, spread
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.sampling import draw_pair
from banditlab.numerics.ties import draw_best
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy
from banditlab.types import Counts


@policy(
    "multisbm",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("ailon2014reducing", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class MultiSBM(Kernelised):
    """The challenger of the last round leads, against the arm of the highest upper bound on beating it.

    With UCB_ji the upper bound on the probability that j beats i, the challenger of the leader i is argmax_{j != i}
    UCB_ji; bounds within 1e-4 of the highest tie, and one is drawn. It is i itself where all these bounds are below
    1/2. The first pair is drawn from all pairs of two arms.

    The reduction gives each leader a bandit algorithm of its own, which picks the challengers. Here all of them share
    one kernelised estimate, as in the comparison of Pasztor et al., so that every duel teaches all. A leader that is
    its own challenger learns nothing and stays for ever, be it the best arm or not; no order is stated for that reason.
    The texts of both papers could not be read; the rule is that of the latter's published code.
    """

    class State(NamedTuple):
        belief: Belief
        last: Counts  #: (1,) challenger of the last round

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem), np.zeros(1, int))

    @staticmethod
    def choose(state, t, features, rng):
        if t == 0:
            return draw_pair(rng, state.belief.scores.shape[0])
        leader = state.last[0]
        return leader, _challenge(state.belief, leader, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)
        state.last[0] = second


def _challenge(belief, leader, rng):
    """Draw the arm of the highest upper bound on beating the leader; the leader where no other may."""
    scores, f, factor, highest = belief.scores, belief.model.utilities, beta(belief), -math.inf
    for j in range(scores.shape[0]):
        scores[j] = -math.inf
        if j != leader:
            scores[j] = probability(LOGISTIC, f[j] - f[leader]) + spread(belief, factor, j, leader)
            highest = max(highest, scores[j])
    if highest < 0.5:
        scores[leader] = math.inf
    return draw_best(scores, TIE, rng)
