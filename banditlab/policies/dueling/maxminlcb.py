"""MaxMinLCB: leader and follower of a Stackelberg game on confidence bounds (Pasztor et al. 2024, Algorithm 1).

B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective. NeurIPS 2024
(arXiv 2406.16745).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics import kernel_duels
from banditlab.numerics.kernel_duels import TIE, Belief, bound, find_plausible
from banditlab.numerics.ties import draw_best
from banditlab.policies.kernelised import Kernelised, preferences_of
from banditlab.registry import policy
from banditlab.sketches import Preferences


@policy("maxminlcb", game="dueling", needs=("domain",), told=("domain", "length_scale"), cite=("pasztor2024bandits",))
@dataclass(frozen=True)
class MaxMinLCB(Kernelised):
    """The arm whose worst lower bound is highest, against the arm that attains it.

    With LCB_ij the lower bound on the probability that i beats j, and LCB_ii = 1/2, the leader is
    argmax_i min_j LCB_ij and the follower argmin_j LCB_ij; those within 1e-4 of the best tie, and one is drawn.
    With `candidates`, both come from the arms that may beat every other one, and differ unless there is but one.

    The paper's bound on the regret, O(gain sqrt T), is for `candidates` and width "theory"; its experiments are without
    and with width 1. A constant width has linear regret with positive probability, since a leader that is its own
    follower stays for ever. No order is stated for that reason.

    The paper's text could not be read. From public code and texts that restate it: the estimate's norm is bounded by B
    in the paper, or it is projected; neither is done here, nor in the published code.
    """

    candidates: bool = False  #: whether arms that cannot be best are left out

    class State(NamedTuple):
        belief: Belief
        candidates: bool

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem), self.candidates)

    def sketch(self, state, t) -> Preferences:
        return preferences_of(state.belief)

    @staticmethod
    def choose(state, t, features, rng):
        belief, scores = state.belief, state.belief.scores
        lower, plausible = belief.lower, belief.plausible
        bound(belief)
        if state.candidates and find_plausible(belief) > 1:
            for i in range(scores.shape[0]):
                lower[i, i] = math.inf  # nobody is its own follower
        for i in range(scores.shape[0]):
            scores[i] = -math.inf
            if plausible[i]:
                scores[i] = _least(lower[i], plausible)
        leader = draw_best(scores, TIE, rng)
        for j in range(scores.shape[0]):
            scores[j] = -lower[leader, j] if plausible[j] else -math.inf
        return leader, draw_best(scores, TIE, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)


def _least(values, active):
    """Return the least of the active values (N,)."""
    least = math.inf
    for k in range(values.shape[0]):
        if active[k]:
            least = min(least, values[k])
    return least
