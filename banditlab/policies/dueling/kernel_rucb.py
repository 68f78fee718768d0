"""Kernelised RUCB: a plausible winner, against the arm that most plausibly beats it (Zoghi et al. 2014, Algorithm 1).

M. Zoghi, S. Whiteson, R. Munos, M. de Rijke. Relative upper confidence bound for the K-armed dueling bandit problem.
ICML 2014. On a kernel as in the comparison of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a
Stackelberg game perspective. NeurIPS 2024.
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


@policy(
    "kernel-rucb",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("zoghi2014relative", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class KernelRUCB(Kernelised):
    """A champion that may beat every other arm, against the arm of the highest upper bound against it.

    With UCB_ij the upper bound on the probability that i beats j, and UCB_jj = 1/2, the champion j is drawn from the
    arms with UCB_ji > 1/2 for every other i; from all where there is none. The challenger is argmax_i UCB_ij; bounds
    within 1e-4 of the highest tie, and one is drawn. It is the champion itself where every other bound is below 1/2.

    Deviations: Zoghi et al. prefer a champion that was once the only candidate; as in the comparison of Pasztor et al.,
    this one is drawn evenly. The published code of the latter lets an only candidate play itself though another arm
    may beat it.
    """

    class State(NamedTuple):
        belief: Belief

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem))

    def sketch(self, state, t) -> Preferences:
        return preferences_of(state.belief)

    @staticmethod
    def choose(state, t, features, rng):
        belief, scores = state.belief, state.belief.scores
        bound(belief)
        find_plausible(belief)
        for k in range(scores.shape[0]):
            scores[k] = 0.0 if belief.plausible[k] else -math.inf
        champion = draw_best(scores, TIE, rng)
        for k in range(scores.shape[0]):
            scores[k] = 1.0 - belief.lower[champion, k]
        return champion, draw_best(scores, TIE, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)
